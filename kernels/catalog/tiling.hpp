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

/// Part of its chains that a host's product works on at once: a panel of B of that many rows, two vectors wide, takes no more
/// than 32 KiB of a first-level cache.
inline constexpr std::int64_t host_depth = 256;

/// Operands of a host's product whose part of a chain spans no more stay in the smallest first-level cache, where they are
/// used in place.
inline constexpr std::int64_t host_in_place_bytes = std::int64_t{32} << 10;

/// Rows of C for which a host's product has A in strips at once, about, where it packs it.
inline constexpr std::int64_t host_strip_rows = 128;

/// Scratch of a host's product in bytes: a panel of B, two vectors of `vector_bytes` wide, for chains of up to `chain`, and
/// strips of A for chains of up to `across` over an A whose columns are contiguous.
constexpr std::int64_t host_product_bytes(std::int64_t real_bytes, std::int64_t vector_bytes, std::int64_t chain,
                                          std::int64_t across) {
  return 2 * vector_bytes * std::min(chain, host_depth) + real_bytes * host_strip_rows * std::min(across, host_depth) +
         64;
}

/// Pieces of `extent` that are no longer than `most`.
constexpr std::int64_t pieces(std::int64_t extent, std::int64_t most) { return (extent + most - 1) / most; }

/// Scratch for the activations of a tile of rows on a host. It may be more than a second-level cache has: they are walked through
/// in order, and more rows use each packed panel of the weights.
inline constexpr std::int64_t host_tile_bytes = std::int64_t{2} << 20;

/// Tiles that keep a thread of a host busy to the end, about; the planner reckons with a few threads.
inline constexpr int host_forward_tiles = 4, host_backward_tiles = 8, few_threads = 2;

struct Tile {
  std::int64_t rows, columns;
};

/// Tile of dense_forward, of which a team has one. On a host 128 or 64 columns, whose panels of W are packed once and used by
/// up to 256 rows, as far as that leaves `teams` teams. On a device one block of the product, of the wider ones where they are
/// enough to fill it.
constexpr Tile forward_tile(bool on_host, std::int64_t rows, std::int64_t fan_out, std::int64_t teams) {
  if (!on_host) return {block_rows, pieces(rows, block_rows) * pieces(fan_out, 128) >= full_device ? 128 : 64};
  Tile tile{256, 128};
  const auto fewer = [&] { return pieces(rows, tile.rows) * pieces(fan_out, tile.columns) < teams; };
  if (fewer()) tile.columns = 64;
  while (tile.rows > block_rows && fewer()) tile.rows /= 2;
  return tile;
}

/// Rows of W that a team of a host's dense_backward has, a multiple of block_rows: more of them use a packed panel of dZ
/// where there are enough.
constexpr std::int64_t host_weight_rows(std::int64_t fan_in) { return fan_in < 256 ? block_rows : 2 * block_rows; }

/// Rows that a team takes through a whole network in inference, as far as its scratch has room for them: enough to use a
/// layer's weights many times.
constexpr std::int64_t inference_rows(bool on_host, std::int64_t rows) {
  const std::int64_t most = on_host ? 128 : 64, fewest = 32;  // with fewer, threads of a device have nothing to do
  std::int64_t tile = std::min((rows + 7) / 8 * 8, most);
  while (!on_host && tile > fewest && rows / tile < full_device) tile = (tile / 2 + 7) / 8 * 8;
  return tile;
}

/// May groups of `group` neighbouring chunks be combined, each as one subtree? `first`: number of the first of `chunks`.
constexpr bool are_subtrees(int group, int chunks, int first) { return chunks % group == 0 && first % group == 0; }

/// Chunks that a team of the host's dense_backward takes together: short ones, so that W is packed once for many rows and
/// their sums meet in a first-level cache, no more than a product takes at once; and no more than leave `teams` teams.
/// `rows`: of all chunks. A power of two.
constexpr int host_chunks_together(std::int64_t fan_in, std::int64_t rows, int chunks, int first, std::int64_t teams) {
  int group = 1;
  while (2 * group <= host_product_chunks && are_subtrees(2 * group, chunks, first) &&
         rows * 2 * group <= host_depth * chunks &&
         pieces(fan_in, host_weight_rows(fan_in)) * (chunks / (2 * group)) >= teams) {
    group *= 2;
  }
  return group;
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
