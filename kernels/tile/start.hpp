// Where the chains of a tile product start: C(m, n) = start(m, n) + sum over k of A(m, k) B(k, n). Plain values that
// kernels carry; row(m) points at the start of a row, or is null for zeros; rows
// are stride() elements apart.
#pragma once

#include <cstdint>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter::tile {

/// start(m, n) = 0.
struct Zero {
  template <class Real>
  KOKKOS_INLINE_FUNCTION const Real* row(std::int64_t) const {
    return nullptr;
  }
  KOKKOS_INLINE_FUNCTION std::int64_t stride() const { return 0; }
};

/// start(m, n) = bias[n], or 0 without a bias.
template <class Real_>
struct Bias {
  const Real_* bias;
  template <class Real>
  KOKKOS_INLINE_FUNCTION const Real* row(std::int64_t) const {
    return bias;
  }
  KOKKOS_INLINE_FUNCTION std::int64_t stride() const { return 0; }
};

/// start(m, n) = base[m * ld + n]: the chain of an earlier product goes on.
template <class Real_>
struct Continue {
  const Real_* base;
  std::int64_t ld;
  template <class Real>
  KOKKOS_INLINE_FUNCTION const Real* row(std::int64_t m) const {
    return base + m * ld;
  }
  KOKKOS_INLINE_FUNCTION std::int64_t stride() const { return ld; }
};

}  // namespace sinter::tile
