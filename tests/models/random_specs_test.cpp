// Fifty random problems, the same in every run: networks of any width and depth, batches, operations, optimizers and
// schedules. Every level follows the serial double oracle, and those that share their arithmetic have the same bits; so does
// inference with what they learned.
//
// Tolerance as in trajectory_test.cpp, with a kappa of the problem's own: a gradient component is a sum over a chunk's
// rows and, through the layers, over their inputs. Where a derivative jumps (relu, leaky_relu, mae), a value within rounding of
// the place takes the other side in float: that moves a component by a part of one row's share, of which there are few. No
// tolerance is above a hundredth of what the steps change at all (10^-8 of it in double), so that none takes what is wrong.
#include <algorithm>
#include <limits>
#include <map>
#include <random>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <sinter/kernels/ops/schedule.hpp>
#include <sinter/models/evaluator.hpp>
#include <sinter/models/stepper.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;

namespace {

constexpr int problems = 50;
constexpr std::int64_t steps = 4;

struct Problem {
  ModelSpec model;
  TrainingSpec training;
  std::int64_t rows = 0, inference_rows = 0;
  std::uint64_t seed = 0;
};

/// Draws that are the same with every standard library.
class Draw {
 public:
  explicit Draw(unsigned seed) : engine_(seed) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool maybe() { return between(0, 1) == 1; }
  template <Named E>
  E any() {
    const auto names = names_of<E>();
    return names[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(names.size()) - 1))].first;
  }

 private:
  std::mt19937_64 engine_;
};

Problem problem(unsigned number) {
  Draw draw(number);
  Problem p;
  p.seed = number;
  std::vector<LayerSpec> layers;
  for (auto hidden = draw.between(0, 3); hidden > 0; --hidden) {
    auto activation = draw.any<Activation>();
    if (activation == Activation::softmax) activation = Activation::tanh;
    const auto width = draw.between(1, 200);
    layers.push_back({width, activation, default_alpha(activation)});
  }
  Activation output;
  do {
    output = draw.any<Activation>();
    p.training.loss.type = draw.any<Loss>();
  } while (!test::fits(p.training.loss.type, output));
  const auto outputs = draw.between(output == Activation::softmax ? 2 : 1, draw.between(0, 3) == 0 ? 200 : 20);
  layers.push_back({outputs, output, default_alpha(output)});
  const auto inputs = draw.between(1, 200);
  const bool bias = draw.maybe();
  p.model = test::mlp(inputs, std::move(layers), bias);
  auto& optimizer = p.training.optimizer;
  optimizer.type = draw.any<Optimizer>();
  optimizer.learning_rate = 0.005;
  optimizer.epsilon = 0.05;
  optimizer.weight_decay = draw.maybe() ? 0.01 : 0;
  if (draw.between(0, 3) == 0) optimizer.clip_norm = 0.1;
  if (draw.between(0, 3) == 0) optimizer.clip_value = 0.01;
  p.training.schedule.type = draw.any<Schedule>();
  p.training.schedule.unit = draw.maybe() ? ScheduleUnit::step : ScheduleUnit::epoch;
  p.training.schedule.warmup = draw.between(0, 2);
  p.training.batch = draw.between(1, 300);
  p.rows = p.training.batch + draw.between(0, 300);
  p.training.drop_last = draw.maybe();
  p.training.epochs = 4;
  p.training.schedule.gamma = 0.5;
  p.training.schedule.step_size = draw.between(1, 2);
  p.inference_rows = draw.between(1, 50);
  return p;
}

/// Does a derivative jump?
bool kinked(const Problem& p) {
  bool kink = p.training.loss.type == Loss::mae;
  for (const auto& layer : p.model.layers)
    kink = kink || layer.activation == Activation::relu || layer.activation == Activation::leaky_relu;
  return kink;
}

/// Of all sums on the way from an input to an output.
double summands(const ModelSpec& model) {
  auto count = static_cast<double>(model.inputs);
  for (const auto& layer : model.layers) count += static_cast<double>(layer.width);
  return count;
}

template <class Real>
double tolerance(const Problem& p) {
  const double eps = std::numeric_limits<Real>::epsilon();
  const double kappa = 100 + static_cast<double>(p.training.batch) + summands(p.model);
  const auto& optimizer = p.training.optimizer;
  const double sensitivity = optimizer.type == Optimizer::sgd ? 1
                             : optimizer.type == Optimizer::momentum || optimizer.type == Optimizer::nesterov
                                 ? 1 / (1 - optimizer.momentum)
                                 : 1 / optimizer.epsilon;
  const double flip = sizeof(Real) == 4 && kinked(p) ? 0.05 / static_cast<double>(p.training.batch) : 0;
  return 4 * steps * (optimizer.learning_rate * sensitivity * (kappa * eps + flip) + eps);
}

std::string describe(const Problem& p) {
  auto text = fmt::format("problem {}: {}", p.seed, p.model.inputs);
  for (const auto& layer : p.model.layers) text += fmt::format("-{} {}", layer.width, to_name(layer.activation));
  return fmt::format("{}, {}, {}, {} rows, batch {}", text, to_name(p.training.loss.type),
                     to_name(p.training.optimizer.type), p.rows, p.training.batch);
}

