// Evaluation: a row's prediction does not depend on its batch, physical units go in and come out, metrics are those
// worked out by hand.
#include <algorithm>
#include <cmath>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/kernels/fused/network_forward.hpp>
#include <sinter/models/trainer.hpp>

#include "support/contract.hpp"
#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;
using Catch::Approx;
using Catch::Matchers::Message;

namespace {

template <Space S, class Real>
std::vector<double> predicted(const typename S::Execution& exec, const Network<S, Real>& network,
                              const std::vector<double>& x) {
  const std::int64_t inputs = network.spec().inputs, rows = static_cast<std::int64_t>(x.size()) / inputs;
  const auto X = test::matrix<S, double>(exec, x, rows, inputs);
  const auto Y = make_matrix<S, double>(exec, "Y", rows, network.spec().outputs());
  Evaluator<S, Real> evaluator(exec, network, rows);
  evaluator.template predict<double, double>(exec, X, Y);
  return test::values(exec, Y);
}

Normalization some_normalization() {
  return {{Normalize::zscore, {0.1, -0.2, 0.3}, {2, 0.5, 3}}, {Normalize::minmax, {10, -20}, {0.1, 4}}};
}

/// A linear model with the weights given, evaluated on x against t.
template <Space S, class Real>
SetReport report_of(Activation output, Loss loss, std::int64_t inputs, std::int64_t outputs,
                    const std::vector<double>& weights, const std::vector<double>& x, const std::vector<double>& t) {
  const typename S::Execution exec;
  const Network<S, Real> network(exec, test::mlp(inputs, {{outputs, output}}, false), 1);
  const HostMirror<Vector<S, Real>> mirror(network.parameters());
  std::copy(weights.begin(), weights.end(), mirror.host().data());
  mirror.push(exec);
  const auto rows = static_cast<std::int64_t>(x.size()) / inputs;
  const auto X = test::matrix<S, double>(exec, x, rows, inputs), T = test::matrix<S, double>(exec, t, rows, outputs);
  return evaluate<S, Real, double>(exec, network, {X, T}, {loss, 1.0});
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a row alone is predicted with the bits that it has among thousands", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    Network<S, Real> network(
        exec, test::mlp(3, {{33, Activation::tanh}, {17, Activation::gelu}, {2, Activation::softmax}}), 3);
    for (const bool normalized : {false, true}) {
      if (normalized) network.set_normalization(exec, some_normalization());
      const std::int64_t rows = Evaluator<S, Real>::block_rows + 77;  // two blocks
      const auto x = test::noise(static_cast<std::size_t>(rows * 3), 1);
      const auto all = predicted(exec, network, x);
      for (const std::int64_t row : {std::int64_t{0}, std::int64_t{1}, std::int64_t{63}, std::int64_t{64}, rows - 1}) {
        const auto alone = predicted(exec, network, {x.begin() + row * 3, x.begin() + row * 3 + 3});
        INFO("row " << row);
        CHECK(alone == std::vector<double>(all.begin() + row * 2, all.begin() + row * 2 + 2));
      }
    }
  }
}

