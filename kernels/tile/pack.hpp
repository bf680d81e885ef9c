// As many neighbours as a device moves in one access of 128 bits, and their way from and to memory: whole where the
// address is a multiple of 128 bits, else one by one.
#pragma once

#include <cstdint>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter::tile {

template <class Real>
struct alignas(16) Pack {
  static constexpr int width = static_cast<int>(16 / sizeof(Real));
  Real lane[width];

  KOKKOS_FORCEINLINE_FUNCTION friend Pack operator+(const Pack& a, const Pack& b) {
    Pack sum;
#pragma unroll
    for (int l = 0; l < width; ++l) sum.lane[l] = a.lane[l] + b.lane[l];
    return sum;
  }
};

namespace detail {
/// Whether packs can be read or written whole at `base` and at every multiple of `ld` elements from there.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION bool holds_packs(const Real* base, std::int64_t ld) {
  return ((reinterpret_cast<std::uintptr_t>(base) | static_cast<std::uintptr_t>(ld) * sizeof(Real)) & 15) == 0;
}
}  // namespace detail

/// The first `count` lanes of a pack from memory; the others are zero, and what lies there is not touched. `whole`: `from`
/// is a multiple of 128 bits.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION Pack<Real> load_pack(const Real* from, std::int64_t count, bool whole) {
  Pack<Real> pack;
  if (whole && count >= Pack<Real>::width) {
    pack = *reinterpret_cast<const Pack<Real>*>(from);
  } else {
#pragma unroll
    for (int l = 0; l < Pack<Real>::width; ++l) pack.lane[l] = l < count ? from[l] : Real(0);
  }
  return pack;
}

/// The first `count` lanes of a pack into memory; nothing else is touched.
template <class Real>
KOKKOS_FORCEINLINE_FUNCTION void store_pack(const Pack<Real>& pack, Real* to, std::int64_t count, bool whole) {
  if (whole && count >= Pack<Real>::width) {
    *reinterpret_cast<Pack<Real>*>(to) = pack;
  } else {
#pragma unroll
    for (int l = 0; l < Pack<Real>::width; ++l) {
      if (l < count) to[l] = pack.lane[l];
    }
  }
}

}  // namespace sinter::tile
