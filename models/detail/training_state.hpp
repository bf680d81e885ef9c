// Checkpoints of a training: when one is due, and how its state comes off the device and back onto it. Numbers that the
// training loop keeps (steps, early stopping, ...) are in the TrainingState itself, which the loop works on; here the
// arrays are filled in.
#pragma once

#include <cstring>
#include <limits>

#include <fmt/format.h>

#include <sinter/models/spec/training_state.hpp>
#include <sinter/models/stepper.hpp>
#include <sinter/runtime/host_mirror.hpp>

namespace sinter::detail {

/// After which steps a checkpoint is due. Minutes are those of the process that asks: several ranks let one ask.
class CheckpointClock {
 public:
  CheckpointClock(const CheckpointSpec& spec, bool wanted)
      : every_steps_(wanted ? spec.every_steps : 0),
        every_seconds_(wanted ? 60 * spec.every_minutes : 0) {}

  /// The number of steps done when one is due by steps.
  [[nodiscard]] std::int64_t next(std::int64_t steps_done) const {
    return every_steps_ > 0 ? (steps_done / every_steps_ + 1) * every_steps_ : std::numeric_limits<std::int64_t>::max();
  }
  [[nodiscard]] bool due_by_steps(std::int64_t steps_done) const {
    return every_steps_ > 0 && steps_done % every_steps_ == 0;
  }
  [[nodiscard]] bool due_by_time() const { return every_seconds_ > 0 && since_.seconds() >= every_seconds_; }
  void restart() { since_.reset(); }

 private:
  std::int64_t every_steps_;
  double every_seconds_;
  Kokkos::Timer since_;
};

/// The state that a training starts with: the one to go on from, if any, as far as it suits this training.
inline TrainingState first_state(const TrainingState* resume, const TrainingSpec& training, const Plan& plan,
                                 std::uint64_t seed) {
  TrainingState state;
  if (resume != nullptr) state = *resume;
  state.optimizer = training.optimizer.type;
  state.seed = seed;
  state.level = plan.level;
  state.training_rows = plan.training_rows;
  state.batch = plan.batch;
  state.chunks = plan.chunks;
  state.steps_per_epoch = plan.steps_per_epoch;
  const auto patience = training.early_stopping.patience;
  if (patience == 0) {
    state.best_epoch = 0;
    state.best_loss = TrainingState{}.best_loss;
  }
  // More epochs, or more patience, and there is work again.
  const bool still_stopped = state.phase == TrainingPhase::stopped_early && patience > 0 &&
                             state.epochs_done() - state.best_epoch >= patience;
  if (!still_stopped) state.phase = TrainingPhase::running;
  return state;
}

/// All elements of a vector on the device, on the host. 1 copy (none on host spaces) and 1 fence.
template <Space S, class Real>
NamedArray array_from(const typename S::Execution& exec, const VectorRef<S, Real>& vector) {
  const HostMirror<VectorRef<S, Real>> mirror(vector);
  mirror.pull(exec);
  NamedArray array{"", precision_of<Real>(), {static_cast<std::int64_t>(vector.extent(0))}, {}};
  const auto* bytes = reinterpret_cast<const std::byte*>(mirror.host().data());
  array.bytes.assign(bytes, bytes + vector.extent(0) * sizeof(Real));
  return array;
}

/// The way back. 1 copy (none on host spaces) and 1 fence. Throws DataError where the extents differ.
template <Space S, class Real>
void array_to(const typename S::Execution& exec, const VectorRef<S, Real>& vector, const NamedArray& array,
              const char* what) {
  if (array.precision != precision_of<Real>() || array.bytes.size() != vector.extent(0) * sizeof(Real)) {
    throw DataError(fmt::format("training cannot be resumed: {} holds {} bytes of {}; {} of {} are needed", what,
                                array.bytes.size(), to_name(array.precision), vector.extent(0) * sizeof(Real),
                                to_name(precision_of<Real>())));
  }
  if (vector.extent(0) == 0) return;
  const HostMirror<VectorRef<S, Real>> mirror(vector);
  std::memcpy(mirror.host().data(), array.bytes.data(), array.bytes.size());
  mirror.push(exec);
  wait_for(exec, "sinter::train: resumed state before its host image goes");
}

/// What of a training's state lives on the device.
template <Space S, class Real>
struct StateOnDevice {
  Network<S, Real>& network;
  const Stepper<S, Real>& stepper;
  Vector<S, Real> best;  ///< [parameters]; empty where early stopping is off

  static constexpr int most_states = 2;

  /// Fills in the arrays of `state`. All steps must be done; a copy (none on host spaces) and a fence an array.
  void fetch(const typename S::Execution& exec, TrainingState& state) const {
    state.model = network.state(exec);
    state.optimizer_state.clear();
    for (int i = 0; i < most_states; ++i) {
      if (const auto vector = stepper.state(i); vector.extent(0) > 0)
        state.optimizer_state.push_back(array_from<S, Real>(exec, vector));
    }
    state.best_parameters = state.best_epoch > 0 ? array_from<S, Real>(exec, best) : NamedArray{};
  }

  /// Brings the arrays of `state` to the device. Throws DataError where they do not fit.
  void put(const typename S::Execution& exec, const TrainingState& state) const {
    network.set_parameters(exec, state.model.parameters);
    for (int i = 0; i < most_states; ++i) {
      const auto vector = stepper.state(i);
      const bool there = static_cast<std::size_t>(i) < state.optimizer_state.size();
      array_to<S, Real>(exec, vector, there ? state.optimizer_state[static_cast<std::size_t>(i)] : empty(),
                        "a state of the optimizer");
    }
    if (state.best_epoch > 0) array_to<S, Real>(exec, best, state.best_parameters, "the best model so far");
    const HostMirror<Vector<S, fused::LossRecord>> record(stepper.record());
    record.host()(0) = {state.epoch_loss, state.step_loss, 0};
    record.push(exec);
    wait_for(exec, "sinter::train: resumed loss record before its host image goes");
  }

 private:
  static NamedArray empty() { return {"", precision_of<Real>(), {0}, {}}; }
};

}  // namespace sinter::detail
