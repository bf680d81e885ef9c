// The part of the ground floor that is free of Kokkos does not see the part that is not.
#include <sinter/runtime/base/errors.hpp>
#ifdef SINTER_BREAK
#include <sinter/runtime/tensor.hpp>
#endif
