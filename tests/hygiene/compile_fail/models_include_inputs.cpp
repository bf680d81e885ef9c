// A floor does not see the floor above it.
#include <sinter/models/spec/model_spec.hpp>
#ifdef SINTER_BREAK
#include <sinter/inputs/run_file.hpp>
#endif
