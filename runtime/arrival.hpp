// "The last to arrive does the rest": teams that finish their part of a common piece count themselves in; the one that
// finds itself last sees everything that the others wrote, and carries on. No team waits for another, so nothing
// depends on which teams are resident. The counter resets itself, ready for the next launch.
#pragma once

#include <atomic>

#include <sinter/runtime/launch.hpp>

namespace sinter {

namespace detail {
/// Adds one with acquire-release order at device scope and gives the old value.
KOKKOS_INLINE_FUNCTION int fetch_increment(int* counter) {
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__) || defined(__SYCL_DEVICE_ONLY__)
  Kokkos::memory_fence();
  const int old = Kokkos::atomic_fetch_add(counter, 1);
  Kokkos::memory_fence();
  return old;
#else
  return std::atomic_ref<int>(*counter).fetch_add(1, std::memory_order_acq_rel);
#endif
}
}  // namespace detail

/// Every thread of the team calls it after its last write to the common piece. True for all threads of exactly one team
/// of `parties`: the last. `counter` is zero before the first arrival and after the last.
template <class Team>
KOKKOS_INLINE_FUNCTION bool arrive_last(const Team& team, int* counter, int parties) {
  if (parties == 1) {
    barrier(team);  // the team's own writes, before its threads read each other's
    return true;
  }
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__) || defined(__SYCL_DEVICE_ONLY__)
  Kokkos::memory_fence();  // each thread's writes are out before its team counts itself in
#endif
  barrier(team);
  int last = 0;
  Kokkos::single(
      Kokkos::PerTeam(team),
      [&](int& mine) {
        mine = detail::fetch_increment(counter) == parties - 1 ? 1 : 0;
        if (mine != 0) *counter = 0;  // nobody else touches it before the next launch
      },
      last);
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__) || defined(__SYCL_DEVICE_ONLY__)
  if (last != 0) Kokkos::memory_fence();  // every thread of the last team sees the others' writes
#endif
  return last != 0;
}

/// The same at `count` counters at once: last[i] of scratch is 1 where the team is the last one at counter i, else 0, for
/// all threads of the team to see.
template <class Team>
KOKKOS_INLINE_FUNCTION void arrive_at_all(const Team& team, int* counters, int count, int parties, int* last) {
  Kokkos::memory_fence();  // each thread's writes are out before its team counts itself in
  barrier(team);
  for (int i = team.team_rank(); i < count; i += team.team_size()) {
    last[i] = detail::fetch_increment(counters + i) == parties - 1 ? 1 : 0;
    if (last[i] != 0) counters[i] = 0;  // nobody else touches it before the next launch
  }
  barrier(team);           // all threads read what some found
  Kokkos::memory_fence();  // every thread of a last team sees the others' writes
}

}  // namespace sinter
