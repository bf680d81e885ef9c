// Training rows that stay on the host: the bits of a set on the device, and the account of windows.
#include <fmt/format.h>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/measure.hpp>
#include <sinter/models/trainer.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;
using Catch::Matchers::Message;

namespace {

constexpr Fusion streaming_levels[] = {Fusion::none, Fusion::layer, Fusion::step};

struct Course {
  std::uint64_t hash = 0;
  TrainReport report;
  TrainingState state;
  std::vector<double> losses;
};

/// 3 features, 2 targets; a window of stream_mib has a few batches.
template <Space S, class Real>
struct Job {
  typename S::Execution exec;
  std::int64_t rows;
  std::vector<double> x, t;
  TrainOptions<S, Real> options;

  explicit Job(std::int64_t row_count = 403, std::int64_t batch = 64)
      : rows(row_count),
        x(test::noise(static_cast<std::size_t>(rows * 3), 1)),
        t(test::noise(static_cast<std::size_t>(rows * 2), 2)) {
    options.seed = 11;
    options.normalize = {Normalize::zscore, Normalize::minmax};
    options.training.epochs = 3;
    options.training.batch = batch;
    options.training.optimizer.type = Optimizer::adam;
    options.training.stream_mib = static_cast<double>(2 * 3 * batch * 5) * sizeof(Real) / 0x1p20;  // 3 batches a window
  }

  [[nodiscard]] HostRows<S, double> on_host() const {
    using OnHost = MatrixRef<HostSpaceBeside<S>, const double>;
    return {OnHost(x.data(), static_cast<std::size_t>(rows), 3), OnHost(t.data(), static_cast<std::size_t>(rows), 2)};
  }
  [[nodiscard]] Network<S, Real> network(std::uint64_t seed = 5) const {
    return Network<S, Real>(
        exec, test::mlp(3, {{9, Activation::gelu}, {7, Activation::tanh}, {2, Activation::identity}}), seed);
  }

