// How a model is trained: loss, optimizer, schedule, epochs, batches, early stopping, fusion level, and where it runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sinter/kernels/catalog/schedule.hpp>
#include <sinter/models/spec/model_spec.hpp>

namespace sinter {

enum class Fusion : std::uint8_t { automatic, none, layer, step, epochs };
/// Whether training rows stay on the host and come to the device in windows. `automatic`: where they would take more than
/// half of an accelerator's memory.
enum class Stream : std::uint8_t { automatic, never, always };
enum class Normalize : std::uint8_t { none, zscore, minmax };

template <>
struct Names<Fusion> {
  static constexpr std::pair<Fusion, std::string_view> list[] = {
      {Fusion::automatic, "auto"}, {Fusion::none, "none"},     {Fusion::layer, "layer"},
      {Fusion::step, "step"},      {Fusion::epochs, "epochs"},
  };
};
template <>
struct Names<Stream> {
  static constexpr std::pair<Stream, std::string_view> list[] = {
      {Stream::automatic, "auto"},
      {Stream::never, "never"},
      {Stream::always, "always"},
  };
};
template <>
struct Names<Normalize> {
  static constexpr std::pair<Normalize, std::string_view> list[] = {
      {Normalize::none, "none"},
      {Normalize::zscore, "zscore"},
      {Normalize::minmax, "minmax"},
  };
};

/// Stop when the monitored loss (validation where there is one, else training) has not fallen by more than `min_delta`
/// for `patience` epochs; the best parameters are kept. It is looked at where validation, or else a report, is due.
struct EarlyStoppingSpec {
  std::int64_t patience = 0;  ///< epochs; 0: off
  double min_delta = 0.0;     ///< >= 0

  friend bool operator==(const EarlyStoppingSpec&, const EarlyStoppingSpec&) = default;
};

struct TrainingSpec {
  LossSettings loss;
  OptimizerSettings optimizer;
  ScheduleSpec schedule;
  EarlyStoppingSpec early_stopping;
  std::int64_t epochs = 100;  ///< >= 0
  std::int64_t batch = 0;     ///< rows of a step; 0: the whole training set ("full")
  bool shuffle = true;
  bool drop_last = false;  ///< leave out the smaller last batch of an epoch
  Fusion fusion = Fusion::automatic;
  Stream stream = Stream::automatic;
  double stream_mib = 256;          ///< MiB on the device for the windows of a streamed training set, > 0
  bool reproducible = true;         ///< several ranks: the bits of one; false: sums in an order that MPI chooses
  std::int64_t log_every = 0;       ///< epochs between reports; 0: chosen so that a run reports about 100 times
  std::int64_t validate_every = 0;  ///< epochs between validations; 0: at every report

  friend bool operator==(const TrainingSpec&, const TrainingSpec&) = default;
};

/// When the state of a training is saved, and whether a run goes on from a saved one.
struct CheckpointSpec {
  std::int64_t every_steps = 0;  ///< 0: off
  double every_minutes = 15;     ///< 0: off
  std::int64_t keep = 2;         ///< newest checkpoints that stay; 0: none is ever written
  std::string resume = "no";     ///< "no", "auto" (the newest whole one of the output folder) or a file

  friend bool operator==(const CheckpointSpec&, const CheckpointSpec&) = default;
};

/// Limits per steady step; a run that exceeds one fails and names the culprit.
struct BudgetSpec {
  std::optional<std::int64_t> launches, fences, copies, allocations;

  friend bool operator==(const BudgetSpec&, const BudgetSpec&) = default;
};

struct DeviceSpec {
  std::string space;  ///< a name of runtime/base/space_names.hpp, or "auto"
  int threads = 0;    ///< host spaces; 0: all that the process may use
  Precision precision = Precision::float32;
  bool allow_fallback = false;  ///< take the first usable space when the named one is not; the run record tells
  int number = -1;              ///< of the accelerator among those of this node; -1: the backend's choice

  friend bool operator==(const DeviceSpec&, const DeviceSpec&) = default;
};

struct NormalizeSpec {
  Normalize features = Normalize::none;
  Normalize targets = Normalize::none;

  friend bool operator==(const NormalizeSpec&, const NormalizeSpec&) = default;
};

/// Throws ConfigError where a value is out of range or model and training do not fit (loss against output activation).
void validate(const TrainingSpec& training, const ModelSpec& model);

}  // namespace sinter
