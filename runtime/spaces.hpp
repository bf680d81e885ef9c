// The closed list of spaces. A space is a tag type: an execution space, a memory space and a name
// (runtime/base/space_names.hpp); everything above takes it as a template parameter. Those that this Kokkos has are
// defined.
#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include <sinter/runtime/base/space_names.hpp>
#include <sinter/runtime/kokkos_version.hpp>
#ifdef SINTER_MOCK
#include <sinter/runtime/mock/mock_space.hpp>
#endif

namespace sinter {

template <class S>
concept Space = requires {
  typename S::Execution;
  typename S::Memory;
  typename S::Device;
  { S::name } -> std::convertible_to<std::string_view>;
  {
    S::kernels_on_host
    } -> std::convertible_to<bool>;  // kernels run on the processor: one thread a team, vectors inside
  { S::host_accessible } -> std::convertible_to<bool>;  // the host may read the memory without a copy
};

template <class Execution_, class Memory_, bool KernelsOnHost, bool HostAccessible>
struct SpaceOf {
  using Execution = Execution_;
  using Memory = Memory_;
  using Device = Kokkos::Device<Execution_, Memory_>;
  static constexpr bool kernels_on_host = KernelsOnHost;
  static constexpr bool host_accessible = HostAccessible;
};

template <Space S>
inline constexpr DeviceKind device_kind = S::kernels_on_host ? DeviceKind::host : DeviceKind::accelerator;

namespace spaces {

// space_of() is declared only, for SpaceFor below.
#ifdef KOKKOS_ENABLE_CUDA
struct Cuda : SpaceOf<Kokkos::Cuda, Kokkos::CudaSpace, false, false> {
  static constexpr std::string_view name = "cuda";
};
Cuda space_of(const Kokkos::Cuda&);
#endif
#ifdef KOKKOS_ENABLE_HIP
struct Hip : SpaceOf<Kokkos::HIP, Kokkos::HIPSpace, false, false> {
  static constexpr std::string_view name = "hip";
};
Hip space_of(const Kokkos::HIP&);
#endif
#ifdef KOKKOS_ENABLE_SYCL
struct Sycl : SpaceOf<Kokkos::SYCL, Kokkos::SYCLDeviceUSMSpace, false, false> {
  static constexpr std::string_view name = "sycl";
};
Sycl space_of(const Kokkos::SYCL&);
#endif
#ifdef KOKKOS_ENABLE_OPENMP
struct OpenMP : SpaceOf<Kokkos::OpenMP, Kokkos::HostSpace, true, true> {
  static constexpr std::string_view name = "openmp";
};
OpenMP space_of(const Kokkos::OpenMP&);
#endif
#ifdef KOKKOS_ENABLE_THREADS
struct Threads : SpaceOf<Kokkos::Threads, Kokkos::HostSpace, true, true> {
  static constexpr std::string_view name = "threads";
};
Threads space_of(const Kokkos::Threads&);
#endif
#ifdef KOKKOS_ENABLE_SERIAL
struct Serial : SpaceOf<Kokkos::Serial, Kokkos::HostSpace, true, true> {
  static constexpr std::string_view name = "serial";
};
Serial space_of(const Kokkos::Serial&);
#endif
#ifdef SINTER_MOCK
struct Mock : SpaceOf<MockSpace::execution_space, MockSpace, true, false> {
  static constexpr std::string_view name = "mock";
};
#endif

}  // namespace spaces

/// The space of an execution space, for an application that knows its own: SpaceFor<Kokkos::OpenMP> is spaces::OpenMP.
template <class Execution>
using SpaceFor = decltype(spaces::space_of(std::declval<const Execution&>()));

}  // namespace sinter
