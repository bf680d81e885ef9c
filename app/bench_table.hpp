// The table of `sinter bench`: records of single measurements put beside each other, as CSV, JSON and Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sinter/app/bench_cases.hpp>
#include <sinter/app/run_record.hpp>

namespace sinter::app {

/// What OpenBLAS says of itself on an x86-64 processor that it does not know: the code for the oldest one.
inline constexpr std::string_view openblas_fallback = "for Prescott";

/// Start-up of a process: from its start, with the backend opened, to its end.
struct StartUp {
  std::vector<double> seconds;
};

/// All of it. Each record of `records` is that of a child process with "network" and "one_thread" added. Peaks are the
/// highest that any child saw with as many threads, so that no fraction comes from a peak that was disturbed.
Json bench_summary(Json records, const std::vector<BenchRefusal>& refused, const StartUp& start_up);

std::string bench_csv(const Json& summary);
std::string bench_markdown(const Json& summary);

/// "16-(64x4)-4 b4096 training step   1.932 ms   62.1 % of peak   1 launch": for the console.
std::string bench_line(const Json& record);

}  // namespace sinter::app
