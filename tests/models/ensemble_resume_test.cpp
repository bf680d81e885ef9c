// An ensemble that was interrupted and goes on from its state ends with the bits of one that was not.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/kernels/catalog/costs.hpp>
#include <sinter/models/ensemble.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;
using Catch::Matchers::Message;

namespace {

/// What the training of an ensemble leaves, reports and hands out.
struct Course {
  std::vector<TrainingState> states;
  std::vector<std::tuple<std::int64_t, double, double, double>> reports;  ///< step, loss, validation, rate
  std::vector<std::string> warnings;
  EnsembleReport report;
};

/// Four members on 50 rows in batches of 16: 4 steps an epoch, of which the last is smaller.
template <Space S, class Real>
struct Job {
  typename S::Execution exec;
  Matrix<S, Real> X, T;
  ModelSpec model = test::mlp(2, {{5, Activation::tanh}, {1, Activation::identity}});
  TrainOptions<S, Real> options;
  std::chrono::milliseconds checkpoint_takes{0};
  EnsembleSpec ensemble;

  Job() {
    const std::int64_t rows = 50;
    const auto x = test::noise(rows * 2, 1);
    auto t = test::noise(rows, 3);
    for (std::size_t r = 0; r < t.size(); ++r) t[r] = std::sin(3 * x[2 * r]) - x[2 * r + 1] + 0.3 * t[r];
    X = test::matrix<S, Real>(exec, x, rows, 2);
    T = test::matrix<S, Real>(exec, t, rows, 1);
    options.seed = 17;
    options.normalize.features = Normalize::zscore;
    options.training.epochs = 5;
    options.training.batch = 16;
    options.training.log_every = 2;
    options.training.optimizer.type = Optimizer::adam;
    options.training.schedule = {Schedule::cosine, ScheduleUnit::step, 1e-4, 0.99, 100, 3};
    ensemble.members = 4;
    ensemble.learning_rate = {0.001, 0.01, 0.02, 0.05};
    ensemble.initializer = {Initializer::xavier_normal, Initializer::he_uniform, Initializer::he_normal,
                            Initializer::xavier_uniform};
  }

