// Team policies with scratch, made in one place, since what Kokkos does with scratch differs between its backends.
#pragma once

#include <cstddef>
#include <type_traits>

#include <sinter/runtime/spaces.hpp>

namespace sinter {

/// The policy type of a kernel whose teams have `Threads` threads on a device, of which `Teams` shall fit on an SM at a
/// time: registers are bounded for it.
template <Space S, int Threads, int Teams = 2>
using BoundedTeamPolicy = std::conditional_t<
    S::kernels_on_host, Kokkos::TeamPolicy<typename S::Execution>,
    Kokkos::TeamPolicy<typename S::Execution,
                       Kokkos::LaunchBounds<static_cast<unsigned>(Threads), static_cast<unsigned>(Teams)>>>;

/// `league` teams of `team_size` threads on `exec`, each with `bytes` of scratch at `level`. A launch with it allocates
/// nothing once Kokkos has grown its scratch at a first one.
template <Space S, class Policy = Kokkos::TeamPolicy<typename S::Execution>>
Policy team_policy(const typename S::Execution& exec, std::int64_t league, int team_size, int level = 0,
                   std::size_t bytes = 0) {
  Policy policy(exec, static_cast<int>(league), team_size);
  if (bytes > 0) policy.set_scratch_size(level, Kokkos::PerTeam(static_cast<int>(bytes)));
  if constexpr (!S::kernels_on_host) {
    // Kokkos' CUDA backend asks for memory at every launch for as long as no launch has had any scratch at level 1
    // (seen with 4.6: a zero-byte allocation each); a little at the first launch ends that.
    if (level != 1 || bytes == 0) policy.set_scratch_size(1, Kokkos::PerTeam(64));
  }
  return policy;
}

/// Threads of the team.
template <Space S, class Team>
KOKKOS_FORCEINLINE_FUNCTION int threads_of(const Team& team) {
  if constexpr (S::kernels_on_host) {
    return 1;
  } else {
    return team.team_size();
  }
}

}  // namespace sinter
