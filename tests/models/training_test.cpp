// The course of a training: seeds, order, last batches, schedules, early stopping, hooks, stop requests.
#include <cmath>
#include <set>
#include <tuple>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/models/detail/boundaries.hpp>
#include <sinter/models/trainer.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;

namespace {

/// y = sin(3 x0) - x1 + noise, with training and validation rows.
template <Space S, class Real>
struct Job {
  static constexpr std::int64_t rows = 203, validation_rows = 50;
  typename S::Execution exec;
  ModelSpec model = test::mlp(2, {{9, Activation::tanh}, {1, Activation::identity}});
  TrainOptions<S, Real> options;
  std::vector<double> x = test::noise(static_cast<std::size_t>(rows * 2), 1),
                      vx = test::noise(static_cast<std::size_t>(validation_rows * 2), 2);
  Matrix<S, Real> X = test::matrix<S, Real>(exec, x, rows, 2), VX = test::matrix<S, Real>(exec, vx, validation_rows, 2);
  Matrix<S, Real> T = targets(x, 3), VT = targets(vx, 4);

  Job() {
    options.seed = 17;
    options.training.epochs = 6;
    options.training.batch = 64;
    options.training.optimizer.type = Optimizer::adam;
  }
  [[nodiscard]] Matrix<S, Real> targets(const std::vector<double>& from, unsigned seed) const {
    auto t = test::noise(from.size() / 2, seed);
    for (std::size_t r = 0; r < t.size(); ++r) t[r] = std::sin(3 * from[2 * r]) - from[2 * r + 1] + 0.3 * t[r];
    return test::matrix<S, Real>(exec, t, static_cast<std::int64_t>(t.size()), 1);
  }
  [[nodiscard]] Network<S, Real> network(std::uint64_t seed = 5) const { return Network<S, Real>(exec, model, seed); }
  TrainReport run(Network<S, Real>& network, bool validate = false) const {
    return train<S, Real, Real>(exec, network, {X, T}, validate ? RawSet<S, Real>{VX, VT} : RawSet<S, Real>{}, {},
                                options);
  }
  /// The hash that a fresh network ends with.
  [[nodiscard]] std::uint64_t trained_hash(std::uint64_t seed = 5) const {
    auto fresh = network(seed);
    run(fresh);
    return parameter_hash(fresh.state(exec));
  }
};

}  // namespace

