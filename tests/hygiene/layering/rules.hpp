// The rules of the tower, as far as they can be read off the source: who may include whom, and which calls belong to
// runtime/ alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::hygiene {

struct Violation {
  std::string path;
  std::size_t line = 0;
  std::string what;
};

/// The floors, from the ground up.
inline constexpr std::string_view floors[] = {"runtime", "kernels", "models", "inputs", "app"};

/// Checks one file of a floor; `path` is relative to the top folder, as in "kernels/fused/forward.hpp".
std::vector<Violation> check(std::string_view path, std::string_view text);

/// "path:line: what", one line each.
std::string report(const std::vector<Violation>& violations);

}  // namespace sinter::hygiene
