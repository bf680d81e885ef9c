// Other programs as child processes: started without a shell, their output read to its end.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sinter::app {

struct ChildOptions {
  bool own_group = false;   ///< whether it leads a process group: a terminal's Ctrl-C then reaches this process alone
  double time_limit_s = 0;  ///< then the child is ended; 0: none
  std::function<bool()> stop;  ///< polled about ten times a second: true ends the child
};

struct ChildOutcome {
  int exit = -1;   ///< exit status; -1 where a signal ended it or it did not start
  int signal = 0;  ///< that ended it
  bool timed_out = false, stopped = false;
  std::string out, err;  ///< standard output and error; `err` says why where it did not start
  double elapsed_s = 0;
};

/// Runs a program to its end, with standard input empty; a SIGTERM ends it when this process is killed. At the time limit or when `stop` says so it is ended, with its
/// group where it leads one: SIGTERM, five seconds later SIGKILL.
ChildOutcome run_child(const std::vector<std::string>& arguments, const ChildOptions& options = {});

/// Whether run_child() finds a program of that name.
bool on_path(const std::string& program);

/// The command as text that a POSIX shell reads as the same words.
std::string shell_text(const std::vector<std::string>& arguments);

/// The last line that is not empty.
std::string last_line(std::string text);

}  // namespace sinter::app
