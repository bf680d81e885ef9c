// leaky_relu(z) = z for z > 0, else alpha z, alpha >= 0 (so that the output has the sign of z); the derivative at 0 is
// alpha.
#pragma once

#include <Kokkos_Macros.hpp>

namespace sinter {

struct LeakyRelu {
  static constexpr bool derivative_from_input = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real alpha) {
    return z > Real(0) ? z : alpha * z;
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real alpha) {
    return a > Real(0) ? Real(1) : alpha;
  }
};

}  // namespace sinter
