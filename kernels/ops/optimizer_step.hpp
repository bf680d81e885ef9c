// The run-time constants of one optimizer step, as kernels use them. What depends on the step's number is computed by
// kernels/ops/schedule.hpp.
#pragma once

#include <cstdint>
#include <limits>

#include <Kokkos_MathematicalFunctions.hpp>

#include <sinter/kernels/catalog/ops.hpp>

namespace sinter {

template <class Real>
struct OptimizerStep {
  Optimizer type = Optimizer::sgd;
  Real learning_rate = 0;
  Real momentum = 0;                    ///< momentum, nesterov
  Real rho = 0, one_minus_rho = 1;      ///< rmsprop
  Real beta1 = 0, one_minus_beta1 = 1;  ///< adam, adamw
  Real beta2 = 0, one_minus_beta2 = 1;  ///< adam, adamw
  Real corrected_rate = 0;              ///< learning_rate / (1 - beta1^t)
  Real root_correction = 1;             ///< 1 / sqrt(1 - beta2^t)
  Real epsilon = 0;
  Real weight_decay = 0;
  Real clip_value = std::numeric_limits<Real>::infinity();  ///< infinity: off
  Real gradient_scale = 1;  ///< clipping by global norm: clip_norm / norm where that is below 1
};

/// The constants that all steps share; the rates are still to be put in (kernels/ops/schedule.hpp).
template <class Real>
KOKKOS_INLINE_FUNCTION OptimizerStep<Real> optimizer_constants(const OptimizerSettings& settings) {
  OptimizerStep<Real> step;
  step.type = settings.type;
  step.momentum = static_cast<Real>(settings.momentum);
  step.rho = static_cast<Real>(settings.rho);
  step.one_minus_rho = static_cast<Real>(1 - settings.rho);
  step.beta1 = static_cast<Real>(settings.beta1);
  step.one_minus_beta1 = static_cast<Real>(1 - settings.beta1);
  step.beta2 = static_cast<Real>(settings.beta2);
  step.one_minus_beta2 = static_cast<Real>(1 - settings.beta2);
  step.epsilon = static_cast<Real>(settings.epsilon);
  step.weight_decay = static_cast<Real>(settings.weight_decay);
  if (settings.clip_value > 0) step.clip_value = static_cast<Real>(settings.clip_value);
  return step;
}

}  // namespace sinter
