// Host mirrors: the only copies between host and device. Where the host can read the tensor's memory the mirror is that
// memory, and push and pull copy nothing; the program text is the same.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include <sinter/runtime/spaces.hpp>

namespace sinter {

/// Host memory that a device copies from or to while it works on something else: pinned where the backend has such memory.
#ifdef KOKKOS_HAS_SHARED_HOST_PINNED_SPACE
template <Space S>
using StagingMemory = std::conditional_t<S::kernels_on_host, Kokkos::HostSpace, Kokkos::SharedHostPinnedSpace>;
#else
template <Space S>
using StagingMemory = Kokkos::HostSpace;
#endif

/// A host-side image of one tensor, in pageable memory or in StagingMemory<S>.
template <class View, class Image = Kokkos::HostSpace>
class HostMirror {
 public:
  using Host = std::conditional_t<std::is_same_v<Image, Kokkos::HostSpace>, typename View::host_mirror_type,
                                  Kokkos::View<typename View::non_const_data_type, Kokkos::LayoutRight, Image>>;
  using Execution = typename View::execution_space;
  static constexpr bool copies =
      !Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename View::memory_space>::accessible;

  /// 1 allocation on the host where the space is not host-accessible, else none. The contents are undefined until the
  /// first pull.
  explicit HostMirror(View tensor) : tensor_(std::move(tensor)), host_(image_of(tensor_)) {}

  [[nodiscard]] const Host& host() const { return host_; }
  [[nodiscard]] const View& tensor() const { return tensor_; }

  /// Host to device, asynchronous on `exec`; the host image must stay unchanged until `exec` has done it. 1 copy, or
  /// none.
  void push(const Execution& exec) const {
    if constexpr (copies) Kokkos::deep_copy(exec, tensor_, host_);
  }

  /// Device to host; returns when the host image is there. 1 copy (or none) and 1 fence of `exec`, by this name.
  void pull(const Execution& exec, const char* fence = "sinter::HostMirror::pull") const {
    if constexpr (copies) Kokkos::deep_copy(exec, host_, tensor_);
    exec.fence(fence);
  }

 private:
  static Host image_of(const View& tensor) {
    if constexpr (std::is_same_v<Image, Kokkos::HostSpace>) {
      return Kokkos::create_mirror_view(Kokkos::WithoutInitializing, tensor);
    } else {
      return Host(Kokkos::view_alloc(Kokkos::WithoutInitializing, tensor.label() + "_staging"), tensor.layout());
    }
  }

  View tensor_;
  Host host_;
};

/// Device to device, asynchronous on `exec`: to = from, of the same shape. 1 copy.
template <class Execution, class To, class From>
void copy(const Execution& exec, const To& to, const From& from) {
  Kokkos::deep_copy(exec, to, from);
}

/// Every element of `to` becomes `value`, asynchronous on `exec`.
template <class Execution, class To, class Value>
void fill(const Execution& exec, const To& to, const Value& value) {
  Kokkos::deep_copy(exec, to, value);
}

/// Waits for everything submitted to `exec`. 1 fence with this name.
template <class Execution>
void wait_for(const Execution& exec, const char* name) {
  exec.fence(name);
}

}  // namespace sinter
