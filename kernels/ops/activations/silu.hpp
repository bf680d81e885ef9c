// silu(z) = z sigmoid(z), also called swish; with s = sigmoid(z), the derivative is s + z s (1 - s).
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct Silu {
  static constexpr bool derivative_from_input = true;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return z * math::sigmoid(z);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real z, Real /*alpha*/) {
    const Real s = math::sigmoid(z);
    return Kokkos::fma(z * s, Real(1) - s, s);
  }
};

}  // namespace sinter
