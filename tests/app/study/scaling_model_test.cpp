// Fits recover the coefficients that synthetic times were made with, and say when they cannot.
#include <cmath>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/app/study/scaling_model.hpp>

using namespace sinter::app;
using Catch::Approx;

namespace {

double alpha_beta(double p, double bytes, bool weak, double work, double alpha, double beta) {
  return work / (weak ? 1 : p) + 2 * std::ceil(std::log2(p)) * alpha + 2 * (p - 1) / p * bytes * beta;
}

}  // namespace

TEST_CASE("Amdahl's model finds serial and parallel time") {
  std::vector<ScalingPoint> points;
  for (const double p : {1, 2, 4, 8, 16}) points.push_back({p, 3e-5 + 7e-4 / p});
  const auto model = fit_amdahl(points);
  REQUIRE(model.fitted());
  CHECK(model.coefficients[0].value == Approx(3e-5));
  CHECK(model.coefficients[1].value == Approx(7e-4));
  CHECK(model.rms < 1e-9);
  CHECK(model.seconds(4096) == Approx(3e-5 + 7e-4 / 4096));
}

TEST_CASE("Amdahl's model has no negative share where times fall faster than perfectly") {
  const auto model = fit_amdahl({{1, 1.0}, {2, 0.45}, {4, 0.2}});
  REQUIRE(model.fitted());
  CHECK(model.coefficients[0].value == 0);
  CHECK(model.coefficients[1].value == Approx(0.88518).epsilon(1e-4));  // sum r / sum r^2 of r = 1, 1/0.9, 1/0.8
  CHECK(model.residuals[0] == Approx(-0.11482).epsilon(1e-3));
  CHECK(model.residuals[2] == Approx(0.10648).epsilon(1e-3));
}

TEST_CASE("the alpha-beta model finds work, latency and bandwidth, strong and weak") {
  for (const bool weak : {false, true}) {
    std::vector<ScalingPoint> points;
    for (const double p : {1, 2, 3, 4, 6, 8, 16, 32})
      points.push_back({p, alpha_beta(p, 4e6, weak, 2e-2, 3e-6, 1e-10)});
    const auto model = fit_alpha_beta(points, 4e6, weak);
    REQUIRE(model.fitted());
    CHECK(model.coefficients[0].value == Approx(2e-2));
    CHECK(model.coefficients[1].value == Approx(3e-6).epsilon(1e-6));
    CHECK(model.coefficients[2].value == Approx(1e-10).epsilon(1e-6));
    CHECK(model.seconds(4096) == Approx(alpha_beta(4096, 4e6, weak, 2e-2, 3e-6, 1e-10)));
    CHECK(model.rms < 1e-9);
  }
}

TEST_CASE("errors of measurement appear as residuals") {
  const auto model = fit_alpha_beta({{1, 1.02}, {2, 0.5}, {4, 0.26}, {8, 0.125}, {16, 0.0625}}, 100, false);
  REQUIRE(model.fitted());
  REQUIRE(model.residuals.size() == 5);
  CHECK(model.rms > 0.005);
  CHECK(model.rms < 0.03);
  for (const auto& coefficient : model.coefficients) CHECK(coefficient.value >= 0);
}

TEST_CASE("too few points are not fitted") {
  CHECK(fit_amdahl({{1, 1.0}, {2, 0.5}, {2, 0.6}}).problem ==
        "too few points to fit: 2 different numbers of workers, at least 3 are needed");
  CHECK(fit_alpha_beta({{1, 1}, {2, 1}, {4, 1}}, 10, false).problem ==
        "too few points to fit: 3 different numbers of workers, at least 4 are needed");
  CHECK(fit_alpha_beta({{1, 1}, {2, 1}, {4, 1}, {8, 1}}, 0, false).problem == "the size of the gradient is not known");
}
