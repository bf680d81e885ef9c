#include <sinter/app/plots.hpp>

#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include <sinter/app/child_process.hpp>
#include <sinter/app/host_facts.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;

/// Standard output and error are both of interest: a script says on either why it failed.
std::string complaint(const ChildOutcome& outcome) { return last_line(outcome.out + outcome.err); }

}  // namespace

PlotSupport find_plot_support() {
  std::vector<std::string> candidates;
  if (const char* chosen = std::getenv("SINTER_PYTHON"); chosen != nullptr && *chosen != '\0') {
    candidates = {chosen};  // a choice, not a suggestion
  } else {
    candidates = {"/usr/bin/python3", "python3"};
    if (*SINTER_DEFAULT_PYTHON != '\0') candidates.insert(candidates.begin(), SINTER_DEFAULT_PYTHON);
  }
  std::string problem;
  for (const auto& python : candidates) {
    const auto outcome = run_child({python, "-c", "import matplotlib"});
    if (outcome.exit == 0) return {python, ""};
    if (problem.empty()) problem = fmt::format("{}: {}", python, complaint(outcome));
  }
  return {"", fmt::format("no Python with matplotlib ({}); install it, or name one in SINTER_PYTHON", problem)};
}

std::string draw_plots(const fs::path& folder, const std::string& script_name) {
  const auto script = executable_path().parent_path().parent_path() / "share/sinter" / script_name;
  if (!fs::exists(script)) return fmt::format("'{}' is missing", script.string());
  const auto support = find_plot_support();
  if (!support.problem.empty()) return support.problem;
  const auto outcome = run_child({support.python, script.string(), folder.string()});
  if (outcome.exit == 0) return "";
  return fmt::format("{} failed: {}", script.filename().string(), complaint(outcome));
}

}  // namespace sinter::app
