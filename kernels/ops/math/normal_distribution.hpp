// The standard normal distribution: cdf(z) = Phi(z) = erfc(-z / sqrt 2) / 2 and its density, for float and double. The
// tail is Phi(-a) = exp(-a^2/2) p(t) / (a + 4) with t = (a - 4) / (a + 4), p smooth on all of a >= 0 (the substitution
// is that of Shepherd and Laframboise 1981 for erfc), so no branch is needed and the lower tail keeps its relative
// accuracy down to the underflow. Within 6 ulp. Coefficients: minimax fits by Sollya's fpminimax, relative error below
// 2^-25.7 (float) and 2^-54.6 (double).
#pragma once

#include <sinter/kernels/ops/math/exponential.hpp>

namespace sinter::math {

template <class Real>
struct NormalDistribution {
  Real cdf;
  Real density;
};

/// Both at once: they share the exponential.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION NormalDistribution<Real> normal_distribution(Real z) {
  constexpr bool single = sizeof(Real) == 4;
  constexpr Real end = single ? Real(14.5) : Real(38.75);  // beyond, the tail is zero
  constexpr Real inverse_root_two_pi = single ? Real(0x1.988454p-2) : Real(0x1.9884533d43651p-2);
  const Real a = detail::clamp(Kokkos::fabs(z), Real(0), end);
  const Real square = a * a;
  const Real lost = Kokkos::fma(a, a, -square);  // exp(-(square + lost)/2) = exp(-square/2) (1 - lost/2)
  const Real rounded = exp(Real(-0.5) * square);
  const Real e = Kokkos::fma(rounded, Real(-0.5) * lost, rounded);
  const Real inverse = Real(1) / (a + Real(4));
  const Real t = (a - Real(4)) * inverse;
  Real p;
  if constexpr (single) {
    p = detail::polynomial(t, 0x1.82b4bcp-1f, -0x1.373e3ap-1f, 0x1.8c6d8cp-2f, -0x1.7dffa8p-3f, 0x1.eed93ap-5f,
                           -0x1.ed5be8p-8f, -0x1.cdadc6p-9f, 0x1.9bda7p-10f, 0x1.950be8p-13f, -0x1.0594a8p-13f);
  } else {
    p = detail::polynomial(t, 0x1.82b4bb8c94dcep-1, -0x1.373e3a893c28ap-1, 0x1.8c6dbf2cfc2c4p-2, -0x1.7dff2bff68437p-3,
                           0x1.eec4cc3e4833p-5, -0x1.ee2761044749dp-8, -0x1.c81719ccc9p-9, 0x1.ab825fb275933p-10,
                           0x1.17a4a79d3309dp-13, -0x1.e4a421dc595f2p-13, -0x1.0012ec2c93dcfp-19, 0x1.26d0613bf0684p-15,
                           0x1.7fefb1a81a6d6p-21, -0x1.8d4865457513cp-18, -0x1.4fd3d0a239e93p-21, 0x1.1245fe33b84e3p-20,
                           0x1.1bff3a9100c23p-22, -0x1.4fea752c2043bp-23, -0x1.4c84cd5044478p-24, 0x1.11bf14b20c79ap-26,
                           0x1.f804505a606cp-27, -0x1.443b8b29fb317p-32, -0x1.479a8d36c260ap-30);
  }
  const Real tail = e * (p * inverse);
  return {z < Real(0) ? tail : Real(1) - tail, e * inverse_root_two_pi};
}

}  // namespace sinter::math
