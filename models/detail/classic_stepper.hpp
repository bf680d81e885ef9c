// Level `none`: the classic way, one launch an operation, OpenBLAS or KokkosBlas for the products. The baseline that
// fusion is compared with.
#pragma once

#include <bit>
#include <optional>
#include <vector>

#include <sinter/kernels/classic/elementwise.hpp>
#include <sinter/kernels/classic/product.hpp>
#include <sinter/models/detail/layer_stepper.hpp>

namespace sinter::detail {

template <Space S, class Real>
class ClassicStepper final : public SingleStepper<S, Real> {
 public:
  using Execution = typename S::Execution;

  ClassicStepper(const Execution& exec, const Network<S, Real>& network, const Plan& plan, const TrainingSpec& training,
                 Communicator& communicator)
      : SingleStepper<S, Real>(plan, training, communicator),
        network_(network),
        loss_(training.loss),
        clip_norm_(training.optimizer.clip_norm),
        sum_chunks_(std::bit_floor(static_cast<std::uint64_t>(this->share().slots))),
        memory_(exec, network.layout(), plan, this->share(), training, 2) {
    auto& arena = memory_.arena;
    targets_ = arena.template add<Real>(most_rows(plan, this->share()) * network.layout().outputs());
    const std::int64_t parameters = network.layout().parameters;
    const bool alone = communicator.size() == 1;
    gradient_ = arena.template add<Real>(alone ? parameters : 0);
    column_sums_ = arena.template add<Real>(sum_chunks_ * network.layout().widest());
    square_norms_ = arena.template add<double>(clip_norm_ > 0 ? norm_blocks() : 0);
    arena.allocate(exec);
    if (!alone) {
      TrainingSpec any_order = training;
      any_order.reproducible = false;  // as the products of this level are
      any_order.optimizer.clip_norm = 0;
      exchange_.emplace(exec, communicator, plan, any_order, network.parameters(),
                        std::vector<std::vector<ExchangedRange>>{{{0, parameters, 0, true}}}, 1);
    }
    if (clip_norm_ > 0) {
      norms_ = Vector<S, double>(arena.at(square_norms_), static_cast<std::size_t>(norm_blocks()));
    }
  }

  [[nodiscard]] const Vector<S, fused::LossRecord>& record() const override { return memory_.record; }
  [[nodiscard]] VectorRef<S, Real> state(int index) const override { return memory_.state_view(index); }

 protected:
  void step(const Execution& exec, const StepInput<Real>& input) override {
    const auto& layers = network_.layout().layers;
    const auto& arena = memory_.arena;
    const std::int64_t rows = input.order.own_rows();
    Real* const parameters = network_.parameters().data();
    const Real* X = input.X;
    const Real* T = input.T;
    BatchOrder order = input.order;
    if (!order.identity()) {
      classic::gather<S>(exec, input.X, arena.at(memory_.gathered), network_.layout().inputs, order);
      classic::gather<S>(exec, input.T, arena.at(targets_), network_.layout().outputs(), order);
      X = arena.at(memory_.gathered);
      T = arena.at(targets_);
      order.shuffle = false;  // the rows now stand in batch order
      order.step = 0;
      order.data_rows = order.full_batch = input.order.rows();
    }

    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto& layer = layers[l];
      const bool last = l + 1 == layers.size();
      const bool keeps_input = !last && memory_.Z[l].count > 0;
      Real* const Z = last || keeps_input ? arena.at(memory_.Z[l]) : arena.at(memory_.A[l]);
      const Real* const W = parameters + layer.offset;
      classic::product<S>(exec, 'N', 'N', l == 0 ? X : arena.at(memory_.A[l - 1]), W, Z, rows, layer.fan_out,
                          layer.fan_in);
      if (layer.bias) classic::add_bias<S>(exec, Z, W + layer.weights(), rows, layer.fan_out);
      if (!last) {
        classic::apply_activation<S>(exec, Z, arena.at(memory_.A[l]), rows * layer.fan_out, layer.activation,
                                     static_cast<Real>(layer.alpha));
      }
    }

