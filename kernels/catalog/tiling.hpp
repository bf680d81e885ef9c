// How kernels cut their work: tiles, the teams that take them, chunks of a batch whose sums one team combines. The planner counts with the
// same numbers, without Kokkos. None of them changes a bit of a result.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sinter::tiling {

/// Teams that fill a device, about: two for each SM of a large GPU. Tiles may be smaller to have them.
inline constexpr std::int64_t full_device = 256;

/// Rows of a block of W or of a tile of a batch that one team multiplies.
inline constexpr std::int64_t block_rows = 64;

/// Chunks whose sums a host's product combines at once.
inline constexpr int host_product_chunks = 16;

/// Part of its chains that a host's product works on at once: a block's rows of A take no more than 32 KiB of a first-level
/// cache then, from where all panels of B use them. With so few rows of A that panels are hardly used it is a panel that has
/// to stay there, two vectors wide.
constexpr std::int64_t host_depth(std::int64_t real_bytes) { return 4096 / real_bytes; }
constexpr std::int64_t host_depth(std::int64_t real_bytes, std::int64_t rows) {
  return rows < 256 ? 1024 / real_bytes : host_depth(real_bytes);
}

/// Operands of a host's product whose part of a chain spans no more stay in the smallest first-level cache, where they are
/// used in place.
inline constexpr std::int64_t host_in_place_bytes = std::int64_t{32} << 10;

/// What a host's product packs at once, of each operand: it stays in a second-level cache, from where it comes in order.
inline constexpr std::int64_t host_packed_bytes = std::int64_t{512} << 10;

/// Columns of B, and rows of an A whose columns are contiguous, that are packed at once: in panels of `lanes` columns, in
/// strips of `block` rows, for `steps` along the chains.
constexpr std::int64_t host_columns_at_once(std::int64_t real_bytes, std::int64_t lanes, std::int64_t steps) {
  return std::max(lanes, host_packed_bytes / (real_bytes * std::max<std::int64_t>(steps, 1)) / lanes * lanes);
}
constexpr std::int64_t host_rows_at_once(std::int64_t real_bytes, std::int64_t block, std::int64_t steps) {
  return host_columns_at_once(real_bytes, block, steps);
}

/// How far a stage of a device's forward product goes along its chains: a kernel of a single layer has scratch for longer ones.
constexpr int device_forward_depth(std::int64_t real_bytes) { return real_bytes == 4 ? 16 : 8; }

/// Columns of a device's largest block of a product.
constexpr std::int64_t device_block_columns(std::int64_t real_bytes) { return real_bytes == 4 ? 128 : 64; }

/// Leaves of a tree of chunk sums; the planner cuts a batch into no more chunks.
inline constexpr int max_leaves = 128;

/// Pieces of `extent` that are no longer than `most`.
constexpr std::int64_t pieces(std::int64_t extent, std::int64_t most) { return (extent + most - 1) / most; }

/// Bytes of B's panels of `row_bytes` a row, and of all that a host's product packs: up to `n` columns of B and chains of up
/// to `k`, and strips of up to `m` rows of an A whose columns are contiguous (0: there is none).
constexpr std::int64_t host_panels_bytes(std::int64_t real_bytes, std::int64_t row_bytes, std::int64_t n,
                                         std::int64_t k) {
  const std::int64_t panel = row_bytes * std::min(k, host_depth(real_bytes));
  if (panel <= host_in_place_bytes) return panel;  // one after the other
  return std::min(panel * pieces(n * real_bytes, row_bytes), std::max(panel, host_packed_bytes));
}
constexpr std::int64_t host_product_bytes(std::int64_t real_bytes, std::int64_t row_bytes, std::int64_t m,
                                          std::int64_t n, std::int64_t k) {
  constexpr std::int64_t longest_block = 8;
  const std::int64_t strip = m == 0 ? 0 : real_bytes * std::min(k, host_depth(real_bytes));
  return host_panels_bytes(real_bytes, row_bytes, n, k) +
         std::min(strip * (m + longest_block), std::max(strip * longest_block, host_packed_bytes)) + 64;
}

/// Scratch for the activations of a tile of rows on a host. It may be more than a second-level cache has: they are walked through
/// in order, and more rows use each packed panel of the weights.
inline constexpr std::int64_t host_tile_bytes = std::int64_t{4} << 20;
/// In inference, where two layers' activations are all there is.
inline constexpr std::int64_t host_inference_bytes = std::int64_t{8} << 20;

/// Threads of a host that the planner reckons with.
inline constexpr int few_threads = 2;

/// Whether so many equal teams keep the threads of a host busy to the end.
constexpr bool keep_busy(std::int64_t teams, std::int64_t threads) {
  return teams % threads == 0 || teams >= 8 * threads;
}

struct Tile {
  std::int64_t rows, columns;
};

