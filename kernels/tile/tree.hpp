// Combining chunk sums in a fixed binary tree over C leaves (C a power of two): ((0+1)+(2+3))+((4+5)+(6+7)) ...
// Who computed a leaf does not matter; the shape of the tree does, and it depends on C alone.
#pragma once

#include <cstdint>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter::tile {

inline constexpr int max_leaves = 16;  ///< the planner's bound on chunks

/// Sum of leaf[0], leaf[stride], ..., leaf[(Leaves - 1) * stride].
template <int Leaves, class T>
KOKKOS_FORCEINLINE_FUNCTION T tree_sum_of(const T* leaf, std::int64_t stride) {
  if constexpr (Leaves == 1) {
    return leaf[0];
  } else {
    return tree_sum_of<Leaves / 2>(leaf, stride) + tree_sum_of<Leaves / 2>(leaf + (Leaves / 2) * stride, stride);
  }
}

/// The same for a run-time number of leaves in {1, 2, 4, 8, 16}.
template <class T>
KOKKOS_INLINE_FUNCTION T tree_sum(int leaves, const T* leaf, std::int64_t stride) {
  switch (leaves) {
    case 1: return tree_sum_of<1>(leaf, stride);
    case 2: return tree_sum_of<2>(leaf, stride);
    case 4: return tree_sum_of<4>(leaf, stride);
    case 8: return tree_sum_of<8>(leaf, stride);
    default: return tree_sum_of<16>(leaf, stride);
  }
}

/// out[i] = tree sum of leaf[i + c * stride] over c, for i in [0, count): the switch outside the loop.
template <class T>
KOKKOS_INLINE_FUNCTION void tree_sum_span(int leaves, const T* leaf, std::int64_t stride, T* out, int count) {
  const auto run = [&]<int Leaves>() {
    for (int i = 0; i < count; ++i) out[i] = tree_sum_of<Leaves>(leaf + i, stride);
  };
  switch (leaves) {
    case 1: run.template operator()<1>(); break;
    case 2: run.template operator()<2>(); break;
    case 4: run.template operator()<4>(); break;
    case 8: run.template operator()<8>(); break;
    default: run.template operator()<16>(); break;
  }
}

}  // namespace sinter::tile
