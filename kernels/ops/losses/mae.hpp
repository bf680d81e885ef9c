// mae: |a - t|, derivative the sign of a - t, 0 where they are equal.
#pragma once

#include <sinter/kernels/ops/math/bits.hpp>

namespace sinter {

struct MeanAbsoluteError {
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real a, Real t, Real /*delta*/) {
    return Kokkos::fabs(a - t);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real t, Real /*delta*/) {
    return math::detail::value_if(a > t, Real(1)) - math::detail::value_if(a < t, Real(1));
  }
};

}  // namespace sinter
