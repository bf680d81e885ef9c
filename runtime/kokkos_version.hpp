// The one place where differences between Kokkos releases (4.6 to 5.x) are answered.
#pragma once

#include <Kokkos_Core.hpp>

static_assert(KOKKOS_VERSION >= 40600, "Sinter needs Kokkos 4.6 or newer");

namespace sinter {

/// "5.2.2", of the Kokkos that this was compiled against.
inline constexpr int kokkos_major = KOKKOS_VERSION / 10000;
inline constexpr int kokkos_minor = KOKKOS_VERSION / 100 % 100;
inline constexpr int kokkos_patch = KOKKOS_VERSION % 100;

}  // namespace sinter
