// Definition of train(), for the sources that instantiate it (models/instances).
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <sinter/models/detail/agreement.hpp>
#include <sinter/models/detail/boundaries.hpp>
#include <sinter/models/detail/classic_stepper.hpp>
#include <sinter/models/detail/device_set.hpp>
#include <sinter/models/detail/epochs_stepper.hpp>
#include <sinter/models/detail/layer_stepper.hpp>
#include <sinter/models/detail/network_impl.hpp>
#include <sinter/models/detail/row_stream.hpp>
#include <sinter/models/detail/step_stepper.hpp>
#include <sinter/models/detail/training_state.hpp>
#include <sinter/runtime/ledger.hpp>

namespace sinter {

template <Space S, class Real>
std::unique_ptr<Stepper<S, Real>> make_stepper(const typename S::Execution& exec, const Network<S, Real>& network,
                                               const Plan& plan, const TrainingSpec& training,
                                               Communicator& communicator) {
  check_ranks(plan, communicator.size());
  switch (plan.level) {
    case Fusion::none:
      return std::make_unique<detail::ClassicStepper<S, Real>>(exec, network, plan, training, communicator);
    case Fusion::step:
      return std::make_unique<detail::StepStepper<S, Real>>(exec, network, plan, training, communicator);
    case Fusion::epochs: {
      const std::vector<fused::MemberSettings> alone{{training.optimizer, 0}};
      return std::make_unique<detail::EpochsStepper<S, Real>>(exec, network.layout(), network.parameters(), plan,
                                                              training, alone);
    }
    default: return std::make_unique<detail::LayerStepper<S, Real>>(exec, network, plan, training, communicator);
  }
}

namespace detail {

/// The account of steady steps, and the run file's budget on it. Where one launch takes many steps, they share it.
class StepAccount {
 public:
  explicit StepAccount(const BudgetSpec& budget) : budget_(budget), limited_(budget != BudgetSpec{}) {}

  void begin() {
    if (limited_) labels_before_ = ledger::by_label();
    before_ = ledger::totals();
  }

  /// After `count` steps from step `first` on. The first step here is not steady: Kokkos may grow its team scratch.
  void end(std::int64_t first, std::int64_t count) {
    if (!std::exchange(any_, true)) return;
    const LedgerCounts counts = ledger::totals() - before_;
    largest_ = max(largest_, counts);
    steps_ += count;
    if (!limited_) return;
    check(first, "launch", "launches", counts.launches, budget_.launches);
    check(first, "fence", "fences", counts.fences, budget_.fences);
    check(first, "copy", "copies", counts.copies, budget_.copies);
    check(first, "allocation", "allocations", counts.allocations, budget_.allocations);
  }

  [[nodiscard]] const LedgerCounts& largest() const { return largest_; }
  [[nodiscard]] std::int64_t steps() const { return steps_; }

 private:
  void check(std::int64_t step, std::string_view kind, std::string_view plural, std::int64_t count,
             const std::optional<std::int64_t>& limit) const {
    if (!limit || count <= *limit) return;
    std::string culprits;
    for (const auto& row : ledger::difference(labels_before_, ledger::by_label())) {
      if (row.kind == kind) culprits += fmt::format("{}{} ({})", culprits.empty() ? "" : ", ", row.label, row.count);
    }
    throw BudgetError(
        fmt::format("budget.{}: step {} had {}, allowed: {}; {}", plural, step + 1, count, *limit, culprits));
  }

