// adam: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, and with both divided by what their start at zero
// leaves out, w -= r m' / (sqrt(v') + epsilon), m' = m / (1 - beta1^t), v' = v / (1 - beta2^t) (Kingma & Ba 2015;
// PyTorch's Adam).
#pragma once

#include <sinter/kernels/ops/optimizer_step.hpp>

namespace sinter {

struct Adam {
  static constexpr int state_count = 2;
  static constexpr bool decoupled_decay = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static void update(const OptimizerStep<Real>& step, Real& w, Real g, Real& m, Real& v) {
    m = Kokkos::fma(step.beta1, m, step.one_minus_beta1 * g);
    v = Kokkos::fma(step.beta2, v, step.one_minus_beta2 * g * g);
    const Real denominator = Kokkos::fma(Kokkos::sqrt(v), step.root_correction, step.epsilon);
    w = Kokkos::fma(-step.corrected_rate, m / denominator, w);
  }
};

}  // namespace sinter
