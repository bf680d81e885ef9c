// When a run has to stop by itself: after --time-limit, or before the scheduler ends its job.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sinter::app {

/// Seconds of "5400", "0.5" or "01:30:00" (hours:minutes:seconds); nothing where it is neither or not above zero.
std::optional<double> parse_time_limit(std::string_view text);

struct Deadline {
  std::chrono::steady_clock::time_point at;
  std::string source;  ///< "--time-limit", "end of the Slurm job"
};

/// The earlier of `limit_s` after `start` (0: none) and the end of the Slurm job (`job_end`: SLURM_JOB_END_TIME, seconds
/// since 1970, or null) less a margin for checkpoint and results: a minute, at most a tenth of what is left. `warning`
/// is filled where job_end cannot be used.
std::optional<Deadline> find_deadline(std::chrono::steady_clock::time_point start, double limit_s, const char* job_end,
                                      std::string& warning);

}  // namespace sinter::app
