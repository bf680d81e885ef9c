// Initial weights: the moments of their distribution, and each a function of seed, layer and index alone.
#include <cmath>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/initialize.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;
using fused::Distribution;

namespace {

template <Space S, class Real>
std::vector<Real> weights(const typename S::Execution& exec, std::int64_t count, const Distribution& distribution,
                          std::uint64_t seed, std::uint32_t layer) {
  const auto W = make_vector<S, Real>(exec, "W", count);
  fused::initialize<S>(exec, W.data(), count, distribution, seed, layer);
  return test::values(exec, W);
}

struct Moments {
  double mean = 0, variance = 0, fourth = 0;
};
template <class Real>
Moments moments(const std::vector<Real>& values) {
  Moments m;
  const auto count = static_cast<double>(values.size());
  for (const Real value : values) m.mean += static_cast<double>(value) / count;
  for (const Real value : values) {
    const double square = std::pow(static_cast<double>(value) - m.mean, 2);
    m.variance += square / count;
    m.fourth += square * square / count;
  }
  return m;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("weights have the moments of their distribution", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  constexpr std::int64_t count = 40000;
  const double root = std::sqrt(static_cast<double>(count));
  const typename S::Execution exec;
  SECTION("normal: mean 1.5, standard deviation 0.5, fourth moment 3 sigma^4") {
    const auto m = moments(weights<S, Real>(exec, count, {Distribution::Kind::normal, 1.5, 0.5}, 1, 0));
    CHECK(std::abs(m.mean - 1.5) < 5 * 0.5 / root);
    CHECK(std::abs(m.variance - 0.25) < 5 * 0.25 * std::sqrt(2.0) / root);
    CHECK(std::abs(m.fourth - 3 * 0.0625) < 5 * 0.0625 * std::sqrt(96.0) / root);
  }
  SECTION("uniform: inside (-3, 1), mean -1, variance 16/12") {
    const auto values = weights<S, Real>(exec, count, {Distribution::Kind::uniform, -3, 1}, 1, 0);
    const auto m = moments(values);
    CHECK(*std::min_element(values.begin(), values.end()) >= Real(-3));
    CHECK(*std::max_element(values.begin(), values.end()) <= Real(1));
    CHECK(std::abs(m.mean + 1) < 5 * std::sqrt(16.0 / 12) / root);
    CHECK(std::abs(m.variance - 16.0 / 12) < 5 * 256 * std::sqrt(1.0 / 80 - 1.0 / 144) / root / 16);
  }
  SECTION("constant") {
    CHECK(weights<S, Real>(exec, 13, {Distribution::Kind::constant, 0.25, 0}, 1, 0) ==
          std::vector<Real>(13, Real(0.25)));
  }
}

TEMPLATE_LIST_TEST_CASE("a weight depends on seed, layer and index, not on how many there are or who draws", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const Distribution normal{Distribution::Kind::normal, 0, 1};
  const auto instances = test::instances<S>();
  const auto all = weights<S, Real>(instances[0], 1000, normal, 7, 2);
  const auto few = weights<S, Real>(instances[1], 13, normal, 7, 2);
  CHECK(std::equal(few.begin(), few.end(), all.begin()));
  CHECK(weights<S, Real>(instances[0], 13, normal, 8, 2) != few);
  CHECK(weights<S, Real>(instances[0], 13, normal, 7, 3) != few);
  const auto wide = weights<S, double>(instances[0], 13, normal, 7, 2);
  for (std::size_t i = 0; i < few.size(); ++i) CHECK(few[i] == static_cast<Real>(wide[i]));
}
