// mse: (a - t)^2, derivative 2 (a - t).
#pragma once

#include <Kokkos_Macros.hpp>

namespace sinter {

struct MeanSquaredError {
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real a, Real t, Real /*delta*/) {
    return (a - t) * (a - t);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real t, Real /*delta*/) {
    return Real(2) * (a - t);
  }
};

}  // namespace sinter
