// What the program says: the report on standard output, warnings and errors on standard error. `quiet` leaves only
// errors; `json` leaves standard output to the record. One line may be transient (the progress bar of a terminal):
// anything else erases it first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace sinter::app {

class Console {
 public:
  enum class Mode { report, quiet, json };
  explicit Console(Mode mode);

  /// One line of the report (or several).
  void say(std::string_view text);
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    say(std::string_view(fmt::format(format, std::forward<Args>(args)...)));
  }
  /// Replaces the transient line; only on a terminal.
  void transient(std::string_view text);
  /// Printed unless quiet, and kept for the record.
  void warn(std::string_view text);
  /// What was asked for itself, on standard output in every mode.
  void write(std::string_view text);
  /// The record itself, in json mode.
  void result(std::string_view text);
  /// From now on errors only: this process is one of several ranks, and another speaks for all.
  void silence() {
    mode_ = Mode::quiet;
    terminal_ = false;
  }
  /// From now on no line is transient: a launcher's standard output looks like a terminal even where it goes to a file.
  void be_plain() { terminal_ = false; }
  [[nodiscard]] bool wants_result() const { return mode_ == Mode::json && !has_result_; }

  [[nodiscard]] bool reports() const { return mode_ == Mode::report; }
  [[nodiscard]] bool terminal() const { return terminal_; }  ///< standard output is one, and the report goes to it
  [[nodiscard]] int width() const;                           ///< of the terminal
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void erase_transient();

  Mode mode_;
  bool terminal_;
  bool transient_ = false;
  bool has_result_ = false;
  std::vector<std::string> warnings_;
};

/// One line on standard error: "sinter: error: ...".
void print_error(std::string_view text);

/// Writes out what is still buffered for standard output. Throws IoError where that fails for another reason than a
/// reader that left.
void finish_output();

/// A text table: the first column flush left, the others flush right.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// A number with six significant digits.
std::string short_number(double value);

/// "3 h 02 min", "4 min 05 s", "12.3 s".
std::string duration(double seconds);

/// "1.5 GiB".
std::string bytes_text(double bytes);

}  // namespace sinter::app
