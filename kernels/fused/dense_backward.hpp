// Backward through one dense layer and its update in one launch:
//   dX = (dZ W^T) * f'(previous),   dW = X^T dZ,   db = sum over rows of dZ,   then the optimizer on W and b.
// dZ [rows, fan_out], X and dX [rows, fan_in], W [fan_in, fan_out], row-major.
//
// The hazard is that dX reads W while the update writes it: dX's columns of a tile need that tile's rows of W and no
// others. Who has read W or left sums in a slab counts itself in; the last one at a tile, which therefore knows that all
// readers are done, combines the slabs in the fixed tree and updates the tile. No team waits. On a host a team has one
// tile of rows of W and a group of the batch's chunks, and does all of it; on a device see device_dense_backward.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/cost.hpp>
#include <sinter/kernels/fused/dense_backward_args.hpp>
#include <sinter/kernels/fused/device_dense_backward.hpp>
#include <sinter/kernels/tile/product.hpp>
#include <sinter/runtime/arrival.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

template <Space S, class Real>
struct HostDenseBackward {
  using Product = tile::Product<S, Real>;
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  using Member = typename Policy::member_type;
  static constexpr std::int64_t row_tile = tiling::block_rows;  ///< rows of W of a range

  DenseBackwardArgs<Real> args;
  tiling::HostBackward cut;

  HostDenseBackward(const DenseBackwardArgs<Real>& of, int threads) : args(of), cut(cut_of(of, threads)) {}

  static tiling::HostBackward cut_of(const DenseBackwardArgs<Real>& args, int threads) {
    // Sums that are left for update_from_sums() are those of single chunks: number 1 begins no larger subtree.
    const int first = args.leave_update ? 1 : args.target.rank_sum == SumOfRank::none ? 0 : args.target.first_chunk;
    return tiling::host_backward(args.fan_in, args.order.own_rows(), args.target.chunks, first, threads);
  }
  [[nodiscard]] std::int64_t league() const { return cut.tiles * groups(); }
  KOKKOS_INLINE_FUNCTION std::size_t scratch_bytes() const {
    return static_cast<std::size_t>(tiling::host_backward_scratch(
        sizeof(Real), tiling::host_most_weight_rows(args.fan_in, cut.tiles), args.fan_out, args.order.own_rows()));
  }

  KOKKOS_FORCEINLINE_FUNCTION static std::int64_t ranges(std::int64_t fan_in, std::int64_t /*fan_out*/) {
    return tiling::pieces(fan_in, row_tile) + 1;
  }

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const int rank = league_rank(team), tile = rank / groups(), number = rank % groups();
    // W^T is packed, which may be long; level 1 is made for that
    void* const scratch = team.team_scratch(1).get_shmem_aligned(scratch_bytes(), 64);
    if (args.dX != nullptr) input_gradient(team, scratch, tile, number);
    weight_gradient(team, scratch, tile, number);
    if (!args.leave_update && arrive_last(team, args.counters + tile, groups())) update(team, tile);
  }

 private:
  KOKKOS_FORCEINLINE_FUNCTION int groups() const { return args.target.chunks / cut.group; }
  KOKKOS_FORCEINLINE_FUNCTION std::int64_t first_row(std::int64_t tile) const {
    return tiling::host_weight_row(args.fan_in, cut.tiles, tile);
  }
  KOKKOS_FORCEINLINE_FUNCTION std::int64_t weights() const { return std::int64_t{args.fan_in} * args.fan_out; }
  KOKKOS_FORCEINLINE_FUNCTION bool owns_bias(std::int64_t tile) const { return args.bias && tile + 1 == cut.tiles; }

  KOKKOS_INLINE_FUNCTION void input_gradient(const Member& team, void* scratch, std::int64_t tile,
                                             std::int64_t number) const {
    const std::int64_t i0 = first_row(tile), begin = args.order.chunk_begin(number * cut.group),
                       rows = args.order.chunk_begin((number + 1) * cut.group) - begin, at = begin * args.fan_in + i0;
    const Real* const W = args.target.parameters + args.offset + i0 * args.fan_out;
    const tile::TimesDerivative<Real> store{args.dX + at, args.previous + at, args.fan_in, args.previous_activation,
                                            args.previous_alpha};
    Product::run(team, scratch, rows, first_row(tile + 1) - i0, args.fan_out,
                 tile::Rows<Real>{args.dZ + begin * args.fan_out, args.fan_out},
                 tile::Transposed<Real>{W, args.fan_out}, tile::Zero{}, store);
  }

  KOKKOS_INLINE_FUNCTION void weight_gradient(const Member& team, void* scratch, std::int64_t tile,
                                              std::int64_t number) const {
    const std::int64_t i0 = first_row(tile), begin = args.order.chunk_begin(number * cut.group),
                       rows = args.order.chunk_begin((number + 1) * cut.group) - begin;
    const Real* const dZ = args.dZ + begin * args.fan_out;
    Real* const slab = args.target.slabs + number * args.target.slab_stride + args.offset;
    if (cut.group == 1) {
      Product::run(team, scratch, first_row(tile + 1) - i0, args.fan_out, rows,
                   tile::Columns<Real>{args.X + begin * args.fan_in + i0, args.fan_in},
                   tile::Plain<Real>{dZ, args.fan_out}, tile::Zero{},
                   tile::Store<Real>{slab + i0 * args.fan_out, args.fan_out});
      if (owns_bias(tile)) sum_rows<S>(team, Product::team_size, dZ, rows, args.fan_out, true, slab + weights());
      return;
    }
    int bounds[Product::most_chunks + 1];  // from the group's first row on
    for (int c = 0; c <= cut.group; ++c)
      bounds[c] = static_cast<int>(args.order.chunk_begin(number * cut.group + c) - begin);
    Product::sum_of_chunks(team, scratch, first_row(tile + 1) - i0, args.fan_out,
                           tile::Columns<Real>{args.X + begin * args.fan_in + i0, args.fan_in},
                           tile::Plain<Real>{dZ, args.fan_out}, bounds, cut.group, slab + i0 * args.fan_out,
                           args.fan_out);
    if (owns_bias(tile)) detail::sum_rows_of_chunks(dZ, args.fan_out, bounds, cut.group, slab + weights());
  }

  KOKKOS_INLINE_FUNCTION void update(const Member& team, std::int64_t tile) const {
    UpdateTarget<Real> target = args.target;  // a group is a chunk of a tree with fewer leaves
    target.chunks = groups();
    target.first_chunk = static_cast<std::uint8_t>(target.first_chunk / cut.group);
    target.all_chunks = static_cast<std::uint8_t>(target.all_chunks / cut.group);
    const std::int64_t begin = first_row(tile), end = first_row(tile + 1);
    for (std::int64_t row = begin; row < end; row += row_tile) {
      update_range<S>(team, Product::team_size, target, args.first_range + row / row_tile,
                      args.offset + row * args.fan_out, (end - row < row_tile ? end - row : row_tile) * args.fan_out,
                      true);
    }
    if (owns_bias(tile)) {
      update_range<S>(team, Product::team_size, target, args.first_range + ranges(args.fan_in, args.fan_out) - 1,
                      args.offset + weights(), args.fan_out, false);
    }
  }
};

