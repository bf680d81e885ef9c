// adagrad: s += g^2, w -= r g / (sqrt(s) + epsilon) (Duchi et al. 2011; PyTorch's Adagrad with lr_decay 0).
#pragma once

#include <sinter/kernels/ops/optimizer_step.hpp>

namespace sinter {

struct Adagrad {
  static constexpr int state_count = 1;
  static constexpr bool decoupled_decay = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static void update(const OptimizerStep<Real>& step, Real& w, Real g, Real& s,
                                                 Real& /*s1*/) {
    s = Kokkos::fma(g, g, s);
    w = Kokkos::fma(-step.learning_rate, g / (Kokkos::sqrt(s) + step.epsilon), w);
  }
};

}  // namespace sinter
