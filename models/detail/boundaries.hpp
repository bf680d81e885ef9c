// After which steps training pauses to report, to validate or to call a hook. Between two such steps nothing is looked
// at, so that a level which takes many steps a launch can take them all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include <sinter/models/plan/plan.hpp>
#include <sinter/models/spec/training_spec.hpp>

namespace sinter::detail {

class Boundaries {
 public:
  /// `hook_every`: epochs between two calls of a hook; 0: never.
  Boundaries(const TrainingSpec& training, const Plan& plan, bool validates, std::int64_t hook_every)
      : epochs_(training.epochs),
        steps_per_epoch_(plan.steps_per_epoch),
        log_(log_period(training)),
        validation_(validation_period(training, validates)),
        hook_(hook_every) {}

  [[nodiscard]] std::int64_t last_step() const { return epochs_ * steps_per_epoch_; }
  [[nodiscard]] bool log_due(std::int64_t epochs_done) const { return due(log_, epochs_done); }
  [[nodiscard]] bool validation_due(std::int64_t epochs_done) const { return due(validation_, epochs_done); }
  [[nodiscard]] bool hook_due(std::int64_t epochs_done) const { return hook_ > 0 && epochs_done % hook_ == 0; }

  /// The number of steps done at the next pause, with `steps_done` so far.
  [[nodiscard]] std::int64_t next(std::int64_t steps_done) const {
    const std::int64_t epochs_done = steps_done / steps_per_epoch_;
    std::int64_t epoch = epochs_;
    for (const std::int64_t period : {log_, validation_, hook_}) {
      if (period > 0) epoch = std::min(epoch, (epochs_done / period + 1) * period);
    }
    return epoch * steps_per_epoch_;
  }

 private:
  [[nodiscard]] bool due(std::int64_t period, std::int64_t epochs_done) const {
    return period > 0 && (epochs_done == epochs_ || epochs_done % period == 0);
  }

  std::int64_t epochs_, steps_per_epoch_, log_, validation_, hook_;
};

/// How many steps a level that takes many may take in one launch: about a second's worth, because a request to stop is
/// heard between launches only. It changes no bit.
class LaunchLength {
 public:
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  void measured(std::int64_t steps, double seconds) {
    steps_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(steps) / std::max(seconds, 1e-9)));
  }

 private:
  std::int64_t steps_ = 1;
};

}  // namespace sinter::detail
