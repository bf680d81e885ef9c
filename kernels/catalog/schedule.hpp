// Learning-rate schedules by name, and their settings. Free of Kokkos; evaluated by kernels/ops/schedule.hpp.
#pragma once

#include <cstdint>

#include <sinter/runtime/base/names.hpp>

namespace sinter {

enum class Schedule : std::uint8_t {
  constant,
  cosine,
  exponential,
  step,
};
enum class ScheduleUnit : std::uint8_t { epoch, step };

template <>
struct Names<Schedule> {
  static constexpr std::pair<Schedule, std::string_view> list[] = {
      {Schedule::constant, "constant"},
      {Schedule::cosine, "cosine"},
      {Schedule::exponential, "exponential"},
      {Schedule::step, "step"},
  };
};
template <>
struct Names<ScheduleUnit> {
  static constexpr std::pair<ScheduleUnit, std::string_view> list[] = {
      {ScheduleUnit::epoch, "epoch"},
      {ScheduleUnit::step, "step"},
  };
};

/// The learning rate of epoch or step t, out of T in all, with r the optimizer's learning rate:
/// constant r; cosine m + (r - m)(1 + cos(pi t / T)) / 2 with m = min_learning_rate (Loshchilov & Hutter 2017);
/// exponential r gamma^t; step r gamma^floor(t / step_size). During the first `warmup` units the rate rises linearly,
/// r (t + 1) / warmup, and the schedule proper then counts from there.
struct ScheduleSpec {
  Schedule type = Schedule::constant;
  ScheduleUnit unit = ScheduleUnit::epoch;
  double min_learning_rate = 1e-6;  ///< cosine; >= 0
  double gamma = 0.99;              ///< exponential, step; in (0, 1]
  std::int64_t step_size = 100;     ///< step; >= 1, in units
  std::int64_t warmup = 0;          ///< >= 0, in units

  friend bool operator==(const ScheduleSpec&, const ScheduleSpec&) = default;
};

}  // namespace sinter
