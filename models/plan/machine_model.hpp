// A machine as the cost model sees it: a handful of peaks and sizes, measured or from a data sheet. It feeds predicted
// times and nothing else; no choice depends on it.
#pragma once

#include <string>

#include <sinter/runtime/base/space_names.hpp>

namespace sinter {

struct MachineModel {
  std::string name;
  DeviceKind kind = DeviceKind::host;
  int cores = 1;                                          ///< that compute: threads of a host, multiprocessors
  double fma_gflops_float32 = 0, fma_gflops_float64 = 0;  ///< of all cores, by fused multiply-adds without tensor units
  double triad_gb_s = 0;                                  ///< from memory, three streams
  double launch_us = 0;                                   ///< of an empty launch
  int vector_bytes = 0;                                   ///< of a host's vector registers; 0 for an accelerator
  double core_cache_bytes = 0;  ///< second level of a host's core, scratch of a multiprocessor
  double cache_bytes = 0;       ///< last level, shared by all cores
};

}  // namespace sinter
