// Ensembles: every member ends with the bits that it would have alone, one launch for all, the best by its loss.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/ensemble.hpp>

#include "support/contract.hpp"
#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;
using Catch::Matchers::Message;

namespace {

constexpr std::int64_t rows = 90, inputs = 3;

template <Space S, class Real>
struct Job {
  typename S::Execution exec;
  ModelSpec model = test::mlp(inputs, {{9, Activation::tanh}, {5, Activation::gelu}, {2, Activation::identity}});
  TrainOptions<S, Real> options;
  EnsembleSpec ensemble;
  Matrix<S, Real> X = test::matrix<S, Real>(exec, test::noise(rows* inputs, 1), rows, inputs);
  Matrix<S, Real> T = test::matrix<S, Real>(exec, test::noise(rows * 2, 2), rows, 2);

  Job() {
    options.seed = 7;
    options.training.epochs = 6;
    options.training.batch = 64;
    options.training.optimizer.type = Optimizer::adam;
    options.training.schedule.type = Schedule::cosine;
    options.normalize = {Normalize::zscore, Normalize::minmax};
    ensemble.members = 5;
    ensemble.learning_rate = {0.001, 0.01, 0.02, 0.05, 0.1};
    ensemble.weight_decay = {0, 0, 0.01, 0, 0.1};
    ensemble.initializer = {Initializer::xavier_normal, Initializer::he_uniform, Initializer::xavier_uniform,
                            Initializer::he_normal, Initializer::xavier_normal};
  }
  [[nodiscard]] std::vector<MemberSpec> members() const {
    return members_of(ensemble, options.seed, model, options.training);
  }
};

/// Four members with optimizers of their own, which keep 0, 1, 1 and 2 states; one clips by norm, one by value.
template <Space S, class Real>
Job<S, Real> mixed_job() {
  Job<S, Real> job;
  job.ensemble.members = 4;
  job.ensemble.optimizer = {Optimizer::sgd, Optimizer::momentum, Optimizer::rmsprop, Optimizer::adam};
  job.ensemble.learning_rate = {0.1, 0.05, 0.002, 0.01};
  job.ensemble.momentum = {0, 0.8, 0, 0};
  job.ensemble.rho = {0, 0, 0.95, 0};
  job.ensemble.epsilon = {1, 1, 1e-6, 1e-7};
  job.ensemble.weight_decay = {0.01, 0, 0, 0.02};
  job.ensemble.clip_norm = {0, 0.02, 0, 0};
  job.ensemble.clip_value = {0, 0, 0.01, 0};
  job.ensemble.initializer.clear();
  return job;
}

/// Trains the ensemble, and each member alone at level `epochs`.
template <Space S, class Real>
void check_members(const Job<S, Real>& job, const char* what) {
  const auto members = job.members();
  Ensemble<S, Real> ensemble(job.exec, job.model, members);
  const auto report = train<S, Real, Real>(job.exec, ensemble, {job.X, job.T}, {job.X, job.T}, {}, job.options);
  REQUIRE(report.members.size() == members.size());
  CHECK(report.status == "completed");
  double best = 1e300;
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto alone = job.options;
    alone.seed = members[i].seed;
    alone.training.optimizer = members[i].optimizer;
    alone.training.fusion = Fusion::epochs;
    ModelSpec model = job.model;
    model.initializer = members[i].initializer;
    Network<S, Real> network(job.exec, model, alone.seed);
    const auto single = train<S, Real, Real>(job.exec, network, {job.X, job.T}, {job.X, job.T}, {}, alone);
    INFO("member " << i << ", " << what);
    CHECK(parameter_hash(report.members[i].model) == parameter_hash(network.state(job.exec)));
    CHECK(report.members[i].train->metrics == single.train->metrics);
    best = std::min(best, test::metric(*single.validation, "loss"));
  }
  CHECK(report.members[report.best].ranked_by() == best);
  CHECK(report.validation->metrics == report.members[report.best].validation->metrics);
}

/// A job by plain descent at these rates, which may be far too large.
template <Space S, class Real>
Job<S, Real> descent(std::vector<double> rates) {
  Job<S, Real> job;
  job.options.training.optimizer.type = Optimizer::sgd;
  job.options.training.schedule.type = Schedule::constant;
  job.ensemble.learning_rate = std::move(rates);
  return job;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a member of an ensemble ends with the bits that it has alone", "", test::Pairs) {
  Job<typename TestType::Space, typename TestType::Real> job;
  check_members(job, "one optimizer");
  job.options.training.optimizer.clip_norm = 0.05;
  check_members(job, "one optimizer, clipped");
}

