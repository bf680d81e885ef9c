// A training that was interrupted and goes on from its state ends with the bits of one that was not.
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/trainer.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;
using Catch::Matchers::Message;

namespace {

constexpr Fusion all_levels[] = {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs};

/// What a training leaves, reports and hands out.
struct Course {
  TrainingState state;                                                    ///< the last one
  std::vector<TrainingState> states;                                      ///< all
  std::vector<std::tuple<std::int64_t, double, double, double>> reports;  ///< step, loss, validation, rate
  TrainReport report;
  std::uint64_t hash = 0;
};

/// 50 rows in batches of 16: 4 steps an epoch, of which the last is smaller, in one chunk (two for batches of 64).
template <Space S, class Real>
struct Job {
  typename S::Execution exec;
  std::vector<double> x, t;
  Matrix<S, Real> X, T;
  TrainOptions<S, Real> options;
  std::chrono::milliseconds checkpoint_takes{0};

  explicit Job(std::int64_t rows = 50, std::int64_t batch = 16)
      : x(test::noise(static_cast<std::size_t>(rows * 2), 1)),
        t(test::noise(static_cast<std::size_t>(rows), 3)) {
    for (std::size_t r = 0; r < t.size(); ++r) t[r] = std::sin(3 * x[2 * r]) - x[2 * r + 1] + 0.3 * t[r];
    X = test::matrix<S, Real>(exec, x, rows, 2);
    T = test::matrix<S, Real>(exec, t, rows, 1);
    options.seed = 17;
    options.normalize.features = Normalize::zscore;
    options.training.epochs = 5;
    options.training.batch = batch;
    options.training.log_every = 2;
    options.training.optimizer.type = Optimizer::adam;
  }

  /// Runs, from a state where there is one, and stops after so many steps where they are not 0.
  Course run(const TrainingState* from = nullptr, std::int64_t steps = 0, bool validate = false) const {
    Course course;
    auto running = options;
    running.resume = from;
    running.stop_after_steps = steps;
    running.on_checkpoint = [&](const TrainingState& state) {
      course.states.push_back(state);
      std::this_thread::sleep_for(checkpoint_takes);
    };
    running.on_progress = [&](const Progress& p) {
      course.reports.emplace_back(p.step, p.running_loss, p.validation_loss.value_or(-1), p.learning_rate);
    };
    // A network of another seed: what it holds must not matter when resumed.
    Network<S, Real> network(exec, test::mlp(2, {{5, Activation::tanh}, {1, Activation::identity}}),
                             from == nullptr ? 5 : 6);
    const RawSet<S, Real> set{X, T};
    course.report = train<S, Real, Real>(exec, network, set, validate ? set : RawSet<S, Real>{}, {}, running);
    if (course.states.empty()) course.states.push_back(*from);
    course.state = course.states.back();
    course.hash = parameter_hash(network.state(exec));
    return course;
  }
};

bool same_bytes(const std::vector<NamedArray>& a, const std::vector<NamedArray>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const NamedArray& left, const NamedArray& right) { return left.bytes == right.bytes; });
}

/// "" where all that is known of both trainings agrees to the bit, else what does not.
std::string difference(const Course& whole, const Course& first, const Course& second) {
  const auto &a = whole.state, &b = second.state;
  if (whole.hash != second.hash) return "final parameters";
  if (!same_bytes(a.model.parameters, b.model.parameters)) return "parameters";
  if (!same_bytes(a.optimizer_state, b.optimizer_state)) return "optimizer";
  if (a.best_parameters.bytes != b.best_parameters.bytes || a.best_epoch != b.best_epoch || a.best_loss != b.best_loss)
    return "best model";
  if (a.epoch_loss != b.epoch_loss || a.step_loss != b.step_loss) return "losses";
  if (a.steps_done != b.steps_done || a.phase != b.phase) return "phase";
  if (whole.report.status != second.report.status || whole.report.best_epoch != second.report.best_epoch ||
      whole.report.epochs_done != second.report.epochs_done || whole.report.steps_done != second.report.steps_done)
    return "report";
  if (whole.report.train->metrics != second.report.train->metrics) return "metrics";
  auto reports = first.reports;
  reports.insert(reports.end(), second.reports.begin(), second.reports.end());
  return reports == whole.reports ? "" : "log";
}

