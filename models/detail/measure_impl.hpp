// Definition of measure(), for the sources that instantiate it (models/instances).
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include <sinter/models/detail/ensemble_impl.hpp>
#include <sinter/models/detail/trainer_impl.hpp>
#include <sinter/models/measure.hpp>

namespace sinter {
namespace detail {

/// Seconds of `work` up to the end of a fence.
template <class Execution, class Work>
double seconds_of(const Execution& exec, const Work& work) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  work();
  wait_for(exec, "sinter::measure: end of a repetition");
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The steps of a training, one after the other. After the last of its epochs it begins again with the first, at the
/// parameters that it has: a schedule says nothing about what comes after its end.
template <Space S, class Real>
class MeasuredTraining {
 public:
  using Execution = typename S::Execution;

  /// `feed`: of a streamed training set, else null.
  MeasuredTraining(std::unique_ptr<Stepper<S, Real>> stepper, const Plan& plan, const DeviceSet<S, Real>& set,
                   const TrainingSpec& training, std::uint64_t seed, BatchFeed<S, Real>* feed)
      : last_(training.epochs * plan.steps_per_epoch),
        stepper_(std::move(stepper)),
        feed_(feed),
        run_(first_run<S, Real>(set, plan, training, seed)) {
    if (last_ == 0) throw ConfigError("measure: training.epochs is 0: there is no step to time");
  }

  void run(const Execution& exec, std::int64_t count) {
    while (count > 0) {
      run_.count = std::min(count, last_ - run_.first);
      if (feed_ != nullptr) feed_->place(exec, run_);
      stepper_->run(exec, run_);
      if (feed_ != nullptr) feed_->launched(run_.first);
      count -= run_.count;
      run_.first = (run_.first + run_.count) % last_;
    }
  }

  /// Throws NumericError where the loss has not been finite: no honest time comes from that.
  void check_loss(const Execution& exec) const {
    const HostMirror<Vector<S, fused::LossRecord>> record(stepper_->record());
    record.pull(exec);
    for (std::size_t member = 0; member < record.host().extent(0); ++member) {
      if (const auto step = record.host()(member).nonfinite_step; step != 0)
        throw NumericError(fmt::format("measure: the loss was not finite at step {}", step));
    }
  }

