// Time limits: how they are written, and which of two counts.
#include <cmath>

#include <fmt/format.h>
#include <catch2/catch_test_macros.hpp>

#include <sinter/app/deadline.hpp>

using namespace sinter::app;

namespace {

/// Seconds from now to the deadline, to the nearest; -1: there is none.
long seconds_left(double limit_s, const std::string& job_end, std::string& warning) {
  const auto now = std::chrono::steady_clock::now();
  const auto found = find_deadline(now, limit_s, job_end.empty() ? nullptr : job_end.c_str(), warning);
  return found ? std::lround(std::chrono::duration<double>(found->at - now).count()) : -1;
}

std::string in(double seconds) {
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return fmt::format("{}", std::lround(now + seconds));
}

}  // namespace

TEST_CASE("a time limit is seconds or hours, minutes and seconds") {
  CHECK(parse_time_limit("5400") == 5400);
  CHECK(parse_time_limit("0.5") == 0.5);
  CHECK(parse_time_limit("01:30:00") == 5400);
  CHECK(parse_time_limit("100:00:59") == 360059);
  for (const auto* wrong : {"", "0", "-5", "1h", "nan", "inf", "1e999", "10:00", "1:2:3:4", "1:60:00", "1:00:60",
                            "1::0", "00:00:00", "-1:00:00", "1:00:00 "}) {
    INFO(wrong);
    CHECK_FALSE(parse_time_limit(wrong));
  }
}

TEST_CASE("the earlier of the limit and the job's end counts, and the end leaves time to finish") {
  std::string warning;
  CHECK(seconds_left(0, "", warning) == -1);
  CHECK(seconds_left(100, "", warning) == 100);
  CHECK(std::abs(seconds_left(0, in(7200), warning) - 7140) <= 1);  // a minute is left
  CHECK(std::abs(seconds_left(0, in(100), warning) - 90) <= 1);     // a tenth
  CHECK(seconds_left(50, in(100), warning) == 50);
  CHECK(std::abs(seconds_left(1000, in(100), warning) - 90) <= 1);
  CHECK(warning.empty());
}

TEST_CASE("an end of the job that is over or no time sets no limit, and is told") {
  std::string warning;
  CHECK(seconds_left(0, "1000", warning) == -1);
  CHECK(warning == "SLURM_JOB_END_TIME is '1000', which is over: it sets no limit");
  CHECK(seconds_left(60, "soon", warning) == 60);
  CHECK(warning == "SLURM_JOB_END_TIME is 'soon', not a time: it sets no limit");
}