/// "" where a run that stops at `step` and goes on equals `whole`.
template <class Job>
std::string difference_when_stopped(const Job& job, const Course& whole, std::int64_t step, bool validate = false) {
  const auto first = job.run(nullptr, step, validate);
  if (first.report.status != "interrupted" || first.report.steps_done != step) return "the interruption";
  return difference(whole, first, job.run(&first.state, 0, validate));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a training interrupted after any step goes on to the same bits, at every level", "",
                        test::Pairs) {
  for (const auto& [rows, batch] : {std::pair<std::int64_t, std::int64_t>{50, 16}, {150, 70}}) {
    Job<typename TestType::Space, typename TestType::Real> job(rows, batch);
    job.options.training.schedule = {Schedule::cosine, ScheduleUnit::step, 1e-4, 0.99, 100, 3};
    for (const Fusion level : all_levels) {
      job.options.training.fusion = level;
      const auto whole = job.run();
      CHECK(whole.report.status == "completed");
      CHECK(whole.state.phase == TrainingPhase::completed);
      CHECK(whole.state.epoch_loss != whole.state.step_loss);
      std::string wrong;
      for (std::int64_t step = 1; step < whole.report.steps_done; ++step) {
        if (const auto text = difference_when_stopped(job, whole, step); !text.empty())
          wrong += fmt::format("step {}: {}; ", step, text);
      }
      INFO(to_name(level));
      CHECK(wrong.empty());
    }
  }
}

TEMPLATE_LIST_TEST_CASE("every optimizer and schedule goes on to the same bits, through two interruptions", "",
                        test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  auto& training = job.options.training;
  std::string wrong;
  for (const auto& [optimizer, optimizer_name] : names_of<Optimizer>()) {
    for (const auto& [schedule, schedule_name] : names_of<Schedule>()) {
      training.optimizer.type = optimizer;
      training.optimizer.weight_decay = 1e-3;
      training.optimizer.clip_norm = schedule == Schedule::constant ? 0.1 : 0;
      const auto unit = optimizer == Optimizer::sgd ? ScheduleUnit::epoch : ScheduleUnit::step;
      training.schedule = {schedule, unit, 1e-4, 0.9, 2, 2};
      for (const Fusion level : {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs}) {
        training.fusion = level;
        const auto whole = job.run();
        auto first = job.run(nullptr, 3);
        const auto second = job.run(&first.state, 7);
        first.reports.insert(first.reports.end(), second.reports.begin(), second.reports.end());
        const auto text = difference(whole, first, job.run(&second.state));
        if (!text.empty())
          wrong += fmt::format("{}, {}, {}: {}; ", optimizer_name, schedule_name, to_name(level), text);
      }
    }
  }
  CHECK(wrong.empty());
}

TEMPLATE_LIST_TEST_CASE("checkpoints are no part of the time of training", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.checkpoint.every_steps = 8;
  job.checkpoint_takes = std::chrono::milliseconds(100);
  const Kokkos::Timer both;
  const auto first = job.run(nullptr, 10);
  const auto second = job.run(&first.state);
  CHECK(first.report.checkpoint_s + second.report.checkpoint_s >= 0.4);
  CHECK(second.report.training_s + first.report.checkpoint_s + second.report.checkpoint_s <= both.seconds());
}

