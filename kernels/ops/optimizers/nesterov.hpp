// nesterov: v = mu v + g, w -= r (g + mu v) (PyTorch's SGD with momentum and nesterov).
#pragma once

#include <sinter/kernels/ops/optimizer_step.hpp>

namespace sinter {

struct Nesterov {
  static constexpr int state_count = 1;
  static constexpr bool decoupled_decay = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static void update(const OptimizerStep<Real>& step, Real& w, Real g, Real& v,
                                                 Real& /*s1*/) {
    v = Kokkos::fma(step.momentum, v, g);
    w = Kokkos::fma(-step.learning_rate, Kokkos::fma(step.momentum, v, g), w);
  }
};

}  // namespace sinter