  BudgetSpec budget_;
  bool limited_;
  LedgerCounts before_, largest_;
  ledger::ByLabel labels_before_;
  std::int64_t steps_ = 0;
  bool any_ = false;
};

/// Normalisation of features and targets as asked for, fitted to the training set; a column without variance is warned of.
template <Space S, class Real>
Normalization fitted_normalization(const SetStatistics& train, const TrainOptions<S, Real>& options) {
  const auto warn = [&](const char* what, const std::vector<std::string>& names) {
    return [&options, what, &names](std::size_t column) {
      if (!options.on_log) return;
      const std::string name = column < names.size() ? fmt::format("'{}'", names[column])
                                                     : fmt::format("number {}", column);
      options.on_log(LogLevel::warning,
                     fmt::format("{} {} has the same value in all training rows: it is only shifted", what, name));
    };
  };
  Normalization normalization;
  normalization.features = normalization_of(options.normalize.features, train.features,
                                            warn("feature", options.feature_names));
  normalization.targets = normalization_of(options.normalize.targets, train.targets,
                                           warn("target", options.target_names));
  return normalization;
}

/// The run that begins with the first step.
template <Space S, class Real>
StepRun<Real> first_run(const DeviceSet<S, Real>& train, const Plan& plan, const TrainingSpec& spec,
                        std::uint64_t seed) {
  StepRun<Real> run;
  run.X = train.X.data();
  run.T = train.T.data();
  run.order.data_rows = train.share.all_rows;
  run.order.full_batch = plan.batch;
  run.order.chunks = plan.chunks;
  run.order.seed = seed;
  run.order.shuffle = spec.shuffle &&
                      plan.batch < plan.training_rows;  // the order of a full batch changes nothing but rounding
  if (train.share.communicator != nullptr) {
    run.order.first_slot = static_cast<std::int16_t>(train.share.first_shard);
    run.order.own_slots = static_cast<std::int16_t>(train.share.own_shards());
  }
  return run;
}

template <Space S, class Real, class In>
TrainReport train_on(const typename S::Execution& exec, Network<S, Real>& network, const SetRows<S, In>& train,
                     const RawSet<S, In>& validation, const RawSet<S, In>& test, const TrainOptions<S, Real>& options) {
  TrainingSpec spec = options.training;
  if (train.streamed()) spec.stream = Stream::always;  // what the planner must know
  const auto ledger_before = ledger::by_label();
  Communicator& communicator = options.communicator == nullptr ? single_process() : *options.communicator;
  const auto rows = communicator.size() > 1 ? options.training_rows : train.count();
  TrainReport report;
  static_assert(max_chunks(device_kind<S>) <= tile::max_leaves);
  report.plan = make_plan(network.spec(), spec, precision_of<Real>(), device_kind<S>, rows, validation.X.extent(0) > 0);
  const Plan& plan = report.plan;

  check_ranks(plan, communicator.size());
  const SetShare share = SetShare::of_training(plan, communicator);
  const SetStatistics statistics = set_statistics(exec, train, share, network.spec(), "train");
  Normalization normalization = fitted_normalization<S, Real>(statistics, options);
  const TrainingState* const resume = options.resume;
  if (resume != nullptr) {
    check_resumable(*resume, network.spec(), precision_of<Real>(), spec, plan, options.seed);
    normalization = resume->model.normalization;
  }
  network.set_normalization(exec, normalization);
  auto train_set = device_set_of(exec, network, train, statistics, share, "train");
  const DeviceSet<S, Real> validation_set = device_set(exec, network, validation, "validation", communicator);
  const DeviceSet<S, Real> test_set = device_set(exec, network, test, "test", communicator);

  const auto stepper = make_stepper<S, Real>(exec, network, plan, spec, communicator);
  Evaluator<S, Real> evaluator(exec, network, std::max({train_set.rows, validation_set.rows, test_set.rows}));
  const HostMirror<Vector<S, fused::LossRecord>> record(stepper->record());
  const bool keep_best = spec.early_stopping.patience > 0;
  Vector<S, Real> best;
  if (keep_best) best = make_vector<S, Real>(exec, "sinter::train::best_parameters", network.layout().parameters);

  StepRun<Real> run = first_run<S, Real>(train_set, plan, spec, options.seed);
  const OptimizerSchedule schedule = optimizer_schedule(spec, plan);
  const std::int64_t rows_per_epoch = spec.drop_last ? rows / plan.batch * plan.batch : rows;
  const auto epoch_terms = static_cast<double>(loss_terms(spec.loss.type, rows_per_epoch, network.spec().outputs()));
  const Boundaries boundaries(spec, plan, !validation_set.empty(), options.hook ? options.hook_every : 0);
  std::optional<RowStream<S, Real, In>> stream;
  if (train.streamed()) {
    stream.emplace(exec, train.host, normalization, plan, share_of(plan, communicator.rank(), communicator.size()),
                   run.order, boundaries.last_step(), spec.stream_mib);
    train_set.feed = &*stream;
    if (options.on_log) {
      const auto batches = stream->report().window_steps;
      options.on_log(LogLevel::info,
                     fmt::format("training rows stay on the host and come to the device in windows of {} batch{}",
                                 batches, batches == 1 ? "" : "es"));
    }
  }

  StepAccount account(options.budget);
  const StateOnDevice<S, Real> on_device{network, *stepper, best};
  TrainingState state = first_state(resume, spec, plan, options.seed);
  if (resume != nullptr) on_device.put(exec, state);
  const std::int64_t stop_at = options.stop_after_steps > 0 ? state.steps_done + options.stop_after_steps
                                                            : std::numeric_limits<std::int64_t>::max();
  const double earlier_s = state.training_s;
  const Kokkos::Timer timer;
  double evaluation_s = 0;  // of the training set, between the last step and the last checkpoint
  // Checkpoints are no training: a rate of steps says the same however often they are due.
  const auto training_s = [&] { return earlier_s + timer.seconds() - report.checkpoint_s - evaluation_s; };

  const auto diverged = [&](std::string_view when, std::int64_t step) {
    return NumericError(fmt::format(
        "training: the loss was not finite {} step {} (epoch {}); a smaller learning rate than {:g}, clipping or "
        "normalised features may help",
        when, step, (step - 1) / plan.steps_per_epoch + 1, schedule.learning_rate(state.steps_done - 1)));
  };
  const auto pull_record = [&]() -> fused::LossRecord {
    record.pull(exec);
    const fused::LossRecord seen = record.host()(0);
    if (seen.nonfinite_step == 0) return seen;
    throw diverged("at", seen.nonfinite_step);
  };
  // The loss of a step is that of the parameters before its update: what the last update leaves shows here.
  const auto report_training_set = [&] {
    auto set = evaluator.report(exec, train_set, spec.loss);
    const double loss = set.metrics.front().second;
    if (state.steps_done > 0 && !std::isfinite(loss)) throw diverged("after", state.steps_done);
    return set;
  };

  // What is due after an epoch: report, validation, hook, and the look of early stopping.
  const auto end_epoch = [&](std::int64_t epochs_done) {
    const bool log_due = boundaries.log_due(epochs_done);
    const bool validation_due = boundaries.validation_due(epochs_done);
    const bool hook_due = boundaries.hook_due(epochs_done);
    if (!log_due && !validation_due && !hook_due) return;

    const fused::LossRecord seen = pull_record();
    Progress progress{epochs_done,
                      spec.epochs,
                      state.steps_done,
                      seen.epoch_sum / epoch_terms,
                      std::nullopt,
                      schedule.learning_rate(state.steps_done - 1),
                      0};
    if (validation_due) progress.validation_loss = evaluator.loss(exec, validation_set, spec.loss);
    progress.elapsed_s = training_s();
    if (options.on_progress && (log_due || validation_due)) options.on_progress(progress);
    if (hook_due) options.hook(progress, network);
    if (!keep_best || !(validation_set.empty() ? log_due : validation_due)) return;  // a hook decides nothing

    // The running loss is that of the parameters before the epoch's updates, so without a validation set the training
    // set is evaluated.
    const double monitored = progress.validation_loss ? *progress.validation_loss
                                                      : evaluator.loss(exec, train_set, spec.loss);
    if (monitored < state.best_loss - spec.early_stopping.min_delta) {
      state.best_loss = monitored;
      state.best_epoch = epochs_done;
      copy(exec, best, network.parameters());
    } else if (epochs_done - state.best_epoch >= spec.early_stopping.patience) {
      state.phase = TrainingPhase::stopped_early;
    }
  };

  CheckpointClock clock(options.checkpoint, options.on_checkpoint != nullptr);
  const auto make_checkpoint = [&] {
    wait_for(exec, "sinter::train: steps before a checkpoint");
    state.training_s = training_s();
    const Kokkos::Timer cost;
    const fused::LossRecord seen = pull_record();
    state.epoch_loss = seen.epoch_sum;
    state.step_loss = seen.step_sum;
    stepper->gather_state(exec);
    if (communicator.rank() == 0) on_device.fetch(exec, state);
    state.model.feature_names = options.feature_names;
    state.model.target_names = options.target_names;
    options.on_checkpoint(state);
    ++report.checkpoints;
    report.checkpoint_s += cost.seconds();
    clock.restart();
  };

  LaunchLength length;
  Agreement agreement(communicator, state.steps_done);
  bool interrupted = false;
  const auto ended = [&] {
    return state.phase != TrainingPhase::running || state.steps_done >= boundaries.last_step();
  };
  while (!ended() && !interrupted) {
    run.first = state.steps_done;
    run.count = 1;
    if (stepper->takes_many_steps()) {
      const std::int64_t pause = std::min({boundaries.next(run.first), clock.next(run.first), stop_at});
      run.count = std::min(pause - run.first, length.steps());
    }
    if (stream) stream->place(exec, run);
    const Kokkos::Timer run_time;
    account.begin();
    stepper->run(exec, run);
    account.end(run.first, run.count);
    if (stream) stream->launched(run.first);
    if (stepper->takes_many_steps()) {
      wait_for(exec, "sinter::train: a launch of many steps");
      length.measured(run.count, run_time.seconds());
    }
    state.steps_done += run.count;
    Wishes wishes;
    if (agreement.due(state.steps_done)) {
      wishes = agreement.agree({options.stop_requested && options.stop_requested(), clock.due_by_time()},
                               state.steps_done);
    }
    interrupted = state.steps_done >= stop_at || wishes.stop;
    if (state.steps_done % plan.steps_per_epoch == 0) end_epoch(state.epochs_done());
    if (!ended() && !interrupted && (wishes.checkpoint || clock.due_by_steps(state.steps_done))) make_checkpoint();
  }
  if (state.phase == TrainingPhase::running && ended()) state.phase = TrainingPhase::completed;
  wait_for(exec, "sinter::train: last step");
  if (stream) report.stream = stream->report();
  // No checkpoint of what diverged replaces a good one. A run that was told to stop may not have the time to look first.
  if (ended() && state.best_epoch == 0) {
    const double before = timer.seconds();
    report.train = report_training_set();
    evaluation_s = timer.seconds() - before;
  }
  const bool nothing_new = resume != nullptr && resume->steps_done == state.steps_done && resume->phase == state.phase;
  if (options.on_checkpoint && !nothing_new) make_checkpoint();
  report.training_s = training_s();
  report.status = state.phase == TrainingPhase::running ? "interrupted" : to_name(state.phase);
  report.epochs_done = state.epochs_done();
  report.steps_done = state.steps_done;
  report.best_epoch = state.best_epoch > 0 ? state.best_epoch : report.epochs_done;
  if (state.best_epoch > 0) copy(exec, network.parameters(), best);
  report.steady_state = account.largest();
  report.steady_steps = account.steps();
  if (!report.train) report.train = report_training_set();
  if (!validation_set.empty()) report.validation = evaluator.report(exec, validation_set, spec.loss);
  if (!test_set.empty()) report.test = evaluator.report(exec, test_set, spec.loss);
  report.ledger = ledger::difference(ledger_before, ledger::by_label());
  return report;
}

}  // namespace detail

template <Space S, class Real, class In>
TrainReport train(const typename S::Execution& exec, Network<S, Real>& network,
                  const std::type_identity_t<RawSet<S, In>>& train,
                  const std::type_identity_t<RawSet<S, In>>& validation,
                  const std::type_identity_t<RawSet<S, In>>& test, const TrainOptions<S, Real>& options) {
  return detail::train_on<S, Real, In>(exec, network, {train, {}}, validation, test, options);
}

template <Space S, class Real, class In>
TrainReport train_streamed(const typename S::Execution& exec, Network<S, Real>& network,
                           const std::type_identity_t<HostRows<S, In>>& train,
                           const std::type_identity_t<RawSet<S, In>>& validation,
                           const std::type_identity_t<RawSet<S, In>>& test, const TrainOptions<S, Real>& options) {
  return detail::train_on<S, Real, In>(exec, network, {{}, train}, validation, test, options);
}

template <Space S, class Real, class In>
SetReport evaluate(const typename S::Execution& exec, const Network<S, Real>& network,
                   const std::type_identity_t<RawSet<S, In>>& set, const LossSettings& loss) {
  const DeviceSet<S, Real> prepared = detail::device_set(exec, network, set, "evaluated", single_process());
  if (prepared.empty()) throw DataError("evaluate: the set has no rows");
  return Evaluator<S, Real>(exec, network, prepared.rows).report(exec, prepared, loss);
}

}  // namespace sinter
