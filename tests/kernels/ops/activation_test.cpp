// Every activation of the list: its value against the oracle, its derivative against finite differences, and the same
// bits from the scalar, lane and span forms.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/reference/activations.hpp>

namespace {

using namespace sinter;

constexpr double alpha = 0.25;  // exact in float

std::vector<double> grid() {
  std::vector<double> points;
  for (int i = -200; i <= 200; ++i) points.push_back(i / 16.0 + 1.0 / 128.0);  // exact in float, never 0
  return points;
}

template <class Real>
Real input_of_derivative(Activation kind, Real z) {
  return derivative_from_input(kind) ? z : activate(kind, Real(alpha), z);
}

template <class Real>
bool same_bits(const Real* a, const Real* b, std::size_t count) {
  return std::memcmp(a, b, count * sizeof(Real)) == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("Every activation has the oracle's values", "", float, double) {
  using Real = TestType;
  for (const auto& [kind, name] : Names<Activation>::list) {
    for (const double z : grid()) {
      const double got = static_cast<double>(activate(kind, Real(alpha), static_cast<Real>(z)));
      const double want = reference::activate(kind, alpha, z);
      INFO(name << "(" << z << ")");
      // A few ulp for the function and the product; the oracle's elu subtracts 1, which costs it half an ulp of 1.
      CHECK(std::abs(got - want) <= 10 * std::numeric_limits<Real>::epsilon() * std::abs(want) + 1e-16);
    }
  }
}

TEMPLATE_TEST_CASE("Every activation's derivative is that of finite differences", "", float, double) {
  using Real = TestType;
  constexpr double h = 1e-5;  // error of the difference: h^2 / 6 f''' + 1e-16 |f| / h, below 1e-9
  for (const auto& [kind, name] : Names<Activation>::list) {
    for (const double z : grid()) {
      const double want = (activate(kind, alpha, z + h) - activate(kind, alpha, z - h)) / (2 * h);
      const Real got = activation_derivative(kind, Real(alpha), input_of_derivative(kind, static_cast<Real>(z)));
      INFO(name << "'(" << z << ")");
      CHECK(std::abs(static_cast<double>(got) - want) <= 8 * std::numeric_limits<Real>::epsilon() + 1e-9);
    }
  }
}

TEMPLATE_TEST_CASE("The scalar, lane and span forms of an activation give the same bits", "", float, double) {
  using Real = TestType;
  for (const auto& [kind, name] : Names<Activation>::list) {
    INFO(name);
    constexpr int count = 37;  // no multiple of any vector's length
    Real z[count], v[count], one[count], lanes[count], span[count];
    for (int i = 0; i < count; ++i) {
      z[i] = Real(0.31) * static_cast<Real>(i - 17);
      one[i] = activate(kind, Real(alpha), z[i]);
      lanes[i] = z[i];
    }
    activate_lanes(kind, Real(alpha), lanes);
    activate_span(kind, Real(alpha), z, span, count);
    CHECK(same_bits(one, lanes, count));
    CHECK(same_bits(one, span, count));
    activate_span(kind, Real(alpha), z, z, 0);  // no element is a legal count
    Real in_place[count];
    std::memcpy(in_place, z, sizeof(z));
    activate_span(kind, Real(alpha), in_place, in_place, count);
    CHECK(same_bits(one, in_place, count));

    for (int i = 0; i < count; ++i) {
      v[i] = derivative_from_input(kind) ? z[i] : one[i];
      lanes[i] = span[i] = Real(1.7);
      one[i] = Real(1.7) * activation_derivative(kind, Real(alpha), v[i]);
    }
    multiply_by_derivative_lanes(kind, Real(alpha), v, lanes);
    multiply_by_derivative_span(kind, Real(alpha), v, span, count);
    CHECK(same_bits(one, lanes, count));
    CHECK(same_bits(one, span, count));
  }
}

TEMPLATE_TEST_CASE("NaN goes through every activation", "", float, double) {
  using Real = TestType;
  for (const auto& [kind, name] : Names<Activation>::list) {
    INFO(name);
    CHECK(std::isnan(activate(kind, Real(alpha), std::numeric_limits<Real>::quiet_NaN())));
  }
}

TEST_CASE("Rectifiers have the derivative of their left side at zero") {
  CHECK(activation_derivative(Activation::relu, 0.0, 0.0) == 0.0);
  CHECK(activation_derivative(Activation::leaky_relu, 0.01, 0.0) == 0.01);
  CHECK(activation_derivative(Activation::elu, 0.5, 0.0) == 0.5);
}

TEST_CASE("Softmax counts as identity element by element") {
  CHECK(activate(Activation::softmax, 0.0, -3.5) == -3.5);
  CHECK(activation_derivative(Activation::softmax, 0.0, -3.5) == 1.0);
  CHECK_FALSE(derivative_from_input(Activation::softmax));
}

TEST_CASE("Only gelu, silu and sin want the pre-activation for their derivative") {
  std::string wanting;
  for (const auto& [kind, name] : Names<Activation>::list) {
    if (derivative_from_input(kind)) wanting += std::string(name) + " ";
  }
  CHECK(wanting == "gelu silu sin ");
}

TEST_CASE("gelu is the exact one") {
  CHECK(activate(Activation::gelu, 0.0, 1.0) == Catch::Approx(0.84134474606854293).epsilon(1e-15));
  CHECK(activate(Activation::gelu, 0.0, -10.0) == Catch::Approx(-7.6198530241605260660e-23).epsilon(1e-14));
}
