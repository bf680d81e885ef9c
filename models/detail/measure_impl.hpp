// Definition of measure(), for the sources that instantiate it (models/instances).
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

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

  MeasuredTraining(const Execution& exec, const Network<S, Real>& network, const Plan& plan,
                   const DeviceSet<S, Real>& set, const TrainingSpec& training, std::uint64_t seed)
      : last_(training.epochs * plan.steps_per_epoch),
        stepper_(make_stepper<S, Real>(exec, network, plan, training)) {
    if (last_ == 0) throw ConfigError("measure: training.epochs is 0: there is no step to time");
    run_.X = set.X.data();
    run_.T = set.T.data();
    run_.order.data_rows = set.rows;
    run_.order.full_batch = plan.batch;
    run_.order.chunks = plan.chunks;
    run_.order.seed = seed;
    run_.order.shuffle = training.shuffle && plan.batch < set.rows;
  }

  void run(const Execution& exec, std::int64_t count) {
    while (count > 0) {
      run_.count = std::min(count, last_ - run_.first);
      stepper_->run(exec, run_);
      count -= run_.count;
      run_.first = (run_.first + run_.count) % last_;
    }
  }

  /// Throws NumericError where the loss has not been finite: no honest time comes from that.
  void check_loss(const Execution& exec) const {
    const HostMirror<Vector<S, fused::LossRecord>> record(stepper_->record());
    record.pull(exec);
    if (const auto step = record.host()(0).nonfinite_step; step != 0)
      throw NumericError(fmt::format("measure: the loss was not finite at step {}", step));
  }

 private:
  std::int64_t last_;
  std::unique_ptr<Stepper<S, Real>> stepper_;
  StepRun<Real> run_;
};

/// Steps of a repetition that takes at least `seconds`, from the time of ever more steps; these are the warm-up too.
template <class Execution, class Run>
std::int64_t steps_of_repetition(const Execution& exec, const Run& run, const MeasureSettings& settings) {
  if (settings.steps > 0) {
    run(settings.steps);
    return settings.steps;
  }
  for (std::int64_t steps = 1;; steps *= 2) {
    const double taken = seconds_of(exec, [&] { run(steps); });
    if (taken >= settings.repetition_s / 2)
      return std::max<std::int64_t>(
          1, std::llround(std::ceil(settings.repetition_s / taken * static_cast<double>(steps))));
  }
}

template <class Execution, class Run>
void time_repetitions(const Execution& exec, const Run& run, const MeasureSettings& settings, Measurement& out) {
  out.steps = steps_of_repetition(exec, run, settings);
  const LedgerCounts before = ledger::totals();
  run(out.steps);
  out.repetition = ledger::totals() - before;
  wait_for(exec, "sinter::measure: warm-up");
  for (int r = 0; r < settings.repetitions; ++r)
    out.step_s.push_back(seconds_of(exec, [&] { run(out.steps); }) / static_cast<double>(out.steps));
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

}  // namespace detail

template <Space S, class Real, class In>
Measurement measure(const typename S::Execution& exec, Network<S, Real>& network,
                    const std::type_identity_t<RawSet<S, In>>& train, const TrainOptions<S, Real>& options,
                    const MeasureSettings& settings) {
  if (settings.repetitions < 1)
    throw ConfigError(fmt::format("measure: {} repetitions; at least 1 is needed", settings.repetitions));
  const auto& model = network.spec();
  const auto rows = static_cast<std::int64_t>(train.X.extent(0));
  TrainingSpec training = options.training;
  training.drop_last = true;
  Measurement out;
  out.plan = make_plan(model, training, detail::precision_of<Real>(), device_kind<S>, rows);
  check_shape(train.X, "measure: features", rows, model.inputs);
  check_shape(train.T, "measure: targets", rows, model.outputs());
  const auto silent = [](std::size_t /*column*/) {};
  Normalization normalization;
  normalization.features = detail::normalization_of(options.normalize.features,
                                                    detail::summarize<S, In>(exec, train.X, "features"), silent);
  normalization.targets = detail::normalization_of(options.normalize.targets,
                                                   detail::summarize<S, In>(exec, train.T, "targets"), silent);
  network.set_normalization(exec, normalization);
  const DeviceSet<S, Real> set = detail::device_set(exec, network, train, "measured");
  const auto hash = [&] { return parameter_hash(network.state(exec)); };

  if (settings.mode == MeasureMode::training) {
    out.cost = out.plan.chosen;
    detail::MeasuredTraining<S, Real> steps(exec, network, out.plan, set, training, options.seed);
    wait_for(exec, "sinter::measure: data and memory");
    const auto run = [&](std::int64_t count) { steps.run(exec, count); };
    out.first_step_s = detail::seconds_of(exec, [&] { run(1); });
    run(Measurement::hash_steps - 1);
    out.parameter_hash = hash();
    detail::time_repetitions(exec, run, settings, out);
    steps.check_loss(exec);
    return out;
  }

  using Rows = Kokkos::pair<std::size_t, std::size_t>;
  const Rows first(0, static_cast<std::size_t>(out.plan.batch));
  const MatrixRef<S, const Real> X = Kokkos::subview(set.X, first, Kokkos::ALL);
  const auto Y = make_matrix<S, Real>(exec, "sinter::measure::outputs", out.plan.batch, model.outputs());
  network.set_normalization(exec, {});  // X already is as the network wants it
  Evaluator<S, Real> evaluator(exec, network, out.plan.batch);
  out.parameter_hash = hash();
  const auto run = [&](std::int64_t count) {
    for (; count > 0; --count) evaluator.template predict<Real, Real>(exec, X, Y);
  };
  out.first_step_s = detail::seconds_of(exec, [&] { run(1); });
  detail::time_repetitions(exec, run, settings, out);
  out.cost = detail::inference_cost(model, out.plan, sizeof(Real), out.repetition.launches / out.steps);
  return out;
}

}  // namespace sinter