TEMPLATE_LIST_TEST_CASE("checkpoints every few steps change no bit, and each is a state to go on from", "",
                        test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  for (const Fusion level : all_levels) {
    job.options.training.fusion = level;
    job.options.checkpoint.every_steps = 0;
    const auto whole = job.run();
    CHECK(whole.states.size() == 1);
    job.options.checkpoint.every_steps = 3;
    const auto often = job.run();
    CHECK(difference(whole, {}, often).empty());
    REQUIRE(often.states.size() == 7);  // after 3, 6, ... 18, and at the end
    CHECK(often.report.checkpoints == 7);
    CHECK(often.report.checkpoint_s > 0);
    for (std::size_t i = 0; i < often.states.size(); ++i) {
      const auto& state = often.states[i];
      CHECK(state.steps_done == std::min<std::int64_t>(20, 3 * (static_cast<std::int64_t>(i) + 1)));
      CHECK(job.run(&state).hash == whole.hash);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("levels layer, step and epochs take over from each other with the same bits", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job(150, 70);
  auto& level = job.options.training.fusion;
  level = Fusion::step;
  const auto whole = job.run();
  for (const Fusion from : {Fusion::layer, Fusion::step, Fusion::epochs}) {
    level = from;
    const auto first = job.run(nullptr, 5);
    for (const Fusion to : {Fusion::layer, Fusion::step, Fusion::epochs}) {
      level = to;
      INFO(to_name(from) << " to " << to_name(to));
      CHECK(difference(whole, first, job.run(&first.state)).empty());
    }
    level = Fusion::none;
    CHECK_THROWS_MATCHES(
        job.run(&first.state), ConfigError,
        Message(fmt::format("training cannot be resumed: fusion level was {}, is none", to_name(from))));
  }
  job.options.training.optimizer.clip_norm = 0.1;
  level = Fusion::layer;
  const auto first = job.run(nullptr, 5);
  level = Fusion::step;
  CHECK_THROWS_MATCHES(job.run(&first.state), ConfigError,
                       Message("training cannot be resumed: fusion level (which changes bits where the norm clips) "
                               "was layer, is step"));
}

TEMPLATE_LIST_TEST_CASE("early stopping stops where it would have stopped, with the same best model", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  auto& training = job.options.training;
  training.epochs = 60;
  training.optimizer.learning_rate = 0.3;  // restless, so that the loss rises again
  training.early_stopping.patience = 4;
  for (const bool validate : {false, true}) {
    const auto whole = job.run(nullptr, 0, validate);
    REQUIRE(whole.report.status == "stopped_early");
    REQUIRE(whole.report.best_epoch > 0);
    CHECK(whole.state.phase == TrainingPhase::stopped_early);
    std::string wrong;
    for (std::int64_t step = 1; step < whole.report.steps_done; step += 3)
      wrong += difference_when_stopped(job, whole, step, validate);
    CHECK(wrong.empty());

    // From the end there is nothing to do, unless there is more patience.
    const auto again = job.run(&whole.state, 0, validate);
    CHECK(again.report.status == "stopped_early");
    CHECK(again.report.checkpoints == 0);
    CHECK(again.hash == whole.hash);
    training.early_stopping.patience = 12;
    const auto patient = job.run(nullptr, 0, validate);
    CHECK(difference(patient, whole, job.run(&whole.state, 0, validate)).empty());
    training.early_stopping.patience = 4;
  }
}

TEMPLATE_LIST_TEST_CASE("more epochs go on from the end of fewer", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.epochs = 6;
  const auto whole = job.run();
  job.options.training.epochs = 4;
  const auto first = job.run();
  CHECK(first.report.status == "completed");
  const auto nothing = job.run(&first.state);
  CHECK(nothing.report.status == "completed");
  CHECK(nothing.report.steps_done == 16);
  CHECK(nothing.report.checkpoints == 0);
  CHECK(nothing.hash == first.hash);
  CHECK(nothing.report.train->metrics == first.report.train->metrics);
  job.options.training.epochs = 6;
  CHECK(difference(whole, first, job.run(&first.state)).empty());
}

TEMPLATE_LIST_TEST_CASE("a request to stop with the last step changes nothing: no work remains", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.fusion = Fusion::step;  // which hears it after every step
  CHECK(job.run(nullptr, 20).report.status == "completed");
  int polls = 0;
  job.options.stop_requested = [&] { return ++polls == 20; };
  CHECK(job.run().report.status == "completed");
  CHECK(polls == 20);
}

TEMPLATE_LIST_TEST_CASE("a run of many steps a launch hears a request to stop between launches", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.fusion = Fusion::epochs;
  job.options.stop_requested = [] { return true; };
  const auto first = job.run();
  CHECK(first.report.status == "interrupted");
  CHECK(first.report.steps_done < 20);
  job.options.stop_requested = nullptr;
  CHECK(difference(job.run(), first, job.run(&first.state)).empty());
}

TEMPLATE_LIST_TEST_CASE("a state of another training is refused with what differs", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  const auto first = job.run(nullptr, 5);
  const auto refuses = [&](const std::string& differences) {
    CHECK_THROWS_MATCHES(job.run(&first.state), ConfigError, Message("training cannot be resumed: " + differences));
  };
  job.options.training.batch = 20;
  job.options.seed = 18;
  refuses("batch was 16, is 20; steps of an epoch was 4, is 3; seed was 17, is 18");
  job.options.training.batch = 16;
  job.options.seed = 17;
  job.options.training.optimizer.type = Optimizer::sgd;
  refuses("optimizer was adam, is sgd");
  job.options.training.optimizer.type = Optimizer::adam;
  auto other = first.state;
  other.model.spec.layers[0].width = 4;
  CHECK_THROWS_MATCHES(job.run(&other), ConfigError, Message("training cannot be resumed: model was 2-4-1, is 2-5-1"));
  other = first.state;
  other.optimizer_state.pop_back();
  CHECK_THROWS_AS(job.run(&other), DataError);
}

TEMPLATE_LIST_TEST_CASE("a state whose loss is not finite is not handed out", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  auto good = job.run(nullptr, 5).state;
  auto& weights = good.model.parameters[0].bytes;
  std::memset(weights.data(), 0xff, weights.size());  // all NaN
  int states = 0;
  job.options.checkpoint.every_steps = 1;
  Network<typename TestType::Space, typename TestType::Real> network(
      job.exec, test::mlp(2, {{5, Activation::tanh}, {1, Activation::identity}}), 1);
  auto options = job.options;
  options.resume = &good;
  options.on_checkpoint = [&](const TrainingState&) { ++states; };
  CHECK_THROWS_AS((train<typename TestType::Space, typename TestType::Real, typename TestType::Real>(
                      job.exec, network, {job.X, job.T}, {}, {}, options)),
                  NumericError);
  CHECK(states == 0);
}
