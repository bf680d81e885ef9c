// Level `step`: a whole training step in one launch (and one more to clip by global norm). With several ranks: a launch
// up to the sums of this rank's chunks, the exchange, and the update.
#pragma once

#include <optional>
#include <vector>

#include <sinter/kernels/fused/network_step.hpp>
#include <sinter/models/detail/exchange.hpp>
#include <sinter/models/detail/single_stepper.hpp>
#include <sinter/models/detail/update_blocks.hpp>
#include <sinter/runtime/workspace.hpp>

namespace sinter::detail {

template <Space S, class Real>
class StepStepper final : public SingleStepper<S, Real> {
 public:
  using Execution = typename S::Execution;

  StepStepper(const Execution& exec, const Network<S, Real>& network, const Plan& plan, const TrainingSpec& training,
              Communicator& communicator)
      : SingleStepper<S, Real>(plan, training, communicator),
        network_(network),
        loss_(training.loss),
        clip_norm_(training.optimizer.clip_norm),
        states_(optimizer_state_count(training.optimizer.type)),
        chunks_(static_cast<int>(this->share().slots)),
        layers_(fused::training_layers<S>(exec, network.layout())),
        blocks_(update_blocks<S>(exec, network.layout())),
        record_(Kokkos::view_alloc(exec, std::string("sinter::step::loss_record")), 1) {
    const std::int64_t parameters = network.layout().parameters;
    const auto block_count = static_cast<std::int64_t>(blocks_.extent(0));
    slabs_ = arena_.template add<Real>(chunks_ * parameters);
    state_[0] = arena_.template add<Real>(states_ > 0 ? parameters : 0);
    state_[1] = arena_.template add<Real>(states_ > 1 ? parameters : 0);
    gradient_ = arena_.template add<Real>(clip_norm_ > 0 ? parameters : 0);
    square_norms_ = arena_.template add<double>(clip_norm_ > 0 ? block_count : 0);
    chunk_loss_ = arena_.template add<double>(chunks_);
    arena_.allocate(exec);
    shape_ = fused::training_shape(
        network.layout(), fused::tile_rows<S, Real>(network.layout(), (plan.batch + plan.chunks - 1) / plan.chunks),
        layers_.data());
    if (communicator.size() > 1) {
      std::vector<ExchangedRange> ranges;
      for (const auto& block : block_list(network.layout()))
        ranges.push_back({block.begin, block.count, static_cast<int>(ranges.size()), block.decay});
      exchange_.emplace(exec, communicator, plan, training, network.parameters(),
                        std::vector<std::vector<ExchangedRange>>{ranges}, static_cast<int>(ranges.size()));
    }
  }

  [[nodiscard]] const Vector<S, fused::LossRecord>& record() const override { return record_; }
  [[nodiscard]] VectorRef<S, Real> state(int index) const override {
    if (index >= states_) return {};
    return VectorRef<S, Real>(arena_.at(state_[index]), static_cast<std::size_t>(network_.layout().parameters));
  }
  void gather_state(const Execution& exec) override {
    for (int i = 0; exchange_ && i < states_; ++i) exchange_->gather(exec, state(i));
  }

 protected:
  void step(const Execution& exec, const StepInput<Real>& input) override {
    fused::NetworkStepArgs<Real> args;
    args.shape = shape_;
    args.X = input.X;
    args.T = input.T;
    args.order = input.order;
    args.loss = loss_;
    args.target.parameters = network_.parameters().data();
    args.target.state0 = states_ > 0 ? arena_.at(state_[0]) : nullptr;
    args.target.state1 = states_ > 1 ? arena_.at(state_[1]) : nullptr;
    args.target.slabs = arena_.at(slabs_);
    args.target.slab_stride = network_.layout().parameters;
    args.target.chunks = chunks_;
    args.target.step = input.optimizer;
    if (exchange_) {
      exchange_->prepare(args.target);
    } else if (clip_norm_ > 0) {
      args.target.gradient = arena_.at(gradient_);
      args.target.square_norms = arena_.at(square_norms_);
    }
    args.blocks = blocks_.data();
    args.block_count = static_cast<int>(blocks_.extent(0));
    args.chunk_loss = exchange_ ? exchange_->own_losses() : arena_.at(chunk_loss_);
    args.record = exchange_ ? nullptr : record_.data();
    args.step = input.step;
    fused::network_step<S>(exec, args);
    if (exchange_) {
      exchange_->start(exec, 0);
      exchange_->finish(exec, args.target, {record_.data(), input.order.step == 0, input.step});
    } else if (clip_norm_ > 0) {
      fused::clipped_update<S>(exec, fused::ClippedUpdateArgs<Real>{args.target, args.blocks, args.block_count,
                                                                    args.block_count, clip_norm_});
    }
  }

 private:
  const Network<S, Real>& network_;
  LossSettings loss_;
  double clip_norm_;
  int states_, chunks_;
  Vector<S, fused::TileLayer> layers_;
  Vector<S, fused::UpdateBlock> blocks_;
  Vector<S, fused::LossRecord> record_;
  fused::TileShape shape_;
  Workspace<S> arena_;
  Slot<Real> slabs_, state_[2], gradient_;
  Slot<double> square_norms_, chunk_loss_;
  std::optional<Exchange<S, Real, tile::Product<S, Real>::team_size>> exchange_;  ///< of several ranks
};

}  // namespace sinter::detail