template <Space S, class Real>
using DenseBackward = std::conditional_t<S::kernels_on_host, HostDenseBackward<S, Real>, DeviceDenseBackward<S, Real>>;

/// Ranges of parameters that dense_backward updates separately for a layer. As many counters are enough.
template <Space S, class Real>
std::int64_t dense_backward_ranges(std::int64_t fan_in, std::int64_t fan_out) {
  return DenseBackward<S, Real>::ranges(fan_in, fan_out);
}

/// Slabs in which a launch with leave_update leaves the sums of a layer.
template <Space S, class Real>
int dense_backward_sums(std::int64_t fan_in, std::int64_t fan_out, int chunks) {
  if constexpr (S::kernels_on_host) {
    return chunks;
  } else {
    return chunks / DenseBackward<S, Real>::chunks_of_group(fan_in, fan_out, chunks, 0, true);
  }
}

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations (Kokkos may grow its team scratch at a first
/// launch). `threads`: of a host, for which there is work enough; it changes no bit.
template <Space S, class Real>
void dense_backward(const typename S::Execution& exec, const DenseBackwardArgs<Real>& args, int threads) {
  using Kernel = DenseBackward<S, Real>;
  static LaunchLabel label("sinter::layer::backward_update");
  if constexpr (S::kernels_on_host) {
    const Kernel kernel(args, threads);
    launch(label,
           team_policy<S, typename Kernel::Policy>(exec, kernel.league(), Kernel::Product::team_size, 1,
                                                   kernel.scratch_bytes() + 128),
           kernel);
  } else {
    const Kernel kernel(args);
    launch(
        label,
        team_policy<S, typename Kernel::Policy>(exec, kernel.league(), Kernel::Product::team_size, 0,
                                                static_cast<std::size_t>(tiling::device_backward_bytes(sizeof(Real)))),
        kernel);
  }
}

template <Space S, class Real>
void dense_backward(const typename S::Execution& exec, const DenseBackwardArgs<Real>& args) {
  dense_backward<S>(exec, args, exec.concurrency());
}

template <class Real>
KernelCost cost(const DenseBackwardArgs<Real>& args) {
  const auto m = static_cast<double>(args.order.own_rows()), k = static_cast<double>(args.fan_in),
             n = static_cast<double>(args.fan_out);
  const double products = args.dX != nullptr ? 4 : 2;
  const double states = (args.target.state0 != nullptr ? 1 : 0) + (args.target.state1 != nullptr ? 1 : 0);
  return {products * m * k * n,
          sizeof(Real) * (m * n + m * k * (args.dX != nullptr ? 3 : 1) + k * n * (2 + 2 * states)), 1};
}

}  // namespace sinter::fused