  Course run(bool streamed, const TrainingState* from = nullptr, std::int64_t steps = 0) const {
    Course course;
    auto running = options;
    running.resume = from;
    running.stop_after_steps = steps;
    running.on_checkpoint = [&](const TrainingState& state) { course.state = state; };
    running.on_progress = [&](const Progress& p) { course.losses.push_back(p.running_loss); };
    auto net = network(from == nullptr ? 5 : 6);
    if (streamed) {
      course.report = train_streamed<S, Real, double>(exec, net, on_host(), {}, {}, running);
    } else {
      const auto X = test::matrix<S, double>(exec, x, rows, 3), T = test::matrix<S, double>(exec, t, rows, 2);
      course.report = train<S, Real, double>(exec, net, {X, T}, {}, {}, running);
    }
    course.hash = parameter_hash(net.state(exec));
    return course;
  }
};

/// "" where both ended with the same bits.
std::string difference(const Course& a, const Course& b) {
  if (a.hash != b.hash) return "parameters";
  if (a.report.train->metrics != b.report.train->metrics) return "metrics";
  if (a.losses != b.losses) return "losses";
  return a.report.best_epoch == b.report.best_epoch ? "" : "best epoch";
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a streamed training set gives the bits of one on the device", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const Fusion level : {Fusion::layer, Fusion::step}) {
    struct Case {
      std::int64_t rows, batch;
    };
    for (const Case c : {Case{403, 64}, Case{130, 50}, Case{9001, 900}, Case{70, 0}}) {
      Job<S, Real> job(c.rows, c.batch == 0 ? c.rows : c.batch);
      job.options.training.batch = c.batch;
      job.options.training.fusion = level;
      const auto differs = [&] {
        INFO(to_name(level) << ", " << c.rows << " rows, batches of " << c.batch);
        const auto streamed = job.run(true);
        CHECK(streamed.report.plan.level == level);
        CHECK(streamed.report.stream.windows > 2);
        CHECK(difference(job.run(false), streamed) == "");
      };
      differs();
      job.options.training.drop_last = true;
      differs();
      job.options.training.shuffle = false;
      job.options.normalize = {};
      differs();
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a streamed training set is evaluated for early stopping, to the same bits", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job(5003, 700);
  job.options.training.fusion = Fusion::layer;
  job.options.training.epochs = 12;
  job.options.training.log_every = 1;
  job.options.training.optimizer.learning_rate = 0.2;
  job.options.training.early_stopping = {3, 0};
  const auto resident = job.run(false), streamed = job.run(true);
  CHECK(resident.report.status == "stopped_early");
  CHECK(streamed.report.status == "stopped_early");
  CHECK(difference(resident, streamed) == "");
}

TEMPLATE_LIST_TEST_CASE("a streamed training that was interrupted within a window goes on to the same bits", "",
                        test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  job.options.training.fusion = Fusion::step;
  const auto whole = job.run(true);
  std::string wrong;
  for (std::int64_t step = 1; step < whole.report.steps_done; ++step) {
    for (const bool first : {true, false}) {
      const auto stopped = job.run(first, nullptr, step);
      if (stopped.report.status != "interrupted" || job.run(!first || step % 2 == 0, &stopped.state).hash != whole.hash)
        wrong += fmt::format("step {}, {} first; ", step, first ? "streamed" : "on the device");
    }
  }
  CHECK(wrong == "");
}

TEMPLATE_LIST_TEST_CASE("steps between two windows are steady: no fence, no copy, no allocation", "", test::Pairs) {
  using S = typename TestType::Space;
  Job<S, typename TestType::Real> job(512, 64);  // 8 steps an epoch: windows of 3, 3 and 2
  job.options.training.fusion = Fusion::layer;
  const std::int64_t launches = device_kind<S> == DeviceKind::host ? 7 : 8;
  job.options.budget.launches = launches;
  job.options.budget.fences = job.options.budget.copies = job.options.budget.allocations = 0;
  const auto course = job.run(true);
  CHECK(course.report.steady_state == LedgerCounts{launches, 0, 0, 0, 0});
  CHECK(course.report.steady_steps == 3 * 8 - 1);
  CHECK(course.report.stream.window_steps == 3);
  CHECK(course.report.stream.windows == 3 * 3);
  std::int64_t staged = 0, copies = 0;
  for (const auto& row : course.report.ledger) {
    if (row.kind == "launch" && row.label.starts_with("sinter::stream::stage")) staged += row.count;
    if (row.kind == "copy" && row.label.find("sinter::stream::") != std::string::npos) copies += row.count;
  }
  CHECK(staged == 9 + 1);  // and the training set at the end, which a window takes whole
  CHECK(copies == (HostMirror<Matrix<S, float>>::copies ? 20 : 0));
}

TEMPLATE_LIST_TEST_CASE("what cannot be streamed is refused, and auto takes a level that can", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job(50, 16);
  CHECK(job.run(false).report.plan.level == Fusion::epochs);
  CHECK(job.run(true).report.plan.level == Fusion::step);
  job.options.training.fusion = Fusion::epochs;
  CHECK_THROWS_MATCHES(job.run(true), ConfigError,
                       Message("training.fusion: epochs cannot serve this problem: the training rows are streamed, and "
                               "level epochs wants all of them on the device"));
  job.options.training.fusion = Fusion::layer;
  job.t[7] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(job.run(true), DataError);
}

TEMPLATE_LIST_TEST_CASE("streamed steps that are timed are those of a training", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const Fusion level : streaming_levels) {
    Job<S, Real> job(512, 64);
    job.options.training.fusion = level;
    auto net = job.network();
    const auto m = measure_streamed<S, Real, double>(job.exec, net, job.on_host(), job.options,
                                                     {MeasureMode::training, 3, 8, 0});
    job.options.training.epochs = 1;
    job.options.training.drop_last = true;
    INFO(to_name(level));
    CHECK(m.parameter_hash == job.run(false).hash);
    CHECK_THROWS_MATCHES((measure_streamed<S, Real, double>(job.exec, net, job.on_host(), job.options,
                                                            {MeasureMode::inference, 3, 8, 0})),
                         ConfigError, Message("measure: predictions are of rows on the device"));
  }
}
