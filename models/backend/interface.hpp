// The boundary between the program and a backend module (floors 1 to 3 built against one Kokkos). Plain specs, host
// arrays, status codes and callbacks cross it, and the ranks as an interface; exceptions do not. Both sides are built from one source tree:
// `interface_version` and the project's version must agree before anything else is called. Free of Kokkos.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sinter/models/spec/ensemble_spec.hpp>
#include <sinter/models/spec/measurement.hpp>
#include <sinter/models/spec/model_state.hpp>
#include <sinter/models/spec/report.hpp>
#include <sinter/models/spec/training_spec.hpp>
#include <sinter/models/spec/training_state.hpp>
#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/comm/communicator.hpp>

namespace sinter::backend {

inline constexpr int interface_version = 7;
inline constexpr const char* entry_symbol = "sinter_backend_entry";

/// Outcome of a call: kind none is success; otherwise the message of the error that was caught inside the module.
struct Status {
  ErrorKind kind = ErrorKind::none;
  std::string message;
  [[nodiscard]] bool ok() const { return kind == ErrorKind::none; }
};

/// A row-major host matrix of doubles, not owned.
struct HostMatrix {
  const double* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// Features [rows, inputs] and targets [rows, outputs] in physical units.
struct HostSet {
  HostMatrix features;
  HostMatrix targets;
  [[nodiscard]] bool empty() const { return features.rows == 0; }
};

/// Called on the thread that trains, between launches. They must not throw; what they throw is reported as an internal
/// error.
struct Callbacks {
  std::function<void(const Progress&)> on_progress;  ///< at every log point
  std::function<bool()> stop_requested;              ///< polled between launches: after every step where it is one
  std::function<void(LogLevel, std::string_view)> on_log;   ///< warnings (constant feature, fallback, ...)
  std::function<void(const TrainingState&)> on_checkpoint;  ///< when one is due and at the end; empty: never
};

struct TrainRequest {
  std::string run_name;
  std::uint64_t seed = 0;
  ModelSpec model;
  TrainingSpec training;
  NormalizeSpec normalize;
  BudgetSpec budget;
  Precision precision = Precision::float32;
  HostSet train, validation, test;
  std::vector<std::string> feature_names, target_names;
  CheckpointSpec checkpoint;              ///< `keep` and `resume` are the program's
  std::int64_t stop_after_steps = 0;      ///< 0: off
  const TrainingState* resume = nullptr;  ///< go on from here
  Communicator* communicator = nullptr;  ///< the ranks that train together, `train` being this one's share; null: alone
  std::int64_t training_rows = 0;        ///< several ranks: of all of them
  EnsembleSpec ensemble;                 ///< of more than 0 members: these are trained
};

/// The report of the run and the model it made: the best parameters where early stopping keeps them, else the last.
/// Of an ensemble they are those of the best member.
struct TrainResult : TrainReport {
  ModelState model;
  std::vector<MemberReport> members;  ///< of an ensemble
  std::size_t best = 0;
};

/// What is to be timed; the seed is that of parameters and data order.
struct MeasureRequest {
  std::uint64_t seed = 0;
  ModelSpec model;
  TrainingSpec training;
  NormalizeSpec normalize;
  Precision precision = Precision::float32;
  HostSet train;
  MeasureSettings settings;
  EnsembleSpec ensemble;                 ///< of more than 0 members: a step is one of all of them
  Communicator* communicator = nullptr;  ///< as of TrainRequest
  std::int64_t training_rows = 0;
};

struct DeviceInfo {
  std::string space;  ///< "openmp"
  std::string name;   ///< of the processor or accelerator
  int concurrency = 0;
  std::int64_t memory_bytes = 0;
  std::string kokkos_version;
  std::string products;  ///< what makes the products of level none: "OpenBLAS 0.3.21 for Zen, OpenMP", "KokkosBlas"
};

struct MachinePeaks {
  double fma_gflops_float32 = 0, fma_gflops_float64 = 0;  ///< register-resident FMA loop, all threads
  double triad_gb_s = 0;                                  ///< a = b + s c, three streams, all threads
  double launch_us = 0;                                   ///< an empty launch, median
};

/// One initialised backend. Not thread-safe; one per process.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Status device_info(DeviceInfo& out) noexcept = 0;
  virtual Status measure_peaks(MachinePeaks& out) noexcept = 0;
  virtual Status train(const TrainRequest& request, const Callbacks& callbacks, TrainResult& out) noexcept = 0;
  /// out: row-major [rows, outputs] in physical units.
  virtual Status predict(const ModelState& model, HostMatrix features, std::vector<double>& out) noexcept = 0;
  virtual Status evaluate(const ModelState& model, const LossSettings& loss, HostSet set, SetReport& out) noexcept = 0;
  virtual Status measure(const MeasureRequest& request, Measurement& out) noexcept = 0;
};

/// What the function `entry_symbol` of a module, `extern "C" const Entry* ()`, returns. `initialize` starts Kokkos
/// (once per process) for the space and thread count asked for.
struct Entry {
  int interface_version = 0;
  const char* sinter_version = nullptr;
  Status (*initialize)(const DeviceSpec& device, std::unique_ptr<Backend>& out) noexcept = nullptr;
};

}  // namespace sinter::backend
