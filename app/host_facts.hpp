// What the program knows about the machine that it runs on, without Kokkos: processor features, drivers, names, memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::app {

std::filesystem::path executable_path();

/// Names as in the flags line of /proc/cpuinfo (`Features` on Arm).
std::set<std::string> cpu_features();

/// Why the device of a space cannot be used here, or "" where it can. Host spaces need nothing. Asks drivers, never
/// Kokkos: a Kokkos with CUDA aborts on a machine without a GPU.
std::string missing_device(std::string_view space);

/// The devices of a space that this process may use, in the order of their numbers: what tells each from all others on
/// any machine (of NVIDIA the UUID, which an instance of MIG has, too). None where the system does not tell.
std::vector<std::uint64_t> device_identities(std::string_view space);

/// Processors that this process may run on.
int allowed_cpus();

/// Sizes of the caches that a core has to itself beyond the first level, and of the last level of all cores together; 0
/// where the system does not tell.
struct CpuCaches {
  std::int64_t core_bytes = 0, shared_bytes = 0;
};
CpuCaches cpu_caches();

struct HostFacts {
  std::string name, os, cpu;
  int cpus = 0;  ///< allowed_cpus()
};
HostFacts host_facts();

/// The largest resident set of this process so far.
std::int64_t peak_memory_bytes();

/// Now, as 2026-01-31T12:34:56Z.
std::string utc_now();

}  // namespace sinter::app
