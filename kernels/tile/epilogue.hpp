// What becomes of the outputs of a tile product. Plain values that kernels carry. Each has a matrix `out` with leading
// dimension `ld` for its results, which on the way may hold chains that a later part of the product goes on with. A
// device hands over a pack of neighbours of a row, operator()(m, n, pack, count); a host a block of rows, block(): values
// [rows][Pitch] of which the first `count` of a row are wanted and the others may be overwritten.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/tile/pack.hpp>
#include <sinter/runtime/vec.hpp>

namespace sinter::tile {
namespace detail {

/// to[r, l] = from[r, l] for l < count.
template <int Pitch, class Real>
inline void copy_rows(const Real* from, int rows, int count, Real* to, std::int64_t ld) {
  using V = Vec<Real>;
  for (int r = 0; r < rows; ++r, from += Pitch, to += ld) {
    int l = 0;
    for (; l + V::width <= count; l += V::width) V::load(from + l).store(to + l);
    if (l < count) V::load(from + l).store(to + l, count - l);
  }
}

/// to[r, l] = f(from[r, l]) for l < Pitch; `to` may be `from`.
template <int Pitch, class Real>
[[gnu::noinline]] void activate_rows(Activation kind, Real alpha, const Real* from, int rows, Real* to,
                                     std::int64_t ld) {
  with_activation(kind, [=](auto type) {
    for (int r = 0; r < rows; ++r) {
      const Real* const z = from + r * Pitch;
      Real* const a = to + r * ld;
      SINTER_SIMD
      for (int l = 0; l < Pitch; ++l) a[l] = decltype(type)::value(z[l], alpha);
    }
  });
}

/// to[r, l] = from[r, l] f'(v[r, l]) for l < Pitch; `to` may be `from`.
template <int Pitch, class Real>
[[gnu::noinline]] void differentiate_rows(Activation kind, Real alpha, const Real* v, std::int64_t v_ld,
                                          const Real* from, int rows, Real* to, std::int64_t ld) {
  with_activation(kind, [=](auto type) {
    for (int r = 0; r < rows; ++r) {
      const Real* const at = v + r * v_ld;
      const Real* const d = from + r * Pitch;
      Real* const product = to + r * ld;
      SINTER_SIMD
      for (int l = 0; l < Pitch; ++l) product[l] = d[l] * decltype(type)::derivative(at[l], alpha);
    }
  });
}

template <class Real>
KOKKOS_FORCEINLINE_FUNCTION bool is_whole(const Real* at) {
  return holds_packs(at, 0);
}

}  // namespace detail

/// out = C.
template <class Real>
struct Store {
  Real* out;
  std::int64_t ld;
  static constexpr bool as_is = true;  ///< a host stores its registers there at once

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void operator()(int m, int n, Pack<Real> pack, int count) const {
    Real* const to = out + m * ld + n;
    store_pack(pack, to, count, detail::is_whole(to));
  }
};

/// out = f(C), and C itself into Z where that is not null.
template <class Real>
struct Activate {
  Real* out;
  Real* Z;
  std::int64_t ld;  ///< of both
  Activation activation;
  Real alpha;
  static constexpr bool as_is = false;

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void operator()(int m, int n, Pack<Real> pack, int count) const {
    const std::int64_t at = m * ld + n;
    if (Z != nullptr) store_pack(pack, Z + at, count, detail::is_whole(Z + at));
    activate_lanes(activation, alpha, pack.lane);
    store_pack(pack, out + at, count, detail::is_whole(out + at));
  }

  template <int Pitch>
  void block(std::int64_t m, std::int64_t n, int rows, int count, Real* values) const {
    const std::int64_t at = m * ld + n;
    if (Z != nullptr) detail::copy_rows<Pitch>(values, rows, count, Z + at, ld);
    if (count == Pitch) {
      detail::activate_rows<Pitch>(activation, alpha, values, rows, out + at, ld);
    } else {
      detail::activate_rows<Pitch>(activation, alpha, values, rows, values, Pitch);
      detail::copy_rows<Pitch>(values, rows, count, out + at, ld);
    }
  }
};

/// out = C f'(v).
template <class Real>
struct TimesDerivative {
  Real* out;
  const Real* v;    ///< what the derivative is computed from
  std::int64_t ld;  ///< of both
  Activation activation;
  Real alpha;
  static constexpr bool as_is = false;

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void operator()(int m, int n, Pack<Real> pack, int count) const {
    const std::int64_t at = m * ld + n;
    const Pack<Real> with = load_pack(v + at, count, detail::is_whole(v + at));
    multiply_by_derivative_lanes(activation, alpha, with.lane, pack.lane);
    store_pack(pack, out + at, count, detail::is_whole(out + at));
  }

  template <int Pitch>
  void block(std::int64_t m, std::int64_t n, int rows, int count, Real* values) const {
    using V = Vec<Real>;
    const std::int64_t at = m * ld + n;
    if (count == Pitch) {
      detail::differentiate_rows<Pitch>(activation, alpha, v + at, ld, values, rows, out + at, ld);
      return;
    }
    for (int r = 0; r < rows; ++r) {
      alignas(64) Real with[Pitch];
      for (int l = 0; l < Pitch; l += V::width) {
        const int left = count - l;
        V::load(v + at + r * ld + l, left < 0 ? 0 : left < V::width ? left : V::width).store(with + l);
      }
      detail::differentiate_rows<Pitch>(activation, alpha, with, 0, values + r * Pitch, 1, values + r * Pitch, 0);
    }
    detail::copy_rows<Pitch>(values, rows, count, out + at, ld);
  }
};

}  // namespace sinter::tile
