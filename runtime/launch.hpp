// The only way to launch a kernel, the only team barrier, and which piece of the work a team does. The wrapper counts the
// launch in the ledger under its label; it adds no fence, no copy and no allocation. Launches are asynchronous on the
// execution-space instance of the policy.
#pragma once

#include <sinter/runtime/kokkos_version.hpp>
#include <sinter/runtime/ledger.hpp>
#ifdef SINTER_MOCK
#include <sinter/runtime/mock/team_order.hpp>
#endif

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

/// Which of the league's pieces of work the team does. Kernels ask here and not the team, so that tests can permute the
/// order in which the pieces are done.
template <class Team>
KOKKOS_FORCEINLINE_FUNCTION int league_rank(const Team& team) {
#ifdef SINTER_MOCK
  KOKKOS_IF_ON_HOST((return detail::ordered_rank(team.league_rank(), team.league_size());))
#endif
  return team.league_rank();
}

}  // namespace sinter
