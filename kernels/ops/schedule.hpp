// What changes in an optimizer's constants from step to step: the schedule's learning rate and the bias corrections of
// adam. Functions of the step's number alone, in double, with own cosine and powers by repeated squaring, so that host
// and device agree bit for bit and a launch of many steps needs no table from the host. Evaluated for N successive steps
// at once, one lane each, so that a tiny network's launch spends little on them; every N gives the same bits.
#pragma once

#include <cstdint>

#include <sinter/kernels/catalog/schedule.hpp>
#include <sinter/kernels/ops/math/trigonometric.hpp>
#include <sinter/kernels/ops/optimizer_step.hpp>
#include <sinter/kernels/ops/simd.hpp>

namespace sinter {

namespace detail {

/// out[l] = base^exponent[l], exponents >= 0.
template <int N>
KOKKOS_INLINE_FUNCTION void powers(double base, const std::int64_t (&exponent)[N], double (&out)[N]) {
  std::int64_t largest = 0;
  for (int l = 0; l < N; ++l) largest = exponent[l] > largest ? exponent[l] : largest;
  for (int l = 0; l < N; ++l) out[l] = 1;
  for (int bit = 0; largest >> bit != 0; ++bit, base *= base) {
    SINTER_SIMD
    for (int l = 0; l < N; ++l) out[l] = (exponent[l] >> bit & 1) != 0 ? out[l] * base : out[l];
  }
}

/// rate[l]: the learning rate of unit t[l] out of `total`.
template <int N>
KOKKOS_INLINE_FUNCTION void learning_rates(const ScheduleSpec& schedule, double base, std::int64_t total,
                                           const std::int64_t (&t)[N], double (&rate)[N]) {
  constexpr double pi = 0x1.921fb54442d18p+1;
  const auto warmup = static_cast<double>(schedule.warmup);
  std::int64_t unit[N];
  for (int l = 0; l < N; ++l) unit[l] = t[l] > schedule.warmup ? t[l] - schedule.warmup : 0;
  for (int l = 0; l < N; ++l) rate[l] = base;
  switch (schedule.type) {
    case Schedule::constant: break;
    case Schedule::cosine: {
      const auto span = static_cast<double>(total - schedule.warmup > 1 ? total - schedule.warmup : 1);
      const double low = schedule.min_learning_rate;
      SINTER_SIMD
      for (int l = 0; l < N; ++l) {
        const double part = static_cast<double>(unit[l]) / span;
        rate[l] = low + (base - low) * 0.5 * (1.0 + math::cos(pi * (part < 1.0 ? part : 1.0)));
      }
      break;
    }
    case Schedule::step:
      for (int l = 0; l < N; ++l) unit[l] /= schedule.step_size;
      [[fallthrough]];
    case Schedule::exponential:
      powers(schedule.gamma, unit, rate);
      for (int l = 0; l < N; ++l) rate[l] *= base;
      break;
  }
  for (int l = 0; l < N; ++l) {
    if (t[l] < schedule.warmup) rate[l] = base * static_cast<double>(t[l] + 1) / warmup;
  }
}

}  // namespace detail

/// The learning rate of unit `t` (0-based) out of `total`, with the optimizer's rate `base`.
KOKKOS_INLINE_FUNCTION double learning_rate_at(const ScheduleSpec& schedule, double base, std::int64_t t,
                                               std::int64_t total) {
  const std::int64_t units[1] = {t};
  double rate[1];
  detail::learning_rates(schedule, base, total, units, rate);
  return rate[0];
}

/// An optimizer with its schedule: all that a step's constants follow from beside its number. A plain value that kernels
/// carry.
struct OptimizerSchedule {
  OptimizerSettings optimizer;
  ScheduleSpec schedule;
  std::int64_t epochs = 1;
  std::int64_t steps_per_epoch = 1;

  /// The learning rate of step `step` of the run, 0-based.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION double learning_rate(std::int64_t step) const {
    return learning_rate_at(schedule, optimizer.learning_rate, unit_of(step), units());
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION std::int64_t unit_of(std::int64_t step) const {
    return schedule.unit == ScheduleUnit::epoch ? step / steps_per_epoch : step;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION std::int64_t units() const {
    return schedule.unit == ScheduleUnit::epoch ? epochs : epochs * steps_per_epoch;
  }
};

/// The constants that differ from step to step.
template <class Real>
struct StepRates {
  Real learning_rate = 0;
  Real corrected_rate = 0;   ///< learning_rate / (1 - beta1^t)
  Real root_correction = 1;  ///< 1 / sqrt(1 - beta2^t)

  KOKKOS_INLINE_FUNCTION void put_into(OptimizerStep<Real>& step) const {
    step.learning_rate = learning_rate;
    step.corrected_rate = corrected_rate;
    step.root_correction = root_correction;
  }
};

/// Those of the N steps from `first` (0-based, of the run) on.
template <int N, class Real>
KOKKOS_INLINE_FUNCTION void step_rates(const OptimizerSchedule& from, std::int64_t first, StepRates<Real> (&out)[N]) {
  std::int64_t unit[N], t[N];
  double rate[N], power1[N], power2[N];
  for (int l = 0; l < N; ++l) {
    unit[l] = from.unit_of(first + l);
    t[l] = first + l + 1;
  }
  detail::learning_rates(from.schedule, from.optimizer.learning_rate, from.units(), unit, rate);
  detail::powers(from.optimizer.beta1, t, power1);
  detail::powers(from.optimizer.beta2, t, power2);
  for (int l = 0; l < N; ++l) {
    out[l].learning_rate = static_cast<Real>(rate[l]);
    out[l].corrected_rate = static_cast<Real>(rate[l] / (1 - power1[l]));
    out[l].root_correction = static_cast<Real>(1 / Kokkos::sqrt(1 - power2[l]));
  }
}

/// All constants of step `step` of the run, 0-based.
template <class Real>
KOKKOS_INLINE_FUNCTION OptimizerStep<Real> optimizer_step_at(const OptimizerSchedule& from, std::int64_t step) {
  OptimizerStep<Real> constants = optimizer_constants<Real>(from.optimizer);
  StepRates<Real> rates[1];
  step_rates(from, step, rates);
  rates[0].put_into(constants);
  return constants;
}

}  // namespace sinter
