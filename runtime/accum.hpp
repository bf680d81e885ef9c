// The type that sums are kept in. Products of a tile accumulate in the storage precision through fused multiply-adds;
// losses, metrics and statistics accumulate in double.
#pragma once

namespace sinter {

template <class Real>
struct AccumOf {
  using type = Real;
};

/// What a dot product over `Real` accumulates in. Narrower storage types will name a wider one here.
template <class Real>
using Accum = typename AccumOf<Real>::type;

}  // namespace sinter
