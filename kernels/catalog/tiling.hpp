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

/// Pieces of `extent` that are no longer than `most`.
constexpr std::int64_t pieces(std::int64_t extent, std::int64_t most) { return (extent + most - 1) / most; }

/// Rows of a tile of dense_forward: on a host more for long batches, which means more uses of a packed panel, while there
/// are tiles enough for the threads.
constexpr std::int64_t forward_rows(bool on_host, std::int64_t rows) {
  return on_host && rows >= 1024 ? 128 : block_rows;
}

/// Columns of a tile of dense_forward. On a host a panel of W after the other, each packed once and used by all rows of the
/// tile. On a device one block of the product, of the wider ones where they are enough to fill it.
constexpr std::int64_t forward_columns(bool on_host, std::int64_t row_tiles, std::int64_t fan_out) {
  if (on_host) return 512;
  return row_tiles * pieces(fan_out, 128) >= full_device ? 128 : 64;
}

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
/// their sums meet in a first-level cache, as many as dZ of theirs, 512 wide, still fits a second-level one; and no more
/// than leave `teams` teams. `rows`: of all chunks. A power of two.
constexpr int host_chunks_together(std::int64_t fan_in, std::int64_t rows, int chunks, int first, std::int64_t teams) {
  constexpr std::int64_t most_rows = 256;
  int group = 1;
  while (2 * group <= host_product_chunks && are_subtrees(2 * group, chunks, first) &&
         rows * 2 * group <= most_rows * chunks && pieces(fan_in, block_rows) * (chunks / (2 * group)) >= teams) {
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
