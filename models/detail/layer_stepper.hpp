// Level `layer`: L forward launches, one for loss and gradient, L for backward and update: 2L + 1 (and one more to clip
// by global norm, and on an accelerator for the update, which few teams would be left with at the end of each). With several ranks the update is one launch a bucket of the exchange, which goes on under the backward
// launches of the layers below.
#pragma once

#include <optional>
#include <vector>

#include <sinter/kernels/fused/dense_backward.hpp>
#include <sinter/kernels/fused/dense_forward.hpp>
#include <sinter/models/detail/exchange.hpp>
#include <sinter/models/detail/single_stepper.hpp>
#include <sinter/models/detail/update_blocks.hpp>
#include <sinter/runtime/workspace.hpp>

namespace sinter::detail {

/// Memory that both levels need: activations, gradients, optimizer states and the loss record.
template <Space S, class Real>
struct StepMemory {
  Workspace<S> arena;
  std::vector<Slot<Real>> A, Z;  ///< of each layer; Z only where it is needed (its slot is empty otherwise)
  Slot<Real> gathered, dZ[2], state0, state1;
  Slot<double> row_loss, chunk_loss;
  Slot<int> counters;
  Vector<S, fused::LossRecord> record;
  int states = 0;

  /// For the rows of this share of a batch.
  StepMemory(const typename S::Execution& exec, const NetworkLayout& layout, const Plan& plan, const Share& share,
             const TrainingSpec& training, std::int64_t counter_count)
      : record(Kokkos::view_alloc(exec, std::string("sinter::step::loss_record")), 1),
        states(optimizer_state_count(training.optimizer.type)) {
    const std::int64_t rows = most_rows(plan, share);
    for (std::size_t l = 0; l < layout.layers.size(); ++l) {
      const auto& layer = layout.layers[l];
      const bool last = l + 1 == layout.layers.size();
      A.push_back(arena.template add<Real>(last ? 0 : rows * layer.fan_out));
      Z.push_back(arena.template add<Real>(last || derivative_from_input(layer.activation) ? rows * layer.fan_out : 0));
    }
    gathered = arena.template add<Real>(rows * layout.inputs);
    for (auto& slot : dZ) slot = arena.template add<Real>(rows * layout.widest());
    state0 = arena.template add<Real>(states > 0 ? layout.parameters : 0);
    state1 = arena.template add<Real>(states > 1 ? layout.parameters : 0);
    row_loss = arena.template add<double>(rows);
    chunk_loss = arena.template add<double>(share.slots);
    counters = arena.template add<int>(counter_count);
  }

  /// Null where the optimizer keeps fewer.
  [[nodiscard]] Real* state(int index) const {
    return index >= states ? nullptr : arena.at(index == 0 ? state0 : state1);
  }
  [[nodiscard]] VectorRef<S, Real> state_view(int index) const {
    return VectorRef<S, Real>(state(index), static_cast<std::size_t>(index < states ? state0.count : 0));
  }
};

template <Space S, class Real>
class LayerStepper final : public SingleStepper<S, Real> {
 public:
  using Execution = typename S::Execution;

  LayerStepper(const Execution& exec, const Network<S, Real>& network, const Plan& plan, const TrainingSpec& training,
               Communicator& communicator)
      : SingleStepper<S, Real>(plan, training, communicator),
        network_(network),
        loss_(training.loss),
        clip_norm_(training.optimizer.clip_norm),
        chunks_(static_cast<int>(this->share().slots)),
        apart_(device_kind<S> == DeviceKind::accelerator && communicator.size() == 1 && clip_norm_ == 0),
        first_range_(ranges_of(network.layout())),
        memory_(exec, network.layout(), plan, this->share(), training, first_range_.back() + 1) {
    auto& arena = memory_.arena;
    const std::int64_t parameters = network.layout().parameters;
    // Slabs begin at a multiple of the packs that a device moves.
    slab_stride_ = S::kernels_on_host ? parameters : (parameters + 31) / 32 * 32;
    slabs_ = arena.template add<Real>(chunks_ * slab_stride_);
    if (communicator.size() > 1) {
      exchange_.emplace(exec, communicator, plan, training, network.parameters(), buckets(),
                        static_cast<int>(first_range_.back()));
    } else if (clip_norm_ > 0) {
      gradient_ = arena.template add<Real>(parameters);
      square_norms_ = arena.template add<double>(first_range_.back());
      blocks_ = update_blocks<S>(exec, network.layout());
    } else if (apart_) {
      constexpr std::int64_t piece = 1024;  // a pack a thread of a device's team
      blocks_ = on_device<S>(exec, block_list(network.layout(), piece, [this](const auto& layer) {
                               return fused::dense_backward_sums<S, Real>(layer.fan_in, layer.fan_out, chunks_);
                             }));
    }
    arena.allocate(exec);
  }

