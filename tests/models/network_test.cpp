// Networks: their state goes to the host and comes back bit by bit; what does not fit is refused; initialisers have
// their spread.
#include <cmath>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/network.hpp>

#include "support/contract.hpp"
#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;
using Catch::Matchers::Message;

namespace {
const ModelSpec spec = test::mlp(3, {{5, Activation::tanh}, {2, Activation::identity}});
}

TEMPLATE_LIST_TEST_CASE("a state holds spec, precision and named arrays, and makes the same network again", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  Network<S, Real> network(exec, spec, 7);
  Normalization normalization;
  normalization.features = {Normalize::zscore, {1, 2, 3}, {0.5, 0.25, 2}};
  network.set_normalization(exec, normalization);
  ModelState state;
  const LedgerCounts counts = test::account_of([&] { state = network.state(exec); });
  CHECK(counts.copies == (S::host_accessible ? 0 : 1));
  CHECK(counts.launches == 0);
  CHECK(state.spec == spec);
  CHECK(state.precision == (sizeof(Real) == 4 ? Precision::float32 : Precision::float64));
  REQUIRE(state.parameters.size() == 4);
  CHECK(state.parameters[0].name == "layer0/W");
  CHECK(state.parameters[0].shape == std::vector<std::int64_t>{3, 5});
  CHECK(state.parameters[3].name == "layer1/b");
  CHECK(state.parameters[3].shape == std::vector<std::int64_t>{2});
  CHECK(test::numbers(state.parameters[3]) == std::vector<double>{0, 0});

  const Network<S, Real> again(exec, state);
  CHECK(parameter_hash(again.state(exec)) == parameter_hash(state));
  CHECK(again.normalization().features.shift == normalization.features.shift);
  CHECK(again.feature_scale() != nullptr);
  CHECK(again.target_scale() == nullptr);
}

TEMPLATE_LIST_TEST_CASE("a state that does not fit is refused", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto good = Network<S, Real>(exec, spec, 7).state(exec);
  const auto make = [&](const ModelState& state) { Network<S, Real>(exec, state); };
  auto state = good;
  state.precision = sizeof(Real) == 4 ? Precision::float64 : Precision::float32;
  CHECK_THROWS_MATCHES(make(state), ConfigError,
                       Message(sizeof(Real) == 4 ? "model: its parameters are float64, not float32"
                                                 : "model: its parameters are float32, not float64"));
  state = good;
  state.parameters.pop_back();
  CHECK_THROWS_MATCHES(
      make(state), DataError,
      Message("model: its arrays hold " + std::to_string(2 * sizeof(Real)) + " bytes less than the spec's parameters"));
  state = good;
  state.parameters.push_back(state.parameters[0]);
  CHECK_THROWS_MATCHES(make(state), DataError, Message("model: array layer0/W does not fit the spec"));
  state = good;
  state.normalization.targets = {Normalize::zscore, {1}, {1}};
  CHECK_THROWS_MATCHES(make(state), ShapeError,
                       Message("normalisation of targets: 1 shifts and 1 scales for 2 columns"));
}

TEMPLATE_LIST_TEST_CASE("weights start with the spread of their initialiser, biases at zero", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const std::int64_t fan_in = 100, fan_out = 60;
  const auto moments = [&](const InitializerSpec& initializer) {
    ModelSpec wide = test::mlp(fan_in, {{fan_out, Activation::identity}});
    wide.initializer = initializer;
    const auto state = Network<S, Real>(exec, wide, 3).state(exec);
    CHECK(test::numbers(state.parameters[1]) == std::vector<double>(60, 0.0));
    double mean = 0, square = 0;
    for (const double w : test::numbers(state.parameters[0])) {
      mean += w / 6000;
      square += w * w / 6000;
    }
    return std::pair(mean, std::sqrt(square - mean * mean));
  };
  struct Case {
    InitializerSpec initializer;
    double mean, deviation;
  };
  const auto kind = [](Initializer type) { return InitializerSpec{type, 0, 1, -1, 1}; };
  for (const Case& c :
       {Case{kind(Initializer::standard_normal), 0, 1}, Case{{Initializer::normal, 2, 0.5, 0, 0}, 2, 0.5},
        Case{{Initializer::uniform, 0, 1, -1, 3}, 1, 4 / std::sqrt(12.0)},
        Case{kind(Initializer::xavier_normal), 0, std::sqrt(2.0 / 160)},
        Case{kind(Initializer::xavier_uniform), 0, std::sqrt(2.0 / 160)},
        Case{kind(Initializer::he_normal), 0, std::sqrt(2.0 / 100)},
        Case{kind(Initializer::he_uniform), 0, std::sqrt(2.0 / 100)}, Case{kind(Initializer::zeros), 0, 0}}) {
    const auto [mean, deviation] = moments(c.initializer);
    INFO(to_name(c.initializer.type));
    CHECK(std::abs(mean - c.mean) <= 5 * c.deviation / std::sqrt(6000.0));
    CHECK(std::abs(deviation - c.deviation) <= 5 * c.deviation / std::sqrt(2 * 6000.0));
  }
}
