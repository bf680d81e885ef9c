// What the teams of kernels ask of their scratch, in bytes. The kernels ask for what these functions say, and the planner
// tells it by the same functions, without Kokkos. `real`: bytes of a value; `on_host`: a team is one thread of a processor.
#pragma once

#include <algorithm>
#include <cstdint>

#include <sinter/kernels/catalog/tiling.hpp>

namespace sinter::tiling {

/// That a device's team may ask for at level 0: what Kokkos' CUDA backend has of the 48 KiB that a block gets unasked, less
/// what it keeps for a team's reductions. cmake/cuda-check reads it.
inline constexpr std::int64_t device_scratch = std::int64_t{39} << 10;

/// And a team that has an SM for itself, as far as the device has so much: a little less than an H100 and Kokkos 5 give.
inline constexpr std::int64_t device_lone_scratch = std::int64_t{200} << 10;

/// Of a host's product of up to `n` columns and chains of up to `k`, and up to `m` rows where A's columns are contiguous (0:
/// never), whatever the width of its vectors: two of the widest are a panel's row.
constexpr std::int64_t host_product_scratch(std::int64_t real, std::int64_t m, std::int64_t n, std::int64_t k) {
  constexpr std::int64_t row_bytes = 128;
  return host_product_bytes(real, row_bytes, m, n, k);
}

/// Of a device's product: two stages of blocks that go `depth` along their chains, with a pack of 16 bytes of padding a row.
constexpr std::int64_t device_product_bytes(std::int64_t real, std::int64_t depth = 8) {
  return 2 * real * depth * (block_rows + device_block_columns(real)) + 4 * depth * 16;
}

constexpr std::int64_t product_bytes(bool on_host, std::int64_t real, std::int64_t m, std::int64_t n, std::int64_t k) {
  return on_host ? host_product_scratch(real, m, n, k) : device_product_bytes(real);
}

/// Of dense_forward: its product, and the numbers of the rows of its tile.
constexpr std::int64_t forward_bytes(bool on_host, std::int64_t real, const Tile& tile, std::int64_t fan_in) {
  const std::int64_t product = on_host ? host_product_scratch(real, 0, tile.columns, fan_in)
                                       : device_product_bytes(real, device_forward_depth(real));
  return product + 8 * tile.rows + 128;
}

/// Of loss_gradient: on a device losses of rows, then of chunks.
constexpr std::int64_t loss_bytes(bool on_host) { return on_host ? 0 : 2 * 8 * max_leaves + 64; }

/// Of a product of dense_backward over `rows` rows of a batch, with up to `rows_of_W` of the weights in a team on a host.
constexpr std::int64_t host_backward_scratch(std::int64_t real, std::int64_t rows_of_W, std::int64_t fan_out,
                                             std::int64_t rows) {
  return std::max(host_product_scratch(real, 0, rows_of_W, fan_out),
                  host_product_scratch(real, rows_of_W, fan_out, rows));
}
/// Of dense_backward. On a device beside its product the bounds of chunks, and who is last where.
constexpr std::int64_t host_backward_bytes(std::int64_t real, std::int64_t rows_of_W, std::int64_t fan_out,
                                           std::int64_t rows) {
  return host_backward_scratch(real, rows_of_W, fan_out, rows) + 128;
}
constexpr std::int64_t device_backward_bytes(std::int64_t real) {
  return device_product_bytes(real) + 2 * 4 * (max_leaves + 1) + 192;
}

/// Columns of a piece of a tile: with rows in multiples of 8, an even number has every piece begin at a cache line.
constexpr std::int64_t whole_columns(std::int64_t columns) { return (columns + 1) / 2 * 2; }

/// Of a tile of `rows` rows of a network: `columns` of activations and gradients, losses and numbers of the rows, a product,
/// and what its pieces lose to begin at cache lines.
constexpr std::int64_t tile_bytes(std::int64_t real, std::int64_t rows, std::int64_t columns, std::int64_t product) {
  return rows * (columns * real + 16) + product + 512;
}

/// Rows of a tile: all of a chunk where `bytes_of` so many are within the limit, else fewer. A device's tile of few rows leaves
/// most threads without work, and one that does not fit lies in global memory instead. It changes no bit.
template <class BytesOf>
constexpr std::int64_t tile_rows(bool on_host, std::int64_t chunk_rows, const BytesOf& bytes_of) {
  const std::int64_t limit = on_host ? host_tile_bytes : device_scratch, fewest = on_host ? 8 : 32, most = 64;
  const auto fits = [&](std::int64_t rows) { return bytes_of(rows) <= limit; };
  const std::int64_t all = chunk_rows < 8 ? 8 : (chunk_rows + 7) / 8 * 8;
  std::int64_t rows = all;
  while (rows > fewest && !fits(rows)) rows = (rows / 2 + 7) / 8 * 8;
  return on_host || fits(rows) ? rows : std::min(all, most);
}

/// Steps of level `epochs` whose constants, three numbers each, are computed together.
inline constexpr int rates_at_once = 64;

/// Of a team of network_epochs beside its tile.
struct EpochsScratch {
  std::int64_t bytes;
  bool staged;  ///< parameters, optimizer states and the chunks' sums are worked on in scratch
};

/// `vectors`: of so many `parameters` that may be staged; `members`: networks of the launch; `limit`: what a team that is
/// alone on its SM may have here. On a host the caches keep the vectors; on a device one network may have all of an SM, and
/// each of many what leaves room for others.
constexpr EpochsScratch epochs_scratch(bool on_host, std::int64_t real, std::int64_t tile, std::int64_t vectors,
                                       std::int64_t parameters, std::int64_t members, std::int64_t limit) {
  const std::int64_t rates = rates_at_once * 3 * real + 64, staging = vectors * (parameters * real + 64);
  const bool staged = !on_host && tile + rates + staging <= (members == 1 ? limit : device_scratch);
  return {rates + (staged ? staging : 0), staged};
}

}  // namespace sinter::tiling