TEST_CASE("training pauses where the plan says that a launch of level epochs ends") {
  const ModelSpec model = test::mlp(2, {{4, Activation::tanh}, {1, Activation::identity}});
  TrainingSpec training;
  training.fusion = Fusion::epochs;
  training.epochs = 500;  // reports are five epochs apart
  training.batch = 32;
  for (const std::int64_t validate_every : {0, 1, 3, 20}) {
    for (const bool validates : {false, true}) {
      training.validate_every = validate_every;
      const auto plan = make_plan(model, training, Precision::float32, DeviceKind::host, 96, validates);
      INFO("validation every " << validate_every << (validates ? "" : ", of nothing"));
      CHECK(detail::Boundaries(training, plan, validates, 0).next(0) == plan.chosen.steps_per_launch);
      CHECK(plan.chosen.steps_per_launch == (validates && validate_every == 1   ? 3
                                             : validates && validate_every == 3 ? 9
                                                                                : 15));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("the same seeds give the same bits, and each other seed gives others", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  const auto first = job.trained_hash();
  CHECK(job.trained_hash() == first);
  CHECK(job.trained_hash(6) != first);  // of the initialisation
  job.options.seed = 18;                // of the order
  CHECK(job.trained_hash() != first);
  job.options.training.shuffle = false;
  const auto plain = job.trained_hash();
  CHECK(plain != first);
  job.options.seed = 19;  // without shuffling nothing depends on it
  CHECK(job.trained_hash() == plain);
}

TEMPLATE_LIST_TEST_CASE("listening, validating and reporting more often changes no bit", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.log_every = 6;
  const auto first = job.trained_hash();
  job.options.training.log_every = 1;
  job.options.hook_every = 1;
  int hooks = 0;
  job.options.hook = [&](const Progress&, const auto&) { ++hooks; };
  auto network = job.network();
  job.run(network, true);
  CHECK(hooks == 6);
  CHECK(parameter_hash(network.state(job.exec)) == first);
}

TEMPLATE_LIST_TEST_CASE("the smaller last batch counts as a step, or is dropped", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  auto network = job.network();
  TrainReport report = job.run(network);
  CHECK(report.steps_done == 6 * 4);
  CHECK(report.epochs_done == 6);
  CHECK(report.best_epoch == 6);
  job.options.training.drop_last = true;
  report = job.run(network);
  CHECK(report.steps_done == 6 * 3);
}

TEMPLATE_LIST_TEST_CASE("one dropped-to batch an epoch still draws other rows each epoch", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.batch = 150;
  job.options.training.drop_last = true;
  const auto first = job.trained_hash();
  job.options.seed = 18;
  CHECK(job.trained_hash() != first);
}

TEMPLATE_LIST_TEST_CASE("progress tells epochs, steps, losses and the learning rate of the schedule", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  auto& training = job.options.training;
  training.log_every = 2;
  training.epochs = 5;
  training.schedule.type = Schedule::exponential;
  training.schedule.gamma = 0.5;
  std::vector<Progress> seen;
  job.options.on_progress = [&](const Progress& progress) { seen.push_back(progress); };
  auto network = job.network();
  job.run(network, true);
  REQUIRE(seen.size() == 3);  // after 2, 4 and the last
  CHECK(seen[0].epoch == 2);
  CHECK(seen[1].epoch == 4);
  CHECK(seen[2].epoch == 5);
  for (const Progress& progress : seen) {
    CHECK(progress.epochs == 5);
    CHECK(progress.step == 4 * progress.epoch);
    CHECK(progress.learning_rate == 0.01 * std::pow(0.5, static_cast<double>(progress.epoch - 1)));
    CHECK(progress.running_loss > 0);
    CHECK(progress.validation_loss.has_value());
    CHECK(progress.elapsed_s > 0);
  }
  CHECK(seen[2].running_loss < seen[0].running_loss);

  seen.clear();
  training.schedule.unit = ScheduleUnit::step;
  auto again = job.network();
  job.run(again);
  CHECK(seen[2].learning_rate == 0.01 * std::pow(0.5, 19.0));
  CHECK_FALSE(seen[2].validation_loss.has_value());
}

TEMPLATE_LIST_TEST_CASE("the running loss of a full batch is the loss of the parameters before the epoch's update", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job;
  const auto X = test::matrix<S, double>(job.exec, test::values(job.exec, job.X), job.rows, 2);
  const auto T = test::matrix<S, double>(job.exec, test::values(job.exec, job.T), job.rows, 1);
  job.options.training.batch = 0;
  job.options.training.epochs = 1;
  double running = 0;
  job.options.on_progress = [&](const Progress& progress) { running = progress.running_loss; };
  auto network = job.network();
  const SetReport before = evaluate<S, Real, double>(job.exec, network, {X, T}, {});
  const TrainReport report = job.run(network);
  // Both sum the same row losses in double, in another order.
  CHECK(std::abs(running - test::metric(before, "loss")) < 1e-12 * running);
  const SetReport after = evaluate<S, Real, double>(job.exec, network, {X, T}, {});
  for (const auto& [name, value] : report.train->metrics)  // summed shard by shard there
    CHECK(std::abs(test::metric(after, name) - value) <= 1e-12 * std::abs(value));
  CHECK(test::metric(after, "loss") < running);
}

TEMPLATE_LIST_TEST_CASE("early stopping ends the run and keeps the parameters with the best validation loss", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  Job<S, typename TestType::Real> job;
  auto& training = job.options.training;
  training.epochs = 1000;
  training.log_every = 1;
  training.early_stopping.patience = 5;
  training.optimizer.learning_rate = 0.1;  // restless, so that the loss rises again
  double best = 1e300;
  std::int64_t best_epoch = 0, last_epoch = 0;
  job.options.on_progress = [&](const Progress& progress) {
    last_epoch = progress.epoch;
    if (*progress.validation_loss < best) {
      best = *progress.validation_loss;
      best_epoch = progress.epoch;
    }
  };
  auto network = job.network();
  const TrainReport report = job.run(network, true);
  CHECK(report.status == "stopped_early");
  CHECK(report.epochs_done == last_epoch);
  CHECK(report.epochs_done < 1000);
  CHECK(report.best_epoch == best_epoch);
  CHECK(report.epochs_done - best_epoch == 5);
  CHECK(test::metric(*report.validation, "loss") == best);
}

TEMPLATE_LIST_TEST_CASE(
    "without validation rows early stopping watches the training loss, and a hook changes nothing in it", "",
    test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const auto run = [](std::int64_t hook_every) {
    Job<S, Real> job;
    job.options.training.epochs = 200;
    job.options.training.log_every = 4;
    job.options.training.early_stopping = {8, 1e-3};
    job.options.training.optimizer.learning_rate = 0.1;
    job.options.hook_every = hook_every;
    job.options.hook = [](const Progress&, const Network<S, Real>&) {};
    auto network = job.network();
    const TrainReport report = job.run(network);
    return std::tuple(report.status, report.best_epoch, report.epochs_done, parameter_hash(network.state(job.exec)));
  };
  const auto plain = run(0);
  CHECK(std::get<0>(plain) == "stopped_early");
  CHECK(std::get<1>(plain) % 4 == 0);
  CHECK(run(1) == plain);
}

TEMPLATE_LIST_TEST_CASE("hooks come every k epochs with losses, rate and the model as it then is", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job;
  job.options.hook_every = 2;
  std::vector<std::int64_t> epochs;
  std::set<std::uint64_t> hashes;
  job.options.hook = [&](const Progress& progress, const Network<S, Real>& model) {
    epochs.push_back(progress.epoch);
    CHECK(progress.running_loss > 0);
    CHECK(progress.learning_rate == 0.01);
    hashes.insert(parameter_hash(model.state(job.exec)));
  };
  auto network = job.network();
  job.run(network);
  CHECK(epochs == std::vector<std::int64_t>{2, 4, 6});
  CHECK(hashes.size() == 3);
  CHECK(hashes.count(parameter_hash(network.state(job.exec))) == 1);
}

TEMPLATE_LIST_TEST_CASE("a request to stop ends the run after that step with a usable model and its metrics", "",
                        test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  int asked = 0;
  job.options.stop_requested = [&] { return ++asked == 6; };
  auto network = job.network();
  const auto before = parameter_hash(network.state(job.exec));
  const TrainReport report = job.run(network, true);
  CHECK(report.status == "interrupted");
  CHECK(report.steps_done == 6);
  CHECK(report.epochs_done == 1);  // complete ones
  CHECK(parameter_hash(network.state(job.exec)) != before);
  CHECK(test::metric(*report.train, "loss") > 0);
  CHECK(test::metric(*report.validation, "loss") > 0);
}

TEMPLATE_LIST_TEST_CASE("no epochs leave the network as it was, and report on it", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.epochs = 0;
  auto network = job.network();
  const auto before = parameter_hash(network.state(job.exec));
  const TrainReport report = job.run(network);
  CHECK(report.status == "completed");
  CHECK(report.steps_done == 0);
  CHECK(parameter_hash(network.state(job.exec)) == before);
  CHECK(test::metric(*report.train, "loss") > 0);
}
