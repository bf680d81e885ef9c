// A host View does not pass for a device tensor: a kernel would read host memory.
#include <sinter/runtime/tensor.hpp>

using sinter::spaces::Mock;

struct Layer {
  sinter::MatrixRef<Mock, const double> weights;
};

Layer make_layer() {
#ifdef SINTER_BREAK
  const Kokkos::View<double**, Kokkos::LayoutRight, Kokkos::HostSpace> weights("weights", 2, 3);
#else
  const sinter::Matrix<Mock, double> weights("weights", 2, 3);
#endif
  return Layer{weights};
}
