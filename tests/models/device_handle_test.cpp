// The device handle: the same bits as the evaluator by thread and by team, in physical units; what it costs, how long it
// lives, which networks it refuses.
#include <optional>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/evaluator.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

constexpr std::int64_t rows = 57;

ModelSpec network_of(std::vector<LayerSpec> layers, bool bias = true) {
  ModelSpec spec;
  spec.inputs = 3;
  spec.layers = std::move(layers);
  spec.bias = bias;
  return spec;
}

template <Space S, class Real, int Width>
struct ByThreads {
  DeviceHandle<S, Real, Width> network;
  Matrix<S, Real> X, Y;
  KOKKOS_FUNCTION void operator()(int row) const {
    network(Kokkos::subview(X, row, Kokkos::ALL), Kokkos::subview(Y, row, Kokkos::ALL));
  }
};

template <Space S, class Real, int Width>
struct ByTeams {
  DeviceHandle<S, Real, Width> network;
  Matrix<S, Real> X, Y;
  template <class Team>
  KOKKOS_FUNCTION void operator()(const Team& team) const {
    const int row = team.league_rank();
    network(team, &X(row, 0), &Y(row, 0), team.team_scratch(0).get_shmem(network.scratch_bytes()));
  }
};

/// Outputs of all rows, in one of the two forms.
template <Space S, class Real, int Width>
Matrix<S, Real> by_threads(const typename S::Execution& exec, const DeviceHandle<S, Real, Width>& network,
                           const Matrix<S, Real>& X) {
  const auto Y = make_matrix<S, Real>(exec, "test::Y", rows, network.outputs());
  Kokkos::parallel_for("test::by_threads", Kokkos::RangePolicy<typename S::Execution>(exec, 0, rows),
                       ByThreads<S, Real, Width>{network, X, Y});
  return Y;
}
template <Space S, class Real, int Width>
Matrix<S, Real> by_teams(const typename S::Execution& exec, const DeviceHandle<S, Real, Width>& network,
                         const Matrix<S, Real>& X) {
  const auto Y = make_matrix<S, Real>(exec, "test::Y", rows, network.outputs());
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  Kokkos::parallel_for("test::by_teams",
                       Policy(exec, rows, Kokkos::AUTO).set_scratch_size(0, Kokkos::PerTeam(network.scratch_bytes())),
                       ByTeams<S, Real, Width>{network, X, Y});
  return Y;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a handle gives the evaluator's bits, by threads and by teams", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto X = test::matrix<S, Real>(exec, test::noise(rows * 3, 1), rows, 3);
  const std::vector<ModelSpec> specs = {
      network_of({{1, Activation::identity}}), network_of({{1, Activation::sigmoid}}, false),
      network_of({{7, Activation::tanh}, {13, Activation::silu}, {2, Activation::identity}}),
      network_of({{33, Activation::leaky_relu, 0.01}, {17, Activation::gelu}, {5, Activation::softmax}})};
  for (const auto& spec : specs) {
    for (const bool normalize : {false, true}) {
      CAPTURE(spec.layers.size(), spec.outputs(), normalize);
      Network<S, Real> network(exec, spec, 3);
      if (normalize) {
        Normalization normalization;
        normalization.features = {Normalize::zscore, {0.1, -0.2, 0.3}, {2.0, 0.7, 1.3}};
        normalization.targets.kind = Normalize::minmax;
        for (int j = 0; j < spec.outputs(); ++j) {
          normalization.targets.shift.push_back(10.0 + j);
          normalization.targets.scale.push_back(0.3 + j);
        }
        network.set_normalization(exec, normalization);
      }
      const auto expected = make_matrix<S, Real>(exec, "test::expected", rows, spec.outputs());
      Evaluator<S, Real>(exec, network, rows).predict(exec, X, expected);
      const auto handle = network.template device_handle<48>();
      CHECK(handle.inputs() == 3);
      CHECK(handle.outputs() == spec.outputs());
      CHECK(test::values(exec, by_threads<S>(exec, handle, X)) == test::values(exec, expected));
      CHECK(test::values(exec, by_teams<S>(exec, handle, X)) == test::values(exec, expected));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a handle costs nothing to make or to call, and outlives its network", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto X = test::matrix<S, Real>(exec, test::noise(rows * 3, 1), rows, 3);
  std::optional<Network<S, Real>> network(std::in_place, exec,
                                          network_of({{7, Activation::tanh}, {2, Activation::identity}}), 3);
  DeviceHandle<S, Real> handle;
  CHECK(test::account_of([&] { handle = network->device_handle(); }) == LedgerCounts{});
  const auto Y = make_matrix<S, Real>(exec, "test::Y", rows, 2);
  const Kokkos::RangePolicy<typename S::Execution> policy(exec, 0, rows);
  CHECK(test::account_of([&] {
          Kokkos::parallel_for("test::by_threads", policy, ByThreads<S, Real, 128>{handle, X, Y});
        }) == LedgerCounts{});
  const auto before = test::values(exec, Y);
  network.reset();
  const Network<S, Real> other(exec, network_of({{7, Activation::tanh}, {2, Activation::identity}}), 4);
  CHECK(test::values(exec, by_threads<S>(exec, handle, X)) == before);
  CHECK(test::values(exec, by_threads<S>(exec, other.device_handle(), X)) != before);
}

TEMPLATE_LIST_TEST_CASE("a handle refuses a network that is too wide or too deep for it", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Network<S, Real> wide(exec, network_of({{33, Activation::tanh}, {2, Activation::identity}}), 1);
  CHECK_NOTHROW(wide.template device_handle<33>());
  CHECK_THROWS_MATCHES(
      wide.template device_handle<32>(), ConfigError,
      Catch::Matchers::Message("device handle: the network is 33 wide and has 2 layers; this handle takes 32 and 16 "
                               "(its width is the template parameter MaxWidth)"));
  const Network<S, Real> narrow(exec, network_of({{2, Activation::identity}}), 1);
  CHECK_THROWS_AS(narrow.template device_handle<2>(), ConfigError);  // three inputs
  const Network<S, Real> deep(exec, network_of(std::vector<LayerSpec>(17, {4, Activation::tanh})), 1);
  CHECK_THROWS_MATCHES(
      deep.device_handle(), ConfigError,
      Catch::Matchers::Message("device handle: the network is 4 wide and has 17 layers; this handle takes 128 and 16 "
                               "(its width is the template parameter MaxWidth)"));
}