 private:
  std::int64_t last_;
  std::unique_ptr<Stepper<S, Real>> stepper_;
  BatchFeed<S, Real>* feed_;
  StepRun<Real> run_;
};

/// Steps of a repetition that takes at least `seconds`, from the time of ever more steps; these are the warm-up too.
template <class Execution, class Run>
std::int64_t steps_of_repetition(const Execution& exec, const Run& run, const MeasureSettings& settings,
                                 Communicator& communicator) {
  if (settings.steps > 0) {
    run(settings.steps);
    return settings.steps;
  }
  for (std::int64_t steps = 1;; steps *= 2) {
    const double taken = largest(communicator, seconds_of(exec, [&] { run(steps); }));
    if (taken >= settings.repetition_s / 2)
      return std::max<std::int64_t>(
          1, std::llround(std::ceil(settings.repetition_s / taken * static_cast<double>(steps))));
  }
}

template <class Execution, class Run>
void time_repetitions(const Execution& exec, const Run& run, const MeasureSettings& settings,
                      Communicator& communicator, Measurement& out) {
  out.steps = steps_of_repetition(exec, run, settings, communicator);
  const LedgerCounts before = ledger::totals();
  run(out.steps);
  out.repetition = ledger::totals() - before;
  wait_for(exec, "sinter::measure: warm-up");
  for (int r = 0; r < settings.repetitions; ++r)
    out.step_s.push_back(largest(communicator, seconds_of(exec, [&] { run(out.steps); })) /
                         static_cast<double>(out.steps));
}

/// A prediction of the plan's batch: each weight once, no intermediate result in memory.
inline LevelCost inference_cost(const ModelSpec& model, const Plan& plan, std::size_t real_bytes,
                                std::int64_t launches) {
  LevelCost cost;
  const auto batch = static_cast<double>(plan.batch);
  for (std::size_t l = 0; l < model.layers.size(); ++l)
    cost.flops += 2.0 * batch * static_cast<double>(model.fan_in(l) * model.layers[l].width);
  cost.level = Fusion::automatic;
  cost.launches = launches;
  cost.compulsory_bytes = static_cast<double>(real_bytes) *
                          (batch * static_cast<double>(model.inputs + model.outputs()) +
                           static_cast<double>(model.parameter_count()));
  cost.reason = "prediction has one way through a network";
  return cost;
}

/// What a measurement is made on: the plan, and the data as the network wants them.
template <Space S, class Real>
struct MeasuredProblem {
  TrainingSpec training;
  Plan plan;
  DeviceSet<S, Real> set;
  std::unique_ptr<BatchFeed<S, Real>> feed;  ///< of a streamed training set
  Communicator& communicator;
};

/// `trained`: the network, or the ensemble that it is the first of, whose `members` have these optimizers; it takes the
/// normalisation.
template <Space S, class Real, class In, class Trained>
MeasuredProblem<S, Real> measured_problem(const typename S::Execution& exec, Trained& trained,
                                          const Network<S, Real>& network, const SetRows<S, In>& train,
                                          const TrainOptions<S, Real>& options, TrainingSpec training,
                                          const MeasureSettings& settings,
                                          const std::vector<OptimizerSettings>& members = {}) {
  if (settings.repetitions < 1)
    throw ConfigError(fmt::format("measure: {} repetitions; at least 1 is needed", settings.repetitions));
  const auto& model = network.spec();
  Communicator& communicator = options.communicator == nullptr ? single_process() : *options.communicator;
  const auto rows = communicator.size() > 1 ? options.training_rows : train.count();
  training.drop_last = true;
  if (train.streamed()) training.stream = Stream::always;
  const Plan plan = make_plan(model, training, precision_of<Real>(), device_kind<S>, rows, false, members);
  check_ranks(plan, communicator.size());
  const SetShare share = SetShare::of_training(plan, communicator);
  const auto statistics = set_statistics(exec, train, share, model, "measured");
  const auto silent = [](std::size_t /*column*/) {};
  Normalization normalization;
  normalization.features = normalization_of(options.normalize.features, statistics.features, silent);
  normalization.targets = normalization_of(options.normalize.targets, statistics.targets, silent);
  trained.set_normalization(exec, normalization);
  auto set = device_set_of(exec, network, train, statistics, share, "measured");
  std::unique_ptr<BatchFeed<S, Real>> feed;
  if (train.streamed()) {
    const auto order = first_run<S, Real>(set, plan, training, options.seed).order;
    feed = std::make_unique<RowStream<S, Real, In>>(exec, train.host, normalization, plan,
                                                    share_of(plan, communicator.rank(), communicator.size()), order,
                                                    training.epochs * plan.steps_per_epoch, training.stream_mib);
  }
  return {training, plan, std::move(set), std::move(feed), communicator};
}

/// `network`: whose parameters are hashed.
template <Space S, class Real>
void measure_training(const typename S::Execution& exec, std::unique_ptr<Stepper<S, Real>> stepper,
                      const Network<S, Real>& network, const MeasuredProblem<S, Real>& problem, std::uint64_t seed,
                      const MeasureSettings& settings, Measurement& out) {
  MeasuredTraining<S, Real> steps(std::move(stepper), problem.plan, problem.set, problem.training, seed,
                                  problem.feed.get());
  wait_for(exec, "sinter::measure: data and memory");
  const auto run = [&](std::int64_t count) { steps.run(exec, count); };
  out.first_step_s = seconds_of(exec, [&] { run(1); });
  run(Measurement::hash_steps - 1);
  out.parameter_hash = parameter_hash(network.state(exec));
  time_repetitions(exec, run, settings, problem.communicator, out);
  steps.check_loss(exec);
}

/// predict(X, Y): of the batch, by `members` networks.
template <Space S, class Real, class Predict>
void measure_inference(const typename S::Execution& exec, const Network<S, Real>& network, std::size_t members,
                       const MeasuredProblem<S, Real>& problem, const MeasureSettings& settings, Measurement& out,
                       const Predict& predict) {
  if (problem.communicator.size() > 1)
    throw ConfigError(fmt::format("measure: {} ranks; predictions are timed by one", problem.communicator.size()));
  using Rows = Kokkos::pair<std::size_t, std::size_t>;
  const auto& plan = problem.plan;
  const MatrixRef<S, const Real> X = Kokkos::subview(problem.set.X, Rows(0, static_cast<std::size_t>(plan.batch)),
                                                     Kokkos::ALL);
  const auto Y = make_matrix<S, Real>(exec, "sinter::measure::outputs", plan.batch * static_cast<std::int64_t>(members),
                                      network.spec().outputs());
  out.parameter_hash = parameter_hash(network.state(exec));
  const auto run = [&](std::int64_t count) {
    for (; count > 0; --count) predict(X, MatrixRef<S, Real>(Y));
  };
  out.first_step_s = seconds_of(exec, [&] { run(1); });
  time_repetitions(exec, run, settings, problem.communicator, out);
  out.cost = times(inference_cost(network.spec(), plan, sizeof(Real), out.repetition.launches / out.steps),
                   static_cast<std::int64_t>(members));
}

}  // namespace detail

namespace detail {

template <Space S, class Real, class In>
Measurement measure_on(const typename S::Execution& exec, Network<S, Real>& network, const SetRows<S, In>& train,
                       const TrainOptions<S, Real>& options, const MeasureSettings& settings) {
  const auto problem = measured_problem<S, Real, In>(exec, network, network, train, options, options.training,
                                                     settings);
  Measurement out;
  out.plan = problem.plan;
  if (settings.mode == MeasureMode::training) {
    out.cost = out.plan.chosen;
    measure_training<S, Real>(exec,
                              make_stepper<S, Real>(exec, network, out.plan, problem.training, problem.communicator),
                              network, problem, options.seed, settings, out);
    return out;
  }
  network.set_normalization(exec, {});  // X already is as the network wants it
  Evaluator<S, Real> evaluator(exec, network, out.plan.batch);
  measure_inference<S, Real>(exec, network, 1, problem, settings, out,
                             [&](const auto& X, const auto& Y) { evaluator.template predict<Real, Real>(exec, X, Y); });
  return out;
}

}  // namespace detail

template <Space S, class Real, class In>
Measurement measure(const typename S::Execution& exec, Network<S, Real>& network,
                    const std::type_identity_t<RawSet<S, In>>& train, const TrainOptions<S, Real>& options,
                    const MeasureSettings& settings) {
  return detail::measure_on<S, Real, In>(exec, network, {train, {}}, options, settings);
}

template <Space S, class Real, class In>
Measurement measure_streamed(const typename S::Execution& exec, Network<S, Real>& network,
                             const std::type_identity_t<HostRows<S, In>>& train, const TrainOptions<S, Real>& options,
                             const MeasureSettings& settings) {
  if (settings.mode != MeasureMode::training) throw ConfigError("measure: predictions are of rows on the device");
  return detail::measure_on<S, Real, In>(exec, network, {{}, train}, options, settings);
}

template <Space S, class Real, class In>
Measurement measure(const typename S::Execution& exec, Ensemble<S, Real>& ensemble,
                    const std::type_identity_t<RawSet<S, In>>& train, const TrainOptions<S, Real>& options,
                    const MeasureSettings& settings) {
  TrainingSpec training = options.training;
  training.fusion = Fusion::epochs;
  const auto& first = ensemble.network(0);
  const auto problem = detail::measured_problem<S, Real, In>(exec, ensemble, first, {train, {}}, options, training,
                                                             settings, optimizers_of(ensemble.members()));
  Measurement out;
  out.plan = problem.plan;
  if (settings.mode == MeasureMode::training) {
    out.cost = out.plan.chosen;
    std::vector<fused::MemberSettings> members;
    for (std::size_t i = 0; i < ensemble.size(); ++i)
      members.push_back({ensemble.member(i).optimizer, ensemble.member(i).seed});
    auto stepper = std::make_unique<detail::EpochsStepper<S, Real>>(exec, first.layout(), ensemble.parameters(),
                                                                    out.plan, problem.training, members);
    detail::measure_training<S, Real>(exec, std::move(stepper), first, problem, options.seed, settings, out);
    return out;
  }
  ensemble.set_normalization(exec, {});
  detail::measure_inference<S, Real>(
      exec, first, ensemble.size(), problem, settings, out,
      [&](const auto& X, const auto& Y) { ensemble.template predict<Real, Real>(exec, X, Y); });
  return out;
}

}  // namespace sinter
