// rmsprop: s = rho s + (1 - rho) g^2, w -= r g / (sqrt(s) + epsilon) (Hinton 2012; PyTorch's RMSprop, where rho is
// alpha).
#pragma once

#include <sinter/kernels/ops/optimizer_step.hpp>

namespace sinter {

struct RmsProp {
  static constexpr int state_count = 1;
  static constexpr bool decoupled_decay = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static void update(const OptimizerStep<Real>& step, Real& w, Real g, Real& s,
                                                 Real& /*s1*/) {
    s = Kokkos::fma(step.rho, s, step.one_minus_rho * g * g);
    w = Kokkos::fma(-step.learning_rate, g / (Kokkos::sqrt(s) + step.epsilon), w);
  }
};

}  // namespace sinter
