// What the levels have in common that take one step after the other: `none`, `layer` and `step`.
#pragma once

#include <sinter/models/stepper.hpp>

namespace sinter::detail {

/// What changes from step to step.
template <class Real>
struct StepInput {
  const Real* X = nullptr;
  const Real* T = nullptr;
  BatchOrder order;
  OptimizerStep<Real> optimizer;
  std::int64_t step = 0;  ///< of the run, 0-based
};

inline OptimizerSchedule optimizer_schedule(const TrainingSpec& training, const Plan& plan) {
  return {training.optimizer, training.schedule, training.epochs, plan.steps_per_epoch};
}

template <Space S, class Real>
class SingleStepper : public Stepper<S, Real> {
 public:
  using Execution = typename S::Execution;

  SingleStepper(const Plan& plan, const TrainingSpec& training)
      : plan_(plan),
        schedule_(optimizer_schedule(training, plan)) {}

  void run(const Execution& exec, const StepRun<Real>& run) final {
    for (std::int64_t step = run.first; step < run.first + run.count; ++step) {
      this->step(exec,
                 {run.X, run.T, order_of_step(run.order, plan_, step), optimizer_step_at<Real>(schedule_, step), step});
    }
  }

 protected:
  virtual void step(const Execution& exec, const StepInput<Real>& input) = 0;

 private:
  Plan plan_;
  OptimizerSchedule schedule_;
};

}  // namespace sinter::detail
