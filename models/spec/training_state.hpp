// Where a training stands between two steps: all that it takes to go on as if nothing had happened. Random numbers and
// data order are functions of seed, epoch and step, so their counters are enough. Plain host values, neutral to rank,
// thread count and fusion level; models/io/checkpoint_file.hpp writes them to a file.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <sinter/models/plan/plan.hpp>
#include <sinter/models/spec/ensemble_spec.hpp>
#include <sinter/models/spec/model_state.hpp>

namespace sinter {

enum class TrainingPhase : std::uint8_t {
  running,        ///< work remains
  completed,      ///< all epochs that were asked for are done
  stopped_early,  ///< by early stopping
};

template <>
struct Names<TrainingPhase> {
  static constexpr std::pair<TrainingPhase, std::string_view> list[] = {
      {TrainingPhase::running, "running"},
      {TrainingPhase::completed, "completed"},
      {TrainingPhase::stopped_early, "stopped_early"},
  };
};

/// Where a member of an ensemble stands.
struct MemberState {
  std::uint64_t seed = 0;  ///< of its data order
  Optimizer optimizer = Optimizer::sgd;
  double epoch_loss = 0, step_loss = 0;  ///< as those of a TrainingState
  std::int64_t nonfinite_step = 0;       ///< 1 + the first step whose loss was not finite; 0: none
};

/// Of an ensemble, `model` is the first member's, and so is `optimizer`; losses are in `members`, and every array but those
/// of the model is [members, parameters], member by member.
struct TrainingState {
  ModelState model;  ///< with the parameters after the last step, and the normalisation
  Optimizer optimizer = Optimizer::sgd;
  std::vector<NamedArray> optimizer_state;  ///< as many [parameters] as the optimizer keeps, in the network's layout
  std::vector<MemberState> members;         ///< empty: a single network
  NamedArray member_parameters;             ///< of an ensemble, all of them

  std::uint64_t seed = 0;  ///< of the data order
  Fusion level = Fusion::layer;
  std::int64_t training_rows = 0, batch = 0, chunks = 1, steps_per_epoch = 1;  ///< as planned

  std::int64_t steps_done = 0;
  TrainingPhase phase = TrainingPhase::running;
  double epoch_loss = 0;  ///< sum of the row losses of the epoch under way
  double step_loss = 0;   ///< of the last step

  std::int64_t best_epoch = 0;  ///< early stopping; 0: none was seen yet
  double best_loss = std::numeric_limits<double>::infinity();
  NamedArray best_parameters;  ///< [parameters] where best_epoch > 0

  double training_s = 0;  ///< spent in the training loop so far, checkpoints apart

  [[nodiscard]] std::int64_t epochs_done() const { return steps_done / steps_per_epoch; }
};

/// Whether training may change from one level to the other without a changed bit: levels `layer`, `step` and above
/// share their sums, except those of the gradient's norm.
bool same_bits(Fusion from, Fusion to, const OptimizerSettings& optimizer);

/// Throws ConfigError with each difference, before and now, unless a training of this model by this plan can go on
/// from the state. `members`: of an ensemble, whose optimizers they have; how weights start does not matter to it.
void check_resumable(const TrainingState& state, const ModelSpec& model, Precision precision,
                     const TrainingSpec& training, const Plan& plan, std::uint64_t seed,
                     const std::vector<MemberSpec>& members = {});

}  // namespace sinter
