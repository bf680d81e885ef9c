// Training steps on the device: gather, forward, loss, backward, update. One implementation a fusion level; all leave
// the loss in a record on the device.
#pragma once

#include <memory>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/loss_gradient.hpp>
#include <sinter/kernels/ops/schedule.hpp>
#include <sinter/models/network.hpp>
#include <sinter/models/plan/plan.hpp>
#include <sinter/runtime/comm/communicator.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter {

/// Successive steps. X [data rows, inputs] and T [data rows, outputs] on the device, normalised: those of this rank's
/// share. The order's epoch and step follow from the steps' numbers.
template <class Real>
struct StepRun {
  const Real* X = nullptr;
  const Real* T = nullptr;
  BatchOrder order;
  std::int64_t first = 0;  ///< number of the first step in the run, 0-based
  std::int64_t count = 1;
};

template <Space S, class Real>
class Stepper {
 public:
  using Execution = typename S::Execution;
  virtual ~Stepper() = default;

  /// Asynchronous on `exec`. Launches as the plan says; 0 fences, 0 copies and 0 allocations at every level but `none`.
  virtual void run(const Execution& exec, const StepRun<Real>& run) = 0;
  /// Whether a run of many steps costs fewer launches than its steps one by one.
  [[nodiscard]] virtual bool takes_many_steps() const { return false; }
  /// One element; filled by run() with the last step's loss and the sum of its epoch's so far.
  [[nodiscard]] virtual const Vector<S, fused::LossRecord>& record() const = 0;
  /// State `index` of the optimizer, in the layout of the parameters; empty where the optimizer keeps fewer. Of several
  /// ranks each keeps its part up to date; gather_state() brings all to all.
  [[nodiscard]] virtual VectorRef<S, Real> state(int index) const = 0;
  /// All ranks call it together.
  virtual void gather_state(const Execution& /*exec*/) {}
};

/// The order of step `step` of the run.
inline BatchOrder order_of_step(BatchOrder order, const Plan& plan, std::int64_t step) {
  order.epoch = step / plan.steps_per_epoch;
  order.step = step % plan.steps_per_epoch;
  return order;
}

/// The stepper of the plan's level, with all its memory allocated. Network and communicator must outlive it; all ranks
/// make theirs together. Throws ConfigError where the ranks cannot share the plan's batch.
template <Space S, class Real>
std::unique_ptr<Stepper<S, Real>> make_stepper(const typename S::Execution& exec, const Network<S, Real>& network,
                                               const Plan& plan, const TrainingSpec& training,
                                               Communicator& communicator = single_process());

}  // namespace sinter
