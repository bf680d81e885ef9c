// The run-time constants of one optimizer step, passed by value into kernels. Everything that depends on the step's
// number is computed here, on the host and in double; powers by repeated squaring, so that no libm decides a bit.
#pragma once

#include <cmath>
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

namespace detail {

inline double power(double base, std::int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if ((exponent & 1) != 0) result *= base;
  }
  return result;
}

}  // namespace detail

/// The constants of step `t`, 1-based, with the schedule's learning rate of that step.
template <class Real>
OptimizerStep<Real> make_optimizer_step(const OptimizerSettings& settings, double learning_rate, std::int64_t t) {
  const auto real = [](double value) { return static_cast<Real>(value); };
  OptimizerStep<Real> step;
  step.type = settings.type;
  step.learning_rate = real(learning_rate);
  step.momentum = real(settings.momentum);
  step.rho = real(settings.rho);
  step.one_minus_rho = real(1 - settings.rho);
  step.beta1 = real(settings.beta1);
  step.one_minus_beta1 = real(1 - settings.beta1);
  step.beta2 = real(settings.beta2);
  step.one_minus_beta2 = real(1 - settings.beta2);
  step.corrected_rate = real(learning_rate / (1 - detail::power(settings.beta1, t)));
  step.root_correction = real(1 / std::sqrt(1 - detail::power(settings.beta2, t)));
  step.epsilon = real(settings.epsilon);
  step.weight_decay = real(settings.weight_decay);
  if (settings.clip_value > 0) step.clip_value = real(settings.clip_value);
  return step;
}

}  // namespace sinter
