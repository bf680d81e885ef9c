// The reader of run files builds without Kokkos.
#include <sinter/models/spec/model_spec.hpp>
#ifdef SINTER_BREAK
#include <Kokkos_Core.hpp>
#endif
