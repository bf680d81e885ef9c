// The order of teams that the environment asks for: SINTER_TEST_TEAM_ORDER is `forward`, `reversed` or the seed of a
// random order. Builds with the mock device space only.
#pragma once

#include <cstdlib>
#include <string_view>

#include <sinter/runtime/launch.hpp>

namespace sinter::test {

/// False where the order is wanted and cannot be had.
inline bool take_team_order() {
  const char* const value = std::getenv("SINTER_TEST_TEAM_ORDER");
  const std::string_view order = value == nullptr ? "forward" : value;
#ifdef SINTER_MOCK
  if (order == "reversed") {
    set_team_order(TeamOrder::reversed);
  } else if (order != "forward") {
    char* end = nullptr;
    const auto seed = std::strtoul(value, &end, 10);
    if (end == value || *end != '\0') return false;
    set_team_order(TeamOrder::random, static_cast<std::uint32_t>(seed));
  }
  return true;
#else
  return order == "forward";
#endif
}

}  // namespace sinter::test
