#include <sinter/runtime/base/version.hpp>

namespace sinter {

const char* version() noexcept { return SINTER_VERSION; }

}  // namespace sinter
