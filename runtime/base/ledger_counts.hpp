// What the ledger counts, as plain numbers that may cross the module boundary. Free of Kokkos.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace sinter {

/// Totals, or those of one step.
struct LedgerCounts {
  std::int64_t launches = 0;
  std::int64_t fences = 0;
  std::int64_t copies = 0;
  std::int64_t copied_bytes = 0;
  std::int64_t allocations = 0;
  std::int64_t waits =
      0;  ///< of the exchange between ranks: for the device before data go, and for data of other ranks

  friend LedgerCounts operator-(const LedgerCounts& a, const LedgerCounts& b) {
    return {a.launches - b.launches,         a.fences - b.fences,           a.copies - b.copies,
            a.copied_bytes - b.copied_bytes, a.allocations - b.allocations, a.waits - b.waits};
  }
  friend LedgerCounts max(const LedgerCounts& a, const LedgerCounts& b) {
    return {std::max(a.launches, b.launches),       std::max(a.fences, b.fences),
            std::max(a.copies, b.copies),           std::max(a.copied_bytes, b.copied_bytes),
            std::max(a.allocations, b.allocations), std::max(a.waits, b.waits)};
  }
  friend bool operator==(const LedgerCounts&, const LedgerCounts&) = default;
};

/// One kind of event under one label.
struct LedgerRow {
  std::string kind;  ///< launch, fence, copy, allocation, wait
  std::string label;
  std::int64_t count = 0;
  std::int64_t bytes = 0;  ///< copies and allocations
};

}  // namespace sinter
