// Definitions of Ensemble and of its training, for the sources that instantiate them (models/instances).
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include <sinter/kernels/fused/network_forward.hpp>
#include <sinter/models/detail/member_share.hpp>
#include <sinter/models/detail/trainer_impl.hpp>
#include <sinter/models/ensemble.hpp>

namespace sinter {

template <Space S, class Real>
Ensemble<S, Real>::Ensemble(const Execution& exec, const ModelSpec& spec, const std::vector<MemberSpec>& members)
    : members_(members) {
  if (members.empty()) throw ConfigError("ensemble: there are no members");
  check_inference(spec, detail::precision_of<Real>(), device_kind<S>);
  parameters_ = detail::parameter_vector<S, Real>(exec, spec, members.size());
  const auto each = parameters_.extent(0) / members.size();
  for (std::size_t i = 0; i < members.size(); ++i) {
    ModelSpec own = spec;
    own.initializer = members[i].initializer;
    networks_.emplace_back(exec, own, members[i].seed,
                           Vector<S, Real>(Kokkos::subview(parameters_, std::pair(i * each, (i + 1) * each))));
  }
  layers_ = fused::forward_layers<S>(exec, networks_.front().layout());
}

namespace detail {

/// The members of saved models. Throws ConfigError where they are not of one shape and normalisation.
inline std::vector<MemberSpec> members_of_models(const std::vector<ModelState>& models) {
  std::vector<MemberSpec> members;
  for (const auto& model : models) {
    ModelSpec same = models.front().spec;
    same.initializer = model.spec.initializer;
    if (model.spec != same || model.normalization != models.front().normalization)
      throw ConfigError(
          fmt::format("ensemble: model {} has another shape or normalisation than the first", members.size()));
    members.push_back({0, {}, model.spec.initializer});
  }
  return members;
}

}  // namespace detail

template <Space S, class Real>
Ensemble<S, Real>::Ensemble(const Execution& exec, const std::vector<ModelState>& models)
    : Ensemble(exec, models.empty() ? ModelSpec{} : models.front().spec, detail::members_of_models(models)) {
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].precision != detail::precision_of<Real>()) {
      throw ConfigError(fmt::format("model: its parameters are {}, not {}", to_name(models[i].precision),
                                    to_name(detail::precision_of<Real>())));
    }
    networks_[i].set_parameters(exec, models[i].parameters);
  }
  set_normalization(exec, models.front().normalization);
}

template <Space S, class Real>
void Ensemble<S, Real>::set_normalization(const Execution& exec, const Normalization& normalization) {
  for (auto& network : networks_) network.set_normalization(exec, normalization);
}

template <Space S, class Real>
template <class In, class Out>
void Ensemble<S, Real>::predict(const Execution& exec, const std::type_identity_t<MatrixRef<S, const In>>& X,
                                const std::type_identity_t<MatrixRef<S, Out>>& Y) const {
  const auto& first = networks_.front();
  const auto rows = static_cast<std::int64_t>(X.extent(0));
  check_shape(X, "ensemble: X", -1, first.spec().inputs);
  check_shape(Y, "ensemble: Y", rows * static_cast<std::int64_t>(size()), first.spec().outputs());
  fused::NetworkForwardArgs<Real, In, Out> args;
  args.shape = fused::forward_shape<S>(
      first.layout(), fused::forward_rows<S, Real>(first.layout(), rows, exec.concurrency()), layers_.data());
  args.X = X.data();
  args.Y = Y.data();
  args.features = {first.feature_shift(), first.feature_scale()};
  args.targets = {first.target_shift(), first.target_scale()};
  args.rows = rows;
  args.parameters = parameters_.data();
  args.parameter_count = first.layout().parameters;
  args.members = static_cast<std::int64_t>(size());
  fused::network_forward<S>(exec, args);
}

namespace detail {

/// The reports of all members after `steps` steps. Marks those as lost whose last update left no finite loss.
template <Space S, class Real, class In>
EnsembleReport finished(const typename S::Execution& exec, const Ensemble<S, Real>& ensemble,
                        const DeviceSet<S, Real>& train, const DeviceSet<S, Real>& validation,
                        const DeviceSet<S, Real>& test, const LossSettings& loss, std::int64_t steps,
                        std::vector<fused::LossRecord>& records) {
  EnsembleReport report;
  for (std::size_t i = 0; i < ensemble.size(); ++i) {
    MemberReport member;
    member.member = ensemble.member(i);
    member.nonfinite_step = records[i].nonfinite_step;
    member.model = ensemble.network(i).state(exec);
    if (member.nonfinite_step == 0) {
      Evaluator<S, Real> evaluator(exec, ensemble.network(i), std::max({train.rows, validation.rows, test.rows}));
      member.train = evaluator.report(exec, train, loss);
      if (!validation.empty()) member.validation = evaluator.report(exec, validation, loss);
      if (!test.empty()) member.test = evaluator.report(exec, test, loss);
      if (!std::isfinite(member.train->metrics.front().second) || !std::isfinite(member.ranked_by())) {
        member.train = member.validation = member.test = std::nullopt;
        member.nonfinite_step = records[i].nonfinite_step = steps + 1;  // a step that there was not would have seen it
      }
    }
    report.members.push_back(std::move(member));
    if (report.members[i].ranked_by() < report.members[report.best].ranked_by()) report.best = i;
  }
  const auto& best = report.members[report.best];
  report.train = best.train;
  report.validation = best.validation;
  report.test = best.test;
  return report;
}

/// Throws NumericError where no member is left.
inline void check_members_left(const std::vector<fused::LossRecord>& records) {
  if (std::ranges::any_of(records, [](const auto& record) { return record.nonfinite_step == 0; })) return;
  throw NumericError(
      "training: no member of the ensemble has a finite loss; smaller learning rates, clipping or normalised features "
      "may help");
}

/// What the ranks tell one another between two launches; each takes the largest of all.
struct LaunchVote {
  double seconds = 0, stop = 0, checkpoint = 0;

