// sin and cos, for float and double. x = n pi/2 + r with |r| <= pi/4, pi/2 in three parts (Cody and Waite 1980) that
// reach far beyond the cancellation possible for |x| <= 1e5: there the results are within 2 ulp. Beyond, the error of r
// grows with |x| and finally (|x| above 6e6 for float, 7e15 for double) nothing but -1 <= result <= 1 is left; infinity
// gives NaN. Coefficients: minimax fits by Sollya's fpminimax.
#pragma once

#include <sinter/kernels/ops/math/bits.hpp>

namespace sinter::math {
namespace detail {

/// sin(r + quadrant pi/2), |r| <= pi/4.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real sine_in_quadrant(Real r, BitsOf<Real> quadrant) {
  const Real y = r * r;
  Real s, c;
  if constexpr (sizeof(Real) == 4) {  // errors of sin(r)/r below 2^-32, of cos(r) below 2^-33
    s = polynomial(y, -0x1.555556p-3f, 0x1.111166p-7f, -0x1.a04a7ep-13f, 0x1.7868fcp-19f);
    c = polynomial(y, 0x1.55554ap-5f, -0x1.6c0c2ep-10f, 0x1.99eac8p-16f);
  } else {  // below 2^-58 and 2^-64
    s = polynomial(y, -0x1.5555555555549p-3, 0x1.111111110f8a2p-7, -0x1.a01a019c153eep-13, 0x1.71de357a214dep-19,
                   -0x1.ae5e67b4270cbp-26, 0x1.5d9356ebec1a5p-33);
    c = polynomial(y, 0x1.555555555554cp-5, -0x1.6c16c16c1521fp-10, 0x1.a01a019cbf4a7p-16, -0x1.27e4f8128d4eap-22,
                   0x1.1ee9f1253bd22p-29, -0x1.8fb1107d10c14p-37);
  }
  const Real sine = Kokkos::fma(r * y, s, r);
  const Real cosine = Kokkos::fma(y * y, c, Kokkos::fma(Real(-0.5), y, Real(1)));
  const BitsOf<Real> sign = (quadrant & 2) << (8 * sizeof(Real) - 2);
  return from_bits<Real>(to_bits((quadrant & 1) != 0 ? cosine : sine) ^ sign);
}

/// sin(x + shift pi/2).
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real shifted_sine(Real x, BitsOf<Real> shift) {
  constexpr bool single = sizeof(Real) == 4;
  constexpr Real two_over_pi = single ? Real(0x1.45f306p-1) : Real(0x1.45f306dc9c883p-1);
  constexpr Real half_pi_1 = single ? Real(0x1.921fb6p0) : Real(0x1.921fb54442d18p0);
  constexpr Real half_pi_2 = single ? Real(-0x1.777a5cp-25) : Real(0x1.1a62633145c07p-54);
  constexpr Real half_pi_3 = single ? Real(-0x1.ee59dap-50) : Real(-0x1.f1976b7ed8fbcp-110);
  const Real shifted = Kokkos::fma(x, two_over_pi, Layout<Real>::rounder);
  const Real n = shifted - Layout<Real>::rounder;
  const Real r = Kokkos::fma(-n, half_pi_3, Kokkos::fma(-n, half_pi_2, Kokkos::fma(-n, half_pi_1, x)));
  return sine_in_quadrant(clamp(r, Real(-1), Real(1)), to_bits(shifted) + shift);
}

}  // namespace detail

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real sin(Real x) {
  return x == Real(0) ? x : detail::shifted_sine(x, detail::BitsOf<Real>(0));  // for the sign of zero
}

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real cos(Real x) {
  return detail::shifted_sine(x, detail::BitsOf<Real>(1));
}

}  // namespace sinter::math
