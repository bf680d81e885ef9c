// The ledger: an enforced account of every launch, fence, copy and allocation. Launches are counted by the launch
// wrapper (runtime/launch.hpp), since Kokkos Tools callbacks for parallel regions would make Kokkos fence around each
// launch; fences, copies and allocations come from the Kokkos Tools callbacks for these, chained before a tool that the
// user loaded. One ledger a process (or module).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sinter/runtime/base/ledger_counts.hpp>

namespace sinter {

/// A launch site's name and count; make it a function-local static. Registers itself for the life of the process.
class LaunchLabel {
 public:
  explicit LaunchLabel(std::string name);
  LaunchLabel(const LaunchLabel&) = delete;
  LaunchLabel& operator=(const LaunchLabel&) = delete;

  /// `team_scratch`: bytes that a team of the launch has.
  void count(std::size_t team_scratch = 0) noexcept {
    launches_.fetch_add(1, std::memory_order_relaxed);
    auto most = team_scratch_.load(std::memory_order_relaxed);
    while (most < team_scratch && !team_scratch_.compare_exchange_weak(most, team_scratch, std::memory_order_relaxed)) {
    }
  }
  /// The most that a team had since this was asked last.
  std::size_t take_team_scratch() noexcept { return team_scratch_.exchange(0, std::memory_order_relaxed); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::int64_t launches() const noexcept { return launches_.load(std::memory_order_relaxed); }

 private:
  std::string name_;
  std::atomic<std::int64_t> launches_{0};
  std::atomic<std::size_t> team_scratch_{0};
};

namespace ledger {

/// Begins to listen to Kokkos Tools; Kokkos must be initialised (by whomever). Further calls do nothing. Causes no
/// fence, launch or copy. A tool that the user loaded keeps receiving everything that it asked for, before the ledger
/// counts it.
void attach();

/// Fences with this prefix in their names are waits of the exchange between ranks, and are counted as such.
inline constexpr std::string_view exchange_prefix = "sinter::exchange";

/// Counts one wait for data of other ranks.
void count_wait(const char* label);

/// Totals since the process began (fences, copies and allocations: since attach()).
LedgerCounts totals();

/// The most scratch in bytes that a team had in launches under labels with this prefix, since it was asked last.
std::size_t take_team_scratch(std::string_view prefix);

/// Totals by kind and label.
using ByLabel = std::map<std::pair<std::string, std::string>, LedgerRow>;
ByLabel by_label();

/// `after - before`, rows without a change left out; sorted by kind, then by falling count.
std::vector<LedgerRow> difference(const ByLabel& before, const ByLabel& after);

/// A table for people: kind, label, count, bytes.
std::string table(const std::vector<LedgerRow>& rows);

/// The same as a JSON array of objects {kind, label, count, bytes}.
std::string json(const std::vector<LedgerRow>& rows);

}  // namespace ledger
}  // namespace sinter
