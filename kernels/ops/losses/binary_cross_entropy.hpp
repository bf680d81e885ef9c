// binary_cross_entropy: -(t log a + (1 - t) log(1 - a)), a the probability and t in [0, 1]. Where the output activation
// is sigmoid, it is computed from the logit z instead: max(z, 0) - z t + log(1 + exp(-|z|)), with derivative sigmoid(z)
// - t, here (1 - t) sigmoid(z) - t sigmoid(-z), which keeps its digits near t. From a, as in PyTorch's BCELoss,
// logarithms end at -100 and the denominator of (a - t) / (a (1 - a)) at 1e-12.
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct BinaryCrossEntropy {
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real a, Real t, Real /*delta*/) {
    const Real yes = math::log(a), no = math::log1p(-a);
    const Real least = Real(-100);
    return -(t * (yes < least ? least : yes) + (Real(1) - t) * (no < least ? least : no));
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real t, Real /*delta*/) {
    const Real variance = a * (Real(1) - a);
    return (a - t) / (variance < Real(1e-12) ? Real(1e-12) : variance);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value_from_logit(Real z, Real t) {
    const Real linear = (z > Real(0) ? z : Real(0)) - z * t;
    return linear + math::log1p(math::exp(-Kokkos::fabs(z)));
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative_from_logit(Real z, Real t) {
    return (Real(1) - t) * math::sigmoid(z) - t * math::sigmoid(-z);
  }
};

}  // namespace sinter
