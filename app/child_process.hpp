// This program, run once more in a process of its own: a number of threads and the first step of a process can only be
// had once.
#pragma once

#include <string>
#include <vector>

namespace sinter::app {

struct ChildOutcome {
  int code = 0;        ///< exit code; 128 + signal where one ended it
  std::string output;  ///< what it wrote to standard output
  double seconds = 0;  ///< from its start to its end
};

/// Runs this program with these arguments; its standard error is ours. Throws IoError where it cannot be started.
ChildOutcome run_self(const std::vector<std::string>& arguments);

}  // namespace sinter::app
