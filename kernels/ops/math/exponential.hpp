// exp, expm1, tanh and sigmoid, for float and double, at most 2 ulp from the true value over the whole range, gradual
// underflow included. x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite 1980; a fused multiply-add makes the first of
// the two subtractions exact), expm1(r) = r + r^2 q(r). Coefficients: minimax fits by Sollya's fpminimax, of the
// expressions beside them.
#pragma once

#include <sinter/kernels/ops/math/bits.hpp>

namespace sinter::math {
namespace detail {

/// exp(x) = (1 + tail) 2^n; `shifted` is n + rounder.
template <class Real>
struct SplitExponential {
  Real tail;
  Real shifted;
};

/// x finite and |x| < 2^10, or NaN.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION SplitExponential<Real> split_exponential(Real x) {
  constexpr bool single = sizeof(Real) == 4;
  constexpr Real log2_e = single ? Real(0x1.715476p0) : Real(0x1.71547652b82fep0);
  constexpr Real ln2_high = single ? Real(0x1.62e43p-1) : Real(0x1.62e42fefa39efp-1);
  constexpr Real ln2_low = single ? Real(-0x1.05c61p-29) : Real(0x1.abc9e3b39803fp-56);
  const Real shifted = Kokkos::fma(x, log2_e, Layout<Real>::rounder);
  const Real n = shifted - Layout<Real>::rounder;
  const Real r = Kokkos::fma(-n, ln2_low, Kokkos::fma(-n, ln2_high, x));
  // (expm1(r) - r) / r^2 on |r| <= 0.3467; error of expm1(r) below 2^-27.6 and 2^-57.9
  Real q;
  if constexpr (single) {
    q = polynomial(r, 0x1.fffff6p-2f, 0x1.55548ep-3f, 0x1.555c5ep-5f, 0x1.123be8p-7f, 0x1.681d3p-10f);
  } else {
    q = polynomial(r, 0x1.000000000000cp-1, 0x1.5555555555561p-3, 0x1.555555554fdf8p-5, 0x1.111111110d63cp-7,
                   0x1.6c16c1860bca9p-10, 0x1.a01a01bae2a17p-13, 0x1.a01995aaf1667p-16, 0x1.71dddfc93df18p-19,
                   0x1.28b10752f482ap-22, 0x1.af858df8a42c7p-26);
  }
  return {Kokkos::fma(r * r, q, r), shifted};
}

/// x 2^n, n from `shifted`: in two factors, so that only the last product rounds (underflow) or overflows.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real scale(Real x, Real shifted) {
  using L = Layout<Real>;
  const BitsOf<Real> twice_biased = to_bits(shifted) - L::rounder_bits + 2 * L::bias;
  const BitsOf<Real> half = twice_biased >> 1;
  return x * power_of_two<Real>(half) * power_of_two<Real>(twice_biased - half);
}

/// Beyond these exp is zero and infinity.
template <class Real>
inline constexpr Real exp_low = sizeof(Real) == 4 ? Real(-105) : Real(-747);
template <class Real>
inline constexpr Real exp_high = sizeof(Real) == 4 ? Real(89) : Real(710);

}  // namespace detail

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real exp(Real x) {
  const auto split = detail::split_exponential(detail::clamp(x, detail::exp_low<Real>, detail::exp_high<Real>));
  return detail::scale(Real(1) + split.tail, split.shifted);
}

/// exp(x) - 1 = 2^n (tail + (1 - 2^-n)).
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real expm1(Real x) {
  using L = detail::Layout<Real>;
  using Bits = detail::BitsOf<Real>;
  constexpr Real low = sizeof(Real) == 4 ? Real(-18) : Real(-38);  // below, the result rounds to -1
  const auto split = detail::split_exponential(detail::clamp(x, low, detail::exp_high<Real>));
  const Bits n = detail::to_bits(split.shifted) - L::rounder_bits;                            // modulo 2^32 or 2^64
  const Bits biased = L::bias - n;                                                            // of 2^-n
  const Bits normal = biased < L::bias - 64 || biased > 2 * L::bias ? L::bias - 64 : biased;  // 1 - 2^-64 is 1 as well
  const Real reduced = split.tail + (Real(1) - detail::power_of_two<Real>(normal));
  return Kokkos::copysign(detail::scale(reduced, split.shifted), x);  // for the sign of zero
}

