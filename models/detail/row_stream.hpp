// A training set that stays on the host: windows of it come to the device while it works on the window before. The rows of
// a window of batches stand in the order in which steps want them, so that nothing is gathered there, and each place holds
// the row that it would hold with the whole set on the device: the same bits.
//
// Two windows. One is filled while kernels read the other: its memory is free then, because the change to the other one
// waited for the last kernel that read it.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include <sinter/kernels/fused/stage_rows.hpp>
#include <sinter/models/detail/single_stepper.hpp>
#include <sinter/models/evaluator.hpp>
#include <sinter/models/spec/report.hpp>
#include <sinter/models/stepper.hpp>
#include <sinter/models/trainer.hpp>
#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter::detail {

/// What steps see of it.
template <Space S, class Real>
class BatchFeed : public RowFeed<S, Real> {
 public:
  /// X, T and order of the run's first step, the one that the run then has.
  virtual void place(const typename S::Execution& exec, StepRun<Real>& run) = 0;
  /// After the launches of a step.
  virtual void launched(std::int64_t step) = 0;
};

template <Space S, class Real, class In>
class RowStream final : public BatchFeed<S, Real> {
 public:
  using Execution = typename S::Execution;

  /// `order`: of the run's first step. `mib`: of device memory for the windows, each of which holds a batch and a piece of an evaluation at least. 4
  /// allocations on the device, and as many on the host where its memory is not the device's.
  RowStream(const Execution& exec, const HostRows<S, In>& rows, const Normalization& normalization, const Plan& plan,
            const Share& share, const BatchOrder& order, std::int64_t last_step, double mib)
      : rows_(rows),
        inputs_(static_cast<std::int64_t>(rows.X.extent(1))),
        outputs_(static_cast<std::int64_t>(rows.T.extent(1))),
        row_count_(static_cast<std::int64_t>(rows.X.extent(0))),
        normalization_(normalization),
        plan_(plan),
        order_(order),
        last_step_(last_step),
        batch_rows_(most_rows(plan, share)),
        execution_(exec),
        host_(host_instance<S>(exec)),
        copies_(copy_instance<S>(exec)) {
    const auto row_bytes = static_cast<std::int64_t>(sizeof(Real)) * (inputs_ + outputs_);
    const double asked = mib * 0x1p20 / static_cast<double>(static_cast<std::int64_t>(windows_.size()) * row_bytes);
    const auto affordable = static_cast<std::int64_t>(std::min(asked, static_cast<double>(row_count_)));
    // A window's launches are all in a GPU's queue while the host fills the next one.
    const std::int64_t queued = std::max<std::int64_t>(1, most_launches / plan.chosen.launches);
    batches_ = std::clamp<std::int64_t>(affordable / batch_rows_, 1, std::min(queued, plan.steps_per_epoch));
    capacity_ = std::max(batches_ * batch_rows_, std::min(this->piece_rows, row_count_));
    for (auto& window : windows_) window.emplace(exec, capacity_, inputs_, outputs_);
    report_.window_steps = batches_;
    report_.window_bytes = capacity_ * row_bytes;
  }

  RowStream(const RowStream&) = delete;
  RowStream& operator=(const RowStream&) = delete;
  /// What an exception leaves behind may still read and write the windows.
  ~RowStream() override {
    wait_for(copies_, "sinter::stream: copies before the windows go");
    if constexpr (!S::kernels_on_host) wait_for(execution_, "sinter::stream: kernels before the windows go");
  }

  void place(const Execution& exec, StepRun<Real>& run) override {
    if (!current().holds(run.first, 1, Wanted::Kind::batches)) change(exec, batches_from(run.first), 1);
    const std::int64_t at = (run.first - current().content.first) * order_.own_rows();
    run.X = current().X() + at * inputs_;
    run.T = current().T() + at * outputs_;
    run.order = order_;
    run.order.in_order = true;
    run.count = 1;
  }

  /// Fills the next window under the launches of this one, once all of them are on their way.
  void launched(std::int64_t step) override {
    const Wanted& content = current().content;
    if (content.kind != Wanted::Kind::batches || step + 1 != content.first + content.count || step + 1 >= last_step_)
      return;
    const Timer timer(report_.host_s);
    fill(other(), batches_from(step + 1));
  }

  RowsOnDevice<Real> rows(const Execution& exec, std::int64_t begin, std::int64_t count) override {
    if (!current().holds(begin, count, Wanted::Kind::range))
      change(exec, {Wanted::Kind::range, begin, std::min(capacity_, row_count_ - begin)}, count);
    const std::int64_t at = begin - current().content.first;
    return {current().X() + at * inputs_, current().T() + at * outputs_};
  }

