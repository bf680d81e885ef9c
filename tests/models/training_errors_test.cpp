// What training refuses or gives up, word for word, and what it warns of.
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/models/trainer.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::StartsWith;

namespace {

template <Space S, class Real>
struct Job {
  typename S::Execution exec;
  Network<S, Real> network{exec, test::mlp(2, {{3, Activation::identity}, {1, Activation::identity}}), 1};
  std::vector<double> x = test::noise(80, 1), t = test::noise(40, 2);
  TrainOptions<S, Real> options;

  Job() {
    options.training.epochs = 5;
    options.training.batch = 10;
  }
  TrainReport run() {
    const auto X = test::matrix<S, Real>(exec, x, static_cast<std::int64_t>(x.size()) / 2, 2);
    const auto T = test::matrix<S, Real>(exec, t, static_cast<std::int64_t>(t.size()), 1);
    return train<S, Real, Real>(exec, network, {X, T}, {}, {}, options);
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("a loss that is no longer finite ends the run with step, epoch, rate and advice", "",
                        test::Pairs) {
  using Real = typename TestType::Real;
  Job<typename TestType::Space, Real> job;
  job.options.training.epochs = 1000;
  job.options.training.optimizer.learning_rate = 1000;
  CHECK_THROWS_MATCHES(
      job.run(), NumericError,
      MessageMatches(StartsWith("training: the loss was not finite at step ") && ContainsSubstring(" (epoch ") &&
                     ContainsSubstring("a smaller learning rate than 1000, clipping or normalised features may help")));
}

TEMPLATE_LIST_TEST_CASE("a last update that ruins the network ends the run like a loss, and before its checkpoint", "",
                        test::Pairs) {
  using Real = typename TestType::Real;
  for (const auto fusion : {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs}) {
    Job<typename TestType::Space, Real> job;
    job.options.training.epochs = 1;
    job.options.training.batch = 0;
    job.options.training.fusion = fusion;
    int checkpoints = 0;
    job.options.on_checkpoint = [&](const TrainingState&) { ++checkpoints; };
    const double largest = static_cast<double>(std::numeric_limits<Real>::max());
    job.options.training.optimizer.learning_rate = largest / 4;
    CHECK_THROWS_MATCHES(
        job.run(), NumericError,
        MessageMatches(StartsWith("training: the loss was not finite after step 1 (epoch 1); a smaller learning rate "
                                  "than ") &&
                       ContainsSubstring(", clipping or normalised features may help")));
    CHECK(checkpoints == 0);
    job.options.training.optimizer.learning_rate = 0.01;
    job.network = Network<typename TestType::Space, Real>(job.exec, job.network.spec(), 1);
    const auto report = job.run();
    CHECK(report.status == "completed");
    CHECK(std::isfinite(report.train->metrics.front().second));
    CHECK(checkpoints == 1);
  }
}

TEMPLATE_LIST_TEST_CASE("a budget that a step exceeds ends the run and names the culprits", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.fusion = Fusion::layer;
  const std::int64_t launches = device_kind<typename TestType::Space> == DeviceKind::host ? 5 : 6;
  job.options.budget.launches = launches - 1;
  CHECK_THROWS_MATCHES(
      job.run(), BudgetError,
      MessageMatches(StartsWith(fmt::format("budget.launches: step 2 had {}, allowed: {}; ", launches, launches - 1)) &&
                     ContainsSubstring("sinter::layer::forward (2)") &&
                     ContainsSubstring("sinter::layer::backward_update (2)") &&
                     ContainsSubstring("sinter::layer::loss_gradient (1)")));
  job.options.budget.launches = launches;
  job.options.budget.fences = job.options.budget.copies = job.options.budget.allocations = 0;
  CHECK(job.run().status == "completed");
}

TEMPLATE_LIST_TEST_CASE("the classic way of clipping by norm fetches the norm, which a budget of fences finds out", "",
                        test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.fusion = Fusion::none;
  job.options.training.optimizer.clip_norm = 1;
  job.options.budget.fences = 0;
  CHECK_THROWS_MATCHES(
      job.run(), BudgetError,
      MessageMatches(StartsWith("budget.fences: step 2 had ") && ContainsSubstring("sinter::HostMirror::pull")));
}

TEMPLATE_LIST_TEST_CASE("level none launches what its plan says", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.fusion = Fusion::none;
  const TrainReport report = job.run();
  CHECK(report.plan.level == Fusion::none);
  CHECK(report.steady_state.launches == report.plan.chosen.launches);
}

TEMPLATE_LIST_TEST_CASE("shapes that do not fit are told with both shapes", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job;
  const auto X = test::matrix<S, Real>(job.exec, test::noise(60, 1), 20, 3),
             good = test::matrix<S, Real>(job.exec, test::noise(40, 1), 20, 2);
  const auto T = test::matrix<S, Real>(job.exec, test::noise(20, 2), 20, 1),
             few = test::matrix<S, Real>(job.exec, test::noise(19, 2), 19, 1);
  const auto run = [&](const RawSet<S, Real>& set, const RawSet<S, Real>& validation, const RawSet<S, Real>& last) {
    train<S, Real, Real>(job.exec, job.network, set, validation, last, job.options);
  };
  CHECK_THROWS_MATCHES(run({X, T}, {}, {}), ShapeError, Message("train features: shape [20, 3], expected [20, 2]"));
  CHECK_THROWS_MATCHES(run({good, few}, {}, {}), ShapeError, Message("train targets: shape [19, 1], expected [20, 1]"));
  CHECK_THROWS_MATCHES(run({good, T}, {X, T}, {}), ShapeError,
                       Message("validation features: shape [20, 3], expected [20, 2]"));
  CHECK_THROWS_MATCHES(run({good, T}, {}, {good, few}), ShapeError,
                       Message("test targets: shape [19, 1], expected [20, 1]"));
}

TEMPLATE_LIST_TEST_CASE("data that are not finite are refused with set and column", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.x[7] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_MATCHES(job.run(), DataError,
                       Message("train features: column 1 holds a value that is not finite or too large"));
  job.x[7] = 0;
  job.t[3] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_MATCHES(job.run(), DataError,
                       Message("train targets: column 0 holds a value that is not finite or too large"));
}

TEMPLATE_LIST_TEST_CASE("a column without variance is only shifted, with a warning by its name where it has one", "",
                        test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  for (std::size_t i = 0; i < job.x.size(); i += 2) job.x[i] = 7.5;
  std::vector<std::string> warnings;
  job.options.on_log = [&](LogLevel level, std::string_view text) {
    CHECK(level == LogLevel::warning);
    warnings.emplace_back(text);
  };
  for (const auto kind : {Normalize::zscore, Normalize::minmax}) {
    job.options.normalize.features = kind;
    job.options.feature_names = {"age", "distance"};
    job.run();
    job.options.feature_names.clear();
    job.run();
    const auto& features = job.network.normalization().features;
    CHECK(features.shift[0] == 7.5);
    CHECK(features.scale[0] == 1.0);
    CHECK(features.scale[1] != 1.0);
  }
  REQUIRE(warnings.size() == 4);
  CHECK(warnings[0] == "feature 'age' has the same value in all training rows: it is only shifted");
  CHECK(warnings[1] == "feature number 0 has the same value in all training rows: it is only shifted");
  for (auto& t : job.t) t = -1;
  job.options.normalize.targets = Normalize::zscore;
  job.options.target_names = {"price"};
  job.run();
  CHECK(warnings.back() == "target 'price' has the same value in all training rows: it is only shifted");
}
