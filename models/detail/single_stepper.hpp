// What the levels have in common that take one step after the other: `none`, `layer` and `step`.
#pragma once

#include <algorithm>

#include <sinter/models/plan/share.hpp>
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

/// The most rows that a share has of any batch of the plan.
inline std::int64_t most_rows(const Plan& plan, const Share& share) {
  if (share.slots == plan.chunks) return plan.batch;
  return std::min(plan.batch, (plan.batch * share.slots + plan.chunks - 1) / plan.chunks + 1);
}

template <Space S, class Real>
class SingleStepper : public Stepper<S, Real> {
 public:
  using Execution = typename S::Execution;

  SingleStepper(const Plan& plan, const TrainingSpec& training, const Communicator& communicator)
      : plan_(plan),
        share_(share_of(plan, communicator.rank(), communicator.size())),
        schedule_(optimizer_schedule(training, plan)) {}

  void run(const Execution& exec, const StepRun<Real>& run) final {
    for (std::int64_t step = run.first; step < run.first + run.count; ++step) {
      this->step(exec,
                 {run.X, run.T, order_of_step(run.order, plan_, step), optimizer_step_at<Real>(schedule_, step), step});
    }
  }

 protected:
  [[nodiscard]] const Share& share() const { return share_; }
  virtual void step(const Execution& exec, const StepInput<Real>& input) = 0;

 private:
  Plan plan_;
  Share share_;
  OptimizerSchedule schedule_;
};

}  // namespace sinter::detail
