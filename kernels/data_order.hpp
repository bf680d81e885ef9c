// Which row of the data set stands in which place of a batch. The numerical contract: N rows are cut into C fixed
// shards, slot s of every batch draws from shard s in the order of that shard's own bijection of the epoch. A batch of
// B rows gives slot s the places [B s / C, B (s+1) / C); with F = floor(N / B) full batches and a rest of R rows, shard
// s holds F q_s + r_s rows, q_s and r_s being the slot's share of a full batch and of the rest. The bijection is a
// Feistel network with cycle walking (Black & Rogaway 2002), evaluated where it is needed: no index array, no copy.
#pragma once

#include <cstdint>

#include <sinter/kernels/random.hpp>

namespace sinter {

/// A bijection of [0, extent) that depends on (seed, epoch, shard) alone.
class Shuffle {
 public:
  KOKKOS_INLINE_FUNCTION Shuffle(std::uint64_t seed, std::int64_t epoch, std::int64_t shard, std::int64_t extent)
      : extent_(static_cast<std::uint64_t>(extent)) {
    while ((std::uint64_t{1} << (2 * half_bits_)) < extent_) ++half_bits_;
    const auto keys = random::draw(seed, random::Stream::shuffle, static_cast<std::uint32_t>(shard),
                                   static_cast<std::uint64_t>(epoch));
    for (int r = 0; r < 4; ++r) keys_[r] = keys.word[r];
  }

  KOKKOS_INLINE_FUNCTION std::int64_t operator()(std::int64_t index) const {
    auto value = static_cast<std::uint64_t>(index);
    do {
      value = permute(value);
    } while (value >= extent_);  // the domain is less than four times the extent: under four rounds on average
    return static_cast<std::int64_t>(value);
  }

 private:
  static constexpr int rounds = 8;

  KOKKOS_INLINE_FUNCTION std::uint64_t permute(std::uint64_t value) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = value >> half_bits_;
    std::uint64_t right = value & mask;
    for (int r = 0; r < rounds; ++r) {
      const std::uint64_t mixed = left ^ (mix(right + keys_[r % 4] +
                                              std::uint64_t{0x9E3779B97F4A7C15u} * static_cast<unsigned>(r)) &
                                          mask);
      left = right;
      right = mixed;
    }
    return left << half_bits_ | right;
  }

  /// The finaliser of MurmurHash3 (Appleby): every output bit depends on every input bit.
  KOKKOS_INLINE_FUNCTION static std::uint64_t mix(std::uint64_t h) {
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
  }

  std::uint64_t extent_;
  std::uint64_t keys_[4] = {};
  int half_bits_ = 0;
};

/// The rows of one step. A plain value that kernels carry.
struct BatchOrder {
  std::int64_t data_rows = 0;   ///< N
  std::int64_t full_batch = 0;  ///< B
  std::int64_t chunks = 1;      ///< C
  std::int64_t step = 0;        ///< of the epoch, 0-based
  std::int64_t epoch = 0;
  std::uint64_t seed = 0;
  bool shuffle = false;

  /// Rows of this step's batch: B, or the rest for the last batch of an epoch.
  KOKKOS_INLINE_FUNCTION std::int64_t rows() const {
    const std::int64_t left = data_rows - step * full_batch;
    return left < full_batch ? left : full_batch;
  }

  /// First place of slot `chunk` in a batch of `count` rows.
  KOKKOS_INLINE_FUNCTION std::int64_t begin_of(std::int64_t count, std::int64_t chunk) const {
    return count * chunk / chunks;
  }
  KOKKOS_INLINE_FUNCTION std::int64_t chunk_begin(std::int64_t chunk) const { return begin_of(rows(), chunk); }
  KOKKOS_INLINE_FUNCTION std::int64_t chunk_of(std::int64_t place) const { return ((place + 1) * chunks - 1) / rows(); }

  /// Every place holds the row of its own number: nothing to gather.
  KOKKOS_INLINE_FUNCTION bool identity() const {
    return !shuffle && (chunks == 1 ? true : full_batch == data_rows) && step == 0;
  }

  /// The row of the data set at `place` in [0, rows()).
  KOKKOS_INLINE_FUNCTION std::int64_t row(std::int64_t place) const {
    if (identity()) return place;
    const std::int64_t s = chunk_of(place);
    const std::int64_t full = data_rows / full_batch, rest = data_rows % full_batch;
    const std::int64_t share = begin_of(full_batch, s + 1) - begin_of(full_batch, s);
    const std::int64_t rest_share = begin_of(rest, s + 1) - begin_of(rest, s);
    const std::int64_t shard_begin = full * begin_of(full_batch, s) + begin_of(rest, s);
    const std::int64_t position = step * share + (place - chunk_begin(s));
    return shard_begin + (shuffle ? Shuffle(seed, epoch, s, full * share + rest_share)(position) : position);
  }
};

}  // namespace sinter
