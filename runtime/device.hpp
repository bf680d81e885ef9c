// What device a space runs on, and the peaks that it reaches: an FMA loop in registers, a triad through memory, an
// empty launch.
#pragma once

#include <cstdint>
#include <string>

#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter {

struct DeviceDescription {
  std::string space;
  std::string name;               ///< of the processor or accelerator
  int concurrency = 0;            ///< threads that can run at once
  std::int64_t memory_bytes = 0;  ///< of the memory the space allocates in
};

namespace detail {
std::string host_processor_name();
std::int64_t host_memory_bytes();
}  // namespace detail

template <Space S>
DeviceDescription describe_device(const typename S::Execution& exec) {
  DeviceDescription device{std::string(S::name), detail::host_processor_name(), exec.concurrency(),
                           detail::host_memory_bytes()};
#ifdef KOKKOS_ENABLE_CUDA
  if constexpr (std::is_same_v<typename S::Execution, Kokkos::Cuda>) {
    device.name = exec.cuda_device_prop().name;
    device.memory_bytes = static_cast<std::int64_t>(exec.cuda_device_prop().totalGlobalMem);
  }
#endif
#ifdef KOKKOS_ENABLE_HIP
  if constexpr (std::is_same_v<typename S::Execution, Kokkos::HIP>) {
    device.name = exec.hip_device_prop().name;
    device.memory_bytes = static_cast<std::int64_t>(exec.hip_device_prop().totalGlobalMem);
  }
#endif
  return device;
}

}  // namespace sinter
