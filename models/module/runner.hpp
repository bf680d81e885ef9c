// The program's side of a (space, precision) pair: the Backend calls on host arrays, behind one virtual class a pair.
#pragma once

#include <memory>

#include <sinter/models/backend/interface.hpp>

namespace sinter::backend {

/// Like Backend, but throws, and knows its space and precision at compile time.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual void train(const TrainRequest& request, const Callbacks& callbacks, TrainResult& out) = 0;
  virtual void predict(const ModelState& model, HostMatrix features, std::vector<double>& out) = 0;
  virtual void evaluate(const ModelState& model, const LossSettings& loss, HostSet set, SetReport& out) = 0;
  virtual void measure(const MeasureRequest& request, Measurement& out) = 0;
  virtual void device_info(DeviceInfo& out) = 0;
  virtual void measure_peaks(MachinePeaks& out) = 0;
};

/// One line of the generated dispatch table.
struct RunnerEntry {
  const char* space;
  Precision precision;
  std::unique_ptr<Runner> (*make)();
};

/// All pairs that this module was built with; the one dispatch point.
const std::vector<RunnerEntry>& runner_table();

}  // namespace sinter::backend
