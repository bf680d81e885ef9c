// Forward through one dense layer in one launch: A = f(X W + b), rows gathered where they lie in the data set. X [rows,
// fan_in], W [fan_in, fan_out], A and Z [rows, fan_out], all row-major. Each output is one chain of FMAs over fan_in
// that starts at the bias, so a row's result does not depend on the batch that it came in.
#pragma once

#include <cstdint>

#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/cost.hpp>
#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/tile/gather.hpp>
#include <sinter/kernels/tile/product.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

/// Device pointers of space S; A and Z must not overlap X.
template <class Real>
struct DenseForwardArgs {
  const Real* X = nullptr;   ///< in: [rows, fan_in], or the whole data set if `gather`
  const Real* W = nullptr;   ///< in
  const Real* b = nullptr;   ///< in: [fan_out], or null for none
  Real* A = nullptr;         ///< out: f(Z)
  Real* Z = nullptr;         ///< out: X W + b where the derivative will need it, else null
  Real* gathered = nullptr;  ///< out: [rows, fan_in], the rows in batch order; only if `gather`
  std::int64_t rows = 0, fan_in = 0, fan_out = 0;
  Activation activation = Activation::identity;
  Real alpha = 0;
  bool gather = false;
  BatchOrder order;  ///< used only if `gather`
};

template <Space S, class Real>
struct DenseForward {
  using Product = tile::ForwardProduct<S, Real>;
  using Policy = BoundedTeamPolicy<S, Product::team_size>;
  using Member = typename Policy::member_type;
  static constexpr int scratch_level = S::kernels_on_host ? 1 : 0;  // a host's panel is longer than its level 0

  DenseForwardArgs<Real> args;
  tiling::Tile tile;
  std::int64_t column_tiles;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const std::int64_t m0 = league_rank(team) / column_tiles * tile.rows;
    const std::int64_t n0 = league_rank(team) % column_tiles * tile.columns;
    const std::int64_t rows = args.rows - m0 < tile.rows ? args.rows - m0 : tile.rows;
    const std::int64_t columns = args.fan_out - n0 < tile.columns ? args.fan_out - n0 : tile.columns;
    const int level = scratch_level;  // bound to a reference, which a device cannot do with a static member
    void* const scratch = team.team_scratch(level).get_shmem_aligned(
        Product::scratch_bytes(0, tile.columns, args.fan_in), 64);
    const tile::Plain<Real> W{args.W + n0, args.fan_out};
    const tile::Bias<Real> start{args.b == nullptr ? nullptr : args.b + n0};
    const std::int64_t out = m0 * args.fan_out + n0;
    const tile::Activate<Real> epilogue{args.A + out, args.Z == nullptr ? nullptr : args.Z + out, args.fan_out,
                                        args.activation, args.alpha};
    if (args.gather) {
      auto* const index = static_cast<std::int64_t*>(
          team.team_scratch(level).get_shmem_aligned(static_cast<std::size_t>(tile.rows) * sizeof(std::int64_t), 64));
      tile::row_numbers(team, Product::team_size, args.order, m0, rows, index);
      barrier(team);  // the indices are read by threads that did not write them
      if (n0 == 0) {  // one team of these rows leaves them in batch order for the backward pass
        tile::copy_rows<S>(team, Product::team_size, args.X, index, rows, args.fan_in,
                           args.gathered + m0 * args.fan_in);
      }
      Product::run(team, scratch, rows, columns, args.fan_in, tile::GatheredRows<Real>{args.X, args.fan_in, index}, W,
                   start, epilogue);
    } else {
      Product::run(team, scratch, rows, columns, args.fan_in, tile::Rows<Real>{args.X + m0 * args.fan_in, args.fan_in},
                   W, start, epilogue);
    }
  }
};

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations. `threads`: of a host, for which there is work
/// enough; it changes no bit.
template <Space S, class Real>
void dense_forward(const typename S::Execution& exec, const DenseForwardArgs<Real>& args, int threads) {
  using Kernel = DenseForward<S, Real>;
  static LaunchLabel label("sinter::layer::forward");
  if (args.rows == 0) return;
  const tiling::Tile tile = tiling::forward_tile(S::kernels_on_host, args.rows, args.fan_out, threads);
  const std::int64_t row_tiles = tiling::pieces(args.rows, tile.rows),
                     column_tiles = tiling::pieces(args.fan_out, tile.columns);
  const auto scratch = static_cast<std::size_t>(
      tiling::forward_bytes(S::kernels_on_host, sizeof(Real), tile, args.fan_in));
  launch(label,
         team_policy<S, typename Kernel::Policy>(exec, row_tiles * column_tiles, Kernel::Product::team_size,
                                                 Kernel::scratch_level, scratch),
         Kernel{args, tile, column_tiles});
}

template <Space S, class Real>
void dense_forward(const typename S::Execution& exec, const DenseForwardArgs<Real>& args) {
  dense_forward<S>(exec, args, exec.concurrency());
}

template <class Real>
KernelCost cost(const DenseForwardArgs<Real>& args) {
  const auto m = static_cast<double>(args.rows), k = static_cast<double>(args.fan_in),
             n = static_cast<double>(args.fan_out);
  return {2 * m * k * n, sizeof(Real) * (m * k * (args.gather ? 2 : 1) + k * n + m * n * (args.Z != nullptr ? 2 : 1)),
          1};
}

}  // namespace sinter::fused
