// Definitions of Ensemble and of its training, for the sources that instantiate them (models/instances).
#pragma once

#include <algorithm>
#include <utility>

#include <sinter/kernels/fused/network_forward.hpp>
#include <sinter/models/detail/exchange.hpp>
#include <sinter/models/detail/trainer_impl.hpp>
#include <sinter/models/ensemble.hpp>

namespace sinter {

template <Space S, class Real>
Ensemble<S, Real>::Ensemble(const Execution& exec, const ModelSpec& spec, const std::vector<MemberSpec>& members)
    : members_(members),
      parameters_(detail::parameter_vector<S, Real>(exec, spec, members.size())) {
  if (members.empty()) throw ConfigError("ensemble: there are no members");
  const auto each = parameters_.extent(0) / members.size();
  for (std::size_t i = 0; i < members.size(); ++i) {
    ModelSpec own = spec;
    own.initializer = members[i].initializer;
    networks_.emplace_back(exec, own, members[i].seed,
                           Vector<S, Real>(Kokkos::subview(parameters_, std::pair(i * each, (i + 1) * each))));
  }
  layers_ = fused::forward_layers<S>(exec, networks_.front().layout());
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
  args.shape = fused::forward_shape(first.layout(), fused::forward_rows<S, Real>(first.layout(), rows), layers_.data());
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

/// The members [begin, end) that this rank trains: [M r / R, M (r + 1) / R) of M for rank r of R.
struct MemberShare {
  std::size_t begin, end;

  /// Throws ConfigError where there are fewer members than ranks.
  MemberShare(std::size_t members, Communicator& communicator)
      : begin(members * at(communicator.rank()) / at(communicator.size())),
        end(members * (at(communicator.rank()) + 1) / at(communicator.size())),
        communicator_(communicator) {
    const std::size_t size = at(communicator.size());
    if (size > members) {
      throw ConfigError(
          fmt::format("{} ranks: an ensemble of {} members can be shared by at most so many ranks", size, members));
    }
    for (std::size_t r = 0; r < size; ++r)
      counts_.push_back(static_cast<std::int64_t>(members * (r + 1) / size - members * r / size));
  }

  [[nodiscard]] std::size_t count() const { return end - begin; }
  [[nodiscard]] std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(begin); }

  template <Space S, class Real>
  [[nodiscard]] VectorRef<S, Real> parameters(const Ensemble<S, Real>& ensemble) const {
    const auto each = static_cast<std::size_t>(ensemble.network(0).layout().parameters);
    return VectorRef<S, Real>(ensemble.parameters().data() + begin * each, count() * each);
  }

  /// `values`: one of each member, on the host, this rank's filled in; all ranks call it together. Waits.
  template <class T>
  void gather(T* values, std::size_t each = 1) const {
    std::vector<std::int64_t> bytes;
    for (const auto count : counts_) bytes.push_back(count * static_cast<std::int64_t>(each * sizeof(T)));
    communicator_.wait(communicator_.all_gather(values, bytes));
  }

  /// Brings the parameters of all members to all ranks. Waits.
  template <Space S, class Real>
  void gather_parameters(const typename S::Execution& exec, const Ensemble<S, Real>& ensemble) const {
    if (communicator_.size() == 1) return;
    const ExchangeBuffer<S, Real> all(ensemble.parameters(), communicator_);
    all.ready(exec, "sinter::exchange: members of this rank");
    gather(all.data(), static_cast<std::size_t>(ensemble.network(0).layout().parameters));
    all.arrived(exec);
    wait_for(exec, "sinter::exchange: members of other ranks before their host image goes");
  }

 private:
  static std::size_t at(int number) { return static_cast<std::size_t>(number); }

  Communicator& communicator_;
  std::vector<std::int64_t> counts_;
};

template <Space S, class Real, class In>
EnsembleReport finished(const typename S::Execution& exec, const Ensemble<S, Real>& ensemble,
                        const DeviceSet<S, Real>& train, const DeviceSet<S, Real>& validation,
                        const DeviceSet<S, Real>& test, const LossSettings& loss,
                        const std::vector<fused::LossRecord>& records) {
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

}  // namespace detail

template <Space S, class Real, class In>
EnsembleReport train(const typename S::Execution& exec, Ensemble<S, Real>& ensemble,
                     const std::type_identity_t<RawSet<S, In>>& train,
                     const std::type_identity_t<RawSet<S, In>>& validation,
                     const std::type_identity_t<RawSet<S, In>>& test, const TrainOptions<S, Real>& options) {
  TrainingSpec spec = options.training;
  spec.fusion = Fusion::epochs;
  const auto ledger_before = ledger::by_label();
  const auto& first = ensemble.network(0);
  const auto rows = static_cast<std::int64_t>(train.X.extent(0));
  const Plan plan = make_plan(first.spec(), spec, detail::precision_of<Real>(), device_kind<S>, rows);
  const SetShare share = SetShare::of_training(plan, single_process());  // the sums that a member alone would have
  const detail::SetRows<S, In> train_rows{train, {}};
  const auto statistics = detail::set_statistics(exec, train_rows, share, first.spec(), "train");
  ensemble.set_normalization(exec, detail::fitted_normalization<S, Real>(statistics, options));
  const auto train_set = detail::device_set_of(exec, first, train_rows, statistics, share, "train"),
             validation_set = detail::device_set(exec, first, validation, "validation", single_process()),
             test_set = detail::device_set(exec, first, test, "test", single_process());

  Communicator& ranks = options.communicator == nullptr ? single_process() : *options.communicator;
  const detail::MemberShare own(ensemble.size(), ranks);
  std::vector<fused::MemberSettings> settings;
  for (std::size_t i = own.begin; i < own.end; ++i)
    settings.push_back({ensemble.member(i).optimizer, ensemble.member(i).seed});
  detail::EpochsStepper<S, Real> stepper(exec, first.layout(), own.parameters(ensemble), plan, spec, settings);
  const HostMirror<Vector<S, fused::LossRecord>> mirror(stepper.record());
  // Of all members, those of other ranks included.
  const auto records = [&] {
    mirror.pull(exec);
    std::vector<fused::LossRecord> all(ensemble.size());
    std::copy(mirror.host().data(), mirror.host().data() + own.count(), all.begin() + own.offset());
    own.gather(all.data());
    return all;
  };

  StepRun<Real> run = detail::first_run<S, Real>(train_set, plan, spec, ensemble.member(own.begin).seed);
  const std::int64_t rows_per_epoch = spec.drop_last ? rows / plan.batch * plan.batch : rows;
  const auto epoch_terms = static_cast<double>(loss_terms(spec.loss.type, rows_per_epoch, first.spec().outputs()));
  const OptimizerSchedule schedule{ensemble.member(0).optimizer, spec.schedule, spec.epochs, plan.steps_per_epoch};
  const detail::Boundaries boundaries(spec, plan, !validation_set.empty(), 0);
  detail::StepAccount account(options.budget);
  detail::LaunchLength length;
  std::vector<bool> lost(ensemble.size());
  std::int64_t done = 0;
  bool interrupted = false;
  const Kokkos::Timer timer;

  // Means over the members whose losses are finite.
  const auto report_progress = [&](std::int64_t epochs_done) {
    const auto seen = records();
    const bool validates = boundaries.validation_due(epochs_done);
    std::vector<double> validation_losses(ensemble.size());
    for (std::size_t i = own.begin; validates && i < own.end; ++i) {
      if (seen[i].nonfinite_step != 0) continue;
      validation_losses[i] = Evaluator<S, Real>(exec, ensemble.network(i), validation_set.rows)
                                 .loss(exec, validation_set, spec.loss);
    }
    if (validates) own.gather(validation_losses.data());
    Progress progress{epochs_done, spec.epochs, done, 0, std::nullopt, schedule.learning_rate(done - 1), 0};
    double validation_loss = 0, left = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i].nonfinite_step != 0) {
        if (!lost[i] && options.on_log) {
          options.on_log(LogLevel::warning, fmt::format("ensemble: the loss of member {} was not finite at step {}", i,
                                                        seen[i].nonfinite_step));
        }
        lost[i] = true;
        continue;
      }
      left += 1;
      progress.running_loss += seen[i].epoch_sum / epoch_terms;
      validation_loss += validation_losses[i];
    }
    if (left == 0) {
      throw NumericError(
          "training: no member of the ensemble has a finite loss; smaller learning rates, clipping or normalised "
          "features "
          "may help");
    }
    progress.running_loss /= left;
    if (validates) progress.validation_loss = validation_loss / left;
    progress.elapsed_s = timer.seconds();
    if (options.on_progress) options.on_progress(progress);
  };

  while (done < boundaries.last_step() && !interrupted) {
    run.first = done;
    run.count = std::min(boundaries.next(done) - done, length.steps());
    const Kokkos::Timer run_time;
    account.begin();
    stepper.run(exec, run);
    account.end(run.first, run.count);
    wait_for(exec, "sinter::train: a launch of many steps");
    length.measured(run.count, detail::largest(ranks, run_time.seconds()));  // all ranks take launches of one length
    done += run.count;
    interrupted = detail::largest(ranks, options.stop_requested && options.stop_requested() ? 1.0 : 0.0) > 0;
    const std::int64_t epochs_done = done / plan.steps_per_epoch;
    if (done % plan.steps_per_epoch == 0 && (boundaries.log_due(epochs_done) || boundaries.validation_due(epochs_done)))
      report_progress(epochs_done);
  }
  const double seconds = timer.seconds();
  own.gather_parameters(exec, ensemble);
  auto report = detail::finished<S, Real, In>(exec, ensemble, train_set, validation_set, test_set, spec.loss,
                                              records());
  report.status = done < boundaries.last_step() ? "interrupted" : "completed";
  report.plan = plan;
  report.steps_done = done;
  report.epochs_done = report.best_epoch = done / plan.steps_per_epoch;
  report.steady_state = account.largest();
  report.steady_steps = account.steps();
  report.training_s = seconds;
  report.ledger = ledger::difference(ledger_before, ledger::by_label());
  return report;
}

}  // namespace sinter
