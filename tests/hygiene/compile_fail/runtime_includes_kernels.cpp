// A floor does not see the floor above it.
#include <sinter/runtime/tensor.hpp>
#ifdef SINTER_BREAK
#include <sinter/kernels/catalog/ops.hpp>
#endif