  [[nodiscard]] const Vector<S, fused::LossRecord>& record() const override { return memory_.record; }
  [[nodiscard]] VectorRef<S, Real> state(int index) const override { return memory_.state_view(index); }
  void gather_state(const Execution& exec) override {
    for (int i = 0; exchange_ && i < memory_.states; ++i) exchange_->gather(exec, memory_.state_view(i));
  }

 protected:
  void step(const Execution& exec, const StepInput<Real>& input) override {
    const auto& layers = network_.layout().layers;
    const auto& arena = memory_.arena;
    const bool gather = !input.order.identity();
    const std::int64_t rows = input.order.own_rows();
    Real* const parameters = network_.parameters().data();

    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto& layer = layers[l];
      const bool last = l + 1 == layers.size();
      fused::DenseForwardArgs<Real> args;
      args.X = l == 0 ? input.X : arena.at(memory_.A[l - 1]);
      args.W = parameters + layer.offset;
      args.b = layer.bias ? args.W + layer.weights() : nullptr;
      // The last layer stops before its activation, which belongs to the loss.
      args.A = last ? arena.at(memory_.Z[l]) : arena.at(memory_.A[l]);
      args.Z = !last && memory_.Z[l].count > 0 ? arena.at(memory_.Z[l]) : nullptr;
      args.activation = last ? Activation::identity : layer.activation;
      args.alpha = static_cast<Real>(layer.alpha);
      args.rows = rows;
      args.fan_in = layer.fan_in;
      args.fan_out = layer.fan_out;
      args.gather = gather && l == 0;
      args.gathered = arena.at(memory_.gathered);
      args.order = input.order;
      fused::dense_forward<S>(exec, args);
    }

    Real* dZ = arena.at(memory_.dZ[0]);
    Real* dX = arena.at(memory_.dZ[1]);
    fused::LossGradientArgs<Real> loss;
    loss.loss = loss_;
    loss.activation = layers.back().activation;
    loss.alpha = static_cast<Real>(layers.back().alpha);
    loss.Z = arena.at(memory_.Z.back());
    loss.targets = input.T;
    loss.dZ = dZ;
    loss.outputs = layers.back().fan_out;
    loss.order = input.order;
    loss.row_loss = arena.at(memory_.row_loss);
    loss.chunk_loss = exchange_ ? exchange_->own_losses() : arena.at(memory_.chunk_loss);
    loss.counter = arena.at(memory_.counters) + first_range_.back();
    loss.record = exchange_ ? nullptr : memory_.record.data();
    loss.step = input.step;
    loss.first_of_epoch = input.order.step == 0;
    fused::loss_gradient<S>(exec, loss);

