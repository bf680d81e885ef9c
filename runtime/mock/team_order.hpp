// The order of teams, permuted: team r of a league does the work of another one. Kernels must be right, to the bit, in
// whatever order their teams run; with one thread and this, tests say in which order they do. In builds with the mock
// device space only (developers).
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>

namespace sinter {

enum class TeamOrder { forward, reversed, random };

namespace detail {
inline std::atomic<TeamOrder> team_order{TeamOrder::forward};
inline std::atomic<std::uint32_t> team_order_seed{0};

/// A bijection of [0, league) that depends on `seed`: multiplications and shifts on the next power of two, repeated
/// until the value lies in the league.
inline int permuted_rank(int rank, int league, std::uint32_t seed) {
  const std::uint32_t count = static_cast<std::uint32_t>(league), mask = std::bit_ceil(count) - 1;
  const int shift = std::max(1, static_cast<int>(std::bit_width(mask)) / 2);
  auto value = static_cast<std::uint32_t>(rank);
  do {
    std::uint32_t key = seed;
    for (int round = 0; round < 4; ++round) {
      key = key * 0x9E3779B1u + 0x7F4A7C15u;
      value = (value * ((key >> 7) | 1u) + (key >> 11)) & mask;
      value ^= value >> shift;
    }
  } while (value >= count);
  return static_cast<int>(value);
}

inline int ordered_rank(int rank, int league) {
  switch (team_order.load(std::memory_order_relaxed)) {
    case TeamOrder::forward: break;
    case TeamOrder::reversed: return league - 1 - rank;
    case TeamOrder::random: return permuted_rank(rank, league, team_order_seed.load(std::memory_order_relaxed));
  }
  return rank;
}
}  // namespace detail

/// For all launches from now on. `seed`: of the random order.
inline void set_team_order(TeamOrder order, std::uint32_t seed = 0) {
  detail::team_order = order;
  detail::team_order_seed = seed;
}

}  // namespace sinter
