// elu(z) = z for z > 0, else alpha (exp(z) - 1), alpha >= 0 (Clevert et al. 2016); from the output a, the derivative
// below zero is a + alpha.
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct Elu {
  static constexpr bool derivative_from_input = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real alpha) {
    return z > Real(0) ? z : alpha * math::expm1(z);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real alpha) {
    return math::detail::value_if(a <= Real(0), a) + (a > Real(0) ? Real(1) : alpha);
  }
};

}  // namespace sinter
