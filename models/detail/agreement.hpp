// What ranks decide together: to stop, or that a checkpoint is due by the clock. Each knows its own signals and its own
// time, so all exchange their wishes after the same steps: about every 50 ms, as the slowest has measured.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <sinter/runtime/comm/communicator.hpp>

namespace sinter::detail {

/// The largest of the ranks' values, on all of them.
inline double largest(Communicator& communicator, double value) {
  const auto values = of_all_ranks(communicator, value);
  return *std::max_element(values.begin(), values.end());
}

struct Wishes {
  bool stop = false, checkpoint = false;
};

class Agreement {
 public:
  explicit Agreement(Communicator& communicator, std::int64_t steps_done)
      : communicator_(communicator),
        next_(steps_done + 1),
        last_(steps_done) {}

  /// Whether asked() will exchange after so many steps; where it does not, nothing is agreed on.
  [[nodiscard]] bool due(std::int64_t steps_done) const { return communicator_.size() == 1 || steps_done >= next_; }

  /// What any rank wishes. All ranks call it together, after steps at which it is due.
  Wishes agree(const Wishes& mine, std::int64_t steps_done) {
    if (communicator_.size() == 1) return mine;
    struct Vote {
      std::int64_t stop, checkpoint, interval;
    };
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double step_s = std::max(seconds / static_cast<double>(std::max<std::int64_t>(1, steps_done - last_)), 1e-9);
    const auto interval = static_cast<std::int64_t>(interval_s / step_s);
    Wishes all;
    std::int64_t shortest = interval;
    for (const Vote& vote : of_all_ranks(communicator_, Vote{mine.stop ? 1 : 0, mine.checkpoint ? 1 : 0, interval})) {
      all.stop = all.stop || vote.stop != 0;
      all.checkpoint = all.checkpoint || vote.checkpoint != 0;
      shortest = std::min(shortest, vote.interval);
    }
    last_ = steps_done;
    start_ = Clock::now();
    next_ = steps_done + std::max<std::int64_t>(1, shortest);
    return all;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr double interval_s = 0.05;

  Communicator& communicator_;
  std::int64_t next_, last_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace sinter::detail
