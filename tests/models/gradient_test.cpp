// Gradients of whole networks against central differences of the library's own loss, in double. The gradient is read
// off one step of sgd with learning rate 1: g = w - w'.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/models/stepper.hpp>

#include "support/problems.hpp"
#include "support/spaces.hpp"

using namespace sinter;

namespace {

constexpr std::int64_t rows = 70, inputs = 2, outputs = 3;

/// One network with a step to try out parameters.
template <Space S>
class Trial {
 public:
  Trial(const ModelSpec& model, const TrainingSpec& training)
      : network_(exec_, model, 5),
        plan_(make_plan(model, training, Precision::float64, device_kind<S>, rows)),
        stepper_(make_stepper<S, double>(exec_, network_, plan_, training)),
        terms_(static_cast<double>(loss_terms(training.loss.type, rows, outputs))) {
    auto t = test::noise(static_cast<std::size_t>(rows * outputs), 4);  // no output of mae within h of its target
    for (auto& value : t) value = 0.5 + 0.5 * value;                    // probabilities too
    T_ = test::matrix<S, double>(exec_, t, rows, outputs);
    run_ = {X_.data(), T_.data(), {rows, rows, plan_.chunks, 0, 0, 0, false}, 0, 1};
  }

  [[nodiscard]] std::vector<double> parameters() const { return test::values(exec_, network_.parameters()); }

  /// The loss at w, and the parameters after the step.
  std::pair<double, std::vector<double>> step(const std::vector<double>& w) {
    const HostMirror<Vector<S, double>> mirror(network_.parameters());
    std::copy(w.begin(), w.end(), mirror.host().data());
    mirror.push(exec_);
    stepper_->run(exec_, run_);
    const double loss = test::values(exec_, stepper_->record())[0].step_sum / terms_;
    return {loss, parameters()};
  }

 private:
  typename S::Execution exec_;
  Network<S, double> network_;
  Plan plan_;
  std::unique_ptr<Stepper<S, double>> stepper_;
  double terms_;
  Matrix<S, double> X_ = test::matrix<S, double>(exec_, test::noise(static_cast<std::size_t>(rows* inputs), 1), rows,
                                                 inputs);
  Matrix<S, double> T_;
  StepRun<double> run_;
};

template <Space S>
void check_gradient(Activation hidden, Activation output, Loss loss, Fusion level) {
  TrainingSpec training;
  training.loss = {loss, 0.3};
  training.optimizer.learning_rate = 1;
  training.fusion = level;
  Trial<S> trial(test::mlp(inputs, {{4, hidden, 0.2}, {3, hidden, 0.2}, {outputs, output, 0.2}}), training);
  const auto w = trial.parameters();
  const auto moved = trial.step(w).second;
  constexpr double h = 1e-5;
  double worst = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    auto shifted = w;
    shifted[i] = w[i] + h;
    const double up = trial.step(shifted).first;
    shifted[i] = w[i] - h;
    const double down = trial.step(shifted).first;
    const double gradient = w[i] - moved[i], difference = (up - down) / (2 * h);
    worst = std::max(worst, std::abs(gradient - difference) / (1 + std::abs(difference)));
  }
  INFO(to_name(level) << ": " << to_name(hidden) << ", " << to_name(output) << ", " << to_name(loss));
  // Truncation h^2 = 1e-10 times a third derivative of order one, rounding 1e-16 / h = 1e-11: well below.
  CHECK(worst < 2e-9);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("gradients are finite differences of the loss for every hidden activation", "", test::Spaces) {
  for (const auto level : {Fusion::epochs, Fusion::step, Fusion::layer, Fusion::none}) {
    for (const auto& [activation, name] : names_of<Activation>()) {
      if (activation != Activation::softmax)
        check_gradient<TestType>(activation, Activation::identity, Loss::mse, level);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("gradients are finite differences of the loss for every loss with every output activation", "",
                        test::Spaces) {
  for (const auto level : {Fusion::epochs, Fusion::step, Fusion::layer, Fusion::none}) {
    for (const auto& [loss, loss_name] : names_of<Loss>()) {
      for (const auto& [activation, name] : names_of<Activation>()) {
        if (test::fits(loss, activation)) check_gradient<TestType>(Activation::tanh, activation, loss, level);
      }
    }
  }
}