/// With u = exp(-2|x|) = 2^n (1 + tail): (1 - u) / (1 + u), where neither difference cancels: one path for all x. The
/// numerator keeps the sign of expm1(-2|x|), so that each rounding weighs at most half as much as it does in exp(2|x|).
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real tanh(Real x) {
  using L = detail::Layout<Real>;
  constexpr bool single = sizeof(Real) == 4;
  constexpr Real saturation = single ? Real(10) : Real(20);    // beyond, the result rounds to 1
  constexpr Real biased_rounder = L::rounder + Real(L::bias);  // leaves n + bias, an exponent, in the low bits
  constexpr Real two_log2_e = single ? Real(0x1.715476p1) : Real(0x1.71547652b82fep1);
  constexpr Real half_ln2_high = single ? Real(0x1.62e43p-2) : Real(0x1.62e42fefa39efp-2);
  const Real magnitude = Kokkos::fabs(x);
  const Real a = magnitude > saturation ? saturation : magnitude;
  const Real shifted = Kokkos::fma(a, -two_log2_e, biased_rounder);
  const Real n = shifted - biased_rounder;
  const Real power = detail::power_of_two<Real>(detail::to_bits(shifted));
  // -2 r = -2 a - n ln 2; tail = expm1(-2 r) by the polynomial of split_exponential().
  const Real high = Kokkos::fma(n, half_ln2_high, a);  // exact
  if constexpr (single) {  // what half_ln2_high leaves out, below 10^-9 n, weighs less than 0.1 ulp here
    const Real q = detail::polynomial(high, 4 * 0x1.fffff6p-2f, -8 * 0x1.55548ep-3f, 16 * 0x1.555c5ep-5f,
                                      -32 * 0x1.123be8p-7f, 64 * 0x1.681d3p-10f);
    const Real tail = Kokkos::fma(high * high, q, Real(-2) * high);
    const Real numerator = Kokkos::fma(tail, power, power - Real(1));
    return Kokkos::copysign(numerator / Kokkos::fma(tail, power, power + Real(1)), x);
  } else {
    constexpr Real half_ln2_low = 0x1.abc9e3b39803fp-57;
    const Real r = Kokkos::fma(n, half_ln2_low, high);
    const Real q = detail::polynomial(
        r, 4 * 0x1.000000000000cp-1, -8 * 0x1.5555555555561p-3, 16 * 0x1.555555554fdf8p-5, -32 * 0x1.111111110d63cp-7,
        64 * 0x1.6c16c1860bca9p-10, -128 * 0x1.a01a01bae2a17p-13, 256 * 0x1.a01995aaf1667p-16,
        -512 * 0x1.71dddfc93df18p-19, 1024 * 0x1.28b10752f482ap-22, -2048 * 0x1.af858df8a42c7p-26);
    const Real tail = Kokkos::fma(r * r, q, n * (-2 * half_ln2_low)) - Real(2) * high;
    const Real numerator = Kokkos::fma(tail, power, power - Real(1));
    const Real upper = power + Real(1), denominator = Kokkos::fma(tail, power, upper);
    // The rounding of the denominator and of the quotient are corrected with an inverse that is right to 5 %.
    const Real lost = Kokkos::fma(tail, power, upper - denominator);
    const Real quotient = numerator / denominator;
    const Real residual = Kokkos::fma(-quotient, lost, Kokkos::fma(-quotient, denominator, numerator));
    const Real inverse = Kokkos::fma(Real(-0.5), denominator, Real(1.457));
    return Kokkos::copysign(Kokkos::fma(residual, inverse, quotient), x);
  }
}

/// 1 / (1 + exp(-x)), as exp(-|x|) / (1 + exp(-|x|)) where x < 0, so that nothing overflows. The rounding of the sum
/// and of the quotient are corrected with a reciprocal of the sum that is right to 5 %, which suffices for a
/// correction.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real sigmoid(Real x) {
  const Real e = exp(-Kokkos::fabs(x));
  const Real numerator = x < Real(0) ? e : Real(1);
  const Real sum = Real(1) + e;
  const Real lost = e - (sum - Real(1));
  const Real quotient = numerator / sum;
  const Real residual = Kokkos::fma(-quotient, lost, Kokkos::fma(-quotient, sum, numerator));
  return Kokkos::fma(residual, Kokkos::fma(Real(-0.5), sum, Real(1.457)), quotient);
}

}  // namespace sinter::math
