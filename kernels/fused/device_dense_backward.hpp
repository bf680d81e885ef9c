// Backward through one dense layer and its update in one launch, on a device. Two kinds of teams: some have a tile of dX,
// rows of the batch by columns; the others a block of W and a group of the batch's chunks, whose sums they combine in
// the fixed tree as they go. So a group leaves one slab, and groups are as few as fill the device: slabs, which are
// written, read and added up, would else be most of the traffic.
//
// The update may be left to a launch of its own, for all layers at once: at the end of this one few teams would be left
// with all of it. Else teams of either kind count themselves in at the blocks of W that they have read or have sums of,
// and the last one at a block updates it. No team waits.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/catalog/tiling.hpp>
#include <sinter/kernels/fused/dense_backward_args.hpp>
#include <sinter/kernels/tile/epilogue.hpp>
#include <sinter/kernels/tile/product.hpp>
#include <sinter/runtime/arrival.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

template <Space S, class Real>
struct DeviceDenseBackward {
  using Product = tile::BackwardProduct<Real>;
  using Policy = BoundedTeamPolicy<S, Product::team_size, sizeof(Real) == 4 ? 3 : 2>;
  using Member = typename Policy::member_type;
  static constexpr int row_tile = Product::block_m;     ///< rows of W of a block
  static constexpr int column_tile = Product::block_n;  ///< columns of W of a block, and of a tile of dX
  static constexpr int batch_tile = Product::block_m;   ///< rows of a tile of dX

  DenseBackwardArgs<Real> args;
  int input_tiles = 0;     ///< tiles of dX along the batch
  std::uint8_t group = 1;  ///< chunks of a group

  static int row_tiles(std::int64_t fan_in) { return static_cast<int>((fan_in + row_tile - 1) / row_tile); }
  static int column_tiles(std::int64_t fan_out) { return static_cast<int>((fan_out + column_tile - 1) / column_tile); }
  /// A block of W each, and the biases of its columns.
  static std::int64_t ranges(std::int64_t fan_in, std::int64_t fan_out) {
    return (row_tiles(fan_in) + 1) * std::int64_t{column_tiles(fan_out)};
  }

