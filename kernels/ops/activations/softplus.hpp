// softplus(z) = log(1 + exp(z)); the derivative is sigmoid(z), from the output a: 1 - exp(-a).
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct Softplus {
  static constexpr bool derivative_from_input = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return math::softplus(z);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real /*alpha*/) {
    return -math::expm1(-a);
  }
};

}  // namespace sinter