  /// Runs, from a state where there is one, and stops after so many steps where they are not 0.
  Course run(const TrainingState* from = nullptr, std::int64_t steps = 0, bool validate = true) const {
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
    running.on_log = [&](LogLevel, std::string_view text) { course.warnings.emplace_back(text); };
    Ensemble<S, Real> networks(exec, model, members_of(ensemble, options.seed, model, options.training));
    // What they hold must not matter when resumed.
    if (from != nullptr) Kokkos::deep_copy(exec, networks.parameters(), Real(0.5));
    const RawSet<S, Real> set{X, T};
    course.report = train<S, Real, Real>(exec, networks, set, validate ? set : RawSet<S, Real>{}, {}, running);
    return course;
  }
};

/// "" where all that is known of both trainings agrees to the bit, else what does not.
std::string difference(const Course& whole, const std::vector<Course>& parts) {
  const auto &last = parts.back().report, &all = whole.report;
  if (all.status != last.status || all.steps_done != last.steps_done || all.best != last.best) return "report";
  for (std::size_t i = 0; i < all.members.size(); ++i) {
    const auto &a = all.members[i], &b = last.members[i];
    if (parameter_hash(a.model) != parameter_hash(b.model)) return fmt::format("parameters of member {}", i);
    if (a.nonfinite_step != b.nonfinite_step) return fmt::format("loss of member {}", i);
    if (a.train && a.train->metrics != b.train->metrics) return fmt::format("metrics of member {}", i);
  }
  if (!parts.back().states.empty()) {
    const auto &a = whole.states.back(), &b = parts.back().states.back();
    if (a.member_parameters.bytes != b.member_parameters.bytes) return "state: parameters";
    if (a.optimizer_state.size() != b.optimizer_state.size()) return "state: optimizer";
    for (std::size_t i = 0; i < a.optimizer_state.size(); ++i) {
      if (a.optimizer_state[i].bytes != b.optimizer_state[i].bytes) return "state: optimizer";
    }
    for (std::size_t i = 0; i < a.members.size(); ++i) {
      if (a.members[i].nonfinite_step == 0 && a.members[i].epoch_loss != b.members[i].epoch_loss)
        return "state: losses";
    }
    if (a.phase != b.phase) return "state: phase";
  }
  Course joined;
  for (const auto& part : parts) {
    joined.reports.insert(joined.reports.end(), part.reports.begin(), part.reports.end());
    joined.warnings.insert(joined.warnings.end(), part.warnings.begin(), part.warnings.end());
  }
  if (joined.warnings != whole.warnings) return "warnings";
  return joined.reports == whole.reports ? "" : "log";
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("an ensemble interrupted after any step goes on to the same bits, with every optimizer", "",
                        test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  std::string wrong;
  for (const auto& [optimizer, name] : names_of<Optimizer>()) {
    job.options.training.optimizer.type = optimizer;
    job.options.training.optimizer.clip_norm = optimizer == Optimizer::momentum ? 0.1 : 0;
    const auto whole = job.run();
    REQUIRE(whole.report.status == "completed");
    REQUIRE(whole.states.size() == 1);
    CHECK(whole.states[0].phase == TrainingPhase::completed);
    CHECK(whole.reports.size() == 3);
    for (std::int64_t step = 1; step < whole.report.steps_done; ++step) {
      if (optimizer != Optimizer::adam && step % 5 != 3) continue;
      const auto first = job.run(nullptr, step);
      CHECK(first.report.status == "interrupted");
      CHECK(first.report.steps_done == step);
      CHECK(first.states.back().phase == TrainingPhase::running);
      const auto text = difference(whole, {first, job.run(&first.states.back())});
      if (!text.empty()) wrong += fmt::format("{}, step {}: {}; ", name, step, text);
    }
  }
  CHECK(wrong.empty());
}

TEMPLATE_LIST_TEST_CASE("so does one whose members have optimizers of their own, which keep what no other touches", "",
                        test::Pairs) {
  using Real = typename TestType::Real;
  Job<typename TestType::Space, Real> job;
  job.ensemble.optimizer = {Optimizer::momentum, Optimizer::sgd, Optimizer::adam, Optimizer::rmsprop};
  job.ensemble.clip_norm = {0.1, 0, 0, 0};
  job.ensemble.clip_value = {0, 0, 0, 0.05};
  const auto whole = job.run();
  std::string wrong;
  for (std::int64_t step = 1; step < whole.report.steps_done; ++step) {
    const auto first = job.run(nullptr, step);
    const auto text = difference(whole, {first, job.run(&first.states.back())});
    if (!text.empty()) wrong += fmt::format("step {}: {}; ", step, text);
  }
  CHECK(wrong.empty());

  const auto& state = whole.states.back();
  CHECK(state.optimizer == Optimizer::momentum);
  REQUIRE(state.optimizer_state.size() == 2);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(state.members[i].optimizer == job.ensemble.optimizer[i]);
    const auto keeps = static_cast<std::size_t>(cost_of(job.ensemble.optimizer[i]).states);
    for (std::size_t s = 0; s < 2; ++s) {
      INFO("state " << s << " of member " << i);
      const auto& bytes = state.optimizer_state[s].bytes;
      const auto each = static_cast<std::ptrdiff_t>(bytes.size() / 4), begin = each * static_cast<std::ptrdiff_t>(i);
      const bool touched = std::any_of(bytes.begin() + begin, bytes.begin() + begin + each,
                                       [](auto byte) { return byte != decltype(byte){}; });
      CHECK(touched == (s < keeps));
    }
  }

  auto other = job;
  std::swap(other.ensemble.optimizer[1], other.ensemble.optimizer[3]);
  CHECK_THROWS_MATCHES(other.run(&state), ConfigError,
                       Message("training cannot be resumed: optimizer of member 1 was sgd, is rmsprop"));
}

TEMPLATE_LIST_TEST_CASE("checkpoints are no part of the time of an ensemble's training", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.checkpoint.every_steps = 8;
  job.checkpoint_takes = std::chrono::milliseconds(100);
  const Kokkos::Timer both;
  const auto first = job.run(nullptr, 10);
  const auto second = job.run(&first.states.back());
  CHECK(first.report.checkpoint_s + second.report.checkpoint_s >= 0.4);
  CHECK(second.report.training_s + first.report.checkpoint_s + second.report.checkpoint_s <= both.seconds());
}

TEMPLATE_LIST_TEST_CASE("checkpoints of an ensemble every few steps change no bit, and each is a state to go on from",
                        "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  const auto whole = job.run();
  job.options.checkpoint.every_steps = 3;
  const auto often = job.run();
  CHECK(difference(whole, {often}).empty());
  REQUIRE(often.states.size() == 7);  // after 3, 6, ... 18, and at the end
  CHECK(often.report.checkpoints == 7);
  CHECK(often.report.checkpoint_s > 0);
  for (std::size_t i = 0; i + 1 < often.states.size(); ++i) {
    CHECK(often.states[i].steps_done == 3 * static_cast<std::int64_t>(i + 1));
    const auto rest = job.run(&often.states[i]);
    CHECK(parameter_hash(rest.report.members[2].model) == parameter_hash(whole.report.members[2].model));
    CHECK(rest.states.size() == 6 - i);
  }
  // By time: at every launch's end where none may pass.
  job.options.checkpoint.every_steps = 0;
  job.options.checkpoint.every_minutes = 1e-12;
  const auto timed = job.run();
  CHECK(timed.states.size() > 1);
  CHECK(difference(whole, {timed}).empty());
}

TEMPLATE_LIST_TEST_CASE("a member that is lost stays lost, and is told once", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.optimizer.type = Optimizer::sgd;
  job.options.training.schedule.type = Schedule::constant;
  job.options.training.schedule.warmup = 0;
  job.options.training.epochs = 60;
  job.ensemble.learning_rate = {0.01, 1e25, 0.01, 0.02};
  const auto whole = job.run();
  const auto lost_at = whole.report.members[1].nonfinite_step;
  REQUIRE(lost_at > 0);
  REQUIRE(whole.warnings.size() == 1);
  for (const std::int64_t step : {lost_at - 1, lost_at, lost_at + 1, std::int64_t{101}, std::int64_t{200}}) {
    if (step == 0) continue;
    INFO("step " << step);
    const auto first = job.run(nullptr, step);
    const auto second = job.run(&first.states.back(), 17);
    CHECK(difference(whole, {first, second, job.run(&second.states.back())}).empty());
  }
}

TEMPLATE_LIST_TEST_CASE("an ensemble stops when it is asked to, and more epochs go on from its end", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  const auto whole = job.run();
  job.options.stop_requested = [] { return true; };
  const auto first = job.run();
  CHECK(first.report.status == "interrupted");
  CHECK(first.report.steps_done < 20);
  job.options.stop_requested = nullptr;
  CHECK(difference(whole, {first, job.run(&first.states.back())}).empty());

  job.options.training.schedule.type = Schedule::constant;
  const auto five = job.run();
  const auto nothing = job.run(&five.states.back());
  CHECK(nothing.report.status == "completed");
  CHECK(nothing.report.checkpoints == 0);
  CHECK(difference(five, {five, nothing}).empty());
  job.options.training.log_every = 8;  // reports at 8 and at the end alone, so that those of both parts add up
  job.options.training.epochs = 8;
  const auto eight = job.run();
  CHECK(difference(eight, {job.run(&five.states.back())}).empty());
}

TEMPLATE_LIST_TEST_CASE("a state of another ensemble is refused with what differs, and so is what none can have", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job;
  const auto first = job.run(nullptr, 5);
  const auto& state = first.states.back();
  const auto refuses = [&](const auto& change, const std::string& text) {
    Job<S, Real> other;
    change(other);
    CHECK_THROWS_MATCHES(other.run(&state), ConfigError, Message("training cannot be resumed: " + text));
  };
  refuses([](auto& other) { other.options.training.batch = 20; }, "batch was 16, is 20; steps of an epoch was 4, is 3");
  refuses([](auto& other) { other.ensemble.seed = {17, 18, 21, 22}; }, "seed of member 2 was 19, is 21");
  refuses(
      [](auto& other) {
        other.ensemble = {};
        other.ensemble.members = 3;
      },
      "members of the ensemble was 4, is 3");
  refuses([](auto& other) { other.options.training.optimizer.type = Optimizer::sgd; },
          "optimizer of member 0 was adam, is sgd");
  auto short_of = state;
  short_of.optimizer_state.pop_back();
  CHECK_THROWS_AS(job.run(&short_of), DataError);
  short_of = state;
  short_of.member_parameters.bytes.resize(8);
  CHECK_THROWS_AS(job.run(&short_of), DataError);

  // Nor does a single network go on from it.
  Network<S, Real> network(job.exec, job.model, 17);
  auto options = job.options;
  options.resume = &state;
  CHECK_THROWS_MATCHES((train<S, Real, Real>(job.exec, network, {job.X, job.T}, {}, {}, options)), ConfigError,
                       Message("training cannot be resumed: members of the ensemble was 4, is 0"));

  Ensemble<S, Real> networks(job.exec, job.model,
                             members_of(job.ensemble, job.options.seed, job.model, job.options.training));
  options = job.options;
  options.hook_every = 1;
  options.hook = [](const Progress&, const Network<S, Real>&) {};
  CHECK_THROWS_MATCHES((train<S, Real, Real>(job.exec, networks, {job.X, job.T}, {}, {}, options)), ConfigError,
                       Message("options.hook: an ensemble has no one network to hand to a hook; allowed: none"));
  options.hook = nullptr;
  options.training.early_stopping.patience = 3;
  CHECK_THROWS_MATCHES((train<S, Real, Real>(job.exec, networks, {job.X, job.T}, {}, {}, options)), ConfigError,
                       Message("training.early_stopping.patience: an ensemble has no early stopping; allowed: 0"));
}
