// relu(z) = max(z, 0); the derivative at 0 is 0.
#pragma once

#include <sinter/kernels/ops/math/bits.hpp>

namespace sinter {

struct Relu {
  static constexpr bool derivative_from_input = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return z < Real(0) ? Real(0) : z;  // in this order NaN goes through
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real /*alpha*/) {
    return math::detail::value_if(a > Real(0), Real(1));
  }
};

}  // namespace sinter
