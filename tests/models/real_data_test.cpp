// Training on measured data reaches what independent methods say is there to reach: the normal equations for linear
// regression, the infimum of the convex loss for logistic regression, all test points of a small classification. The
// data lie beside the repository and may be absent.
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <sinter/models/trainer.hpp>

#include "support/convex.hpp"
#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;

namespace {

using S = std::tuple_element_t<0, test::Spaces>;

struct DataSet {
  std::int64_t rows = 0, columns = 0, test_rows = 0;
  std::vector<double> x{}, y{}, x_test{}, y_test{};

  [[nodiscard]] RawSet<S, double> train_set(const S::Execution& exec) const {
    return {keep(exec, x, rows, columns), keep(exec, y, rows, 1)};
  }
  [[nodiscard]] RawSet<S, double> test_set(const S::Execution& exec) const {
    return {keep(exec, x_test, test_rows, columns), keep(exec, y_test, test_rows, 1)};
  }
  Matrix<S, double> keep(const S::Execution& exec, const std::vector<double>& values, std::int64_t m,
                         std::int64_t n) const {
    kept.push_back(test::matrix<S, double>(exec, values, m, n));
    return kept.back();
  }
  mutable std::vector<Matrix<S, double>> kept{};  // a RawSet does not own its rows
};

DataSet load(const std::string& name) {
  const auto path = std::filesystem::path(SINTER_SOURCE_DIR).parent_path() / "shared" / "data" / name;
  if (!std::filesystem::exists(path)) SKIP(path.string() << " is not there");
  const auto json = nlohmann::json::parse(std::ifstream(path));
  DataSet set{json.at("m"), json.at("n"),      json.at("m_test"), json.at("x"),
              json.at("y"), json.at("x_test"), json.at("y_test")};
  REQUIRE(static_cast<std::int64_t>(set.x.size()) == set.rows * set.columns);
  REQUIRE(static_cast<std::int64_t>(set.x_test.size()) == set.test_rows * set.columns);
  return set;
}

/// Weights and bias of a network without hidden layers, its feature normalisation undone.
std::vector<double> physical_parameters(const ModelState& state) {
  auto w = test::parameters(state);
  const auto& features = state.normalization.features;
  for (std::size_t j = 0; j + 1 < w.size(); ++j) {
    w[j] *= features.scale[j];
    w.back() -= w[j] * features.shift[j];
  }
  return w;
}

TrainOptions<S, double> options_of(Optimizer optimizer, double rate, std::int64_t epochs) {
  TrainOptions<S, double> options;
  options.normalize.features = Normalize::zscore;
  options.training.optimizer.type = optimizer;
  options.training.optimizer.learning_rate = rate;
  options.training.epochs = epochs;
  return options;
}

template <class Real>
TrainOptions<S, Real> in_precision(const TrainOptions<S, double>& from) {
  TrainOptions<S, Real> options;
  options.training = from.training;
  options.normalize = from.normalize;
  options.seed = from.seed;
  return options;
}

template <class Real>
void linear_regression_reaches_the_normal_equations() {
  const DataSet data = load("linear.json");
  const S::Execution exec;
  const auto solution = test::least_squares(data.x, data.y, data.columns);
  ModelSpec model = test::mlp(data.columns, {{1, Activation::identity}});
  model.type = ModelType::linear_regression;
  Network<S, Real> network(exec, model, 1);
  const auto options = in_precision<Real>(options_of(Optimizer::momentum, 0.05, 1500));
  const TrainReport report = train<S, Real, double>(exec, network, data.train_set(exec), {}, data.test_set(exec),
                                                    options);
  const auto seen = physical_parameters(network.state(exec));
  REQUIRE(seen.size() == solution.size());
  for (std::size_t j = 0; j < seen.size(); ++j) {
    INFO("parameter " << j << ": " << seen[j] << ", normal equations: " << static_cast<double>(solution[j]));
    CHECK(std::abs(seen[j] / static_cast<double>(solution[j]) - 1) < 1e-4);
  }
  const double rmse = test::rmse(solution, data.x_test, data.y_test);
  CHECK(std::abs(test::metric(*report.test, "rmse") / rmse - 1) < 1e-3);
}

}  // namespace

TEST_CASE("linear regression on measured data reaches the solution of the normal equations in double") {
  linear_regression_reaches_the_normal_equations<double>();
}

TEST_CASE("linear regression on measured data reaches the solution of the normal equations in float") {
  linear_regression_reaches_the_normal_equations<float>();
}

TEST_CASE("logistic regression on measured data comes within 1e-3 of the infimum of its loss") {
  const DataSet data = load("logistic.json");
  const S::Execution exec;
  const test::Bounds infimum = test::logistic_infimum(data.x, data.y, data.columns);
  CAPTURE(infimum.lower, infimum.upper);
  REQUIRE(infimum.upper - infimum.lower < 1e-6L * infimum.upper);
  ModelSpec model = test::mlp(data.columns, {{1, Activation::sigmoid}});
  model.type = ModelType::logistic_regression;
  Network<S, float> network(exec, model, 1);
  auto options = in_precision<float>(options_of(Optimizer::adam, 1.0, 500));
  options.training.loss.type = Loss::binary_cross_entropy;
  options.training.schedule.type = Schedule::cosine;
  std::string warnings;
  options.on_log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) warnings += text;
  };
  const TrainReport report = train<S, float, double>(exec, network, data.train_set(exec), {}, data.test_set(exec),
                                                     options);
  const double loss = test::metric(*report.train, "loss");
  CAPTURE(loss, test::metric(*report.train, "accuracy"), test::metric(*report.test, "accuracy"));
  CHECK(loss > static_cast<double>(infimum.lower) * (1 - 1e-6));
  CHECK(loss < static_cast<double>(infimum.upper) * (1 + 1e-3));
  CHECK(test::metric(*report.test, "accuracy") > 0.92);  // 364 of 391 at the infimum: 0.9309
  CHECK(warnings == "feature number 9 has the same value in all training rows: it is only shifted");
}

TEST_CASE("a small network classifies six of six new points, with at least nine of ten seeds") {
  const DataSet data = load("neural_net_2.json");
  const S::Execution exec;
  int all_right = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    ModelSpec model = test::mlp(2, {{16, Activation::tanh}, {16, Activation::tanh}, {1, Activation::sigmoid}});
    model.initializer.type = Initializer::standard_normal;  // the inputs reach 12: wide weights place edges all over
    Network<S, float> network(exec, model, seed);
    auto options = in_precision<float>(options_of(Optimizer::adam, 0.01, 2000));
    options.training.schedule.type = Schedule::cosine;
    options.normalize.features = Normalize::none;
    options.seed = seed;
    const TrainReport report = train<S, float, double>(exec, network, data.train_set(exec), {}, data.test_set(exec),
                                                       options);
    all_right += test::metric(*report.test, "accuracy") == 1.0 ? 1 : 0;
  }
  CHECK(all_right >= 9);
}
