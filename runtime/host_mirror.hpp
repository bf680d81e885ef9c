// Host mirrors: the only copies between host and device. Where the host can read the tensor's memory the mirror is that
// memory, and push and pull copy nothing; the program text is the same.
#pragma once

#include <utility>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter {

/// A host-side image of one tensor.
template <class View>
class HostMirror {
 public:
  using Host = typename View::host_mirror_type;
  using Execution = typename View::execution_space;
  static constexpr bool copies =
      !Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename View::memory_space>::accessible;

  /// 1 allocation on the host where the space is not host-accessible, else none. The contents are undefined until the
  /// first pull.
  explicit HostMirror(View tensor)
      : tensor_(std::move(tensor)),
        host_(Kokkos::create_mirror_view(Kokkos::WithoutInitializing, tensor_)) {}

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
