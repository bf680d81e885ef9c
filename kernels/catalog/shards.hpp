// How a batch is cut into slots and a data set into shards (the numerical contract, docs/architecture.md): a batch of B rows gives slot s
// the places [B s / C, B (s+1) / C); with F = floor(N / B) full batches and a rest of R rows, shard s holds F q_s + r_s
// rows, q_s and r_s being the slot's share of a full batch and of the rest. Free of Kokkos: readers and kernels share it.
#pragma once

#include <cstdint>

#if defined(__CUDACC__) || defined(__HIPCC__)
#define SINTER_SHARED_FUNCTION __host__ __device__
#else
#define SINTER_SHARED_FUNCTION
#endif

namespace sinter {

/// First place of `slot` in a batch of `count` rows that is cut into `chunks` slots.
SINTER_SHARED_FUNCTION constexpr std::int64_t slot_begin(std::int64_t count, std::int64_t slot, std::int64_t chunks) {
  return count * slot / chunks;
}

/// First row of shard `slot` of a data set of `rows` rows in batches of `batch`.
SINTER_SHARED_FUNCTION constexpr std::int64_t shard_begin(std::int64_t rows, std::int64_t batch, std::int64_t slot,
                                                          std::int64_t chunks) {
  return rows / batch * slot_begin(batch, slot, chunks) + slot_begin(rows % batch, slot, chunks);
}

}  // namespace sinter
