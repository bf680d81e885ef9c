// Sums behind the metrics, against plain loops: regression, decisions by threshold and by the largest output, sets that
// come in pieces.
#include <limits>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/metrics.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;
using fused::Decision;

namespace {

constexpr std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

template <Space S, class Real>
struct Set {
  typename S::Execution exec;
  std::int64_t rows, outputs, classes;
  std::vector<Real> z, t;
  Matrix<S, Real> Z, T, work;
  Vector<S, fused::MetricSums> partial, total;
  Vector<S, std::int64_t> confusion;

  Set(const typename S::Execution& on, std::vector<Real> z_values, std::vector<Real> t_values, std::int64_t width,
      std::int64_t class_count)
      : exec(on),
        rows(static_cast<std::int64_t>(z_values.size()) / width),
        outputs(width),
        classes(class_count),
        z(std::move(z_values)),
        t(std::move(t_values)) {
    Z = test::matrix<S, Real>(exec, z, rows, outputs);
    T = test::matrix<S, Real>(exec, t, rows, outputs);
    work = make_matrix<S, Real>(exec, "work", rows, outputs);
    partial = make_vector<S, fused::MetricSums>(exec, "partial",
                                                (rows + fused::statistics_block - 1) / fused::statistics_block);
    total = Vector<S, fused::MetricSums>(Kokkos::view_alloc(exec, std::string("total")), 1);
    confusion = Vector<S, std::int64_t>(Kokkos::view_alloc(exec, std::string("confusion")), at(classes * classes));
  }

  [[nodiscard]] fused::MetricArgs<S, Real> args(Activation activation, Decision decision) const {
    fused::MetricArgs<S, Real> args;
    args.activation = activation;
    args.Z = Z.data();
    args.targets = T.data();
    args.work = work.data();
    args.rows = rows;
    args.outputs = outputs;
    args.classes = classes;
    args.decision = decision;
    args.partial = partial.data();
    args.total = total.data();
    args.confusion = confusion.data();
    return args;
  }
  [[nodiscard]] fused::MetricSums sums() const { return test::values(exec, total)[0]; }
};

template <class Real>
std::vector<Real> noise_of(std::int64_t count, unsigned seed) {
  const auto values = test::noise(at(count), seed);
  return {values.begin(), values.end()};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("errors are summed in physical units, the loss in the units trained in", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    for (const std::int64_t rows : {1, 255, 256, 257, 600}) {
      const Set<S, Real> set(exec, noise_of<Real>(rows * 2, 1), noise_of<Real>(rows * 2, 2), 2, 0);
      const auto shift = test::vector<S, double>(exec, std::vector<double>{10, -1}),
                 scale = test::vector<S, double>(exec, std::vector<double>{0.5, 4});
      auto args = set.args(Activation::identity, Decision::none);
      args.denormalize = {shift.data(), scale.data()};
      fused::metrics<S, Real>(exec, args);
      double loss = 0, squared = 0, absolute = 0, largest = 0;
      for (std::size_t i = 0; i < set.z.size(); ++i) {
        const double error = static_cast<double>(set.z[i]) - static_cast<double>(set.t[i]),
                     physical = std::abs(error) / (i % 2 == 0 ? 0.5 : 4);
        loss += error * error;
        squared += physical * physical;
        absolute += physical;
        largest = std::max(largest, physical);
      }
      const auto seen = set.sums();
      const double eps = std::numeric_limits<Real>::epsilon();
      CHECK(seen.rows == static_cast<double>(rows));
      CHECK(std::abs(seen.loss - loss) < (4 * eps + 1e-12) * loss);  // a row's loss is computed in the storage type
      CHECK(std::abs(seen.squared - squared) < 1e-12 * squared);
      CHECK(std::abs(seen.absolute - absolute) < 1e-12 * absolute);
      CHECK(std::abs(seen.largest - largest) < 1e-12 * largest);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("each output by itself is decided at one half", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  // Logits -1, 0, 2, 3, -4 against 0, 1, 1, 0, 1: actual 0 predicted 0 and 1, actual 1 predicted 1 (sigmoid(0) is one
  // half), 1 and 0.
  const Set<S, Real> set(exec, {-1, 0, 2, 3, -4}, {0, 1, 1, 0, 1}, 1, 2);
  fused::metrics<S, Real>(exec, set.args(Activation::sigmoid, Decision::threshold));
  CHECK(test::values(exec, set.confusion) == std::vector<std::int64_t>{1, 1, 1, 2});
}

TEMPLATE_LIST_TEST_CASE("the largest output decides, the first one among equals, and pieces of a set add up", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    std::vector<Real> z{1, 1, 0, /**/ 0, 2, 1, /**/ 0, 0, 3, /**/ 5, 4, 4},
        t{1, 0, 0, /**/ 0, 1, 0, /**/ 0, 1, 0, /**/ 0, 0, 1};
    const Set<S, Real> set(exec, z, t, 3, 3);
    fused::metrics<S, Real>(exec, set.args(Activation::softmax, Decision::largest));
    CHECK(test::values(exec, set.confusion) == std::vector<std::int64_t>{1, 0, 0, 0, 1, 1, 1, 0, 0});
    const double once = set.sums().squared;
    fused::metrics<S, Real>(exec, set.args(Activation::softmax, Decision::largest));
    CHECK(test::values(exec, set.confusion) == std::vector<std::int64_t>{2, 0, 0, 0, 2, 2, 2, 0, 0});
    CHECK(set.sums().squared == once + once);
    CHECK(set.sums().rows == 8);
  }
}

TEMPLATE_LIST_TEST_CASE("a prediction that is not a number is not lost among the largest errors", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  auto z = noise_of<Real>(600, 1);
  z[100] = std::numeric_limits<Real>::quiet_NaN();
  const Set<S, Real> set(exec, z, noise_of<Real>(600, 2), 1, 0);
  fused::metrics<S, Real>(exec, set.args(Activation::identity, Decision::none));
  CHECK(std::isnan(set.sums().largest));
  CHECK(std::isnan(set.sums().squared));
}

TEMPLATE_LIST_TEST_CASE("metrics are two launches and nothing else", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Set<S, Real> set(exec, noise_of<Real>(600, 1), noise_of<Real>(600, 2), 2, 2);
  CHECK(test::steady_account([&] {
          fused::metrics<S, Real>(exec, set.args(Activation::sigmoid, Decision::threshold));
        }) == LedgerCounts{2, 0, 0, 0, 0});
  wait_for(exec, "test: before the operands go");
}
