// sgd: w -= r g (PyTorch's SGD).
#pragma once

#include <sinter/kernels/ops/optimizer_step.hpp>

namespace sinter {

struct Sgd {
  static constexpr int state_count = 0;
  static constexpr bool decoupled_decay = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static void update(const OptimizerStep<Real>& step, Real& w, Real g, Real& /*s0*/,
                                                 Real& /*s1*/) {
    w = Kokkos::fma(-step.learning_rate, g, w);
  }
};

}  // namespace sinter
