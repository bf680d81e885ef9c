// Outputs in physical units: last activation, softmax over a row, then the targets' normalisation undone.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/output.hpp>
#include <sinter/kernels/reference/losses.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

constexpr std::int64_t rows = 33, outputs = 5;

/// What the oracle makes of Z with the last activation.
template <class Real>
std::vector<double> oracle(const std::vector<Real>& Z, Activation activation) {
  std::vector<double> out;
  for (std::int64_t r = 0; r < rows; ++r) {
    const reference::Vector z(Z.begin() + r * outputs, Z.begin() + (r + 1) * outputs);
    for (const double value : reference::output(activation, 0, z)) out.push_back(value);
  }
  return out;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("outputs are activated, over the row for softmax, and brought back to physical units", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const double eps = std::numeric_limits<Real>::epsilon();
  const std::vector<double> shift{1, -2, 0, 100, 5}, scale{2, 0.5, 1, 4, 0.1};
  for (const auto& exec : test::instances<S>()) {
    const auto device_shift = test::vector<S, double>(exec, shift), device_scale = test::vector<S, double>(exec, scale);
    for (const auto activation : {Activation::identity, Activation::sigmoid, Activation::softmax}) {
      const auto Z = test::matrix<S, Real>(exec, test::noise(static_cast<std::size_t>(rows * outputs), 8), rows,
                                           outputs);
      const auto expected = oracle(test::values(exec, Z), activation);
      const auto Y = make_matrix<S, double>(exec, "Y", rows, outputs);
      const fused::Denormalize denormalize{device_shift.data(), device_scale.data()};
      fused::output<S>(exec, Z.data(), Y.data(), rows, outputs, activation, Real(0), denormalize);
      const auto activated = test::values(exec, Z);
      std::vector<double> physical;
      for (std::size_t i = 0; i < activated.size(); ++i) {
        physical.push_back(static_cast<double>(activated[i]) / scale[i % 5] + shift[i % 5]);
      }
      INFO(to_name(activation));
      CHECK(test::largest_difference(activated, expected) < 16 * eps);
      CHECK(test::values(exec, Y) == physical);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("without normalisation the output may be written where it is read", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto Z = test::matrix<S, Real>(exec, test::noise(static_cast<std::size_t>(rows * outputs), 8), rows, outputs);
  const auto apart = test::matrix<S, Real>(exec, test::values(exec, Z), rows, outputs),
             Y = make_matrix<S, Real>(exec, "Y", rows, outputs);
  fused::output<S>(exec, apart.data(), Y.data(), rows, outputs, Activation::tanh, Real(0), {});
  const auto launch_in_place = [&] {
    fused::output<S>(exec, Z.data(), Z.data(), rows, outputs, Activation::tanh, Real(0), {});
  };
  CHECK(test::account_of(launch_in_place) == test::one_launch);
  CHECK(test::values(exec, Z) == test::values(exec, Y));
}