/// The trained network on other rows, as many as no training batch need have. Only rounding differs: a value is a sum over
/// its inputs, through as many layers.
template <Space S, class Real>
void check_inference(const typename S::Execution& exec, const Network<S, Real>& network, const Problem& p) {
  const auto x = test::stored<Real>(test::noise(static_cast<std::size_t>(p.inference_rows * p.model.inputs), 3));
  const auto X = test::matrix<S, Real>(exec, x, p.inference_rows, p.model.inputs);
  const auto Y = make_matrix<S, Real>(exec, "Y", p.inference_rows, p.model.outputs());
  Evaluator<S, Real> evaluator(exec, network, p.inference_rows);
  evaluator.template predict<Real, Real>(exec, X, Y);
  const auto rows = static_cast<std::size_t>(p.inference_rows);
  const auto expected = reference::forward(test::oracle_of(network.state(exec)), x, rows).A.back();
  INFO("inference of " << p.inference_rows << " rows, " << describe(p));
  CHECK(test::largest_difference(test::values(exec, Y), expected) <
        std::numeric_limits<Real>::epsilon() * summands(p.model));
}

template <Space S, class Real>
void check(const Problem& p) {
  const typename S::Execution exec;
  const auto cells = [&](std::int64_t columns) { return static_cast<std::size_t>(p.rows * columns); };
  const std::int64_t inputs = p.model.inputs, outputs = p.model.outputs();
  const auto x = test::stored<Real>(test::noise(cells(inputs), 1));
  auto t = test::stored<Real>(test::noise(cells(outputs), 2));
  if (p.training.loss.type == Loss::binary_cross_entropy || p.training.loss.type == Loss::cross_entropy) {
    for (auto& value : t) value = value > 0 ? 1 : 0;
  }
  const auto X = test::matrix<S, Real>(exec, x, p.rows, inputs), T = test::matrix<S, Real>(exec, t, p.rows, outputs);

  std::vector<double> expected;
  double change = 0;  // of the parameter that the steps move most
  std::vector<Real> bits;
  for (const auto level : {Fusion::layer, Fusion::step, Fusion::epochs, Fusion::none}) {
    auto training = p.training;
    training.fusion = level;
    const Network<S, Real> network(exec, p.model, p.seed);
    const Plan plan = make_plan(p.model, training, network.state(exec).precision, device_kind<S>, p.rows);
    const BatchOrder order{p.rows, plan.batch, plan.chunks, 0, 0, p.seed, true};
    if (expected.empty()) {
      auto oracle = test::oracle_of(network.state(exec));
      reference::State state;
      const OptimizerSchedule schedule{training.optimizer, training.schedule, training.epochs, plan.steps_per_epoch};
      for (std::int64_t step = 0; step < steps; ++step) {
        const BatchOrder batch = order_of_step(order, plan, step);
        reference::step(oracle, state, training.loss, training.optimizer, schedule.learning_rate(step),
                        test::batch_of(x, inputs, batch), test::batch_of(t, outputs, batch),
                        static_cast<std::size_t>(batch.rows()));
      }
      expected = test::parameters(oracle);
      change = test::largest_difference(test::parameters(network.state(exec)), expected);
    }
    make_stepper<S, Real>(exec, network, plan, training)->run(exec, {X.data(), T.data(), order, 0, steps});
    INFO(to_name(level) << ", " << describe(p));
    CHECK(test::largest_difference(test::parameters(network.state(exec)), expected) <
          std::min(tolerance<Real>(p), (sizeof(Real) == 4 ? 0.01 : 1e-8) * change));
    if (level == Fusion::layer) check_inference<S, Real>(exec, network, p);
    // Where the norm clips, its sum has other terms at each level; `none` has products of another library.
    if (training.optimizer.clip_norm > 0 || level == Fusion::none) continue;
    const auto parameters = test::values(exec, network.parameters());
    if (bits.empty()) bits = parameters;
    CHECK(parameters == bits);
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("fifty random problems follow the oracle at every level", "", test::Pairs) {
  for (unsigned number = 1; number <= problems; ++number)
    check<typename TestType::Space, typename TestType::Real>(problem(number));
}

TEST_CASE("every schedule but the constant one decays within the steps of several problems") {
  std::map<Schedule, int> decays;
  for (unsigned number = 1; number <= problems; ++number) {
    const Problem p = problem(number);
    const Plan plan = make_plan(p.model, p.training, Precision::float64, DeviceKind::host, p.rows);
    const OptimizerSchedule schedule{p.training.optimizer, p.training.schedule, p.training.epochs,
                                     plan.steps_per_epoch};
    bool decayed = false;
    for (std::int64_t step = 1; step < steps; ++step)
      decayed = decayed || schedule.learning_rate(step) < schedule.learning_rate(step - 1);
    if (decayed) ++decays[p.training.schedule.type];
  }
  CHECK(decays[Schedule::constant] == 0);
  for (const auto decaying : {Schedule::cosine, Schedule::exponential, Schedule::step}) {
    INFO(to_name(decaying));
    CHECK(decays[decaying] >= 3);
  }
}