  [[nodiscard]] const StreamReport& report() const { return report_; }

 private:
  static constexpr std::int64_t most_launches = 512;  ///< in flight; a CUDA stream takes about a thousand

  /// Batches: numbers of steps of the run, all of one epoch. A range: numbers of rows.
  struct Wanted {
    enum class Kind : std::uint8_t { nothing, batches, range };
    Kind kind = Kind::nothing;
    std::int64_t first = 0, count = 0;
  };

  struct Window {
    using Mirror = HostMirror<Matrix<S, Real>, StagingMemory<S>>;
    Mirror features, targets;
    Wanted content;

    Window(const Execution& exec, std::int64_t rows, std::int64_t inputs, std::int64_t outputs)
        : features(make_matrix<S, Real>(exec, "sinter::stream::features", rows, inputs)),
          targets(make_matrix<S, Real>(exec, "sinter::stream::targets", rows, outputs)) {}
    [[nodiscard]] const Real* X() const { return features.tensor().data(); }
    [[nodiscard]] const Real* T() const { return targets.tensor().data(); }
    [[nodiscard]] bool holds(std::int64_t first, std::int64_t count, typename Wanted::Kind kind) const {
      return content.kind == kind && first >= content.first && first + count <= content.first + content.count;
    }
  };

  /// Adds the time up to its end.
  class Timer {
   public:
    explicit Timer(double& sum) : sum_(sum) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { sum_ += timer_.seconds(); }

   private:
    double& sum_;
    Kokkos::Timer timer_;
  };

  Window& current() { return *windows_[now_]; }
  Window& other() { return *windows_[1 - now_]; }

  [[nodiscard]] Wanted batches_from(std::int64_t step) const {
    const std::int64_t left = plan_.steps_per_epoch - step % plan_.steps_per_epoch;
    return {Wanted::Kind::batches, step, std::min(batches_, left)};
  }

  /// The other window, with the first `count` of what is wanted, becomes the current one.
  void change(const Execution& exec, const Wanted& wanted, std::int64_t count) {
    {
      const Timer timer(report_.host_s);
      if (!other().holds(wanted.first, count, wanted.kind)) {
        wait_for(copies_, "sinter::stream: rows that nobody wants any more");
        fill(other(), wanted);
      }
      wait_for(copies_, "sinter::stream: rows of the next window");
    }
    if constexpr (!S::kernels_on_host) wait_for(exec, "sinter::stream: kernels that read the last window");
    now_ = 1 - now_;
  }

  /// Asynchronous where there is a copy.
  void fill(Window& window, const Wanted& wanted) {
    using Columns = fused::StagedColumns<In, Real>;
    using Host = HostSpaceBeside<S>;
    const auto columns = [](const In* from, Real* to, std::int64_t count, const ColumnNormalization& n) {
      return Columns{
          from, to, count, {n.scale.empty() ? nullptr : n.shift.data(), n.scale.empty() ? nullptr : n.scale.data()}};
    };
    const Columns X = columns(rows_.X.data(), window.features.host().data(), inputs_, normalization_.features);
    const Columns T = columns(rows_.T.data(), window.targets.host().data(), outputs_, normalization_.targets);
    if (wanted.kind == Wanted::Kind::batches) {
      fused::stage_batches<Host>(host_, X, T, order_of_step(order_, plan_, wanted.first), wanted.count);
    } else {
      fused::stage_range<Host>(host_, X, T, wanted.first, wanted.count);
    }
    if constexpr (Window::Mirror::copies) {
      wait_for(host_, "sinter::stream: rows before they are copied");
      window.features.push(copies_);
      window.targets.push(copies_);
    }
    window.content = wanted;
    ++report_.windows;
  }

  HostRows<S, In> rows_;
  std::int64_t inputs_, outputs_, row_count_;
  Normalization normalization_;
  Plan plan_;
  BatchOrder order_;
  std::int64_t last_step_;
  std::int64_t batch_rows_;    ///< of this rank, the most of any batch
  std::int64_t batches_ = 0;   ///< of a window
  std::int64_t capacity_ = 0;  ///< rows of a window
  Execution execution_;        ///< of the kernels that read the windows
  typename HostSpaceBeside<S>::Execution host_;
  Execution copies_;
  std::array<std::optional<Window>, 2> windows_;
  std::size_t now_ = 0;
  StreamReport report_;
};

}  // namespace sinter::detail
