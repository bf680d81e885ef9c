// The closed list of spaces by name, in the order in which `auto` tries them. Free of Kokkos; runtime/spaces.hpp ties
// each name to its execution and memory space. To add a backend: one line here and one there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <sinter/runtime/base/names.hpp>

namespace sinter {

/// Where a space's kernels run: on the processor, or on an accelerator. It is part of a problem: the planner cuts a batch
/// into more chunks for an accelerator.
enum class DeviceKind : std::uint8_t { host, accelerator };

template <>
struct Names<DeviceKind> {
  static constexpr std::pair<DeviceKind, std::string_view> list[] = {
      {DeviceKind::host, "host"},
      {DeviceKind::accelerator, "accelerator"},
  };
};

struct SpaceName {
  std::string_view name;
  bool is_device;                  ///< its memory is not host memory
  DeviceKind kind;                 ///< of its kernels; those of the mock device space run on the processor
  bool automatic;                  ///< may be taken by `auto` (the mock device space may not)
  std::string_view requires_text;  ///< what a Kokkos needs to have it
};

inline constexpr std::array<SpaceName, 7> space_names{{
    {"cuda", true, DeviceKind::accelerator, true, "a Kokkos with CUDA and an NVIDIA GPU"},
    {"hip", true, DeviceKind::accelerator, true, "a Kokkos with HIP and an AMD GPU"},
    {"sycl", true, DeviceKind::accelerator, true, "a Kokkos with SYCL and a GPU"},
    {"openmp", false, DeviceKind::host, true, "a Kokkos with OpenMP"},
    {"threads", false, DeviceKind::host, true, "a Kokkos with C++ threads"},
    {"serial", false, DeviceKind::host, true, "a Kokkos with Serial"},
    {"mock", true, DeviceKind::host, false, "the preset 'mock': host memory behind a device's rules, for tests"},
}};

/// The kind of a space by name; host for a name that is none.
constexpr DeviceKind device_kind_of(std::string_view name) {
  for (const auto& space : space_names) {
    if (space.name == name) return space.kind;
  }
  return DeviceKind::host;
}

}  // namespace sinter
