// log, log1p and softplus, for float and double, at most 2 ulp from the true value over the whole range, subnormals
// included. u = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2); with s = f / (2 + f), log(1 + f) = 2 atanh(s) = f - s (f
// - R(s^2)), written as in fdlibm's e_log.c (Sun Microsystems 1993) so that the leading term f is added last.
// Coefficients of R: minimax fits by Sollya's fpminimax.
#pragma once

#include <sinter/kernels/ops/math/exponential.hpp>

namespace sinter::math {
namespace detail {

/// u = 2^k (1 + f), u normal and positive.
template <class Real>
struct SplitLogarithm {
  Real k;
  Real f;
};

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION SplitLogarithm<Real> split_logarithm(Real u) {
  using L = Layout<Real>;
  constexpr bool single = sizeof(Real) == 4;
  constexpr BitsOf<Real> root_half = single ? BitsOf<Real>(0x3f3504f3u) : BitsOf<Real>(0x3fe6a09e667f3bcdu);
  constexpr Real integer = single ? Real(0x1p23)
                                  : Real(0x1p52);  // an integer below 2^23 in its low bits reads integer + that
  constexpr BitsOf<Real> integer_bits = single ? BitsOf<Real>(0x4b000000u) : BitsOf<Real>(0x4330000000000000u);
  constexpr BitsOf<Real> mantissa = (BitsOf<Real>(1) << L::mantissa_bits) - 1;
  const BitsOf<Real> moved = to_bits(u) + (L::one - root_half);
  const Real k = from_bits<Real>((moved >> L::mantissa_bits) | integer_bits) - (integer + Real(L::bias));
  return {k, from_bits<Real>((moved & mantissa) + root_half) - Real(1)};
}

/// k ln 2 + log(1 + f) + correction.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real join_logarithm(SplitLogarithm<Real> split, Real correction) {
  constexpr bool single = sizeof(Real) == 4;
  constexpr Real ln2_high = single ? Real(0x1.62e43p-1) : Real(0x1.62e42fefa39efp-1);
  constexpr Real ln2_low = single ? Real(-0x1.05c61p-29) : Real(0x1.abc9e3b39803fp-56);
  const auto [k, f] = split;
  const Real s = f / (Real(2) + f);
  const Real z = s * s;
  // (2 atanh(s) - 2 s) / s^3 in s^2 on |s| <= 0.1717; error of R below 2^-29.2 and 2^-58.5
  Real R;
  if constexpr (single) {
    R = z * polynomial(z, 0x1.55557ap-1f, 0x1.995ecap-2f, 0x1.31e2aap-2f);
  } else {
    R = z * polynomial(z, 0x1.5555555555593p-1, 0x1.999999997f9fep-2, 0x1.2492494229bb2p-2, 0x1.c71c51d860c4bp-3,
                       0x1.7466498c1531dp-3, 0x1.39a0999aabd64p-3, 0x1.2f115229fda48p-3);
  }
  const Real half_square = Real(0.5) * f * f;
  const Real low = Kokkos::fma(s, half_square + R, Kokkos::fma(k, ln2_low, correction));
  return Kokkos::fma(k, ln2_high, f - (half_square - low));
}

/// What a logarithm is at and beyond the ends of its domain, given its argument u (x for log, 1 + x for log1p).
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real logarithm_ends(Real u, Real inside) {
  const Real infinity = from_bits<Real>(Layout<Real>::infinity);
  const Real below = u < infinity ? inside : u;  // infinity and NaN
  const Real outside = u == Real(0) ? -infinity : from_bits<Real>(Layout<Real>::quiet_nan);
  return u > Real(0) ? below : outside;
}

}  // namespace detail

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real log(Real x) {
  constexpr Real lift = sizeof(Real) == 4 ? Real(0x1p24) : Real(0x1p54);
  constexpr Real lift_exponent = sizeof(Real) == 4 ? Real(24) : Real(54);
  const bool subnormal = x < detail::Layout<Real>::min_normal;
  auto split = detail::split_logarithm(subnormal ? x * lift : x);
  split.k = subnormal ? split.k - lift_exponent : split.k;
  return detail::logarithm_ends(x, detail::join_logarithm(split, Real(0)));
}

/// log(1 + x). u = 1 + x rounds; what it lost enters as log(1 + x) - log(u) = lost / u.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real log1p(Real x) {
  const Real u = Real(1) + x;
  const Real lost = x > Real(1) ? Real(1) - (u - x) : x - (u - Real(1));
  const Real result = detail::join_logarithm(detail::split_logarithm(u), lost / u);
  return Kokkos::copysign(detail::logarithm_ends(u, result), x);  // for the sign of zero
}

/// log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)).
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Real softplus(Real x) {
  return (x > Real(0) ? x : Real(0)) + log1p(exp(-Kokkos::fabs(x)));
}

}  // namespace sinter::math
