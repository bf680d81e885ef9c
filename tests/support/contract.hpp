// The instances on which a kernel test runs, and what a piece of work leaves in the ledger.
#pragma once

#include <vector>

#include <sinter/runtime/base/ledger_counts.hpp>
#include <sinter/runtime/ledger.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::test {

/// The default instance and another one (on OpenMP: with a part of the threads).
template <Space S>
std::vector<typename S::Execution> instances() {
  const typename S::Execution whole;
  const auto parts = Kokkos::Experimental::partition_space(whole, 1, 1);
  return {whole, parts[1]};
}

template <class Work>
LedgerCounts account_of(const Work& work) {
  const LedgerCounts before = ledger::totals();
  work();
  return ledger::totals() - before;
}

/// Of the second call: at the first Kokkos may still grow its team scratch.
template <class Work>
LedgerCounts steady_account(const Work& work) {
  work();
  return account_of(work);
}

inline constexpr LedgerCounts one_launch{1, 0, 0, 0, 0};

}  // namespace sinter::test
