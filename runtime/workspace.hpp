// One arena of device memory, laid out before the run: callers add named slots, the arena is allocated once, and steps
// allocate nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter {

/// Where a piece of the arena lies; typed, so that it is read back as what it was added as.
template <class T>
struct Slot {
  std::int64_t offset = 0;  ///< bytes from the start
  std::int64_t count = 0;   ///< elements
};

template <Space S>
class Workspace {
 public:
  using Execution = typename S::Execution;
  static constexpr std::int64_t alignment = 256;  // a GPU's transaction and a CPU's vector both divide it

  /// Reserves `count` elements; only before allocate().
  template <class T>
  Slot<T> add(std::int64_t count) {
    if (arena_.data() != nullptr) throw InternalError("workspace: a slot was added after the arena was allocated");
    const Slot<T> slot{bytes_, count};
    bytes_ += (count * static_cast<std::int64_t>(sizeof(T)) + alignment - 1) / alignment * alignment;
    return slot;
  }

  /// 1 allocation (label sinter::workspace); the contents start as zero bytes (1 launch or memset of Kokkos).
  void allocate(const Execution& exec) {
    arena_ = Vector<S, unsigned char>(Kokkos::view_alloc(exec, std::string("sinter::workspace")),
                                      static_cast<std::size_t>(bytes_ + alignment));
    const auto address = reinterpret_cast<std::uintptr_t>(arena_.data());
    start_ = arena_.data() + ((alignment - address % alignment) % alignment);
  }

  template <class T>
  [[nodiscard]] T* at(Slot<T> slot) const {
    return reinterpret_cast<T*>(start_ + slot.offset);
  }

  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  Vector<S, unsigned char> arena_;
  unsigned char* start_ = nullptr;
  std::int64_t bytes_ = 0;
};

}  // namespace sinter
