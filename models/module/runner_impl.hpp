// Definition of a Runner for one (space, precision) pair, for the generated sources (models/instances/runner.cpp.in).
#pragma once

#include <fmt/format.h>

#include <sinter/kernels/classic/product.hpp>
#include <sinter/models/ensemble.hpp>
#include <sinter/models/evaluator.hpp>
#include <sinter/models/measure.hpp>
#include <sinter/models/module/runner.hpp>
#include <sinter/models/trainer.hpp>
#include <sinter/runtime/device.hpp>
#include <sinter/runtime/peaks.hpp>

namespace sinter::backend {

template <Space S, class Real>
class RunnerOf final : public Runner {
 public:
  using Execution = typename S::Execution;

  void train(const TrainRequest& request, const Callbacks& callbacks, TrainResult& out) override {
    TrainOptions<S, Real> options;
    options.training = request.training;
    options.normalize = request.normalize;
    options.budget = request.budget;
    options.seed = request.seed;
    options.feature_names = request.feature_names;
    options.target_names = request.target_names;
    options.on_progress = callbacks.on_progress;
    options.stop_requested = callbacks.stop_requested;
    options.on_log = callbacks.on_log;
    options.communicator = request.communicator;
    options.training_rows = request.training_rows;
    options.resume = request.resume;
    options.stop_after_steps = request.stop_after_steps;
    options.checkpoint = request.checkpoint;
    options.on_checkpoint = callbacks.on_checkpoint;
    const Pushed validation = push(request.validation, "validation"), test = push(request.test, "test");
    if (request.ensemble.members > 0) {
      Ensemble<S, Real> ensemble(exec_, request.model,
                                 members_of(request.ensemble, request.seed, request.model, request.training));
      const Pushed train_set = push(request.train, "train");
      auto report = sinter::train<S, Real, double>(exec_, ensemble, train_set.raw(), validation.raw(), test.raw(),
                                                   options);
      for (auto& member : report.members) name(member.model, request);
      out.members = std::move(report.members);
      out.best = report.best;
      out.model = out.members[out.best].model;
      static_cast<TrainReport&>(out) = std::move(report);
      return;
    }
    Network<S, Real> network(exec_, request.model, request.seed);
    if (streams(request.train, request.model, request.training, request.training_rows)) {
      static_cast<TrainReport&>(out) = sinter::train_streamed<S, Real, double>(exec_, network, on_host(request.train),
                                                                               validation.raw(), test.raw(), options);
    } else {
      const Pushed train_set = push(request.train, "train");
      static_cast<TrainReport&>(out) = sinter::train<S, Real, double>(exec_, network, train_set.raw(), validation.raw(),
                                                                      test.raw(), options);
    }
    out.model = network.state(exec_);
    name(out.model, request);
  }

  void predict(const ModelState& model, HostMatrix features, std::vector<double>& out) override {
    const Network<S, Real> network(exec_, model);
    const std::int64_t outputs = model.spec.outputs();
    out.resize(static_cast<std::size_t>(features.rows * outputs));
    Evaluator<S, Real> evaluator(exec_, network, features.rows);
    if constexpr (S::host_accessible) {
      const MatrixRef<S, double> Y(out.data(), static_cast<std::size_t>(features.rows),
                                   static_cast<std::size_t>(outputs));
      evaluator.template predict<double, double>(exec_, view<S>(features), Y);
      wait_for(exec_, "sinter::backend: predictions");
    } else {
      predict_in_pieces(evaluator, features, outputs, out.data());
    }
  }

  void evaluate(const ModelState& model, const LossSettings& loss, HostSet set, SetReport& out) override {
    const Network<S, Real> network(exec_, model);
    const Pushed pushed = push(set, "evaluated");
    out = sinter::evaluate<S, Real, double>(exec_, network, pushed.raw(), loss);
  }

  void measure(const MeasureRequest& request, Measurement& out) override {
    TrainOptions<S, Real> options;
    options.training = request.training;
    options.normalize = request.normalize;
    options.seed = request.seed;
    options.communicator = request.communicator;
    options.training_rows = request.training_rows;
    if (request.ensemble.members > 0) {
      Ensemble<S, Real> ensemble(exec_, request.model,
                                 members_of(request.ensemble, request.seed, request.model, request.training));
      const Pushed pushed = push(request.train, "measured");
      out = sinter::measure<S, Real, double>(exec_, ensemble, pushed.raw(), options, request.settings);
      return;
    }
    Network<S, Real> network(exec_, request.model, request.seed);
    if (request.settings.mode == MeasureMode::training &&
        streams(request.train, request.model, request.training, request.training_rows)) {
      out = sinter::measure_streamed<S, Real, double>(exec_, network, on_host(request.train), options,
                                                      request.settings);
      return;
    }
    const Pushed pushed = push(request.train, "measured");
    out = sinter::measure<S, Real, double>(exec_, network, pushed.raw(), options, request.settings);
  }

  void device_info(DeviceInfo& out) override {
    const DeviceDescription device = describe_device<S>(exec_);
    out = {device.space,
           device.name,
           device.concurrency,
           device.memory_bytes,
           fmt::format("{}.{}.{}", kokkos_major, kokkos_minor, kokkos_patch),
           classic::product_library<S>()};
  }