// Of two threads: the wider one's tiles are cut, and the parts of the other's chains are longer in a tile than for a row.
TEMPLATE_LIST_TEST_CASE("a row alone has those bits in a layer whose tiles are cut and whose chains go in parts", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  constexpr std::int64_t rows = 4096, wide = 1111, wider = 2100;
  const typename S::Execution exec;
  for (const std::int64_t width : {wide, wider}) {
    const Network<S, Real> network(exec, test::mlp(3, {{width, Activation::tanh}, {2, Activation::identity}}), 3);
    if constexpr (S::kernels_on_host) {
      constexpr std::int64_t real = sizeof(Real), whole = tiling::inference_rows(true, rows, 2);
      const std::int64_t tile = fused::forward_rows<S, Real>(network.layout(), rows, 2);
      if (width == wider) CHECK(tile < whole);
      if (width == wide) CHECK(tiling::host_depth(real, tile) > tiling::host_depth(real, 1));
      CHECK(width > tiling::host_depth(real, tile));
    }
    const auto x = test::noise(static_cast<std::size_t>(rows * 3), 1);
    const auto all = predicted(exec, network, x);
    for (const std::int64_t row : {std::int64_t{0}, std::int64_t{5}, std::int64_t{511}, rows - 1}) {
      const auto alone = predicted(exec, network, {x.begin() + row * 3, x.begin() + row * 3 + 3});
      INFO("row " << row << ", width " << width);
      CHECK(alone == std::vector<double>(all.begin() + row * 2, all.begin() + row * 2 + 2));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("predictions are the oracle's in physical units", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  Network<S, Real> network(exec, test::mlp(3, {{7, Activation::silu}, {2, Activation::identity}}), 3);
  const auto normalization = some_normalization();
  network.set_normalization(exec, normalization);
  const auto oracle = test::oracle_of(network.state(exec));
  const auto x = test::noise(13 * 3, 1);
  std::vector<double> scaled, expected;
  for (std::size_t i = 0; i < x.size(); ++i)
    scaled.push_back((x[i] - normalization.features.shift[i % 3]) * normalization.features.scale[i % 3]);
  const auto A = reference::forward(oracle, scaled, 13).A.back();
  for (std::size_t i = 0; i < A.size(); ++i)
    expected.push_back(A[i] / normalization.targets.scale[i % 2] + normalization.targets.shift[i % 2]);
  // Inputs up to 4, 3 + 7 products of order one, and the targets' scale of 0.1 on top.
  CHECK(test::largest_difference(predicted(exec, network, x), expected) <
        100 * static_cast<double>(std::numeric_limits<Real>::epsilon()));
}

TEMPLATE_LIST_TEST_CASE("a network from a saved state predicts the same bits", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  Network<S, Real> network(exec, test::mlp(3, {{7, Activation::elu, 0.9}, {2, Activation::sigmoid}}), 3);
  network.set_normalization(exec, some_normalization());
  const auto x = test::noise(13 * 3, 1);
  CHECK(predicted(exec, Network<S, Real>(exec, network.state(exec)), x) == predicted(exec, network, x));
}

TEMPLATE_LIST_TEST_CASE("targets learned in another unit come back in their own", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto kind : {Normalize::zscore, Normalize::minmax}) {
    const typename S::Execution exec;
    Network<S, Real> network(exec, test::mlp(1, {{1, Activation::identity}}), 1);
    std::vector<double> x, t;
    for (int i = 0; i <= 50; ++i) {
      x.push_back(1000 + i);
      t.push_back(5e4 - 300 * x.back());
    }
    const auto X = test::matrix<S, double>(exec, x, 51, 1), T = test::matrix<S, double>(exec, t, 51, 1);
    TrainOptions<S, Real> options;
    options.normalize = {kind, kind};
    options.training.optimizer = {Optimizer::momentum, 0.1};
    options.training.epochs = 600;
    const TrainReport report = train<S, Real, double>(exec, network, {X, T}, {}, {X, T}, options);
    INFO(to_name(kind));
    CHECK(test::metric(*report.test, "max_error") < 15000 * 1e-5);  // of a range of 15000
    CHECK(test::metric(*report.test, "r2") > 0.999999);
    CHECK(test::largest_difference(predicted(exec, network, x), t) < 1e-5);
    CHECK(test::metric(*report.train, "loss") < 1e-6);  // in the units trained in
  }
}

TEMPLATE_LIST_TEST_CASE("prediction is one launch for any number of rows and nothing else", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  Network<S, Real> network(exec,
                           test::mlp(3, {{7, Activation::tanh}, {5, Activation::tanh}, {2, Activation::identity}}), 3);
  const std::int64_t rows = 5000;
  const auto X = test::matrix<S, Real>(exec, test::noise(rows * 3, 1), rows, 3);
  const auto Y = make_matrix<S, Real>(exec, "Y", rows, 2);
  Evaluator<S, Real> evaluator(exec, network, rows);
  const auto work = [&] { evaluator.template predict<Real, Real>(exec, X, Y); };
  CHECK(test::steady_account(work) == test::one_launch);
  network.set_normalization(exec, some_normalization());
  CHECK(test::steady_account(work) == test::one_launch);
  wait_for(exec, "test: before the operands go");
}

TEMPLATE_LIST_TEST_CASE("shapes that do not fit a prediction are told with both shapes", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Network<S, Real> network(exec, test::mlp(3, {{2, Activation::identity}}), 3);
  Evaluator<S, Real> evaluator(exec, network, 10);
  const auto predict = [&](std::int64_t rows, std::int64_t inputs, std::int64_t out_rows, std::int64_t outputs) {
    evaluator.template predict<double, double>(exec, make_matrix<S, double>(exec, "X", rows, inputs),
                                               make_matrix<S, double>(exec, "Y", out_rows, outputs));
  };
  CHECK_THROWS_MATCHES(predict(10, 4, 10, 2), ShapeError, Message("predict: X: shape [10, 4], expected [any, 3]"));
  CHECK_THROWS_MATCHES(predict(10, 3, 9, 2), ShapeError, Message("predict: Y: shape [9, 2], expected [10, 2]"));
  CHECK_THROWS_MATCHES((evaluate<S, Real, double>(exec, network, {}, {})), DataError,
                       Message("evaluate: the set has no rows"));
}

TEMPLATE_LIST_TEST_CASE("regression metrics of a small set, worked out by hand", "", test::Pairs) {
  // Predictions 2x: 2, 4, 6, 8 against 3, 4, 4, 9: errors -1, 0, 2, -1; the targets' mean is 5, their variation 4 + 1 +
  // 1 + 16.
  const auto report = report_of<typename TestType::Space, typename TestType::Real>(Activation::identity, Loss::mae, 1,
                                                                                   1, {2}, {1, 2, 3, 4}, {3, 4, 4, 9});
  CHECK(report.rows == 4);
  CHECK(report.classes == 0);
  CHECK(report.confusion.empty());
  CHECK(test::metric(report, "loss") == 1.0);
  CHECK(test::metric(report, "mse") == 1.5);
  CHECK(test::metric(report, "rmse") == std::sqrt(1.5));
  CHECK(test::metric(report, "mae") == 1.0);
  CHECK(test::metric(report, "max_error") == 2.0);
  CHECK(test::metric(report, "r2") == Approx(1 - 6.0 / 22));
}

TEMPLATE_LIST_TEST_CASE("binary metrics are those of class 1, worked out by hand", "", test::Pairs) {
  // Decisions 0 0 0 1 1 1 1 against 0 0 1 1 1 1 0: two true negatives, one false positive, one false negative, three
  // true positives.
  const auto report = report_of<typename TestType::Space, typename TestType::Real>(
      Activation::sigmoid, Loss::binary_cross_entropy, 1, 1, {1}, {-3, -2, -1, 1, 2, 3, 4}, {0, 0, 1, 1, 1, 1, 0});
  CHECK(report.classes == 2);
  CHECK(report.confusion == std::vector<std::int64_t>{2, 1, 1, 3});
  CHECK(test::metric(report, "accuracy") == Approx(5.0 / 7));
  CHECK(test::metric(report, "precision") == Approx(3.0 / 4));
  CHECK(test::metric(report, "recall") == Approx(3.0 / 4));
  CHECK(test::metric(report, "f1") == Approx(3.0 / 4));
  double loss = 0;
  for (const double z : {3.0, 2.0, -1.0, 1.0, 2.0, 3.0, -4.0}) loss += std::log1p(std::exp(-z)) / 7;
  CHECK(test::metric(report, "loss") == Approx(loss).epsilon(1e-6));
}

TEMPLATE_LIST_TEST_CASE("a class that is never predicted has precision 0, not a division by nothing", "", test::Pairs) {
  const auto report = report_of<typename TestType::Space, typename TestType::Real>(Activation::sigmoid, Loss::mse, 1, 1,
                                                                                   {1}, {-1, -2}, {1, 1});
  CHECK(report.confusion == std::vector<std::int64_t>{0, 0, 2, 0});
  for (const auto* name : {"accuracy", "precision", "recall", "f1"}) CHECK(test::metric(report, name) == 0.0);
}

TEMPLATE_LIST_TEST_CASE("metrics of several classes are means over the classes, worked out by hand", "", test::Pairs) {
  // The identity as weights: the largest input decides. Actual 0 0 1 1 2 2, predicted 0 1 1 1 2 0.
  const std::vector<double> x{5, 0, 0, 0, 5, 0, 0, 5, 0, 0, 5, 0, 0, 0, 5, 5, 0, 0},
      t{1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1};
  const auto report = report_of<typename TestType::Space, typename TestType::Real>(
      Activation::softmax, Loss::cross_entropy, 3, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1}, x, t);
  CHECK(report.classes == 3);
  CHECK(report.confusion == std::vector<std::int64_t>{1, 1, 0, 0, 2, 0, 1, 0, 1});
  CHECK(test::metric(report, "accuracy") == Approx(4.0 / 6));
  CHECK(test::metric(report, "precision") == Approx((1.0 / 2 + 2.0 / 3 + 1.0) / 3));
  CHECK(test::metric(report, "recall") == Approx((1.0 / 2 + 1.0 + 1.0 / 2) / 3));
  CHECK(test::metric(report, "f1") == Approx((1.0 / 2 + 4.0 / 5 + 2.0 / 3) / 3));
  const double right = std::log(1 + 2 * std::exp(-5.0)), wrong = std::log(2 + std::exp(5.0));
  CHECK(test::metric(report, "loss") == Approx((4 * right + 2 * wrong) / 6).epsilon(1e-6));
}
