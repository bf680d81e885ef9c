// Timing of steps: what is timed are the steps that training takes, and only times that mean something are given.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/models/measure.hpp>

#include "support/spaces.hpp"
#include "support/tensors.hpp"

namespace {

using namespace sinter;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

/// 70 rows in batches of 16: four steps an epoch, and six rows that a measurement leaves out.
template <Space S, class Real>
struct Job {
  typename S::Execution exec;
  Matrix<S, double> X = test::matrix<S, double>(exec, test::noise(70 * 3, 1), 70, 3);
  Matrix<S, double> T = test::matrix<S, double>(exec, test::noise(70 * 2, 2), 70, 2);
  ModelSpec spec;
  TrainOptions<S, Real> options;

  explicit Job(Fusion fusion) {
    spec.inputs = 3;
    spec.layers = {{5, Activation::tanh}, {2, Activation::identity}};
    options.training.epochs = 2;
    options.training.batch = 16;
    options.training.drop_last = true;
    options.training.optimizer.type = Optimizer::adam;
    options.training.fusion = fusion;
    options.normalize.features = Normalize::zscore;
    options.seed = 3;
  }

  [[nodiscard]] Network<S, Real> network() const { return Network<S, Real>(exec, spec, 7); }
  [[nodiscard]] RawSet<S, double> set() const { return {X, T}; }

  Measurement measured(const MeasureSettings& settings) {
    auto net = network();
    return measure<S, Real, double>(exec, net, set(), options, settings);
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("the steps that are timed are those of a training", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const Fusion fusion : {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs}) {
    Job<S, Real> job(fusion);
    auto trained = job.network();
    const auto report = train<S, Real, double>(job.exec, trained, job.set(), {}, {}, job.options);
    REQUIRE(report.steps_done == Measurement::hash_steps);
    const auto m = job.measured({MeasureMode::training, 3, 8, 0});
    INFO(to_name(fusion));
    CHECK(m.parameter_hash == parameter_hash(trained.state(job.exec)));
    CHECK(m.plan.level == fusion);
    CHECK(m.cost.level == fusion);
    CHECK(m.plan.steps_per_epoch == 4);
    CHECK(m.steps == 8);
    CHECK(m.step_s.size() == 3);
    for (const double seconds : m.step_s) CHECK(seconds > 0);
    CHECK(m.first_step_s > 0);
    // The eight steps are one launch where a launch takes many: they end where the training does.
    CHECK(m.repetition.launches == (fusion == Fusion::epochs ? 1 : 8 * report.plan.chosen.launches));
    if (fusion != Fusion::none) CHECK(m.repetition == LedgerCounts{m.repetition.launches, 0, 0, 0, 0});
  }
}

TEMPLATE_LIST_TEST_CASE("inference is timed on the first batch of rows, and changes no parameter", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job(Fusion::automatic);
  const auto m = job.measured({MeasureMode::inference, 2, 5, 0});
  CHECK(m.parameter_hash == parameter_hash(job.network().state(job.exec)));
  CHECK(m.plan.batch == 16);
  CHECK(m.cost.flops == 2.0 * 16 * (3 * 5 + 5 * 2));
  CHECK(m.cost.compulsory_bytes == sizeof(Real) * (16.0 * (3 + 2) + 32));
  CHECK(m.repetition == LedgerCounts{5 * m.cost.launches, 0, 0, 0, 0});
  CHECK(m.step_s.size() == 2);
  CHECK(job.measured({MeasureMode::inference, 1, 0, 1e-9}).steps == 1);  // one takes longer than that
}

TEMPLATE_LIST_TEST_CASE("a step of an ensemble is one of all members, and the first ends as it does alone", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job(Fusion::epochs);
  EnsembleSpec three;
  three.members = 3;
  Ensemble<S, Real> ensemble(job.exec, job.spec, members_of(three, job.options.seed, job.spec, job.options.training));
  Network<S, Real> alone(job.exec, job.spec, job.options.seed);
  const auto measured = [&](auto& trained, MeasureMode mode) {
    return measure<S, Real, double>(job.exec, trained, job.set(), job.options, {mode, 2, 8, 0});
  };
  for (const auto mode : {MeasureMode::inference, MeasureMode::training}) {
    const auto all = measured(ensemble, mode), one = measured(alone, mode);
    INFO(to_name(mode));
    CHECK(all.parameter_hash == one.parameter_hash);
    CHECK(all.cost.flops == 3 * one.cost.flops);
    CHECK(all.cost.compulsory_bytes == 3 * one.cost.compulsory_bytes);
    CHECK(all.repetition == LedgerCounts{mode == MeasureMode::training ? 1 : 8, 0, 0, 0, 0});
    CHECK(all.step_s.size() == 2);
  }
  job.options.training.optimizer.learning_rate = 1e30;
  job.options.training.optimizer.type = Optimizer::sgd;
  Ensemble<S, Real> lost(job.exec, job.spec, members_of(three, 1, job.spec, job.options.training));
  CHECK_THROWS_MATCHES(measured(lost, MeasureMode::training), NumericError,
                       MessageMatches(ContainsSubstring("the loss was not finite at step ")));
}

TEST_CASE("times that would mean nothing are refused") {
  using S = std::tuple_element_t<0, test::Spaces>;
  const auto refuses = [](Job<S, float>& job, int repetitions, const std::string& text) {
    CHECK_THROWS_MATCHES(job.measured({MeasureMode::training, repetitions, 1, 0}), Error,
                         MessageMatches(ContainsSubstring(text)));
  };
  Job<S, float> job(Fusion::layer);
  refuses(job, 0, "measure: 0 repetitions; at least 1 is needed");
  job.options.training.optimizer = {};
  job.options.training.optimizer.learning_rate = 1e30;
  refuses(job, 3, "measure: the loss was not finite at step ");
  job.options.training.epochs = 0;
  refuses(job, 1, "measure: training.epochs is 0");
}