  void measure_peaks(MachinePeaks& out) override {
    out.fma_gflops_float32 = peaks::fma_gflops<S, float>(exec_);
    out.fma_gflops_float64 = peaks::fma_gflops<S, double>(exec_);
    out.triad_gb_s = peaks::triad_gb_s<S>(exec_);
    out.launch_us = peaks::launch_us<S>(exec_);
  }

 private:
  static void name(ModelState& model, const TrainRequest& request) {
    model.feature_names = request.feature_names;
    model.target_names = request.target_names;
  }

  template <Space Where>
  static MatrixRef<Where, const double> view(const HostMatrix& matrix) {
    return MatrixRef<Where, const double>(matrix.data, static_cast<std::size_t>(matrix.rows),
                                          static_cast<std::size_t>(matrix.columns));
  }
  static HostRows<S, double> on_host(const HostSet& set) {
    return {view<HostSpaceBeside<S>>(set.features), view<HostSpaceBeside<S>>(set.targets)};
  }

  /// Whether the training rows stay on the host. Level epochs wants them on the device: where they do not fit it throws
  /// ConfigError, for the plan is not changed behind the caller's back.
  bool streams(const HostSet& train, const ModelSpec& model, const TrainingSpec& training,
               std::int64_t training_rows) const {
    if (training.stream != Stream::automatic || S::kernels_on_host) return training.stream == Stream::always;
    const auto values = static_cast<double>(train.features.rows) *
                        static_cast<double>(train.features.columns + train.targets.columns);
    const double bytes = values * (sizeof(double) + sizeof(Real));  // as read, and as the network wants them
    const auto memory = static_cast<double>(describe_device<S>(exec_).memory_bytes);
    if (bytes <= memory / 2) return false;
    const auto rows = std::max(training_rows, train.features.rows);
    const auto plan = make_plan(model, training, detail::precision_of<Real>(), device_kind<S>, rows);
    if (plan.level != Fusion::epochs) return true;
    if (bytes > memory) {
      throw ConfigError(fmt::format(
          "training.stream: the training rows take {:.1f} GB, the device has {:.1f} GB, and level epochs wants "
          "all of them there; `always` streams them, at level step or layer",
          bytes * 1e-9, memory * 1e-9));
    }
    return false;
  }

  /// Pieces of a size that leaves the device its memory; a row's prediction does not depend on the others'. 2 copies, 1 launch
  /// and 2 fences a piece.
  void predict_in_pieces(Evaluator<S, Real>& evaluator, const HostMatrix& features, std::int64_t outputs,
                         double* out) const {
    constexpr std::int64_t piece_bytes = std::int64_t{16} << 20;  // a GPU copies it in a fraction of a millisecond
    const std::int64_t row_bytes = static_cast<std::int64_t>(sizeof(double)) * (features.columns + outputs);
    const std::int64_t most = std::clamp<std::int64_t>(piece_bytes / row_bytes, 1,
                                                       std::max<std::int64_t>(1, features.rows));
    const auto X = make_matrix<S, double>(exec_, "sinter::predict::features", most, features.columns);
    const auto Y = make_matrix<S, double>(exec_, "sinter::predict::outputs", most, outputs);
    const HostMirror<Matrix<S, double>> from(X), to(Y);
    for (std::int64_t begin = 0; begin < features.rows; begin += most) {
      const std::int64_t rows = std::min(most, features.rows - begin);
      std::copy_n(features.data + begin * features.columns, rows * features.columns, from.host().data());
      from.push(exec_);
      const auto count = static_cast<std::size_t>(rows);
      evaluator.template predict<double, double>(
          exec_, MatrixRef<S, const double>(X.data(), count, static_cast<std::size_t>(features.columns)),
          MatrixRef<S, double>(Y.data(), count, static_cast<std::size_t>(outputs)));
      to.pull(exec_);
      std::copy_n(to.host().data(), rows * outputs, out + begin * outputs);
    }
  }

  /// A set on the device. On a host space it is the caller's own.
  struct Pushed {
    Matrix<S, double> owned_X, owned_T;
    MatrixRef<S, const double> X = owned_X, T = owned_T;
    [[nodiscard]] RawSet<S, double> raw() const { return {X, T}; }
  };

  /// A device copy of a host matrix; 1 copy.
  Matrix<S, double> push(const HostMatrix& from, const std::string& label) const {
    const auto to = make_matrix<S, double>(exec_, label, from.rows, from.columns);
    const HostMirror<Matrix<S, double>> mirror(to);
    std::copy(from.data, from.data + from.rows * from.columns, mirror.host().data());
    mirror.push(exec_);
    wait_for(exec_, "sinter::backend: data before their host image goes");
    return to;
  }

  Pushed push(const HostSet& set, const std::string& name) const {
    if (set.empty()) return {};
    if constexpr (S::host_accessible) {
      return {{}, {}, view<S>(set.features), view<S>(set.targets)};
    } else {
      return {push(set.features, "sinter::raw::" + name + "_features"),
              push(set.targets, "sinter::raw::" + name + "_targets")};
    }
  }

  Execution exec_;
};

}  // namespace sinter::backend
