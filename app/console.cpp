#include <sinter/app/console.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter::app {
namespace {

/// Characters of UTF-8 text: all bytes but the continuations.
std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// A failed write is noticed at the end (finish_output); it must not end a run.
void put(std::FILE* stream, std::string_view text) { std::fwrite(text.data(), 1, text.size(), stream); }

}  // namespace

Console::Console(Mode mode) : mode_(mode), terminal_(mode == Mode::report && ::isatty(STDOUT_FILENO) == 1) {}

void Console::say(std::string_view text) {
  if (mode_ != Mode::report) return;
  erase_transient();
  put(stdout, text);
  put(stdout, "\n");
  std::fflush(stdout);
}

void Console::transient(std::string_view text) {
  if (!terminal_) return;
  put(stdout, "\r\x1b[K");
  put(stdout, text);
  std::fflush(stdout);
  transient_ = true;
}

void Console::warn(std::string_view text) {
  warnings_.emplace_back(text);
  if (mode_ == Mode::quiet) return;
  erase_transient();
  put(stderr, fmt::format("sinter: warning: {}\n", text));
}

void Console::write(std::string_view text) {
  erase_transient();
  put(stdout, text);
}

void Console::result(std::string_view text) {
  if (mode_ != Mode::json) return;
  put(stdout, text);
  has_result_ = true;
}

int Console::width() const {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Console::erase_transient() {
  if (transient_) put(stdout, "\r\x1b[K");
  transient_ = false;
}

void print_error(std::string_view text) {
  std::fflush(stdout);
  put(stderr, fmt::format("sinter: error: {}\n", text));
}

void finish_output() {
  const bool failed = std::ferror(stdout) != 0;
  if (std::fflush(stdout) != 0 ? errno != EPIPE : failed && errno != EPIPE) {
    throw IoError(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  }
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], display_width(row[column]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const std::string padding(widths[column] - display_width(row[column]), ' ');
      line += "  " + (column == 0 ? row[column] + padding : padding + row[column]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

std::string short_number(double value) { return fmt::format("{:.6g}", value); }

std::string duration(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string bytes_text(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

}  // namespace sinter::app
