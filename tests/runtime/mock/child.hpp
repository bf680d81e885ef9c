// Runs a piece of a test in a child process, for what is meant to abort or has to happen before Kokkos is initialised.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

namespace sinter::testing {

struct ChildResult {
  int status = 0;      ///< as waitpid gives it
  std::string errors;  ///< what the child wrote to stderr

  [[nodiscard]] bool exited_well() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  [[nodiscard]] bool aborted() const { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; }
};

/// Forks and calls `work` in the child, whose exit status is what `work` returns.
template <class Work>
ChildResult run_in_child(Work&& work) {
  int ends[2];
  if (pipe(ends) != 0) return {-1, "pipe failed"};
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    std::signal(SIGABRT, SIG_DFL);  // not the test framework's handler
    _exit(std::forward<Work>(work)());
  }
  close(ends[1]);
  ChildResult result;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    result.errors.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  waitpid(child, &result.status, 0);
  return result;
}

}  // namespace sinter::testing
