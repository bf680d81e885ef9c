#include <sinter/runtime/mock/mock_space.hpp>

#include <cstdint>
#include <mutex>

// The records of an own memory space are instantiated from a header that Kokkos keeps to itself.
#define KOKKOS_IMPL_PUBLIC_INCLUDE
#include <impl/Kokkos_SharedAlloc_timpl.hpp>
#undef KOKKOS_IMPL_PUBLIC_INCLUDE

KOKKOS_IMPL_HOST_INACCESSIBLE_SHARED_ALLOCATION_RECORD_EXPLICIT_INSTANTIATION(sinter::MockSpace);

namespace sinter {
namespace {

namespace tools = Kokkos::Tools::Experimental;
using tools::EventSet;

EventSet chained{};  // the callbacks that were there before ours
std::mutex mutex;
bool installed = false;

template <auto Slot>
void on_begin(const char* name, std::uint32_t device, std::uint64_t* id) {
  detail::mock_kernels_running.fetch_add(1, std::memory_order_relaxed);
  if (chained.*Slot != nullptr) (chained.*Slot)(name, device, id);
}

template <auto Slot>
void on_end(std::uint64_t id) {
  if (chained.*Slot != nullptr) (chained.*Slot)(id);
  detail::mock_kernels_running.fetch_sub(1, std::memory_order_relaxed);
}

// Ours need no fence. What a tool before us asked for stands; if it listens to parallel regions and asked for nothing,
// Kokkos' default does.
void on_request_settings(std::uint32_t count, Kokkos_Tools_ToolSettings* settings) {
  if (chained.request_tool_settings != nullptr) {
    chained.request_tool_settings(count, settings);
  } else if (chained.begin_parallel_for == nullptr && chained.begin_parallel_reduce == nullptr &&
             chained.begin_parallel_scan == nullptr) {
    settings->requires_global_fencing = false;
  }
}

template <auto Slot, class Callback>
void attach(EventSet& events, Callback* ours) {
  if (events.*Slot == ours) return;
  chained.*Slot = events.*Slot;
  events.*Slot = ours;
}

}  // namespace

void install_mock_access_check() {
  const std::lock_guard lock(mutex);
  EventSet events = tools::get_callbacks();
  attach<&EventSet::begin_parallel_for>(events, on_begin<&EventSet::begin_parallel_for>);
  attach<&EventSet::begin_parallel_reduce>(events, on_begin<&EventSet::begin_parallel_reduce>);
  attach<&EventSet::begin_parallel_scan>(events, on_begin<&EventSet::begin_parallel_scan>);
  attach<&EventSet::end_parallel_for>(events, on_end<&EventSet::end_parallel_for>);
  attach<&EventSet::end_parallel_reduce>(events, on_end<&EventSet::end_parallel_reduce>);
  attach<&EventSet::end_parallel_scan>(events, on_end<&EventSet::end_parallel_scan>);
  attach<&EventSet::request_tool_settings>(events, on_request_settings);
  tools::set_callbacks(events);
  installed = true;
}

namespace detail {

void abort_mock_access(const std::string& label) {
  // Never given back: several threads of a kernel may come here, and Kokkos::abort keeps its backtrace in a static.
  static std::mutex first;
  first.lock();
  std::string text = "sinter: host code touched ";
  text += label.empty() ? std::string("a View without a label") : "the View \"" + label + "\"";
  text += " in the mock device space outside a kernel; device data reach the host through HostMirror::pull";
  if (!installed) text += " (and kernels are known only after install_mock_access_check(), which nobody called)";
  Kokkos::abort(text.c_str());
}

}  // namespace detail

void* MockSpace::allocate(const char* label, std::size_t bytes, std::size_t logical_bytes) const {
  return Kokkos::HostSpace{}.impl_allocate(label, bytes, logical_bytes, Kokkos::Tools::make_space_handle(name()));
}

void MockSpace::deallocate(const char* label, void* data, std::size_t bytes, std::size_t logical_bytes) const {
  Kokkos::HostSpace{}.impl_deallocate(label, data, bytes, logical_bytes, Kokkos::Tools::make_space_handle(name()));
}

}  // namespace sinter
