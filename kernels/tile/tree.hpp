// Combining chunk sums in a fixed binary tree over C leaves (C a power of two): ((0+1)+(2+3))+((4+5)+(6+7)) ...
// Who computed a leaf does not matter; the shape of the tree does, and it depends on C alone.
#pragma once

#include <cstdint>

#include <sinter/kernels/catalog/tiling.hpp>
#include <sinter/runtime/kokkos_version.hpp>

namespace sinter::tile {

inline constexpr int max_leaves = tiling::max_leaves;

/// Sum of leaf[0], leaf[stride], ..., leaf[(Leaves - 1) * stride]. Up to 16 leaves are one expression; above, the halves
/// are taken one after the other, so that a GPU's thread holds 16 leaves in registers and not all.
template <int Leaves, class T>
KOKKOS_FORCEINLINE_FUNCTION T tree_sum_of(const T* leaf, std::int64_t stride) {
  if constexpr (Leaves == 1) {
    return leaf[0];
  } else if constexpr (Leaves <= 16) {
    return tree_sum_of<Leaves / 2>(leaf, stride) + tree_sum_of<Leaves / 2>(leaf + (Leaves / 2) * stride, stride);
  } else {
    T sum{};
#pragma unroll 1
    for (int half = 0; half < 2; ++half) {
      const T next = tree_sum_of<Leaves / 2>(leaf + half * (Leaves / 2) * stride, stride);
      sum = half == 0 ? next : sum + next;
    }
    return sum;
  }
}

/// Leaves of the largest subtree that begins with leaf `first` and ends at leaf `end` or before, in a tree of `all`
/// leaves: whoever has the leaves [first, end) alone can sum it.
KOKKOS_INLINE_FUNCTION int subtree_leaves(int first, int end, int all) {
  int leaves = 1;
  while (leaves < all && first % (2 * leaves) == 0 && first + 2 * leaves <= end) leaves *= 2;
  return leaves;
}

/// f(leaf, leaves) for each of the largest subtrees that the leaves [first, end) hold, in order.
template <class Function>
KOKKOS_INLINE_FUNCTION void for_each_subtree(int first, int end, int all, const Function& f) {
  for (int leaf = first; leaf < end;) {
    const int leaves = subtree_leaves(leaf, end, all);
    f(leaf, leaves);
    leaf += leaves;
  }
}

namespace detail {
/// f.template operator()<Leaves>() for a run-time number of leaves in {1, 2, 4, ..., max_leaves}.
template <int Leaves = max_leaves, class Function>
KOKKOS_FORCEINLINE_FUNCTION decltype(auto) with_leaves(int leaves, const Function& f) {
  if constexpr (Leaves == 1) {
    return f.template operator()<1>();
  } else {
    return leaves >= Leaves ? f.template operator()<Leaves>() : with_leaves<Leaves / 2>(leaves, f);
  }
}
}  // namespace detail

/// The same for a run-time number of leaves in {1, 2, 4, ..., max_leaves}.
template <class T>
KOKKOS_INLINE_FUNCTION T tree_sum(int leaves, const T* leaf, std::int64_t stride) {
  return detail::with_leaves(leaves, [=]<int Leaves>() { return tree_sum_of<Leaves>(leaf, stride); });
}

/// out[i] = tree sum of leaf[i + c * stride] over c, for i in [0, count): the choice outside the loop. At most Most leaves.
template <int Most = max_leaves, class T>
KOKKOS_INLINE_FUNCTION void tree_sum_span(int leaves, const T* leaf, std::int64_t stride, T* out, int count) {
  detail::with_leaves<Most>(leaves, [=]<int Leaves>() {
    for (int i = 0; i < count; ++i) out[i] = tree_sum_of<Leaves>(leaf + i, stride);
  });
}

}  // namespace sinter::tile
