// The version of Sinter, as the project's CMakeLists.txt states it.
#pragma once

namespace sinter {

/// "major.minor.patch".
const char* version() noexcept;

}  // namespace sinter
