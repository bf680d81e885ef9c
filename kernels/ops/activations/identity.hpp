// identity(z) = z.
#pragma once

#include <Kokkos_Macros.hpp>

namespace sinter {

struct Identity {
  static constexpr bool derivative_from_input = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return z;
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real /*a*/, Real /*alpha*/) {
    return Real(1);
  }
};

}  // namespace sinter
