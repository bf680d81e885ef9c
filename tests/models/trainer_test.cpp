// Training as a whole: it learns xor from the Views where they are and keeps the contract of its ledger.
#include <string>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/models/trainer.hpp>
#include <sinter/runtime/ledger.hpp>

#include "support/spaces.hpp"
#include "support/tensors.hpp"

namespace {

using namespace sinter;

ModelSpec mlp(std::int64_t inputs, std::vector<LayerSpec> layers) {
  ModelSpec spec;
  spec.inputs = inputs;
  spec.layers = std::move(layers);
  return spec;
}

template <Space S, class Real>
struct Xor {
  typename S::Execution exec;
  Matrix<S, Real> X = test::matrix<S, Real>(exec, std::vector<double>{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2);
  Matrix<S, Real> T = test::matrix<S, Real>(exec, std::vector<double>{0, 1, 1, 0}, 4, 1);
  ModelSpec spec = mlp(2, {{4, Activation::tanh}, {1, Activation::sigmoid}});
  TrainOptions<S, Real> options;
  Xor() {
    options.training.epochs = 2000;
    options.training.optimizer.type = Optimizer::adam;
    options.training.optimizer.learning_rate = 0.02;
  }
  TrainReport run(Network<S, Real>& network) {
    return train<S, Real, Real>(exec, network, {X, T}, {}, {X, T}, options);
  }
};

double metric(const SetReport& report, std::string_view name) {
  for (const auto& [key, value] : report.metrics) {
    if (key == name) return value;
  }
  FAIL("no metric " << name);
  return 0;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("xor is learned from the Views where they are", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Xor<S, Real> job;
  Network<S, Real> network(job.exec, job.spec, 1);
  const TrainReport report = job.run(network);
  CHECK(report.status == "completed");
  CHECK(report.steps_done == 2000);
  REQUIRE(report.test);
  CHECK(metric(*report.test, "accuracy") == 1.0);
  CHECK(metric(*report.test, "max_error") < 0.05);
  CHECK(report.test->confusion == std::vector<std::int64_t>{2, 0, 0, 2});
}

TEMPLATE_LIST_TEST_CASE("a steady step of level layer is 2L + 1 launches, one more on an accelerator, and nothing else",
                        "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const std::int64_t rows = 203;
  const auto X = test::matrix<S, Real>(exec, test::noise(static_cast<std::size_t>(rows * 3), 1), rows, 3);
  const auto T = test::matrix<S, Real>(exec, test::noise(static_cast<std::size_t>(rows * 2), 2), rows, 2);
  Network<S, Real> network(exec, mlp(3, {{7, Activation::tanh}, {13, Activation::silu}, {2, Activation::identity}}), 5);
  TrainOptions<S, Real> options;
  options.training.epochs = 3;
  options.training.batch = 64;
  options.training.shuffle = true;
  options.training.fusion = Fusion::layer;
  options.training.optimizer.type = Optimizer::adam;
  const std::int64_t launches = device_kind<S> == DeviceKind::host ? 7 : 8;
  options.budget.launches = launches;
  options.budget.fences = 0;
  options.budget.copies = 0;
  options.budget.allocations = 0;
  const TrainReport report = train<S, Real, Real>(exec, network, {X, T}, {}, {}, options);
  CHECK(report.plan.chosen.launches == launches);
  CHECK(report.steady_state == LedgerCounts{launches, 0, 0, 0, 0});
  CHECK(report.steady_steps == 3 * 4 - 1);
}
