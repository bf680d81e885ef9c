// Training of a network on data that already are on the device: plan, normalisation, epochs of steps, log points,
// validation, early stopping, metrics. Data stay there; what crosses to the host are a loss record at log points and
// sums of metrics at the end.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <sinter/models/evaluator.hpp>
#include <sinter/models/network.hpp>
#include <sinter/models/spec/report.hpp>
#include <sinter/models/spec/training_spec.hpp>
#include <sinter/models/spec/training_state.hpp>

namespace sinter {

/// Raw rows in physical units on the device: X [rows, inputs], T [rows, outputs]; empty Views where there is no such
/// set. Of a training set that several ranks share: the rows of this rank's Share.
template <Space S, class In>
struct RawSet {
  MatrixRef<S, const In> X, T;
};

/// The same on the host, for a training set that the device has no room for.
template <Space S, class In>
struct HostRows {
  MatrixRef<HostSpaceBeside<S>, const In> X, T;
};

template <Space S, class Real>
struct TrainOptions {
  TrainingSpec training;
  NormalizeSpec normalize;
  BudgetSpec budget;
  std::uint64_t seed = 0;                  ///< of the data order
  std::vector<std::string> feature_names;  ///< for warnings and checkpoints
  std::vector<std::string> target_names;

  std::function<void(const Progress&)> on_progress;                    ///< at every log point
  std::int64_t hook_every = 0;                                         ///< epochs between calls of `hook`; 0: never
  std::function<void(const Progress&, const Network<S, Real>&)> hook;  ///< the parameters are those after that epoch
  std::function<bool()> stop_requested;                                ///< polled after every launch of steps
  std::function<void(LogLevel, std::string_view)> on_log;

  Communicator* communicator = nullptr;   ///< the ranks that train this network together; null: this process alone
  std::int64_t training_rows = 0;         ///< several ranks: of all of them
  const TrainingState* resume = nullptr;  ///< go on from here; what the network holds does not matter then
  std::int64_t stop_after_steps = 0;      ///< of this call, after which it stops as by a request; 0: off
  CheckpointSpec checkpoint;  ///< when, beside the end, on_checkpoint is called; keep and resume are ignored
  std::function<void(const TrainingState&)> on_checkpoint;  ///< the whole state between two steps
};

/// Trains `network` in place. In: Real, or double by `train<S, Real, double>`. Views of type Real that need no
/// normalisation are used where they are, without a copy. A steady step launches as the plan says and has 0 fences, 0
/// copies and 0 allocations at every level but `none`. Callbacks run on the calling thread; what they throw passes
/// through. With several ranks all call it together with the same specs and the same validation and test sets, each with
/// the training rows of share_of(plan, rank, ranks) (models/plan/share.hpp), and all get the same network and the same
/// report; checkpoints, progress and hooks are called on each, with a whole state on rank 0 alone; a request to stop on
/// any rank stops all. A training that goes on from a state ends with the bits of one that was never interrupted. The ledger must
/// be attached (ledger::attach()) for the account to hold more than launches. Throws
/// ShapeError, ConfigError, DataError (non-finite data), NumericError (non-finite loss, of a step or after the last one) and BudgetError.
template <Space S, class Real, class In = Real>
TrainReport train(const typename S::Execution& exec, Network<S, Real>& network,
                  const std::type_identity_t<RawSet<S, In>>& train,
                  const std::type_identity_t<RawSet<S, In>>& validation,
                  const std::type_identity_t<RawSet<S, In>>& test, const TrainOptions<S, Real>& options);

/// The same with training rows X [rows, inputs] and T [rows, outputs] that stay on the host, where nobody may write them
/// meanwhile: windows of them, together of about training.stream_mib (each of a batch at least), come to the device, the next one while it works on
/// this one; levels `none`, `layer` and `step`, and the bits of the set on the device. A change of windows has 2 copies (none on
/// host spaces), 1 launch on the host and up to 4 fences; steps between changes are steady ones. An evaluation of the training set
/// streams it once more.
template <Space S, class Real, class In = Real>
TrainReport train_streamed(const typename S::Execution& exec, Network<S, Real>& network,
                           const std::type_identity_t<HostRows<S, In>>& train,
                           const std::type_identity_t<RawSet<S, In>>& validation,
                           const std::type_identity_t<RawSet<S, In>>& test, const TrainOptions<S, Real>& options);

/// Metrics of a trained network on raw rows. Throws ShapeError and DataError.
template <Space S, class Real, class In = Real>
SetReport evaluate(const typename S::Execution& exec, const Network<S, Real>& network,
                   const std::type_identity_t<RawSet<S, In>>& set, const LossSettings& loss);

}  // namespace sinter
