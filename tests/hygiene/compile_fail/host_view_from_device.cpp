// A device tensor is not assigned to a host View: the host would read device memory.
#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/tensor.hpp>

float first(const sinter::Vector<sinter::spaces::Mock, float>& tensor) {
  const sinter::HostMirror mirror(tensor);
  mirror.pull({});
#ifdef SINTER_BREAK
  const Kokkos::View<float*, Kokkos::LayoutRight, Kokkos::HostSpace> host = tensor;
#else
  const Kokkos::View<float*, Kokkos::LayoutRight, Kokkos::HostSpace> host = mirror.host();
#endif
  return host(0);
}