  explicit DeviceDenseBackward(const DenseBackwardArgs<Real>& of)
      : args(of),
        group(static_cast<std::uint8_t>(
            chunks_of_group(of.fan_in, of.fan_out, of.target.chunks,
                            of.target.rank_sum == SumOfRank::none ? 0 : of.target.first_chunk, of.leave_update))) {
    if (args.dX != nullptr) input_tiles = static_cast<int>((args.order.own_rows() + batch_tile - 1) / batch_tile);
  }
  /// Chunks whose sums go to one slab.
  static int chunks_of_group(std::int64_t fan_in, std::int64_t fan_out, int chunks, int first, bool leave_update) {
    return tiling::device_chunks_together(std::int64_t{row_tiles(fan_in)} * column_tiles(fan_out), chunks, first,
                                          leave_update);
  }
  [[nodiscard]] std::int64_t league() const {
    return std::int64_t{input_tiles} * input_columns() +
           std::int64_t{row_tiles(args.fan_in)} * column_tiles(args.fan_out) * groups();
  }

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    if (league_rank(team) < input_teams()) {
      input_gradient(team);
    } else {
      weight_gradient(team);
    }
    if (!args.leave_update) arrive_and_update(team);
  }

 private:
  KOKKOS_FORCEINLINE_FUNCTION static int blocks_along(std::int64_t extent, int tile) {
    return static_cast<int>((extent + tile - 1) / tile);
  }
  /// What is left of `extent` from `begin` on, at most `most`.
  KOKKOS_FORCEINLINE_FUNCTION static int part(std::int64_t extent, std::int64_t begin, int most) {
    return extent - begin < most ? static_cast<int>(extent - begin) : most;
  }
  KOKKOS_FORCEINLINE_FUNCTION std::int64_t weights() const { return std::int64_t{args.fan_in} * args.fan_out; }

  KOKKOS_FORCEINLINE_FUNCTION int input_columns() const { return blocks_along(args.fan_in, column_tile); }
  KOKKOS_FORCEINLINE_FUNCTION int input_teams() const { return input_tiles * input_columns(); }
  KOKKOS_FORCEINLINE_FUNCTION int groups() const { return args.target.chunks / group; }

  // Out of line each, so that none keeps in registers what another one needs.
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void input_gradient(const Member& team) const {
    void* const scratch = team.team_scratch(0).get_shmem_aligned(Product::scratch_bytes(), 64);
    const std::int64_t tile = league_rank(team) / input_columns(), column = league_rank(team) % input_columns();
    const std::int64_t m0 = tile * batch_tile, i0 = column * column_tile, at = m0 * args.fan_in + i0;
    const Real* const W = args.target.parameters + args.offset + i0 * args.fan_out;
    const tile::TimesDerivative<Real> store{args.dX + at, args.previous + at, args.fan_in, args.previous_activation,
                                            args.previous_alpha};
    Product::run(team, scratch, part(args.order.own_rows(), m0, batch_tile), part(args.fan_in, i0, column_tile),
                 args.fan_out, tile::Rows<Real>{args.dZ + m0 * args.fan_out, args.fan_out},
                 tile::Transposed<Real>{W, args.fan_out}, tile::Zero{}, store);
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void weight_gradient(const Member& team) const {
    void* const scratch = team.team_scratch(0).get_shmem_aligned(Product::scratch_bytes(), 64);
    auto* const bounds = static_cast<int*>(
        team.team_scratch(0).get_shmem_aligned(sizeof(int) * (tile::max_leaves + 1), 64));
    const int of_sums = league_rank(team) - input_teams(), block = of_sums / groups(), number = of_sums % groups();
    const int columns = blocks_along(args.fan_out, column_tile), row = block / columns;
    const std::int64_t i0 = std::int64_t{row} * row_tile, j0 = std::int64_t{block % columns} * column_tile;
    for (int c = team.team_rank(); c <= group; c += Product::team_size)
      bounds[c] = static_cast<int>(args.order.chunk_begin(number * group + c));
    barrier(team);  // the bounds are read by all
    Real* const slab = args.target.slabs + number * args.target.slab_stride + args.offset;
    Product::sum_of_chunks(team, scratch, part(args.fan_in, i0, row_tile), part(args.fan_out, j0, column_tile),
                           tile::Columns<Real>{args.X + i0, args.fan_in}, tile::Plain<Real>{args.dZ + j0, args.fan_out},
                           bounds, group, slab + i0 * args.fan_out + j0, args.fan_out,
                           args.bias && row == 0 ? slab + weights() + j0 : nullptr);
  }

  /// At the blocks that the team has read or has sums of.
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void arrive_and_update(const Member& team) const {
    auto* const last = static_cast<int*>(team.team_scratch(0).get_shmem_aligned(sizeof(int) * tile::max_leaves, 64));
    const int columns = blocks_along(args.fan_out, column_tile), rows = blocks_along(args.fan_in, row_tile);
    // Contiguous ranges where gradients are kept, as the exchange between ranks has them: the norm is their sum in order.
    const bool by_rows = args.target.gradient != nullptr;
    const int rank = league_rank(team);
    int first, count = 1;  // counters
    if (rank < input_teams()) {
      constexpr int rows_a_column = column_tile / row_tile;
      const int row = rank % input_columns() * rows_a_column, left = rows - row;
      first = row * (by_rows ? 1 : columns);
      count = (left < rows_a_column ? left : rows_a_column) * (by_rows ? 1 : columns);
    } else {
      const int block = (rank - input_teams()) / groups();
      first = by_rows ? block / columns : block;
    }
    const int parties = (by_rows ? columns * groups() : groups()) + input_tiles;
    for (int begin = 0; begin < count; begin += tile::max_leaves) {
      const int some = count - begin < tile::max_leaves ? count - begin : tile::max_leaves;
      arrive_at_all(team, args.counters + first + begin, some, parties, last);
      for (int i = 0; i < some; ++i) {
        if (last[i] == 0) continue;
        const int number = first + begin + i;
        if (by_rows) {
          update_rows(team, number, groups());
        } else {
          update_block(team, number / columns, number % columns, groups());
        }
      }
      barrier(team);  // these are written anew
    }
  }

  /// The block of W at (row, column), and with the first row the biases of its columns.
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void update_block(const Member& team, std::int64_t row, std::int64_t column,
                                                              int groups) const {
    const std::int64_t i0 = row * row_tile, j0 = column * column_tile;
    const int rows = part(args.fan_in, i0, row_tile), columns = part(args.fan_out, j0, column_tile);
    UpdateTarget<Real> target = args.target;
    target.chunks = groups;
    update_elements(team, target, args.offset + i0 * args.fan_out + j0, rows, columns, args.fan_out, true);
    if (args.bias && row == 0) update_elements(team, target, args.offset + weights() + j0, 1, columns, 0, false);
  }
  /// The gradient, or a rank's sums, of the rows of W of a tile, and with the first one of the biases.
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void update_rows(const Member& team, std::int64_t row, int groups) const {
    UpdateTarget<Real> target = args.target;  // a group is a chunk of a tree with fewer leaves
    target.chunks = groups;
    target.first_chunk = static_cast<std::uint8_t>(target.first_chunk / group);
    target.all_chunks = static_cast<std::uint8_t>(target.all_chunks / group);
    const std::int64_t i0 = row * row_tile;
    update_range<S>(team, Product::team_size, target, args.first_range + row, args.offset + i0 * args.fan_out,
                    std::int64_t{part(args.fan_in, i0, row_tile)} * args.fan_out, true);
    if (args.bias && row == 0) {
      update_range<S>(team, Product::team_size, target, args.first_range + blocks_along(args.fan_in, row_tile),
                      args.offset + weights(), args.fan_out, false);
    }
  }
};

}  // namespace sinter::fused
