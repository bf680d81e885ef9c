#include "rules.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <regex>

#include "source_text.hpp"

namespace sinter::hygiene {
namespace {

// These know nothing of Kokkos, so that the front end builds without it.
constexpr std::array<std::string_view, 9> free_of_kokkos = {"runtime/base",   "runtime/comm", "kernels/catalog",
                                                            "models/spec",    "models/plan",  "models/io",
                                                            "models/backend", "inputs",       "app"};

bool lies_in(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool is_free_of_kokkos(std::string_view path) {
  return std::ranges::any_of(free_of_kokkos, [&](std::string_view folder) { return lies_in(path, folder); });
}

/// 0 for the ground floor; -1 for what is no floor.
std::ptrdiff_t floor_of(std::string_view path) {
  const auto found = std::ranges::find_if(floors, [&](std::string_view floor) { return lies_in(path, floor); });
  return found == std::end(floors) ? -1 : std::distance(std::begin(floors), found);
}

/// A regular expression that no file may match; `runtime_may`: but those in runtime/.
struct Ban {
  std::regex pattern;
  const char* what;
  bool runtime_may;
};

const std::vector<Ban>& bans() {
  static const std::vector<Ban> list = {
      {std::regex(R"(\bKokkos\s*::\s*fence\s*\()"),
       "Kokkos::fence() waits for everything; wait for an instance with wait_for(exec, name)", true},
      {std::regex(R"((\.|->)\s*fence\s*\(\s*\))"), "a fence has a name", false},
      {std::regex(R"(\bDefault(Host)?ExecutionSpace\b)"),
       "the space is a template parameter, never a default of Kokkos'", false},
      {std::regex(R"(\bteam_barrier\s*\()"), "team barriers go through sinter::barrier", true},
  };
  return list;
}

void check_include(std::string_view path, const Include& include, std::vector<Violation>& out) {
  const auto add = [&](const std::string& what) { out.push_back({std::string(path), include.line, what}); };
  if (include.quoted) return add("\"" + include.target + "\" is included relative to the file; write <sinter/...>");
  if (include.target.find("../") != std::string::npos) return add("<" + include.target + "> climbs with ../");
  const bool kokkos = include.target.starts_with("Kokkos");
  if (kokkos && is_free_of_kokkos(path)) add("<" + include.target + "> where nothing knows Kokkos");
  if (include.target.starts_with("yaml-cpp/") && !lies_in(path, "inputs")) add("YAML is known to inputs/ alone");
  if (!include.target.starts_with("sinter/")) return;

  const std::string target = include.target.substr(std::string_view("sinter/").size());
  if (floor_of(target) < 0) return add("<" + include.target + "> is in none of the floors");
  if (floor_of(target) > floor_of(path)) return add("<" + include.target + "> is a floor above this one");
  if (is_free_of_kokkos(path) && !is_free_of_kokkos(target))
    add("<" + include.target + "> knows Kokkos, what includes it must not");
}

/// Calls whose arguments decide: copies between two Views, and parallel loops that are launches.
void check_calls(std::string_view path, const std::string& code, std::vector<Violation>& out) {
  static const std::regex call(R"(\b(deep_copy|parallel_for|parallel_reduce|parallel_scan)\s*\()");
  static const std::regex nested(R"(^(Kokkos\s*::\s*)?(TeamThread|TeamVector|ThreadVector)(MD)?Range\b)");
  for (std::sregex_iterator match(code.begin(), code.end(), call), end; match != end; ++match) {
    const auto position = static_cast<std::size_t>(match->position());
    const auto arguments = arguments_at(code, position + static_cast<std::size_t>(match->length()) - 1);
    const auto add = [&](const char* what) { out.push_back({std::string(path), line_at(code, position), what}); };
    if (match->str(1) == "deep_copy") {
      if (arguments.size() == 2) add("deep_copy without an instance fences everything; copy with HostMirror");
    } else if (arguments.empty() || !std::regex_search(arguments.front(), nested)) {
      add("kernels are launched through sinter::launch, so that the ledger sees them");
    }
  }
}

}  // namespace

std::vector<Violation> check(std::string_view path, std::string_view text) {
  std::vector<Violation> out;
  const std::string code = code_only(text);
  for (const Include& include : includes_of(code)) check_include(path, include, out);
  const bool in_runtime = lies_in(path, "runtime");
  for (const Ban& ban : bans()) {
    if (in_runtime && ban.runtime_may) continue;
    for (std::sregex_iterator match(code.begin(), code.end(), ban.pattern), end; match != end; ++match) {
      out.push_back({std::string(path), line_at(code, static_cast<std::size_t>(match->position())), ban.what});
    }
  }
  if (!in_runtime) check_calls(path, code, out);
  return out;
}

std::string report(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& violation : violations) {
    text += violation.path + ":" + std::to_string(violation.line) + ": " + violation.what + "\n";
  }
  return text;
}

}  // namespace sinter::hygiene
