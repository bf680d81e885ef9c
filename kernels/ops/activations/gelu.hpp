// gelu(z) = z Phi(z), Phi the normal distribution function (Hendrycks & Gimpel 2016): the exact form, not the one by
// tanh. The derivative is Phi(z) + z phi(z).
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct Gelu {
  static constexpr bool derivative_from_input = true;

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real z, Real /*alpha*/) {
    return z * math::normal_distribution(z).cdf;
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real z, Real /*alpha*/) {
    const auto normal = math::normal_distribution(z);
    return Kokkos::fma(z, normal.density, normal.cdf);
  }
};

}  // namespace sinter
