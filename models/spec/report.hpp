// What training reports: progress at log points, metrics of the sets, and the account of the whole run. Plain host
// values, free of Kokkos.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sinter/models/plan/plan.hpp>
#include <sinter/runtime/base/ledger_counts.hpp>

namespace sinter {

enum class LogLevel : std::uint8_t { info, warning };

/// What is known at a log point.
struct Progress {
  std::int64_t epoch = 0;   ///< epochs done
  std::int64_t epochs = 0;  ///< epochs asked for
  std::int64_t step = 0;    ///< optimizer steps done
  double running_loss = 0;  ///< mean over the rows of the last epoch, before each step's update
  std::optional<double> validation_loss;
  double learning_rate = 0;  ///< of the last step
  double elapsed_s = 0;
};

/// Metric name to value, in the order of presentation: loss, mse, rmse, mae, max_error, then r2 for regression, or
/// accuracy, precision, recall, f1 for classification (of class 1 where there are two classes, else the mean over
/// classes).
using Metrics = std::vector<std::pair<std::string, double>>;

struct SetReport {
  std::int64_t rows = 0;
  Metrics metrics;  ///< on the final parameters; errors in physical units, loss in the units trained in
  std::vector<std::int64_t> confusion;  ///< row-major [classes, classes], actual by predicted; empty for regression
  std::int64_t classes = 0;
};

/// Training rows that were brought to the device a window at a time (training.stream).
struct StreamReport {
  std::int64_t windows = 0;       ///< that were filled up to the last step; 0: the rows were on the device
  std::int64_t window_steps = 0;  ///< batches of a window
  std::int64_t window_bytes = 0;  ///< of one of the two, on the device
  double host_s = 0;              ///< that the host took to fill windows and waited for their copies
};

struct TrainReport {
  std::string status;  ///< "completed", "stopped_early" (early stopping), "interrupted" (stop request)
  Plan plan;
  std::int64_t epochs_done = 0, steps_done = 0;
  std::int64_t best_epoch = 0;  ///< whose parameters were kept, where early stopping keeps the best; else epochs_done
  std::optional<SetReport> train, validation, test;
  LedgerCounts steady_state;  ///< the largest count of any steady step
  std::int64_t steady_steps = 0;
  std::vector<LedgerRow> ledger;
  double training_s = 0;  ///< the training loop without checkpoints, with what a resumed training had spent in it
  std::int64_t checkpoints = 0;  ///< that were handed out
  double checkpoint_s = 0;       ///< that took, without waiting for steps under way
  StreamReport stream;
};

}  // namespace sinter
