// tanh(z); from the output a, the derivative is 1 - a^2, here as (1 - a)(1 + a), which keeps its digits near a = 1.
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct Tanh {
  static constexpr bool derivative_from_input = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return math::tanh(z);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real /*alpha*/) {
    return (Real(1) - a) * (Real(1) + a);
  }
};

}  // namespace sinter