TEMPLATE_LIST_TEST_CASE("so does a member with an optimizer of its own, whoever stands beside it", "", test::Pairs) {
  auto job = mixed_job<typename TestType::Space, typename TestType::Real>();
  check_members(job, "mixed");
  std::ranges::reverse(job.ensemble.optimizer);
  for (const auto list : setting_lists) std::ranges::reverse(job.ensemble.*list);
  check_members(job, "mixed, reversed");
  job.options.training.batch = 0;  // one step an epoch, of two chunks
  check_members(job, "mixed, full batch");
}

TEMPLATE_LIST_TEST_CASE("a setting of the members changes those whose optimizer has it, and no others", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  auto plain = mixed_job<S, Real>();
  for (const auto list : setting_lists) (plain.ensemble.*list).clear();
  plain.ensemble.optimizer.clear();
  for (const auto& [optimizer, name] : names_of<Optimizer>()) plain.ensemble.optimizer.push_back(optimizer);
  const std::size_t members = plain.ensemble.optimizer.size();
  plain.ensemble.members = static_cast<std::int64_t>(members);
  const auto hashes = [](const Job<S, Real>& job) {
    Ensemble<S, Real> ensemble(job.exec, job.model, job.members());
    const auto report = train<S, Real, Real>(job.exec, ensemble, {job.X, job.T}, {}, {}, job.options);
    std::vector<std::uint64_t> all;
    for (const auto& member : report.members) all.push_back(parameter_hash(member.model));
    return all;
  };
  const auto before = hashes(plain);
  for (std::size_t s = 0; s < std::size(optimizer_settings); ++s) {
    const auto& setting = optimizer_settings[s];
    auto job = plain;
    job.ensemble.*setting_lists[s] = std::vector<double>(members, setting.name == "learning_rate" ? 0.02 : 0.003);
    const auto after = hashes(job);
    for (std::size_t i = 0; i < members; ++i) {
      INFO(setting.name << " of " << to_name(job.ensemble.optimizer[i]));
      CHECK((after[i] != before[i]) == has_setting(job.ensemble.optimizer[i], setting));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("an ensemble trains and predicts in one launch without a fence, a copy or an allocation", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job;
  Ensemble<S, Real> ensemble(job.exec, job.model, job.members());
  (void)ledger::take_team_scratch("sinter::epochs");
  const auto report = train<S, Real, Real>(job.exec, ensemble, {job.X, job.T}, {}, {}, job.options);
  CHECK(report.steady_state == test::one_launch);
  constexpr std::int64_t beside = S::kernels_on_host ? 0 : 64;  // a device's launch has a little at level 1
  CHECK(static_cast<std::int64_t>(ledger::take_team_scratch("sinter::epochs")) ==
        report.plan.chosen.scratch_bytes + beside);
  const auto mixed = mixed_job<S, Real>();
  Ensemble<S, Real> unlike(mixed.exec, mixed.model, mixed.members());
  CHECK(train<S, Real, Real>(mixed.exec, unlike, {mixed.X, mixed.T}, {}, {}, mixed.options).steady_state ==
        test::one_launch);

  const auto Y = make_matrix<S, Real>(job.exec, "Y", 5 * rows, 2), one = make_matrix<S, Real>(job.exec, "one", rows, 2);
  CHECK(test::steady_account([&] { ensemble.template predict<Real, Real>(job.exec, job.X, Y); }) == test::one_launch);
  const auto all = test::values(job.exec, Y);
  for (std::size_t i = 0; i < ensemble.size(); ++i) {
    Evaluator<S, Real>(job.exec, ensemble.network(i), rows).template predict<Real, Real>(job.exec, job.X, one);
    const auto alone = test::values(job.exec, one);
    CHECK(std::equal(alone.begin(), alone.end(), all.begin() + static_cast<std::ptrdiff_t>(i * alone.size())));
  }
}

TEMPLATE_LIST_TEST_CASE("saved members make an ensemble that predicts the same bits", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  Job<S, Real> job;
  Ensemble<S, Real> ensemble(job.exec, job.model, job.members());
  const auto report = train<S, Real, Real>(job.exec, ensemble, {job.X, job.T}, {}, {}, job.options);
  std::vector<ModelState> models;
  for (const auto& member : report.members) models.push_back(member.model);
  const Ensemble<S, Real> again(job.exec, models);
  REQUIRE(again.size() == 5);
  const auto Y = make_matrix<S, Real>(job.exec, "Y", 5 * rows, 2), Z = make_matrix<S, Real>(job.exec, "Z", 5 * rows, 2);
  ensemble.template predict<Real, Real>(job.exec, job.X, Y);
  again.template predict<Real, Real>(job.exec, job.X, Z);
  CHECK(test::values(job.exec, Y) == test::values(job.exec, Z));

  const auto refuses = [&](const std::string& text) {
    CHECK_THROWS_MATCHES((Ensemble<S, Real>(job.exec, models)), ConfigError, Message(text));
  };
  models[3].spec.layers[0].activation = Activation::relu;
  refuses("ensemble: model 3 has another shape or normalisation than the first");
  models[3] = models[2];
  models[4].normalization = {};
  refuses("ensemble: model 4 has another shape or normalisation than the first");
  models.clear();
  refuses("ensemble: there are no members");
}

TEMPLATE_LIST_TEST_CASE("a member whose loss is not finite is told and left out, and all of them are an error", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  auto job = descent<S, Real>({0.01, 0.01, 1e30, 0.01, 0.01});
  job.options.training.epochs = 400;
  std::string warned;
  job.options.on_log = [&](LogLevel, std::string_view text) { warned += text; };
  Ensemble<S, Real> ensemble(job.exec, job.model, job.members());
  const auto report = train<S, Real, Real>(job.exec, ensemble, {job.X, job.T}, {}, {}, job.options);
  CHECK(warned.starts_with("ensemble: the loss of member 2 was not finite at step "));
  CHECK(report.members[2].nonfinite_step > 0);
  CHECK(!report.members[2].train);
  CHECK(report.best != 2);
  job.ensemble.learning_rate = std::vector<double>(5, 1e30);
  Ensemble<S, Real> lost(job.exec, job.model, job.members());
  CHECK_THROWS_MATCHES(
      (train<S, Real, Real>(job.exec, lost, {job.X, job.T}, {}, {}, job.options)), NumericError,
      Message("training: no member of the ensemble has a finite loss; smaller learning rates, clipping or "
              "normalised features may help"));
}

TEMPLATE_LIST_TEST_CASE("a member whose last update ruins it is lost as well, and is not the best", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  auto job = descent<S, Real>({static_cast<double>(std::numeric_limits<Real>::max()) / 4, 0.01, 0.02, 0.01, 0.01});
  job.options.training.batch = 0;
  job.options.training.epochs = 1;
  std::string warned;
  job.options.on_log = [&](LogLevel, std::string_view text) { warned += text; };
  Ensemble<S, Real> ensemble(job.exec, job.model, job.members());
  const auto report = train<S, Real, Real>(job.exec, ensemble, {job.X, job.T}, {}, {}, job.options);
  CHECK(warned == "ensemble: the loss of member 0 was not finite after step 1");
  CHECK(report.members[0].nonfinite_step == 2);
  CHECK(!report.members[0].train);
  CHECK(report.best != 0);
  REQUIRE(report.train);
  CHECK(std::isfinite(report.train->metrics.front().second));
}

TEST_CASE("what an ensemble cannot be is refused with key and value") {
  const auto refused = [](const auto& change, const std::string& text) {
    Job<test::Pair<std::tuple_element_t<0, test::Spaces>, float>::Space, float> job;
    change(job);
    CHECK_THROWS_MATCHES(job.members(), ConfigError, Message(text));
  };
  refused([](auto& job) { job.ensemble.members = 0; }, "ensemble.members: 0 is out of range; allowed: >= 1");
  refused([](auto& job) { job.ensemble.learning_rate.pop_back(); },
          "ensemble.learning_rate: 4 values for 5 members; allowed: one a member");
  refused([](auto& job) { job.ensemble.weight_decay[3] = -1; },
          "ensemble.weight_decay: -1 of member 3 is out of range; allowed: >= 0");
  refused([](auto& job) { job.ensemble.optimizer = {Optimizer::sgd}; },
          "ensemble.optimizer: 1 values for 5 members; allowed: one a member");
  refused(
      [](auto& job) {
        job.ensemble.rho = {0, 0, 0, 0, 1};
      },
      "ensemble.rho: 1 of member 4 is out of range; allowed: 0 <= rho < 1");
  refused([](auto& job) { job.options.training.optimizer.epsilon = 0; },
          "training.optimizer.epsilon: 0 is out of range; allowed: > 0");
  refused([](auto& job) { job.options.training.fusion = Fusion::layer; },
          "training.fusion: layer cannot train an ensemble, whose members have a team each; allowed: auto, epochs");
  refused([](auto& job) { job.options.training.early_stopping.patience = 3; },
          "training.early_stopping.patience: an ensemble has no early stopping; allowed: 0");
}
