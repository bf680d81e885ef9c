// The layout of IEEE 754 numbers and the few idioms that the elementary functions share: polynomials in fused
// multiply-adds, rounding to an integer by the addition of a large constant, powers of two put together from
// their bits. All is branch-free, so that a compiler can work on whole vectors; with contraction off, the bits are the
// same everywhere.
#pragma once

#include <cstdint>

#include <Kokkos_BitManipulation.hpp>
#include <Kokkos_Macros.hpp>
#include <Kokkos_MathematicalFunctions.hpp>

namespace sinter::math::detail {

template <class Real>
struct Layout;

template <>
struct Layout<float> {
  using Bits = std::uint32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr Bits bias = 127;
  static constexpr Bits infinity = 0x7f800000u;
  static constexpr Bits quiet_nan = 0x7fc00000u;
  static constexpr Bits one = 0x3f800000u;
  static constexpr float min_normal = 0x1p-126f;
  static constexpr float rounder = 0x1.8p23f;  ///< x + rounder has the integer nearest to x in its low bits, |x| < 2^22
  static constexpr Bits rounder_bits = 0x4b400000u;
};

template <>
struct Layout<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr Bits bias = 1023;
  static constexpr Bits infinity = 0x7ff0000000000000u;
  static constexpr Bits quiet_nan = 0x7ff8000000000000u;
  static constexpr Bits one = 0x3ff0000000000000u;
  static constexpr double min_normal = 0x1p-1022;
  static constexpr double rounder = 0x1.8p52;
  static constexpr Bits rounder_bits = 0x4338000000000000u;
};

template <class Real>
using BitsOf = typename Layout<Real>::Bits;

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION BitsOf<Real> to_bits(Real x) {
  return Kokkos::bit_cast<BitsOf<Real>>(x);
}

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real from_bits(BitsOf<Real> bits) {
  return Kokkos::bit_cast<Real>(bits);
}

/// c0 + x (c1 + x (c2 + ...)): pairs of coefficients by Horner's rule in x^2, half the latency of the rule in x.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real paired_polynomial(Real /*x*/, Real /*square*/, Real c0) {
  return c0;
}
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real paired_polynomial(Real x, Real /*square*/, Real c0, Real c1) {
  return Kokkos::fma(x, c1, c0);
}
template <class Real, class... Rest>
KOKKOS_FORCEINLINE_FUNCTION Real paired_polynomial(Real x, Real square, Real c0, Real c1, Rest... rest) {
  return Kokkos::fma(square, paired_polynomial(x, square, rest...), Kokkos::fma(x, c1, c0));
}
template <class Real, class... Coefficients>
KOKKOS_FORCEINLINE_FUNCTION Real polynomial(Real x, Coefficients... coefficients) {
  return paired_polynomial(x, x * x, coefficients...);
}

/// x within [low, high]; NaN stays NaN (hence no min and max, which would drop it).
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real clamp(Real x, Real low, Real high) {
  const Real below = x > high ? high : x;
  return below < low ? low : below;
}

/// condition ? x : 0 by a mask: small loops over a plain selection of constants are left with branches by gcc 12.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real value_if(bool condition, Real x) {
  return from_bits<Real>(to_bits(x) & (BitsOf<Real>(0) - static_cast<BitsOf<Real>>(condition)));
}

/// 2^(biased - bias) for 0 < biased < 2 bias + 1.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real power_of_two(BitsOf<Real> biased) {
  return from_bits<Real>(biased << Layout<Real>::mantissa_bits);
}

}  // namespace sinter::math::detail
