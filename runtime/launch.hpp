// The only way to launch a kernel and the only team barrier. The wrapper counts the launch in the ledger under its
// label; it adds no fence, no copy and no allocation. Launches are asynchronous on the execution-space instance of the
// policy.
#pragma once

#include <sinter/runtime/kokkos_version.hpp>
#include <sinter/runtime/ledger.hpp>

namespace sinter {

/// Launches `functor` over `policy` (RangePolicy, MDRangePolicy or TeamPolicy that carries its instance). 1 launch, 0
/// fences.
template <class Policy, class Functor>
void launch(LaunchLabel& label, const Policy& policy, const Functor& functor) {
  label.count();
  Kokkos::parallel_for(label.name(), policy, functor);
}

/// All threads of the team wait for each other; what they wrote to scratch and global memory before is visible to the
/// team after. A place of its own so that sanitizers can be told about it.
template <class Team>
KOKKOS_FORCEINLINE_FUNCTION void barrier(const Team& team) {
  team.team_barrier();
}

}  // namespace sinter
