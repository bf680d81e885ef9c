// Exit codes of the program; docs/exit-codes.md explains them. An error ends with the number of its ErrorKind.
#pragma once

#include <string_view>

#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {

/// A run that a signal ended early, with everything written: EX_TEMPFAIL of sysexits.h, "work remains". Scripts start it
/// again, so that it is only for what gets on then.
inline constexpr int exit_interrupted = 75;

/// A run that was stopped early and keeps no checkpoint: started again it would begin anew, and be stopped again.
inline constexpr int exit_stopped = 11;

/// A study that is done, but for points whose processes failed; a comparison without any slower point, of a second study
/// that has no times of some, or where no point could be judged.
inline constexpr int exit_incomplete = 10;

/// A comparison of studies that found a point slower.
inline constexpr int exit_regression = 1;

constexpr int exit_code(ErrorKind kind) { return static_cast<int>(kind); }

/// "data", "io": as in run.json and docs/exit-codes.md.
constexpr std::string_view kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::none: return "none";
    case ErrorKind::internal: return "internal";
    case ErrorKind::usage: return "usage";
    case ErrorKind::config: return "config";
    case ErrorKind::data: return "data";
    case ErrorKind::shape: return "shape";
    case ErrorKind::not_compiled: return "not_compiled";
    case ErrorKind::numeric: return "numeric";
    case ErrorKind::io: return "io";
    case ErrorKind::budget: return "budget";
  }
  return "internal";
}

}  // namespace sinter::app
