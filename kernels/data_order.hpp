// Which row of the data set stands in which place of a batch. The numerical contract: N rows are cut into C fixed
// shards (kernels/catalog/shards.hpp), slot s of every batch draws from shard s in the order of that shard's own
// bijection of the epoch. It is a Feistel network with cycle walking (Black & Rogaway 2002), evaluated where it is
// needed: no index array, no copy. Of several ranks each has a contiguous part of the slots, and of the data set the
// rows of their shards; its places and rows count from its first ones.
#pragma once

#include <cstdint>

#include <sinter/kernels/catalog/shards.hpp>
#include <sinter/kernels/ops/simd.hpp>
#include <sinter/kernels/random.hpp>

namespace sinter {

/// A bijection of [0, extent) that depends on (seed, epoch, shard) alone.
class Shuffle {
 public:
  Shuffle() = default;  // of nothing
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

  /// The same of N indices in step, which a host compiler does in vectors: eight rounds of one index alone are a chain
  /// of some hundred cycles.
  template <int N>
  KOKKOS_INLINE_FUNCTION void apply(std::int64_t (&index)[N]) const {
    std::uint64_t value[N];
    SINTER_SIMD
    for (int l = 0; l < N; ++l) value[l] = permute(static_cast<std::uint64_t>(index[l]));
    for (;;) {
      std::uint64_t outside = 0;
      for (int l = 0; l < N; ++l) outside |= value[l] >= extent_ ? 1u : 0u;
      if (outside == 0) break;
      SINTER_SIMD
      for (int l = 0; l < N; ++l) {
        const std::uint64_t next = permute(value[l]);
        value[l] = value[l] >= extent_ ? next : value[l];
      }
    }
    for (int l = 0; l < N; ++l) index[l] = static_cast<std::int64_t>(value[l]);
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

  std::uint64_t extent_ = 0;
  std::uint64_t keys_[4] = {};
  int half_bits_ = 0;
};

/// The rows of one step. A plain value that kernels carry. N, B and C are those of the whole problem; places, chunks and
/// rows of the data set are numbered from the first ones of this rank.
struct BatchOrder {
  std::int64_t data_rows = 0;   ///< N
  std::int64_t full_batch = 0;  ///< B
  std::int64_t chunks = 1;      ///< C
  std::int64_t step = 0;        ///< of the epoch, 0-based
  std::int64_t epoch = 0;
  std::uint64_t seed = 0;
  bool shuffle = false;
  bool in_order = false;        ///< the rows of this batch were brought here one after the other: place p has row p
  std::int16_t first_slot = 0;  ///< this rank's slots are [first_slot, first_slot + own_slots)
  std::int16_t own_slots = 0;   ///< 0: all of them

  /// Rows of this step's batch on all ranks: B, or the rest for the last batch of an epoch.
  KOKKOS_INLINE_FUNCTION std::int64_t rows() const {
    const std::int64_t left = data_rows - step * full_batch;
    return left < full_batch ? left : full_batch;
  }

  /// Slots of this rank: its chunks.
  KOKKOS_INLINE_FUNCTION std::int64_t own_chunks() const { return own_slots > 0 ? own_slots : chunks; }
  /// Rows of this step's batch on this rank.
  KOKKOS_INLINE_FUNCTION std::int64_t own_rows() const { return own_slots > 0 ? chunk_begin(own_slots) : rows(); }
  /// First place of this rank's chunk number `chunk`.
  KOKKOS_INLINE_FUNCTION std::int64_t chunk_begin(std::int64_t chunk) const {
    return slot_begin(rows(), first_slot + chunk, chunks) - first_place();
  }
  KOKKOS_INLINE_FUNCTION std::int64_t chunk_of(std::int64_t place) const {
    return ((first_place() + place + 1) * chunks - 1) / rows() - first_slot;
  }

  /// Every place holds the row of its own number: nothing to gather.
  KOKKOS_INLINE_FUNCTION bool identity() const {
    return in_order || (!shuffle && (chunks == 1 ? true : full_batch == data_rows) && step == 0);
  }

  /// The row of the data set at `place` in [0, own_rows()). Many places of a slot: SlotOrder.
  KOKKOS_INLINE_FUNCTION std::int64_t row(std::int64_t place) const;

 private:
  KOKKOS_INLINE_FUNCTION std::int64_t first_place() const {
    return first_slot == 0 ? 0 : slot_begin(rows(), first_slot, chunks);
  }
};

/// The rows of one slot of a step's batch: what they share is worked out once.
class SlotOrder {
 public:
  /// `chunk`: of this rank.
  KOKKOS_INLINE_FUNCTION SlotOrder(const BatchOrder& order, std::int64_t chunk)
      : begin_(order.chunk_begin(chunk)),
        end_(order.chunk_begin(chunk + 1)) {
    if (order.identity()) {
      shard_begin_ = begin_;
      return;
    }
    const std::int64_t slot = order.first_slot + chunk;
    const std::int64_t full = order.data_rows / order.full_batch, rest = order.data_rows % order.full_batch;
    const std::int64_t first = slot_begin(order.full_batch, slot, order.chunks);
    const std::int64_t rest_first = slot_begin(rest, slot, order.chunks);
    const std::int64_t share = slot_begin(order.full_batch, slot + 1, order.chunks) - first;
    shard_begin_ = full * first + rest_first;
    if (order.first_slot > 0)
      shard_begin_ -= sinter::shard_begin(order.data_rows, order.full_batch, order.first_slot, order.chunks);
    position_ = order.step * share;
    if (!order.shuffle) return;
    shuffled_ = true;
    const std::int64_t shard_rows = full * share + slot_begin(rest, slot + 1, order.chunks) - rest_first;
    shuffle_ = Shuffle(order.seed, order.epoch, slot, shard_rows);
  }

  /// Places [begin, end) of the batch belong to the slot.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION bool has(std::int64_t place) const { return place >= begin_ && place < end_; }

  /// The row of the data set at a place of the slot.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION std::int64_t row(std::int64_t place) const {
    const std::int64_t position = position_ + (place - begin_);
    return shard_begin_ + (shuffled_ ? shuffle_(position) : position);
  }

  /// The rows at the places from `place` on, up to N of them and up to the slot's end, into out; their number.
  template <int N>
  KOKKOS_INLINE_FUNCTION int rows(std::int64_t place, std::int64_t (&out)[N]) const {
    const int count = static_cast<int>(end_ - place < N ? end_ - place : N);
    const std::int64_t position = position_ + (place - begin_);
    for (int l = 0; l < N; ++l) out[l] = position + (l < count ? l : count - 1);
    if (shuffled_) shuffle_.apply(out);
    for (int l = 0; l < N; ++l) out[l] += shard_begin_;
    return count;
  }

 private:
  std::int64_t begin_, end_;
  std::int64_t shard_begin_ = 0, position_ = 0;
  Shuffle shuffle_;
  bool shuffled_ = false;
};

KOKKOS_INLINE_FUNCTION std::int64_t BatchOrder::row(std::int64_t place) const {
  return identity() ? place : SlotOrder(*this, chunk_of(place)).row(place);
}

}  // namespace sinter
