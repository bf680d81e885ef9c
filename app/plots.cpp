#include <sinter/app/plots.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sinter/app/host_facts.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int status = -1;     ///< exit status; -1 where the program did not start or was ended by a signal
  std::string output;  ///< standard output and error together
};

/// Runs a program to its end. posix_spawn, since a forked copy of a process with a thread pool may do next to nothing.
Outcome run(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {-1, std::strerror(errno)};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Outcome outcome;
  if (error == 0) {
    char block[4096];
    for (ssize_t count = 0; (count = ::read(ends[0], block, sizeof block)) > 0 || (count < 0 && errno == EINTR);) {
      if (count > 0) outcome.output.append(block, static_cast<std::size_t>(count));
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  } else {
    outcome.output = std::strerror(error);
  }
  ::close(ends[0]);
  return outcome;
}

std::string last_line(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

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
    const auto outcome = run({python, "-c", "import matplotlib"});
    if (outcome.status == 0) return {python, ""};
    if (problem.empty()) problem = fmt::format("{}: {}", python, last_line(outcome.output));
  }
  return {"", fmt::format("no Python with matplotlib ({}); install it, or name one in SINTER_PYTHON", problem)};
}

std::string draw_plots(const fs::path& folder) {
  const auto script = executable_path().parent_path().parent_path() / "share/sinter/sinter_plot.py";
  if (!fs::exists(script)) return fmt::format("'{}' is missing", script.string());
  const auto support = find_plot_support();
  if (!support.problem.empty()) return support.problem;
  const auto outcome = run({support.python, script.string(), folder.string()});
  if (outcome.status == 0) return "";
  return fmt::format("{} failed: {}", script.filename().string(), last_line(outcome.output));
}

}  // namespace sinter::app
