// One training step of a whole network in one launch: gather, forward, loss, backward, reduction and update.
//
// A team has one chunk of the batch. It walks the chunk in tiles of rows whose activations of all layers stay in its
// scratch; the weight gradients of the tiles continue one chain of FMAs an element in the chunk's slab, so that the sum
// runs over the chunk's rows in order, as at level `layer`: the same bits. The hazard is that every team reads all of W
// while the update writes it. After its last read a team counts itself in at each block of parameters; the last one at
// a block, which therefore knows that all readers are done, combines the slabs in the fixed tree and updates the block.
// Teams begin at different blocks, so that those which finish together share the work. No team waits.
#pragma once

#include <cstdint>

#include <sinter/kernels/fused/loss_gradient.hpp>
#include <sinter/kernels/fused/network_tile.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/runtime/arrival.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

template <class Real>
struct NetworkStepArgs {
  TileShape shape;
  const Real* X = nullptr;  ///< in: [data rows, inputs]
  const Real* T = nullptr;  ///< in: [data rows, outputs]
  BatchOrder order;
  LossSettings loss;
  UpdateTarget<Real> target;      ///< in/out: of the whole network
  UpdateBlock* blocks = nullptr;  ///< in: [block_count], on the device; work: their counters
  int block_count = 0;
  int scratch_level = 0;         ///< filled in by network_step()
  double* chunk_loss = nullptr;  ///< work or out: [own chunks]
  LossRecord* record = nullptr;  ///< in/out; null: leave the chunks' losses to be combined with those of other ranks
  std::int64_t step = 0;         ///< of the run, 0-based
};

template <Space S, class Real>
struct NetworkStep {
  using Tile = NetworkTile<S, Real>;
  using Policy = BoundedTeamPolicy<S, Tile::team_size>;
  using Member = typename Policy::member_type;

  NetworkStepArgs<Real> args;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    run_chunk(team);
    update(team);
  }

 private:
  // Parts are out of line, and what they need of each other lies in memory: products need all registers.
  struct Rows {
    std::int64_t begin, row, end;  ///< of the chunk; the next tile begins at `row`
    double loss;
  };

  KOKKOS_INLINE_FUNCTION void run_chunk(const Member& team) const {
    const int chunk = league_rank(team);
    Rows rows{args.order.chunk_begin(chunk), args.order.chunk_begin(chunk), args.order.chunk_begin(chunk + 1), 0};
    Tile tile(args.shape, team, args.scratch_level, args.target.parameters);
    do {  // once even for an empty chunk: its slab is zero
      run_tile(team, tile, rows);
    } while (rows.row < rows.end);
    if (team.team_rank() == 0) args.chunk_loss[league_rank(team)] = rows.loss;
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void run_tile(const Member& team, Tile& tile, Rows& rows) const {
    const std::int64_t left = rows.end - rows.row;
    tile.gather(team, args.order, args.X, rows.row, left < args.shape.row_tile ? left : args.shape.row_tile);
    tile.forward(team);
    rows.loss = tile.loss_and_gradient(team, args.loss, args.order.rows(), args.T, rows.loss);
    tile.backward(team, rows.row == rows.begin, args.target.slabs + league_rank(team) * args.target.slab_stride);
    rows.row += args.shape.row_tile;
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void update(const Member& team) const {
    const int chunk = league_rank(team);
    const int chunks = args.target.chunks;
    const int first = static_cast<int>(std::int64_t{chunk} * args.block_count / chunks);
    for (int i = 0; i < args.block_count; ++i) {
      const int b = first + i < args.block_count ? first + i : first + i - args.block_count;
      UpdateBlock& block = args.blocks[b];
      if (arrive_last(team, &block.arrived, chunks)) {
        update_range<S>(team, Tile::team_size, args.target, b, block.begin, block.count, block.decay);
        // Who is last at a block sees the losses of all chunks as well.
        if (b == 0 && args.record != nullptr && team.team_rank() == 0) {
          close_record(*args.record, tile::tree_sum(chunks, args.chunk_loss, 1), args.order.step == 0, args.step);
        }
      }
    }
  }
};

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations (Kokkos may grow its team scratch at a first
/// launch).
template <Space S, class Real>
void network_step(const typename S::Execution& exec, const NetworkStepArgs<Real>& args) {
  using Kernel = NetworkStep<S, Real>;
  static LaunchLabel label("sinter::step");
  Kernel kernel{args};
  const auto policy = tile_policy<typename Kernel::Policy, S, Real>(exec, args.target.chunks, args.shape, 0,
                                                                    kernel.args.scratch_level);
  launch(label, policy, kernel);
}

}  // namespace sinter::fused