    fused::UpdateTarget<Real> target;
    target.parameters = parameters;
    target.state0 = memory_.state(0);
    target.state1 = memory_.state(1);
    target.slabs = arena.at(slabs_);
    target.slab_stride = slab_stride_;
    target.chunks = chunks_;
    target.step = input.optimizer;
    if (exchange_) {
      exchange_->prepare(target);
    } else if (clip_norm_ > 0) {
      target.gradient = arena.at(gradient_);
      target.square_norms = arena.at(square_norms_);
    }
    std::size_t bucket = 0;
    for (std::size_t l = layers.size(); l-- > 0; std::swap(dZ, dX)) {
      const auto& layer = layers[l];
      fused::DenseBackwardArgs<Real> args;
      args.dZ = dZ;
      args.X = l > 0 ? arena.at(memory_.A[l - 1]) : gather ? arena.at(memory_.gathered) : input.X;
      if (l > 0) {
        const auto& previous = layers[l - 1];
        args.previous = derivative_from_input(previous.activation) ? arena.at(memory_.Z[l - 1])
                                                                   : arena.at(memory_.A[l - 1]);
        args.previous_activation = previous.activation;
        args.previous_alpha = static_cast<Real>(previous.alpha);
        args.dX = dX;
      }
      args.fan_in = static_cast<int>(layer.fan_in);
      args.fan_out = static_cast<int>(layer.fan_out);
      args.bias = layer.bias;
      args.leave_update = apart_;
      args.offset = layer.offset;
      args.target = target;
      args.counters = arena.at(memory_.counters) + first_range_[l];
      args.first_range = static_cast<int>(first_range_[l]);
      args.order = input.order;
      fused::dense_backward<S>(exec, args);
      if (exchange_ && l == lowest_layer_[bucket]) exchange_->start(exec, bucket++);
    }
    if (exchange_) {
      exchange_->finish(exec, target, {memory_.record.data(), input.order.step == 0, input.step});
    } else if (clip_norm_ > 0) {
      fused::clipped_update<S>(
          exec, fused::ClippedUpdateArgs<Real>{target, blocks_.data(), static_cast<int>(blocks_.extent(0)),
                                               static_cast<int>(first_range_.back()), clip_norm_});
    } else if (apart_) {
      fused::update_from_sums<S>(
          exec, fused::SumsUpdateArgs<Real>{target, blocks_.data(), static_cast<int>(blocks_.extent(0))});
    }
  }

 private:
  using TeamExchange = Exchange<S, Real, fused::DenseBackward<S, Real>::Product::team_size>;
  static constexpr std::int64_t bucket_parameters = std::int64_t{1} << 18;  // 1 MiB of float32: beyond MPI's latency

  /// The parameter ranges of the backward launches in buckets of whole layers, from the last layer down; notes the lowest
  /// layer of each. One bucket where the norm of all must be known before the first update.
  std::vector<std::vector<ExchangedRange>> buckets() {
    const auto& layers = network_.layout().layers;
    std::vector<std::vector<ExchangedRange>> buckets(1);
    std::int64_t parameters = 0;
    for (std::size_t l = layers.size(); l-- > 0;) {
      const auto& layer = layers[l];
      constexpr std::int64_t row_tile = fused::DenseBackward<S, Real>::row_tile;
      std::vector<ExchangedRange> ranges;
      auto number = static_cast<int>(first_range_[l]);
      for (std::int64_t row = 0; row < layer.fan_in; row += row_tile, ++number) {
        const std::int64_t rows = std::min(row_tile, layer.fan_in - row);
        ranges.push_back({layer.offset + row * layer.fan_out, rows * layer.fan_out, number, true});
      }
      if (layer.bias) ranges.push_back({layer.offset + layer.weights(), layer.fan_out, number, false});
      buckets.back().insert(buckets.back().begin(), ranges.begin(), ranges.end());
      parameters += layer.parameters();
      if (l > 0 && (clip_norm_ > 0 || parameters < bucket_parameters)) continue;
      lowest_layer_.push_back(l);
      parameters = 0;
      if (l > 0) buckets.emplace_back();
    }
    return buckets;
  }

  /// Number of the first parameter range of each layer, and their count at the end.
  static std::vector<std::int64_t> ranges_of(const NetworkLayout& layout) {
    std::vector<std::int64_t> first{0};
    for (const auto& layer : layout.layers)
      first.push_back(first.back() + fused::dense_backward_ranges<S, Real>(layer.fan_in, layer.fan_out));
    return first;
  }

  const Network<S, Real>& network_;
  LossSettings loss_;
  double clip_norm_;
  int chunks_;
  bool apart_;  ///< updates have a launch of their own, on an accelerator
  std::vector<std::int64_t> first_range_;
  StepMemory<S, Real> memory_;
  std::int64_t slab_stride_ = 0;
  Slot<Real> slabs_, gradient_;
  Slot<double> square_norms_;
  Vector<S, fused::UpdateBlock> blocks_;
  std::vector<std::size_t> lowest_layer_;  ///< of each bucket
  std::optional<TeamExchange> exchange_;   ///< of several ranks
};

}  // namespace sinter::detail
