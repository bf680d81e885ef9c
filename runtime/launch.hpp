// The only way to launch a kernel, the only team barrier, and which piece of the work a team does. The wrapper counts the
// launch in the ledger under its label; it adds no fence, no copy and no allocation. Launches are asynchronous on the
// execution-space instance of the policy.
#pragma once

#include <cstddef>
#include <type_traits>

#include <sinter/runtime/kokkos_version.hpp>
#include <sinter/runtime/ledger.hpp>
#ifdef SINTER_MOCK
#include <sinter/runtime/mock/team_order.hpp>
#endif

namespace sinter {

namespace detail {
/// Bytes of scratch that a policy's teams have; 0 for a policy without teams.
template <class Policy>
std::size_t team_scratch(const Policy& policy) {
  if constexpr (requires { policy.scratch_size(0); }) {
    return policy.scratch_size(0) + policy.scratch_size(1);
  } else {
    return 0;
  }
}
}  // namespace detail

#ifdef KOKKOS_ENABLE_CUDA
/// What a kernel and Kokkos' part of its launch take of a GPU's arguments. From this size on Kokkos 4 passes them
/// through constant memory, of which there is one: the host would wait for the launch before.
inline constexpr std::size_t most_argument_bytes = 511;
#endif

/// Launches `functor` over `policy` (RangePolicy, MDRangePolicy or TeamPolicy that carries its instance). 1 launch, 0
/// fences.
template <class Policy, class Functor>
void launch(LaunchLabel& label, const Policy& policy, const Functor& functor) {
#ifdef KOKKOS_ENABLE_CUDA
  if constexpr (std::is_same_v<typename Policy::execution_space, Kokkos::Cuda>) {
    static_assert(sizeof(Kokkos::Impl::ParallelFor<Functor, Policy, Kokkos::Cuda>) <= most_argument_bytes,
                  "a kernel's arguments are too long: put what does not change from step to step into device memory");
  }
#endif
  label.count(detail::team_scratch(policy));
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
