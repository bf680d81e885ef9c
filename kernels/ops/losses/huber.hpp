// huber: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = a - t (Huber 1964; PyTorch's HuberLoss).
// With c = d limited to [-delta, delta], both are c (d - c / 2), and the derivative is c.
#pragma once

#include <sinter/kernels/ops/math/bits.hpp>

namespace sinter {

struct Huber {
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real a, Real t, Real delta) {
    const Real c = derivative(a, t, delta);
    return c * ((a - t) - Real(0.5) * c);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real t, Real delta) {
    return math::detail::clamp(a - t, -delta, delta);
  }
};

}  // namespace sinter
