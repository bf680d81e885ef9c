// Twenty steps from one initialisation against the serial double oracle, for every activation, loss and optimizer, at
// every level, with shuffled mini-batches, two chunks and a smaller last batch.
//
// Tolerance. A step computes each gradient component from sums of at most 64 rows and 7 inputs through three layers and
// back, so it is off by kappa eps, kappa = 64 + 6 * 7 + about 100 for activations and loss; components are of order
// one. The optimizer moves a parameter by rate * sensitivity of what the gradient is off: 1 for sgd, 1 / (1 - momentum)
// = 10 for momentum, 1 / epsilon for those that divide by the gradient's size (epsilon 0.01 here, or the sign of a tiny
// gradient would decide), and its own rounding is another eps. Twenty steps add that up, and earlier errors grow by the
// curvature, for which there is a factor of four.
#include <limits>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/models/stepper.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;

namespace {

constexpr std::int64_t rows = 150, inputs = 3, outputs = 2, steps = 20;

struct Job {
  ModelSpec model;
  TrainingSpec training;
};

Job job(Activation hidden, Activation output, Loss loss, Optimizer optimizer) {
  Job job;
  job.model = test::mlp(inputs,
                        {{7, hidden, hidden == Activation::elu ? 0.8 : 0.1}, {5, hidden, 0.1}, {outputs, output, 0.1}});
  job.training.loss = {loss, 0.3};
  job.training.optimizer.type = optimizer;
  job.training.optimizer.learning_rate = 0.02;
  job.training.optimizer.epsilon = 0.01;
  job.training.batch = 64;
  return job;
}

double sensitivity(const OptimizerSettings& optimizer) {
  switch (optimizer.type) {
    case Optimizer::sgd: return 1;
    case Optimizer::momentum:
    case Optimizer::nesterov: return 1 / (1 - optimizer.momentum);
    default: return 1 / optimizer.epsilon;
  }
}

template <class Real>
double tolerance(const Job& job) {
  const double eps = std::numeric_limits<Real>::epsilon(), kappa = 200;
  const auto& optimizer = job.training.optimizer;
  return 4 * steps * (optimizer.learning_rate * sensitivity(optimizer) * kappa + 1) * eps;
}

/// Runs library and oracle side by side; the largest difference of their parameters.
template <Space S, class Real>
double difference_after_steps(const Job& job) {
  const typename S::Execution exec;
  const Network<S, Real> network(exec, job.model, 3);
  const auto before = network.state(exec);
  auto oracle = test::oracle_of(before);
  reference::State state;
  auto x = test::stored<Real>(test::noise(static_cast<std::size_t>(rows * inputs), 1));
  auto t = test::stored<Real>(test::noise(static_cast<std::size_t>(rows * outputs), 2));
  if (job.training.loss.type == Loss::binary_cross_entropy || job.training.loss.type == Loss::cross_entropy) {
    for (auto& value : t) value = value > 0 ? 1 : 0;
  }
  const auto X = test::matrix<S, Real>(exec, x, rows, inputs), T = test::matrix<S, Real>(exec, t, rows, outputs);

  const Plan plan = make_plan(job.model, job.training, before.precision, device_kind<S>, rows);
  REQUIRE(plan.chunks == 2);
  REQUIRE(plan.last_batch_smaller);
  const auto stepper = make_stepper<S, Real>(exec, network, plan, job.training);
  const BatchOrder order{rows, plan.batch, plan.chunks, 0, 0, 11, true};
  const double rate = job.training.optimizer.learning_rate;
  double loss = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    const BatchOrder batch = order_of_step(order, plan, step);
    loss = reference::step(oracle, state, job.training.loss, job.training.optimizer, rate,
                           test::batch_of(x, inputs, batch), test::batch_of(t, outputs, batch),
                           static_cast<std::size_t>(batch.rows()));
  }
  // In two goes: a level that takes many steps a launch goes on where it stopped.
  stepper->run(exec, {X.data(), T.data(), order, 0, 3});
  stepper->run(exec, {X.data(), T.data(), order, 3, steps - 3});
  const auto after = network.state(exec);
  CHECK(parameter_hash(after) != parameter_hash(before));
  const auto terms = static_cast<double>(
      loss_terms(job.training.loss.type, order_of_step(order, plan, steps - 1).rows(), outputs));
  const double seen = test::values(exec, stepper->record())[0].step_sum / terms;
  return std::max(test::largest_difference(test::parameters(after), test::parameters(oracle)),
                  std::abs(seen - loss) / (1 + loss));
}

template <Space S, class Real>
void check_all_levels(Job job) {
  for (const auto level : {Fusion::epochs, Fusion::step, Fusion::layer, Fusion::none}) {
    job.training.fusion = level;
    INFO("level " << to_name(level) << ", " << to_name(job.model.layers.front().activation) << ", "
                  << to_name(job.model.layers.back().activation) << ", " << to_name(job.training.loss.type) << ", "
                  << to_name(job.training.optimizer.type));
    CHECK(difference_after_steps<S, Real>(job) < tolerance<Real>(job));
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("twenty steps follow the oracle for every hidden activation", "", test::Pairs) {
  for (const auto& [activation, name] : names_of<Activation>()) {
    if (activation == Activation::softmax) continue;
    check_all_levels<typename TestType::Space, typename TestType::Real>(
        job(activation, Activation::identity, Loss::mse, Optimizer::sgd));
  }
}

TEMPLATE_LIST_TEST_CASE("twenty steps follow the oracle for every loss with every output activation", "", test::Pairs) {
  for (const auto& [loss, loss_name] : names_of<Loss>()) {
    for (const auto& [activation, name] : names_of<Activation>()) {
      if (!test::fits(loss, activation)) continue;
      check_all_levels<typename TestType::Space, typename TestType::Real>(
          job(Activation::tanh, activation, loss, Optimizer::sgd));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("twenty steps follow the oracle for every optimizer, plain, with decay and clipped", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& [optimizer, name] : names_of<Optimizer>()) {
    const Job plain = job(Activation::tanh, Activation::sigmoid, Loss::mse, optimizer);
    check_all_levels<S, Real>(plain);
    Job decayed = plain;
    decayed.training.optimizer.weight_decay = 0.1;
    check_all_levels<S, Real>(decayed);
    Job by_value = plain;
    by_value.training.optimizer.clip_value = 0.01;
    check_all_levels<S, Real>(by_value);
    Job by_norm = plain;
    by_norm.training.optimizer.clip_norm = 0.02;
    check_all_levels<S, Real>(by_norm);
    Job everything = decayed;
    everything.training.optimizer.clip_value = 0.01;
    everything.training.optimizer.clip_norm = 0.05;
    everything.model.bias = false;
    check_all_levels<S, Real>(everything);
  }
}
