// One training step on the device: gather, forward, loss, backward, update. One implementation a fusion level; all
// leave the loss in a record on the device.
#pragma once

#include <memory>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/loss_gradient.hpp>
#include <sinter/kernels/ops/optimizer.hpp>
#include <sinter/models/network.hpp>
#include <sinter/models/plan/plan.hpp>

namespace sinter {

/// What changes from step to step. X [data rows, inputs] and T [data rows, outputs] on the device, normalised.
template <class Real>
struct StepInput {
  const Real* X = nullptr;
  const Real* T = nullptr;
  BatchOrder order;
  OptimizerStep<Real> optimizer;
  std::int64_t step = 0;  ///< of the run, 0-based
};

template <Space S, class Real>
class Stepper {
 public:
  using Execution = typename S::Execution;
  virtual ~Stepper() = default;
  /// Asynchronous on `exec`. Launches as the plan says; 0 fences, 0 copies and 0 allocations at every level but `none`.
  virtual void step(const Execution& exec, const StepInput<Real>& input) = 0;
  /// One element; filled by step().
  [[nodiscard]] virtual const Vector<S, fused::LossRecord>& record() const = 0;
};

/// The stepper of the plan's level, with all its memory allocated. The network must outlive it.
template <Space S, class Real>
std::unique_ptr<Stepper<S, Real>> make_stepper(const typename S::Execution& exec, const Network<S, Real>& network,
                                               const Plan& plan, const TrainingSpec& training);

}  // namespace sinter
