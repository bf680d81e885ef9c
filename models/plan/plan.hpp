// The planner: from a problem (network, data set, batch, precision, kind of device) to fusion level, chunks and costs. A pure function
// of the problem: it knows no timings, no threads and no ranks, so the same run file gives the same plan and the same
// bits everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sinter/models/spec/model_spec.hpp>
#include <sinter/models/spec/training_spec.hpp>
#include <sinter/runtime/base/space_names.hpp>

namespace sinter {

/// What a level costs per steady step, or why it cannot serve the problem.
struct LevelCost {
  Fusion level = Fusion::layer;
  bool possible = true;
  std::string reason;  ///< why it was chosen, or why not
  std::int64_t launches = 0;
  std::int64_t steps_per_launch = 1;  ///< above 1 where launches span steps (level epochs)
  double flops = 0;                   ///< 6 x batch x weights: the products of forward, dX and dW
  double element_flops = 0;           ///< of activations, derivatives, loss, sums and update, estimated
  double compulsory_bytes = 0;        ///< each operand of each launch read or written once
  double inner_bytes = 0;             ///< moved beside that within caches, estimated: chunk sums, operands read again
  std::int64_t scratch_bytes = 0;     ///< of a team, the most that a launch asks for
  std::int64_t row_tile = 0;          ///< rows that a team takes through the network at once; 0: layers are apart
  std::int64_t workspace_bytes = 0;   ///< on the device, for the whole step
};

/// Of so many like networks in the launches of one.
LevelCost times(LevelCost cost, std::int64_t members);

struct Plan {
  Fusion level = Fusion::layer;
  DeviceKind kind = DeviceKind::host;
  std::int64_t training_rows = 0;
  std::int64_t batch = 0;   ///< global batch in rows, never above training_rows
  std::int64_t chunks = 1;  ///< C of the numerical contract: leaves of the reduction tree, shards of the data set
  std::int64_t steps_per_epoch = 0;
  bool last_batch_smaller = false;
  std::int64_t members = 0;  ///< of an ensemble, of all of which the costs are; 0: one network
  LevelCost chosen;
  std::vector<LevelCost> others;  ///< in the order of preference
};

/// Epochs between two reports: as asked, else so that there are about a hundred; more often where early stopping needs
/// to look.
std::int64_t log_period(const TrainingSpec& training);

/// Epochs between two validations; 0 without a validation set.
std::int64_t validation_period(const TrainingSpec& training, bool validates);

/// The most chunks that a batch is cut into: a host's eight ranks then share it evenly, while the slabs of partial sums
/// stay small; level `step` has a team a chunk, and an accelerator wants about as many as it has multiprocessors.
constexpr std::int64_t max_chunks(DeviceKind kind) { return kind == DeviceKind::host ? 16 : 128; }

/// Every trained network is evaluated, by teams of which each has the inputs and two layers' activations of a row at least in its
/// scratch. Throws ConfigError where they are too many for that.
void check_inference(const ModelSpec& model, Precision precision, DeviceKind kind);

/// `kind`: where the kernels will run; `validates`: there is a validation set; `members`: of an ensemble, whose level is
/// `epochs`, the optimizer of each. Throws ConfigError where the level asked for, or inference, cannot serve the problem, with
/// the reason.
Plan make_plan(const ModelSpec& model, const TrainingSpec& training, Precision precision, DeviceKind kind,
               std::int64_t training_rows, bool validates = false, const std::vector<OptimizerSettings>& members = {});

}  // namespace sinter