/// Tile of dense_forward, of which a team has one. On a host 128 or 64 columns, whose panels of W are packed once and used by
/// up to 2048 rows: the largest that keep its threads busy. On a device one block of the product, of the wider ones where
/// they are enough to fill it.
constexpr Tile forward_tile(bool on_host, std::int64_t rows, std::int64_t fan_out, std::int64_t threads) {
  if (!on_host) return {block_rows, pieces(rows, block_rows) * pieces(fan_out, 128) >= full_device ? 128 : 64};
  constexpr std::int64_t most_rows = 2048, line = 32;
  for (const std::int64_t fewest_rows : {256, 64}) {
    for (const std::int64_t columns : {128, 64}) {
      const std::int64_t across = pieces(fan_out, columns);
      for (std::int64_t tiles = pieces(rows, most_rows); tiles <= pieces(rows, fewest_rows); ++tiles) {
        if (keep_busy(tiles * across, threads))
          return {pieces(pieces(rows, tiles), 8) * 8, pieces(pieces(fan_out, across), line) * line};
      }
    }
  }
  return {block_rows, 64};
}

/// Scratch outside a core or multiprocessor that a team may ask for. Kokkos refuses more than 20 MiB (4.6) or 80 MiB (5.2) at the
/// launch; a limit below both gives the same plans with either, and leaves it some for itself.
inline constexpr std::int64_t most_team_scratch = std::int64_t{16} << 20;

/// Columns of the inputs of a tile of rows in inference, which a host, where they have to be converted, takes in pieces.
inline constexpr std::int64_t inference_columns = 2048;
constexpr std::int64_t inference_inputs(bool on_host, std::int64_t inputs) {
  return on_host ? std::min(inputs, inference_columns) : inputs;
}

/// The widest layer of which inference finds room for the activations of two, with one row a team, beside its inputs and a MiB for
/// what a product packs. Below 1: there is none.
constexpr std::int64_t inference_width(bool on_host, std::int64_t real_bytes, std::int64_t inputs) {
  return ((most_team_scratch - (std::int64_t{1} << 20)) / real_bytes - inference_inputs(on_host, inputs)) / 2;
}

/// May groups of `group` neighbouring chunks be combined, each as one subtree? `first`: number of the first of `chunks`.
constexpr bool are_subtrees(int group, int chunks, int first) { return chunks % group == 0 && first % group == 0; }

/// How a host's dense_backward cuts its work: a team has one of `tiles` tiles of W, of about as many blocks of rows, and a
/// group of chunks, whose sums it combines.
struct HostBackward {
  std::int64_t tiles;
  int group;  ///< a power of two
};

/// The largest groups, and then the largest tiles, that keep the threads busy: rows of W use a packed panel of dZ, rows of the
/// batch one of W, and each group leaves a slab. Chunks of a group together are no longer than a product takes at once.
/// `rows`: of all chunks.
constexpr HostBackward host_backward(std::int64_t fan_in, std::int64_t rows, int chunks, int first,
                                     std::int64_t threads) {
  constexpr std::int64_t most_rows = 512, most_blocks = 4;
  const std::int64_t blocks = pieces(fan_in, block_rows);
  int group = 1;
  while (2 * group <= host_product_chunks && are_subtrees(2 * group, chunks, first) &&
         rows * 2 * group <= most_rows * chunks) {
    group *= 2;
  }
  for (; group >= 1; group /= 2) {
    for (std::int64_t tiles = pieces(blocks, most_blocks); tiles <= blocks; ++tiles) {
      if (keep_busy(tiles * (chunks / group), threads)) return {tiles, group};
    }
  }
  return {blocks, 1};
}

/// The first row of a tile of W in dense_backward on a host; of tile number `tiles` the end. The last block may be short:
/// later tiles have more blocks.
constexpr std::int64_t host_weight_row(std::int64_t fan_in, std::int64_t tiles, std::int64_t tile) {
  return std::min(fan_in, pieces(fan_in, block_rows) * tile / tiles * block_rows);
}

/// Rows of W of the largest of so many tiles.
constexpr std::int64_t host_most_weight_rows(std::int64_t fan_in, std::int64_t tiles) {
  return std::min(fan_in, pieces(pieces(fan_in, block_rows), tiles) * block_rows);
}

/// Rows that a team takes through a whole network in inference, as far as its scratch has room for them: enough to use a
/// layer's weights many times. On a host the largest tiles that keep its threads busy.
constexpr std::int64_t inference_rows(bool on_host, std::int64_t rows, std::int64_t threads) {
  const std::int64_t fewest = 32;  // with fewer, threads of a device have nothing to do
  if (on_host) {
    std::int64_t tiles = pieces(rows, 512);
    while (!keep_busy(tiles, threads) && pieces(rows, tiles) > fewest) ++tiles;
    return pieces(pieces(rows, tiles), 8) * 8;
  }
  std::int64_t tile = std::min<std::int64_t>((rows + 7) / 8 * 8, 64);
  while (tile > fewest && rows / tile < full_device) tile = (tile / 2 + 7) / 8 * 8;
  return tile;
}

/// Chunks whose sums a device's dense_backward leaves in one slab, with `blocks` blocks of W: as few slabs as fill the
/// device, since slabs are written, read and added up; few as well where one team adds up all of a block. A power of two.
constexpr int device_chunks_together(std::int64_t blocks, int chunks, int first, bool leave_update) {
  constexpr int most_sums = 16;
  int group = 1;
  while (are_subtrees(2 * group, chunks, first) &&
         (blocks * (chunks / (2 * group)) >= full_device || (!leave_update && chunks / group > most_sums))) {
    group *= 2;
  }
  return group;
}

}  // namespace sinter::tiling
