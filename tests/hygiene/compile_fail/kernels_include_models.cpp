// A floor does not see the floor above it.
#include <sinter/kernels/catalog/ops.hpp>
#ifdef SINTER_BREAK
#include <sinter/models/spec/model_spec.hpp>
#endif
