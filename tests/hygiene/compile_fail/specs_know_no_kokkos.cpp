// Specs are read on nodes that have no Kokkos.
#include <sinter/models/spec/model_spec.hpp>
#ifdef SINTER_BREAK
#include <Kokkos_Core.hpp>
#endif
