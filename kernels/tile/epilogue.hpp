// What becomes of the outputs of a tile product. Plain values that kernels carry. Each has a matrix `out` with leading
// dimension `ld` for its results, which on the way may hold chains that a later part of the product goes on with.
//
// A device hands over all outputs of a thread at once, finish(). `places` says where its packs of neighbours of a row
// lie: places.with(p, f) calls f(m, n, at, count) for pack p of places.packs, if it is in C, values[at ..] being its
// `count` outputs from (m, n) on; with places.whole, for which whole() was asked, all of it. Functions of the outputs are
// applied where these lie then: a thread that holds them all has no registers left for more.
//
// A host hands over a block of rows, block(): values [rows][Pitch] of which the first `count` of a row are wanted and the
// others may be overwritten.
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

template <bool Whole, class Real>
KOKKOS_FORCEINLINE_FUNCTION Pack<Real> load_output(const Real* from, int count) {
  if constexpr (Whole) {
    return *reinterpret_cast<const Pack<Real>*>(from);
  } else {
    return load_pack(from, count, false);
  }
}
template <bool Whole, class Real>
KOKKOS_FORCEINLINE_FUNCTION void store_output(const Pack<Real>& pack, Real* to, int count) {
  if constexpr (Whole) {
    *reinterpret_cast<Pack<Real>*>(to) = pack;
  } else {
    store_pack(pack, to, count, false);
  }
}

/// out(m, n) = values, where the places say.
template <class Real, class Places>
KOKKOS_FORCEINLINE_FUNCTION void store_outputs(const Places& places, const Real* values, Real* out, std::int64_t ld) {
#pragma unroll
  for (int p = 0; p < Places::packs; ++p) {
    places.with(p, [=](int m, std::int64_t n, int at, int count) {
      Pack<Real> pack;
#pragma unroll
      for (int l = 0; l < Pack<Real>::width; ++l) pack.lane[l] = values[at + l];
      store_output<Places::whole>(pack, out + m * ld + n, count);
    });
  }
}

/// out(m, n) = f(in(m, n)), a thread's own outputs; `in` may be `out`.
template <class Real, class Places>
SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void activate_outputs(Places places, Activation kind, Real alpha,
                                                                const Real* in, Real* out, std::int64_t ld) {
#pragma unroll 1
  for (int p = 0; p < Places::packs; ++p) {
    places.with(p, [=](int m, std::int64_t column, int, int count) {
      const auto n = static_cast<int>(column);  // in 32 bits nvcc stores it as a whole here (see DeviceProduct::Places)
      Pack<Real> pack = load_output<Places::whole>(in + m * ld + n, count);
      activate_lanes(kind, alpha, pack.lane);
      store_output<Places::whole>(pack, out + m * ld + n, count);
    });
  }
}

/// out(m, n) *= f'(v(m, n)), a thread's own outputs.
template <class Real, class Places>
SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void differentiate_outputs(Places places, Activation kind, Real alpha,
                                                                     const Real* v, Real* out, std::int64_t ld) {
#pragma unroll 1
  for (int p = 0; p < Places::packs; ++p) {
    places.with(p, [=](int m, std::int64_t column, int, int count) {
      const auto n = static_cast<int>(column);  // in 32 bits nvcc stores it as a whole here (see DeviceProduct::Places)
      const Pack<Real> with = load_output<Places::whole>(v + m * ld + n, count);
      Pack<Real> pack = load_output<Places::whole>(out + m * ld + n, count);
      multiply_by_derivative_lanes(kind, alpha, with.lane, pack.lane);
      store_output<Places::whole>(pack, out + m * ld + n, count);
    });
  }
}

}  // namespace detail

/// out = C.
template <class Real>
struct Store {
  Real* out;
  std::int64_t ld;
  static constexpr bool as_is = true;  ///< a host stores its registers there at once

  KOKKOS_FORCEINLINE_FUNCTION bool whole(std::int64_t columns) const {
    return detail::holds_packs(out, ld) && columns % Pack<Real>::width == 0;
  }
  template <class Places, int N>
  KOKKOS_FORCEINLINE_FUNCTION void finish(const Places& places, Real (&values)[N]) const {
    detail::store_outputs(places, values, out, ld);
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

  KOKKOS_FORCEINLINE_FUNCTION bool whole(std::int64_t columns) const {
    return detail::holds_packs(out, ld) && detail::holds_packs(Z, ld) && columns % Pack<Real>::width == 0;
  }
  template <class Places, int N>
  KOKKOS_FORCEINLINE_FUNCTION void finish(const Places& places, Real (&values)[N]) const {
    Real* const plain = Z != nullptr ? Z : out;
    detail::store_outputs(places, values, plain, ld);
    if (Z != nullptr || activation != Activation::identity)
      detail::activate_outputs(places, activation, alpha, plain, out, ld);
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

  KOKKOS_FORCEINLINE_FUNCTION bool whole(std::int64_t columns) const {
    return detail::holds_packs(out, ld) && detail::holds_packs(v, ld) && columns % Pack<Real>::width == 0;
  }
  template <class Places, int N>
  KOKKOS_FORCEINLINE_FUNCTION void finish(const Places& places, Real (&values)[N]) const {
    detail::store_outputs(places, values, out, ld);
    if (activation != Activation::identity) detail::differentiate_outputs(places, activation, alpha, v, out, ld);
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
