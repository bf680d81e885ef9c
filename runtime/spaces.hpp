// The closed list of spaces. A space is a tag type: an execution space, a memory space and a name
// (runtime/base/space_names.hpp); everything above takes it as a template parameter. Those that this Kokkos has are
// defined.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
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

// The host's own: of those that this Kokkos has, the one that uses its processors best.
#if defined(KOKKOS_ENABLE_OPENMP)
using Host = OpenMP;
#elif defined(KOKKOS_ENABLE_THREADS)
using Host = Threads;
#else
using Host = Serial;
#endif

}  // namespace spaces

/// The space of an execution space, for an application that knows its own: SpaceFor<Kokkos::OpenMP> is spaces::OpenMP.
template <class Execution>
using SpaceFor = decltype(spaces::space_of(std::declval<const Execution&>()));

/// The space in which the host works on data of its own beside S: S's processors where S runs on them.
template <Space S>
using HostSpaceBeside =
    SpaceFor<std::conditional_t<S::kernels_on_host, typename S::Execution, spaces::Host::Execution>>;

/// An instance of it.
template <Space S>
typename HostSpaceBeside<S>::Execution host_instance(const typename S::Execution& exec) {
  if constexpr (S::kernels_on_host) {
    return exec;
  } else {
    return {};
  }
}

/// An instance whose copies run while `exec` computes. Where the host reads the memory itself nothing is copied, and it is
/// `exec`.
template <Space S>
typename S::Execution copy_instance(const typename S::Execution& exec) {
  if constexpr (S::kernels_on_host) {
    return exec;
  } else {
    return Kokkos::Experimental::partition_space(exec, 1)[0];
  }
}

}  // namespace sinter
