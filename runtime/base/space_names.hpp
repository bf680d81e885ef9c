// The closed list of spaces by name, in the order in which `auto` tries them. Free of Kokkos; runtime/spaces.hpp ties
// each name to its execution and memory space. To add a backend: one line here and one there.
#pragma once

#include <array>
#include <string_view>

namespace sinter {

struct SpaceName {
  std::string_view name;
  bool is_device;                  ///< its memory is not host memory
  bool automatic;                  ///< may be taken by `auto` (the mock device space may not)
  std::string_view requires_text;  ///< what a Kokkos needs to have it
};

inline constexpr std::array<SpaceName, 7> space_names{{
    {"cuda", true, true, "a Kokkos with CUDA and an NVIDIA GPU"},
    {"hip", true, true, "a Kokkos with HIP and an AMD GPU"},
    {"sycl", true, true, "a Kokkos with SYCL and a GPU"},
    {"openmp", false, true, "a Kokkos with OpenMP"},
    {"threads", false, true, "a Kokkos with C++ threads"},
    {"serial", false, true, "a Kokkos with Serial"},
    {"mock", true, false, "the preset 'mock': host memory behind a device's rules, for tests"},
}};

}  // namespace sinter
