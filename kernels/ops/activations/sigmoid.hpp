// sigmoid(z) = 1 / (1 + exp(-z)); from the output a, the derivative is a (1 - a).
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct Sigmoid {
  static constexpr bool derivative_from_input = false;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return math::sigmoid(z);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real /*alpha*/) {
    return a * (Real(1) - a);
  }
};

}  // namespace sinter
