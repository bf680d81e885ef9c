// Backward through one dense layer and its update in one launch:
//   dX = (dZ W^T) * f'(previous),   dW = X^T dZ,   db = sum over rows of dZ,   then the optimizer on W and b.
// dZ [rows, fan_out], X and dX [rows, fan_in], W [fan_in, fan_out], row-major.
//
// A team has one tile of rows of W and one chunk of the batch. The hazard is that dX reads W while the update writes
// it: dX's columns of a tile need that tile's rows of W and no others, so the teams of a tile (one a chunk) are all its
// readers. Each leaves its dW in its chunk's slab and counts itself in; the last one, which therefore knows that all
// readers are done, combines the slabs in the fixed tree and updates the tile. No team waits.
#pragma once

#include <algorithm>
#include <cstdint>

#include <sinter/kernels/cost.hpp>
#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/tile/product.hpp>
#include <sinter/runtime/arrival.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

template <class Real>
struct DenseBackwardArgs {
  const Real* dZ = nullptr;  ///< in: gradient at this layer's pre-activation
  const Real* X = nullptr;   ///< in: this layer's input, in batch order
  const Real* previous =
      nullptr;         ///< in: [rows, fan_in], what the previous activation's derivative needs: its output or its input
  Real* dX = nullptr;  ///< out: gradient at the previous pre-activation; null for the first layer
  Activation previous_activation = Activation::identity;
  Real previous_alpha = 0;
  std::int64_t fan_in = 0, fan_out = 0;
  bool bias = true;
  std::int64_t offset = 0;       ///< of W in the parameter vector; b follows W
  UpdateTarget<Real> target;     ///< in/out: of the whole network
  int* counters = nullptr;       ///< work: one a tile of rows, zero before and after
  std::int64_t first_range = 0;  ///< number of this layer's first range in target.square_norms
  BatchOrder order;              ///< rows and chunks of this step
};

template <Space S, class Real>
struct DenseBackward {
  using Product = tile::Product<S, Real>;
  using Policy = BoundedTeamPolicy<S, Product::team_size>;
  using Member = typename Policy::member_type;
  static constexpr std::int64_t row_tile = S::kernels_on_host ? 64 : 128;  ///< rows of W a team owns

  DenseBackwardArgs<Real> args;

  static std::int64_t tiles(std::int64_t fan_in) { return (fan_in + row_tile - 1) / row_tile; }

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const int rank = league_rank(team), chunks = args.target.chunks;
    const int tile = rank / chunks, chunk = rank % chunks;
    constexpr int level = S::kernels_on_host ? 1 : 0;  // a host packs W^T, which may be long; level 1 is made for that
    void* const scratch = team.team_scratch(level).get_shmem_aligned(
        Product::scratch_bytes(std::max(args.fan_out, args.order.own_rows())), 64);
    if (args.dX != nullptr) input_gradient(team, scratch, tile, chunk);
    weight_gradient(team, scratch, tile, chunk);
    if (arrive_last(team, args.counters + tile, chunks)) update(team, tile);
  }

 private:
  // Out of line each, so that none keeps in registers what another one needs.
  KOKKOS_FORCEINLINE_FUNCTION std::int64_t rows_of(std::int64_t tile) const {
    const std::int64_t left = args.fan_in - tile * row_tile;
    return left < row_tile ? left : row_tile;
  }
  KOKKOS_FORCEINLINE_FUNCTION bool owns_bias(std::int64_t tile) const {
    return args.bias && (tile + 1) * row_tile >= args.fan_in;
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void input_gradient(const Member& team, void* scratch, std::int64_t tile,
                                                                std::int64_t chunk) const {
    const std::int64_t i0 = tile * row_tile, begin = args.order.chunk_begin(chunk),
                       rows = args.order.chunk_begin(chunk + 1) - begin, at = begin * args.fan_in + i0;
    const Real* const W = args.target.parameters + args.offset + i0 * args.fan_out;
    const tile::TimesDerivative<Real> store{args.dX + at, args.previous + at, args.fan_in, args.previous_activation,
                                            args.previous_alpha};
    Product::run(team, scratch, rows, rows_of(tile), args.fan_out,
                 tile::Rows<Real>{args.dZ + begin * args.fan_out, args.fan_out},
                 tile::Transposed<Real>{W, args.fan_out}, tile::Zero{}, store);
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void weight_gradient(const Member& team, void* scratch, std::int64_t tile,
                                                                 std::int64_t chunk) const {
    const std::int64_t i0 = tile * row_tile, begin = args.order.chunk_begin(chunk),
                       rows = args.order.chunk_begin(chunk + 1) - begin;
    const Real* const dZ = args.dZ + begin * args.fan_out;
    Real* const slab = args.target.slabs + chunk * args.target.slab_stride + args.offset;
    const tile::Store<Real> store{slab + i0 * args.fan_out, args.fan_out};
    Product::run(team, scratch, rows_of(tile), args.fan_out, rows,
                 tile::Columns<Real>{args.X + begin * args.fan_in + i0, args.fan_in},
                 tile::Plain<Real>{dZ, args.fan_out}, tile::Zero{}, store);
    if (owns_bias(tile))
      sum_rows<S>(team, Product::team_size, dZ, rows, args.fan_out, true, slab + args.fan_in * args.fan_out);
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void update(const Member& team, std::int64_t tile) const {
    const std::int64_t range = args.first_range + tile;
    update_range<S>(team, Product::team_size, args.target, range, args.offset + tile * row_tile * args.fan_out,
                    rows_of(tile) * args.fan_out, true);
    if (owns_bias(tile)) {
      update_range<S>(team, Product::team_size, args.target, range + 1, args.offset + args.fan_in * args.fan_out,
                      args.fan_out, false);
    }
  }
};

/// Ranges of parameters that dense_backward updates separately for a layer of this fan_in: one a tile of rows, one for
/// the biases. As many counters are enough.
template <Space S, class Real>
std::int64_t dense_backward_ranges(std::int64_t fan_in) {
  return DenseBackward<S, Real>::tiles(fan_in) + 1;
}

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations (Kokkos may grow its team scratch at a first
/// launch).
template <Space S, class Real>
void dense_backward(const typename S::Execution& exec, const DenseBackwardArgs<Real>& args) {
  using Kernel = DenseBackward<S, Real>;
  static LaunchLabel label("sinter::layer::backward_update");
  const std::int64_t league = Kernel::tiles(args.fan_in) * args.target.chunks;
  const std::size_t scratch = Kernel::Product::scratch_bytes(std::max(args.fan_out, args.order.own_rows())) + 128;
  launch(label,
         team_policy<S, typename Kernel::Policy>(exec, league, Kernel::Product::team_size, S::kernels_on_host ? 1 : 0,
                                                 scratch),
         Kernel{args});
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
