#include <sinter/models/plan/share.hpp>

#include <string>

#include <fmt/format.h>

#include <sinter/kernels/catalog/shards.hpp>
#include <sinter/models/plan/chunks.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {

Share share_of(const Plan& plan, int rank, int ranks) {
  Share share;
  const auto first_row = [&](std::int64_t slot) {
    return shard_begin(plan.training_rows, plan.batch, slot, plan.chunks);
  };
  share.first_slot = slot_begin(plan.chunks, rank, ranks);
  share.slots = slot_begin(plan.chunks, rank + 1, ranks) - share.first_slot;
  share.first_row = first_row(share.first_slot);
  share.rows = first_row(share.first_slot + share.slots) - share.first_row;
  return share;
}

std::vector<std::int64_t> shards_of(const Plan& plan, const Share& share) {
  std::vector<std::int64_t> begins;
  for (std::int64_t slot = share.first_slot; slot <= share.first_slot + share.slots; ++slot)
    begins.push_back(shard_begin(plan.training_rows, plan.batch, slot, plan.chunks) - share.first_row);
  return begins;
}

namespace {

/// What would let more ranks share a batch, as far as the plan tells.
std::string more_ranks(const Plan& plan) {
  const bool most = plan.chunks == max_chunks(plan.kind);
  if (most || plan.batch >= 2 * plan.chunks * detail::min_chunk_rows) {
    return fmt::format("for {} there are no more chunks than that{}",
                       plan.kind == DeviceKind::host ? "hosts" : "accelerators",
                       most ? "" : " of a network with so many parameters");
  }
  const bool last = plan.kind == DeviceKind::host && plan.chunks == detail::chunks_of_many_parameters;
  return fmt::format(
      "a larger training.batch has more{}",
      last ? fmt::format(", where the network has fewer than {} parameters", detail::many_parameters) : "");
}

}  // namespace

void check_ranks(const Plan& plan, int ranks) {
  if (ranks == 1) return;
  if (plan.level == Fusion::epochs) {
    throw ConfigError(fmt::format(
        "{} ranks: level epochs has one team train the whole network, which ranks cannot share; run it by one rank{}",
        ranks, plan.chunks > 1 ? ", or set training.fusion to step or layer" : ""));
  }
  if (ranks > plan.chunks) {
    throw ConfigError(fmt::format(
        "{} ranks: a batch of {} rows is cut into {} chunk{} here, so that at most {} rank{} can share it; {}", ranks,
        plan.batch, plan.chunks, plan.chunks == 1 ? "" : "s", plan.chunks, plan.chunks == 1 ? "" : "s",
        more_ranks(plan)));
  }
}

}  // namespace sinter
