// How far a training run is: a bar with loss, rate and time left on a terminal; plain lines, not too many, in a batch
// log.
#pragma once

#include <sinter/app/console.hpp>
#include <sinter/models/backend/interface.hpp>

namespace sinter::app {

class ProgressReport {
 public:
  explicit ProgressReport(Console& console) : console_(console) {}

  void update(const Progress& progress);

 private:
  Console& console_;
  double last_share_ = -1;
  double last_time_ = 0;
};

}  // namespace sinter::app
