// What of a problem a rank computes: contiguous slots of every batch, and of the training set the rows of their shards.
#pragma once

#include <cstdint>
#include <vector>

#include <sinter/models/plan/plan.hpp>

namespace sinter {

struct Share {
  std::int64_t first_slot = 0, slots = 1;
  std::int64_t first_row = 0, rows = 0;  ///< of the training set
};

/// Slots [C rank / ranks, C (rank + 1) / ranks) and their shards.
Share share_of(const Plan& plan, int rank, int ranks);

/// First rows of the shards that the share's slots have, counted from the share's first row, and the number of its rows
/// at the end: slots + 1 numbers.
std::vector<std::int64_t> shards_of(const Plan& plan, const Share& share);

/// Throws ConfigError with what is possible where this plan's batch cannot be shared by so many ranks.
void check_ranks(const Plan& plan, int ranks);

}  // namespace sinter