  static LaunchVote largest(Communicator& ranks, const LaunchVote& own) {
    LaunchVote all;
    for (const auto& vote : of_all_ranks(ranks, own)) {
      all = {std::max(all.seconds, vote.seconds), std::max(all.stop, vote.stop),
             std::max(all.checkpoint, vote.checkpoint)};
    }
    return all;
  }
};

}  // namespace detail

template <Space S, class Real, class In>
EnsembleReport train(const typename S::Execution& exec, Ensemble<S, Real>& ensemble,
                     const std::type_identity_t<RawSet<S, In>>& train,
                     const std::type_identity_t<RawSet<S, In>>& validation,
                     const std::type_identity_t<RawSet<S, In>>& test, const TrainOptions<S, Real>& options) {
  check_ensemble_training(options.training);
  if (options.hook && options.hook_every > 0)
    throw ConfigError("options.hook: an ensemble has no one network to hand to a hook; allowed: none");
  TrainingSpec spec = options.training;
  spec.fusion = Fusion::epochs;
  const auto ledger_before = ledger::by_label();
  const auto& first = ensemble.network(0);
  const auto rows = static_cast<std::int64_t>(train.X.extent(0));
  const Plan plan = make_plan(first.spec(), spec, detail::precision_of<Real>(), device_kind<S>, rows,
                              validation.X.extent(0) > 0, optimizers_of(ensemble.members()));
  Communicator& ranks = options.communicator == nullptr ? single_process() : *options.communicator;
  const detail::MemberShare own(ensemble.size(), ranks);
  const SetShare share = SetShare::of_training(plan, single_process());  // the sums that a member alone would have
  const detail::SetRows<S, In> train_rows{train, {}};
  const auto statistics = detail::set_statistics(exec, train_rows, share, first.spec(), "train");
  Normalization normalization = detail::fitted_normalization<S, Real>(statistics, options);
  const TrainingState* const resume = options.resume;
  if (resume != nullptr) {
    check_resumable(*resume, first.spec(), detail::precision_of<Real>(), spec, plan, options.seed, ensemble.members());
    normalization = resume->model.normalization;
  }
  ensemble.set_normalization(exec, normalization);
  const auto train_set = detail::device_set_of(exec, first, train_rows, statistics, share, "train"),
             validation_set = detail::device_set(exec, first, validation, "validation", single_process()),
             test_set = detail::device_set(exec, first, test, "test", single_process());

  std::vector<fused::MemberSettings> settings;
  for (std::size_t i = own.begin; i < own.end; ++i)
    settings.push_back({ensemble.member(i).optimizer, ensemble.member(i).seed});
  int states = 0;  // whichever rank trains the member that keeps most
  for (const auto& member : ensemble.members()) states = std::max(states, optimizer_state_count(member.optimizer.type));
  detail::EpochsStepper<S, Real> stepper(exec, first.layout(), own.parameters(ensemble), plan, spec, settings, states);
  const detail::MembersOnDevice<S, Real> on_device(ensemble, stepper, own);

  StepRun<Real> run = detail::first_run<S, Real>(train_set, plan, spec, ensemble.member(own.begin).seed);
  const std::int64_t rows_per_epoch = spec.drop_last ? rows / plan.batch * plan.batch : rows;
  const auto epoch_terms = static_cast<double>(loss_terms(spec.loss.type, rows_per_epoch, first.spec().outputs()));
  const OptimizerSchedule schedule{ensemble.member(0).optimizer, spec.schedule, spec.epochs, plan.steps_per_epoch};
  const detail::Boundaries boundaries(spec, plan, !validation_set.empty(), 0);
  detail::StepAccount account(options.budget);
  TrainingState state = detail::first_state(resume, spec, plan, options.seed);
  state.optimizer = ensemble.member(0).optimizer.type;
  if (resume != nullptr) on_device.put(exec, state);
  std::vector<bool> lost(ensemble.size());
  for (std::size_t i = 0; i < state.members.size(); ++i) lost[i] = state.members[i].nonfinite_step != 0;
  const std::int64_t stop_at = options.stop_after_steps > 0 ? state.steps_done + options.stop_after_steps
                                                            : std::numeric_limits<std::int64_t>::max();
  const double earlier_s = state.training_s;
  const Kokkos::Timer timer;
  double checkpoint_s = 0;  // no training
  const auto training_s = [&] { return earlier_s + timer.seconds() - checkpoint_s; };

  const auto tell_of_lost = [&](const std::vector<fused::LossRecord>& seen) {
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i].nonfinite_step == 0 || lost[i]) continue;
      lost[i] = true;
      if (!options.on_log) continue;
      const bool after_all = seen[i].nonfinite_step > state.steps_done;
      options.on_log(LogLevel::warning,
                     fmt::format("ensemble: the loss of member {} was not finite {} step {}", i,
                                 after_all ? "after" : "at", std::min(seen[i].nonfinite_step, state.steps_done)));
    }
    detail::check_members_left(seen);
  };

  // Means over the members whose losses are finite.
  const auto report_progress = [&](std::int64_t epochs_done) {
    const auto seen = on_device.records(exec);
    tell_of_lost(seen);
    const bool validates = boundaries.validation_due(epochs_done);
    std::vector<double> validation_losses(ensemble.size());
    for (std::size_t i = own.begin; validates && i < own.end; ++i) {
      if (seen[i].nonfinite_step != 0) continue;
      validation_losses[i] = Evaluator<S, Real>(exec, ensemble.network(i), validation_set.rows)
                                 .loss(exec, validation_set, spec.loss);
    }
    if (validates) own.gather(validation_losses.data());
    Progress progress{
        epochs_done, spec.epochs, state.steps_done, 0, std::nullopt, schedule.learning_rate(state.steps_done - 1), 0};
    double validation_loss = 0, left = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i].nonfinite_step != 0) continue;
      left += 1;
      progress.running_loss += seen[i].epoch_sum / epoch_terms;
      validation_loss += validation_losses[i];
    }
    progress.running_loss /= left;
    if (validates) progress.validation_loss = validation_loss / left;
    progress.elapsed_s = training_s();
    if (options.on_progress) options.on_progress(progress);
  };

  detail::CheckpointClock clock(options.checkpoint, options.on_checkpoint != nullptr);
  std::int64_t checkpoints = 0;
  const auto make_checkpoint = [&] {
    state.training_s = training_s();
    const Kokkos::Timer cost;
    const auto seen = on_device.records(exec);
    tell_of_lost(seen);  // for one that goes on from here believes it told
    on_device.fetch(exec, seen, state);
    state.model.feature_names = options.feature_names;
    state.model.target_names = options.target_names;
    options.on_checkpoint(state);
    ++checkpoints;
    checkpoint_s += cost.seconds();
    clock.restart();
  };

  detail::LaunchLength length;
  bool interrupted = false;
  const auto ended = [&] { return state.steps_done >= boundaries.last_step(); };
  while (!ended() && !interrupted) {
    run.first = state.steps_done;
    const std::int64_t pause = std::min({boundaries.next(run.first), clock.next(run.first), stop_at});
    run.count = std::min(pause - run.first, length.steps());
    const Kokkos::Timer run_time;
    account.begin();
    stepper.run(exec, run);
    account.end(run.first, run.count);
    wait_for(exec, "sinter::train: a launch of many steps");
    state.steps_done += run.count;
    const bool asked = options.stop_requested && options.stop_requested();
    const auto vote = detail::LaunchVote::largest(
        ranks, {run_time.seconds(), asked ? 1.0 : 0.0, clock.due_by_time() ? 1.0 : 0.0});
    length.measured(run.count, vote.seconds);  // all ranks take launches of one length
    interrupted = state.steps_done >= stop_at || vote.stop > 0;
    const std::int64_t epochs_done = state.epochs_done();
    if (state.steps_done % plan.steps_per_epoch == 0 &&
        (boundaries.log_due(epochs_done) || boundaries.validation_due(epochs_done)))
      report_progress(epochs_done);
    if (!ended() && !interrupted && (vote.checkpoint > 0 || clock.due_by_steps(state.steps_done))) make_checkpoint();
  }
  state.phase = ended() ? TrainingPhase::completed : TrainingPhase::running;
  const bool nothing_new = resume != nullptr && resume->steps_done == state.steps_done && resume->phase == state.phase;
  if (options.on_checkpoint && !nothing_new) make_checkpoint();
  const double seconds = training_s();
  own.gather_parameters(exec, ensemble);
  auto records = on_device.records(exec);
  tell_of_lost(records);
  auto report = detail::finished<S, Real, In>(exec, ensemble, train_set, validation_set, test_set, spec.loss,
                                              state.steps_done, records);
  if (ended()) tell_of_lost(records);  // else a later run meets the step that sees it
  report.status = ended() ? "completed" : "interrupted";
  report.plan = plan;
  report.steps_done = state.steps_done;
  report.epochs_done = report.best_epoch = state.epochs_done();
  report.steady_state = account.largest();
  report.steady_steps = account.steps();
  report.training_s = seconds;
  report.checkpoints = checkpoints;
  report.checkpoint_s = checkpoint_s;
  report.ledger = ledger::difference(ledger_before, ledger::by_label());
  return report;
}

}  // namespace sinter
