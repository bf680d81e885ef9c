#include <sinter/app/device_assignment.hpp>

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

/// A matching of ranks and devices by augmenting paths (Kuhn, The Hungarian method for the assignment problem, 1955).
class Matching {
 public:
  explicit Matching(std::span<const SeenDevices> ranks) : ranks_(ranks) {}

  /// Finds a device for the rank; others may get another one for it.
  bool add(std::size_t rank) {
    // A free one first, in order: where all see the same devices rank r takes number r.
    for (const auto device : ranks_[rank]) {
      if (owner_.try_emplace(device, rank).second) return true;
    }
    std::set<std::uint64_t> visited;
    return augment(rank, visited);
  }

  [[nodiscard]] std::vector<int> numbers() const {
    std::vector<int> numbers(ranks_.size(), -1);
    for (const auto& [device, rank] : owner_) {
      const auto& seen = ranks_[rank];
      numbers[rank] = static_cast<int>(std::ranges::find(seen, device) - seen.begin());
    }
    return numbers;
  }

 private:
  bool augment(std::size_t rank, std::set<std::uint64_t>& visited) {
    for (const auto device : ranks_[rank]) {
      if (!visited.insert(device).second) continue;
      const auto found = owner_.find(device);
      if (found != owner_.end() && !augment(found->second, visited)) continue;
      owner_[device] = rank;
      return true;
    }
    return false;
  }

  std::span<const SeenDevices> ranks_;
  std::map<std::uint64_t, std::size_t> owner_;
};

}  // namespace

std::vector<int> assign_devices(std::span<const SeenDevices> ranks) {
  std::set<std::uint64_t> devices;
  for (const auto& seen : ranks) devices.insert(seen.begin(), seen.end());
  Matching matching(ranks);
  if (devices.empty()) return matching.numbers();
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (matching.add(rank)) continue;
    throw ConfigError(fmt::format(
        "{} ranks on this node, but {}: start as many ranks as devices, one each", ranks.size(),
        ranks[rank].empty() ? fmt::format("local rank {} sees no device", rank)
                            : fmt::format("{} {} device{}",
                                          devices.size() < ranks.size() ? "it shows" : "local ranks see too few of its",
                                          devices.size(), devices.size() == 1 ? "" : "s")));
  }
  return matching.numbers();
}

}  // namespace sinter::app
