#include <sinter/app/deadline.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace sinter::app {
namespace {

constexpr double most_margin_s = 60, margin_share = 0.1;
constexpr double longest_s = 1e9;  // what the clock can count is longer

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::chrono::steady_clock::duration seconds(double count) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(count));
}

}  // namespace

std::optional<double> parse_time_limit(std::string_view text) {
  double total = 0;
  if (text.find(':') == text.npos) {
    total = number_of<double>(text).value_or(0);
  } else {
    std::array<int, 3> parts{};
    for (auto& part : parts) {
      const bool last = &part == &parts.back();
      const auto end = last ? text.size() : text.find(':');
      const auto value = end == text.npos ? std::nullopt : number_of<int>(text.substr(0, end));
      if (!value || *value < 0 || (&part != &parts.front() && *value > 59)) return std::nullopt;
      part = *value;
      text.remove_prefix(std::min(text.size(), end + 1));
    }
    total = 3600.0 * parts[0] + 60.0 * parts[1] + parts[2];
  }
  if (!(total > 0) || !std::isfinite(total)) return std::nullopt;
  return total;
}

std::optional<Deadline> find_deadline(std::chrono::steady_clock::time_point start, double limit_s, const char* job_end,
                                      std::string& warning) {
  std::optional<Deadline> earliest;
  if (limit_s > 0) earliest = Deadline{start + seconds(std::min(limit_s, longest_s)), "--time-limit"};
  if (job_end == nullptr) return earliest;
  const auto end = number_of<std::int64_t>(job_end);
  const double left = !end ? 0
                           : static_cast<double>(*end) -
                                 std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
                                     .count();
  if (left <= 0) {  // not a time, or the job was given more
    warning = fmt::format("SLURM_JOB_END_TIME is '{}', {}: it sets no limit", job_end,
                          end ? "which is over" : "not a time");
    return earliest;
  }
  const double usable = left - std::min(most_margin_s, margin_share * left);
  const Deadline job{std::chrono::steady_clock::now() + seconds(std::min(usable, longest_s)), "end of the Slurm job"};
  if (!earliest || job.at < earliest->at) earliest = job;
  return earliest;
}

}  // namespace sinter::app
