// The error hierarchy. Every error that Sinter reports on purpose is a sinter::Error; its kind decides the program's
// exit code and survives the crossing from a backend module, where exceptions may not pass (see models/backend).
#pragma once

#include <stdexcept>
#include <string>

namespace sinter {

/// What went wrong, in the order of the exit codes documented in docs/exit-codes.md.
enum class ErrorKind : int {
  none = 0,
  internal = 1,      ///< a defect of Sinter itself
  usage = 2,         ///< wrong command line
  config = 3,        ///< a run file or spec asks for something that is not allowed
  data = 4,          ///< a data set cannot be used
  shape = 5,         ///< extents do not fit together
  not_compiled = 6,  ///< a space, precision or feature that this build or machine lacks
  numeric = 7,       ///< non-finite loss or parameters
  io = 8,            ///< a file cannot be read or written
  budget = 9,        ///< the ledger exceeded the budget that the run file sets
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

template <ErrorKind Kind>
class ErrorOf : public Error {
 public:
  explicit ErrorOf(const std::string& message) : Error(Kind, message) {}
};

using InternalError = ErrorOf<ErrorKind::internal>;
using UsageError = ErrorOf<ErrorKind::usage>;
using ConfigError = ErrorOf<ErrorKind::config>;
using DataError = ErrorOf<ErrorKind::data>;
using ShapeError = ErrorOf<ErrorKind::shape>;
using NotCompiled = ErrorOf<ErrorKind::not_compiled>;
using NumericError = ErrorOf<ErrorKind::numeric>;
using IoError = ErrorOf<ErrorKind::io>;
using BudgetError = ErrorOf<ErrorKind::budget>;

}  // namespace sinter
