// The mock device space: host memory behind a device's rules, so that every machine can test that nothing touches
// device memory behind the ledger's back. Views in it cannot be assigned to or from host Views, get a mirror of their
// own, are copied by deep_copy in all directions, and abort when host code reads or writes an element outside a
// parallel region. What it cannot see: a dereferenced `data()`, and host code on another thread while a kernel runs.
// Rests on Kokkos::Impl names (tried with 4.6 and 5.2): developer builds only.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter {

/// A Kokkos memory space. Tools see its allocations and copies under the name "Mock".
class MockSpace {
 public:
  using memory_space = MockSpace;
  using size_type = std::size_t;
#ifdef KOKKOS_ENABLE_OPENMP
  using execution_space = Kokkos::OpenMP;
#else
  using execution_space = Kokkos::Serial;
#endif
  using device_type = Kokkos::Device<execution_space, memory_space>;

  static constexpr const char* name() { return "Mock"; }

  void* allocate(std::size_t bytes) const { return allocate("[unlabeled]", bytes); }
  void* allocate(const char* label, std::size_t bytes, std::size_t logical_bytes = 0) const;
  template <class Execution>
  void* allocate(const Execution&, std::size_t bytes) const {
    return allocate(bytes);
  }
  template <class Execution>
  void* allocate(const Execution&, const char* label, std::size_t bytes, std::size_t logical_bytes = 0) const {
    return allocate(label, bytes, logical_bytes);
  }
  void deallocate(void* data, std::size_t bytes) const { deallocate("[unlabeled]", data, bytes); }
  void deallocate(const char* label, void* data, std::size_t bytes, std::size_t logical_bytes = 0) const;
};

/// Lets Kokkos Tools tell when a parallel region runs, so that host access can be told from a kernel's; a tool that is
/// listening already keeps receiving everything. Call it before Kokkos::initialize, so that Kokkos adds no fence around
/// launches on its account, and once more after, since a tool library that Kokkos loads meanwhile takes its callbacks
/// away. Only the second call: Kokkos fences each launch. So it does, whatever Sinter asks for, beside a tool library
/// that does not say that it needs no global fencing.
void install_mock_access_check();

namespace detail {

inline std::atomic<int> mock_kernels_running{0};

/// Aborts with a message that names the View; an unmanaged View has an empty label.
[[noreturn]] void abort_mock_access(const std::string& label);

template <class Tracker>
KOKKOS_INLINE_FUNCTION void check_mock_access(const Tracker& tracker) {
  KOKKOS_IF_ON_HOST((if (mock_kernels_running.load(std::memory_order_relaxed) == 0) {
    abort_mock_access(tracker.has_record() ? tracker.template get_label<void>() : std::string());
  }))
  KOKKOS_IF_ON_DEVICE(((void)tracker;))
}

}  // namespace detail
}  // namespace sinter

namespace Kokkos {
namespace Impl {

template <>
struct MemorySpaceAccess<HostSpace, sinter::MockSpace> {
  enum { assignable = false };
  enum { accessible = false };
  enum { deepcopy = true };
};
template <>
struct MemorySpaceAccess<sinter::MockSpace, HostSpace> {
  enum { assignable = false };
  enum { accessible = true };  // or Kokkos would refuse to reduce into a mock View
  enum { deepcopy = true };
};
template <>
struct MemorySpaceAccess<sinter::MockSpace, sinter::MockSpace> {
  enum { assignable = true };
  enum { accessible = true };
  enum { deepcopy = true };
};

template <class Execution>
struct DeepCopy<sinter::MockSpace, sinter::MockSpace, Execution> : DeepCopy<HostSpace, HostSpace, Execution> {
  using DeepCopy<HostSpace, HostSpace, Execution>::DeepCopy;
};
template <class Execution>
struct DeepCopy<sinter::MockSpace, HostSpace, Execution> : DeepCopy<HostSpace, HostSpace, Execution> {
  using DeepCopy<HostSpace, HostSpace, Execution>::DeepCopy;
};
template <class Execution>
struct DeepCopy<HostSpace, sinter::MockSpace, Execution> : DeepCopy<HostSpace, HostSpace, Execution> {
  using DeepCopy<HostSpace, HostSpace, Execution>::DeepCopy;
};

// Kokkos' checks on element access hold the execution space against the memory space alone: here both are the host's,
// and what decides is whether a kernel is running. One check for today's Views, one for those of Kokkos 4.6.
#ifdef KOKKOS_ENABLE_IMPL_MDSPAN
template <class Access>
struct RuntimeCheckBasicViewMemoryAccessViolation<sinter::MockSpace, Access, true> {
  KOKKOS_FUNCTION RuntimeCheckBasicViewMemoryAccessViolation(const SharedAllocationTracker& tracker) {
    sinter::detail::check_mock_access(tracker);
  }
};
#endif
template <class Access>
struct RuntimeCheckViewMemoryAccessViolation<sinter::MockSpace, Access, true> {
  template <class Track, class Map>
  KOKKOS_FUNCTION RuntimeCheckViewMemoryAccessViolation(const char* const, const Track& track, const Map&) {
    sinter::detail::check_mock_access(track.m_tracker);
  }
};

}  // namespace Impl

// Kernels of the host execution space may touch the memory, although that space's own memory space (HostSpace) may not.
template <>
struct SpaceAccessibility<sinter::MockSpace::execution_space, sinter::MockSpace> {
  enum { accessible = true };
  enum { assignable = false };
  enum { deepcopy = true };
  using space = sinter::MockSpace::device_type;
};
template <>
struct SpaceAccessibility<sinter::MockSpace::device_type, sinter::MockSpace> {
  enum { accessible = true };
  enum { assignable = false };
  enum { deepcopy = true };
  using space = sinter::MockSpace::device_type;
};
template <>
struct SpaceAccessibility<sinter::MockSpace, sinter::MockSpace> {
  enum { accessible = true };
  enum { assignable = true };
  enum { deepcopy = true };
  using space = sinter::MockSpace;
};
template <>
struct SpaceAccessibility<sinter::MockSpace, HostSpace> {
  enum { accessible = false };
  enum { assignable = false };
  enum { deepcopy = true };
  using space = sinter::MockSpace;
};

}  // namespace Kokkos

KOKKOS_IMPL_HOST_INACCESSIBLE_SHARED_ALLOCATION_SPECIALIZATION(sinter::MockSpace);
