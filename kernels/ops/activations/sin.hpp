// sin(z); the derivative is cos(z).
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct Sin {
  static constexpr bool derivative_from_input = true;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return math::sin(z);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real z, Real /*alpha*/) {
    return math::cos(z);
  }
};

}  // namespace sinter
