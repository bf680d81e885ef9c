// Optimizers by name at run time, following PyTorch's definitions (the algorithms in the documentation of torch.optim).
// In this order: the gradient is scaled (clipping by global norm) and clipped by value; weight decay is added to it,
// for weights only and not for adamw; the optimizer steps. The choice is made outside the loops; every form gives the
// same bits.
#pragma once

#include <cstdint>

#include <sinter/kernels/catalog/costs.hpp>
#include <sinter/kernels/ops/math/bits.hpp>
#include <sinter/kernels/ops/optimizer_step.hpp>
#include <sinter/kernels/ops/optimizers/adagrad.hpp>
#include <sinter/kernels/ops/optimizers/adam.hpp>
#include <sinter/kernels/ops/optimizers/adamw.hpp>
#include <sinter/kernels/ops/optimizers/momentum.hpp>
#include <sinter/kernels/ops/optimizers/nesterov.hpp>
#include <sinter/kernels/ops/optimizers/rmsprop.hpp>
#include <sinter/kernels/ops/optimizers/sgd.hpp>
#include <sinter/kernels/ops/simd.hpp>

namespace sinter {

/// f(Type{}), with the type that implements `kind`.
template <class Function>
KOKKOS_FORCEINLINE_FUNCTION constexpr decltype(auto) with_optimizer(Optimizer kind, const Function& f) {
  switch (kind) {
#define SINTER_OPTIMIZER(name, Type, ...) \
  case Optimizer::name:                   \
    return f(Type{});
#include <sinter/kernels/catalog/optimizers.def>
#undef SINTER_OPTIMIZER
  }
  return f(Sgd{});  // not reached
}

/// State values that a parameter has beside it: 0, 1 or 2; they start at zero.
KOKKOS_FORCEINLINE_FUNCTION constexpr int optimizer_state_count(Optimizer kind) {
  return with_optimizer(kind, [](auto type) { return decltype(type)::state_count; });
}

// What cost models read in the catalogue is what the kernels do.
#define SINTER_OPTIMIZER(name, Type, ...) static_assert(Type::state_count == cost_of(Optimizer::name).states);
#include <sinter/kernels/catalog/optimizers.def>
#undef SINTER_OPTIMIZER

namespace detail {

template <class Type, class Real>
KOKKOS_FORCEINLINE_FUNCTION void optimize(const OptimizerStep<Real>& step, Real weight_decay, Real& w, Real g, Real& s0,
                                          Real& s1) {
  Real gradient = math::detail::clamp(step.gradient_scale * g, -step.clip_value, step.clip_value);
  if constexpr (Type::decoupled_decay) {
    w = Kokkos::fma(-(step.learning_rate * weight_decay), w, w);
  } else {
    gradient = Kokkos::fma(weight_decay, w, gradient);
  }
  Type::update(step, w, gradient, s0, s1);
}

}  // namespace detail

/// Moves the parameter w by its gradient g; s0 and s1 are its state, untouched where the optimizer keeps less. `decay`:
/// w is a weight, not a bias.
template <class Real>
KOKKOS_INLINE_FUNCTION void apply_optimizer(const OptimizerStep<Real>& step, bool decay, Real& w, Real g, Real& s0,
                                            Real& s1) {
  const Real weight_decay = decay ? step.weight_decay : Real(0);
  with_optimizer(step.type,
                 [&, weight_decay](auto type) { detail::optimize<decltype(type)>(step, weight_decay, w, g, s0, s1); });
}

/// The same on w, g, s0 and s1 [count], which do not overlap; s0 and s1 may be null where the optimizer keeps less
/// state.
template <class Real>
KOKKOS_INLINE_FUNCTION void apply_optimizer_span(const OptimizerStep<Real>& constants, bool decay, Real* w,
                                                 const Real* g, Real* s0, Real* s1, std::int64_t count) {
  const Real weight_decay = decay ? constants.weight_decay : Real(0);
  with_optimizer(constants.type, [=, step = constants](auto type) {
    using Type = decltype(type);
    SINTER_SIMD
    for (std::int64_t i = 0; i < count; ++i) {
      Real parameter = w[i], first = 0, second = 0;
      if constexpr (Type::state_count > 0) first = s0[i];
      if constexpr (Type::state_count > 1) second = s1[i];
      detail::optimize<Type>(step, weight_decay, parameter, g[i], first, second);
      w[i] = parameter;
      if constexpr (Type::state_count > 0) s0[i] = first;
      if constexpr (Type::state_count > 1) s1[i] = second;
    }
  });
}

/// The same on arrays of lanes.
template <int N, class Real>
KOKKOS_INLINE_FUNCTION void apply_optimizer_lanes(const OptimizerStep<Real>& step, bool decay, Real (&w)[N],
                                                  const Real (&g)[N], Real (&s0)[N], Real (&s1)[N]) {
  apply_optimizer_span(step, decay, w, g, s0, s1, N);
}

}  // namespace sinter