    Real* dZ = arena.at(memory_.dZ[0]);
    Real* dX = arena.at(memory_.dZ[1]);
    fused::LossGradientArgs<Real> loss;
    loss.loss = loss_;
    loss.activation = layers.back().activation;
    loss.alpha = static_cast<Real>(layers.back().alpha);
    loss.Z = arena.at(memory_.Z.back());
    loss.targets = T;
    loss.dZ = dZ;
    loss.outputs = layers.back().fan_out;
    loss.order = order;
    loss.row_loss = arena.at(memory_.row_loss);
    loss.chunk_loss = exchange_ ? exchange_->own_losses() : arena.at(memory_.chunk_loss);
    loss.counter = arena.at(memory_.counters);
    loss.record = exchange_ ? nullptr : memory_.record.data();
    loss.step = input.step;
    loss.first_of_epoch = input.order.step == 0;
    fused::loss_gradient<S>(exec, loss);

    Real* const gradient = exchange_ ? exchange_->sums() : arena.at(gradient_);
    const BatchOrder sums{rows, rows, static_cast<std::int64_t>(sum_chunks_)};
    for (std::size_t l = layers.size(); l-- > 0; std::swap(dZ, dX)) {
      const auto& layer = layers[l];
      const Real* const before = l == 0 ? X : arena.at(memory_.A[l - 1]);
      classic::product<S>(exec, 'T', 'N', before, dZ, gradient + layer.offset, layer.fan_in, layer.fan_out, rows);
      if (layer.bias) {
        classic::sum_rows<S>(exec, dZ, gradient + layer.offset + layer.weights(), arena.at(column_sums_),
                             arena.at(memory_.counters) + 1, layer.fan_out, sums);
      }
      if (l > 0) {
        const auto& previous = layers[l - 1];
        classic::product<S>(exec, 'N', 'T', dZ, parameters + layer.offset, dX, rows, layer.fan_in, layer.fan_out);
        const Real* const from = derivative_from_input(previous.activation) ? arena.at(memory_.Z[l - 1])
                                                                            : arena.at(memory_.A[l - 1]);
        classic::multiply_by_derivative<S>(exec, from, dX, rows * layer.fan_in, previous.activation,
                                           static_cast<Real>(previous.alpha));
      }
    }

    if (exchange_) {
      exchange_->start(exec, 0);
      exchange_->finish_sums(exec, {memory_.record.data(), input.order.step == 0, input.step});
    }
    OptimizerStep<Real> optimizer = input.optimizer;
    if (clip_norm_ > 0) optimizer.gradient_scale = static_cast<Real>(clip_factor(exec, gradient));
    for (const auto& layer : layers) {
      update(exec, optimizer, true, gradient, layer.offset, layer.weights());
      if (layer.bias) update(exec, optimizer, false, gradient, layer.offset + layer.weights(), layer.fan_out);
    }
  }

 private:
  [[nodiscard]] std::int64_t norm_blocks() const { return (network_.layout().parameters + 4095) / 4096; }

  /// The classic way fetches the norm: 1 launch, 1 fence and, from a device, 1 copy.
  double clip_factor(const Execution& exec, const Real* gradient) const {
    classic::square_norms<S>(exec, gradient, network_.layout().parameters, norms_.data());
    const HostMirror<Vector<S, double>> mirror(norms_);
    mirror.pull(exec);
    double sum = 0;
    for (std::size_t i = 0; i < norms_.extent(0); ++i) sum += mirror.host()(i);
    const double norm = std::sqrt(sum);
    return norm > clip_norm_ ? clip_norm_ / norm : 1.0;
  }

  void update(const Execution& exec, const OptimizerStep<Real>& optimizer, bool decay, const Real* gradient,
              std::int64_t offset, std::int64_t count) const {
    const auto at = [offset](Real* base) { return base == nullptr ? nullptr : base + offset; };
    classic::update<S>(exec, optimizer, decay, network_.parameters().data() + offset, gradient + offset,
                       at(memory_.state(0)), at(memory_.state(1)), count);
  }

  const Network<S, Real>& network_;
  LossSettings loss_;
  double clip_norm_;
  std::uint64_t sum_chunks_;  ///< that column sums are cut into
  StepMemory<S, Real> memory_;
  Slot<Real> targets_, gradient_, column_sums_;
  Slot<double> square_norms_;
  Vector<S, double> norms_;
  std::optional<Exchange<S, Real, tile::Product<S, Real>::team_size>> exchange_;  ///< of several ranks
};

}  // namespace sinter::detail
