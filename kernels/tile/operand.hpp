// Operands of a tile product C(m, n) = sum over k of A(m, k) B(k, n): where an element lies, and which index is
// contiguous in memory (a GPU stages along it, a CPU walks it). Plain values that kernels carry.
#pragma once

#include <cstdint>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter::tile {

/// A(m, k) = base[m * ld + k]: rows of a row-major matrix.
template <class Real>
struct Rows {
  const Real* base;
  std::int64_t ld;
  static constexpr bool inner_contiguous = true;  ///< k runs along memory
  KOKKOS_INLINE_FUNCTION Real operator()(std::int64_t m, std::int64_t k) const { return base[m * ld + k]; }
  KOKKOS_INLINE_FUNCTION const Real* at(std::int64_t m, std::int64_t k) const { return base + m * ld + k; }
  KOKKOS_INLINE_FUNCTION std::int64_t inner_stride() const { return 1; }
};

/// A(m, k) = base[index[m] * ld + k]: rows gathered through an index in scratch.
template <class Real>
struct GatheredRows {
  const Real* base;
  std::int64_t ld;
  const std::int64_t* index;
  static constexpr bool inner_contiguous = true;
  KOKKOS_INLINE_FUNCTION Real operator()(std::int64_t m, std::int64_t k) const { return base[index[m] * ld + k]; }
  KOKKOS_INLINE_FUNCTION const Real* at(std::int64_t m, std::int64_t k) const { return base + index[m] * ld + k; }
  KOKKOS_INLINE_FUNCTION std::int64_t inner_stride() const { return 1; }
};

/// A(m, k) = base[k * ld + m]: columns of a row-major matrix, its transpose.
template <class Real>
struct Columns {
  const Real* base;
  std::int64_t ld;
  static constexpr bool inner_contiguous = false;
  KOKKOS_INLINE_FUNCTION Real operator()(std::int64_t m, std::int64_t k) const { return base[k * ld + m]; }
  KOKKOS_INLINE_FUNCTION const Real* at(std::int64_t m, std::int64_t k) const { return base + k * ld + m; }
  KOKKOS_INLINE_FUNCTION std::int64_t inner_stride() const { return ld; }
};

/// B(k, n) = base[k * ld + n]: a row-major matrix.
template <class Real>
struct Plain {
  const Real* base;
  std::int64_t ld;
  static constexpr bool outer_contiguous = true;  ///< n runs along memory
  KOKKOS_INLINE_FUNCTION Real operator()(std::int64_t k, std::int64_t n) const { return *at(n, k); }
  KOKKOS_INLINE_FUNCTION const Real* at(std::int64_t n, std::int64_t k) const { return base + k * ld + n; }
};

/// B(k, n) = base[n * ld + k]: the transpose of a row-major matrix.
template <class Real>
struct Transposed {
  const Real* base;
  std::int64_t ld;
  static constexpr bool outer_contiguous = false;
  KOKKOS_INLINE_FUNCTION Real operator()(std::int64_t k, std::int64_t n) const { return *at(n, k); }
  KOKKOS_INLINE_FUNCTION const Real* at(std::int64_t n, std::int64_t k) const { return base + n * ld + k; }
};

}  // namespace sinter::tile
