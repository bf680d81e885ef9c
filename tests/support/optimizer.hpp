// Constants of one optimizer step, for tests that make up their own learning rate and step number.
#pragma once

#include <sinter/kernels/ops/schedule.hpp>

namespace sinter::test {

/// Of step `t`, 1-based.
template <class Real>
OptimizerStep<Real> optimizer_step(OptimizerSettings settings, double learning_rate, std::int64_t t) {
  settings.learning_rate = learning_rate;
  return optimizer_step_at<Real>({settings, ScheduleSpec{}, 1, 1}, t - 1);
}

}  // namespace sinter::test
