// Which rows of a data set this process holds. Sums over a set are taken shard by shard and shards combine in order, so
// that statistics and metrics have the same bits whoever holds which shard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <sinter/models/plan/share.hpp>
#include <sinter/runtime/comm/communicator.hpp>

namespace sinter {

struct SetShare {
  std::int64_t all_rows = 0;               ///< of all ranks
  std::vector<std::int64_t> begins{0, 0};  ///< first row of each shard here, and the number of rows here behind them
  std::size_t first_shard = 0;             ///< number of the first one here among all
  std::vector<std::int64_t> shards{1};     ///< of each rank
  Communicator* communicator = nullptr;    ///< null: every process holds all

  /// This rank's part of a set that every rank holds and that is evaluated together: shards of shard_rows rows or more,
  /// contiguous ones to each rank, and none where there are fewer than ranks; of a set with one shard every rank has all.
  /// `first_row`: where the part begins.
  static SetShare of_evaluation(std::int64_t rows, Communicator& communicator, std::int64_t& first_row) {
    constexpr std::int64_t shard_rows = 4096, most_shards = 128;
    const std::int64_t count = std::clamp<std::int64_t>(rows / shard_rows, 1, most_shards);
    first_row = 0;
    if (count == 1) return {rows, {0, rows}, 0, {1}, nullptr};
    const auto first_of = [&](std::int64_t rank) { return count * rank / communicator.size(); };
    SetShare share;
    share.all_rows = rows;
    const std::int64_t first = first_of(communicator.rank()), end = first_of(communicator.rank() + 1);
    first_row = rows * first / count;
    share.begins.clear();
    for (std::int64_t s = first; s <= end; ++s) share.begins.push_back(rows * s / count - first_row);
    share.first_shard = static_cast<std::size_t>(first);
    share.shards.clear();
    for (int r = 0; r < communicator.size(); ++r) share.shards.push_back(first_of(r + 1) - first_of(r));
    share.communicator = communicator.size() > 1 ? &communicator : nullptr;
    return share;
  }

  /// This rank's part of the plan's training set.
  static SetShare of_training(const Plan& plan, Communicator& communicator) {
    SetShare share;
    const Share own = share_of(plan, communicator.rank(), communicator.size());
    share.all_rows = plan.training_rows;
    share.begins = shards_of(plan, own);
    share.first_shard = static_cast<std::size_t>(own.first_slot);
    share.shards.clear();
    for (int r = 0; r < communicator.size(); ++r) share.shards.push_back(share_of(plan, r, communicator.size()).slots);
    share.communicator = communicator.size() > 1 ? &communicator : nullptr;
    return share;
  }

  [[nodiscard]] std::int64_t rows() const { return begins.back(); }
  [[nodiscard]] std::size_t own_shards() const { return begins.size() - 1; }
  [[nodiscard]] std::size_t all_shards() const {
    std::int64_t all = 0;
    for (const auto count : shards) all += count;
    return static_cast<std::size_t>(all);
  }

  /// `own`: `each` plain values of every shard here. Returns those of all shards in order; all ranks call it together.
  template <class T>
  [[nodiscard]] std::vector<T> gathered(const std::vector<T>& own, std::size_t each) const {
    if (communicator == nullptr) return own;
    std::vector<T> all(all_shards() * each);
    std::copy(own.begin(), own.end(), all.begin() + static_cast<std::ptrdiff_t>(first_shard * each));
    std::vector<std::int64_t> bytes;
    for (const auto count : shards) bytes.push_back(count * static_cast<std::int64_t>(each * sizeof(T)));
    communicator->wait(communicator->all_gather(all.data(), bytes));
    return all;
  }
};

}  // namespace sinter
