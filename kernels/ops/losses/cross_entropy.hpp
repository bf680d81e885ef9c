// cross_entropy: -t log a per output, a the probability of a class and t its share (one-hot or soft). Where the output
// activation is softmax, row_loss() computes it from the logits by log-sum-exp. From a, logarithms end at -100 and the
// denominator of -t / a at 1e-12, as in binary_cross_entropy.
#pragma once

#include <sinter/kernels/ops/math.hpp>

namespace sinter {

struct CrossEntropy {
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real value(Real a, Real t, Real /*delta*/) {
    const Real logarithm = math::log(a);
    const Real least = Real(-100);
    return -t * (logarithm < least ? least : logarithm);
  }

  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Real derivative(Real a, Real t, Real /*delta*/) {
    return -t / (a < Real(1e-12) ? Real(1e-12) : a);
  }
};

}  // namespace sinter
