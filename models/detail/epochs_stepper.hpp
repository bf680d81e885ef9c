// Level `epochs`: many steps in one launch, one team a network. Of one network, or of the members of an ensemble.
#pragma once

#include <algorithm>
#include <vector>

#include <sinter/kernels/fused/network_epochs.hpp>
#include <sinter/models/detail/update_blocks.hpp>
#include <sinter/models/stepper.hpp>
#include <sinter/runtime/workspace.hpp>

namespace sinter::detail {

template <Space S, class Real>
class EpochsStepper final : public Stepper<S, Real> {
 public:
  using Execution = typename S::Execution;

  /// `parameters` [members, layout.parameters] on the device. Draws batches by the seed of a run's order where there is
  /// one member, by the members' own where there are more. There are states for the member that keeps most, and at least
  /// `states`: ranks that gather theirs have equally many. 1 copy (none on host spaces) and 1 fence.
  EpochsStepper(const Execution& exec, const NetworkLayout& layout, VectorRef<S, Real> parameters, const Plan& plan,
                const TrainingSpec& training, const std::vector<fused::MemberSettings>& members, int states = 0)
      : layers_(fused::training_layers<S>(exec, layout)),
        blocks_(update_blocks<S>(exec, layout)),
        members_(make_vector<S, fused::MemberSettings>(exec, "sinter::epochs::members",
                                                       static_cast<std::int64_t>(members.size()))),
        records_(Kokkos::view_alloc(exec, std::string("sinter::step::loss_record")), members.size()) {
    bool clips = false;
    for (const auto& member : members) {
      states = std::max(states, optimizer_state_count(member.optimizer.type));
      clips = clips || member.optimizer.clip_norm > 0;
    }
    const auto count = static_cast<std::int64_t>(members.size()), all = count * layout.parameters;
    const auto block_count = static_cast<std::int64_t>(blocks_.extent(0));
    const auto slabs = arena_.template add<Real>(plan.chunks * all);
    for (int i = 0; i < 2; ++i) state_[i] = arena_.template add<Real>(states > i ? all : 0);
    const auto gradient = arena_.template add<Real>(clips ? all : 0);
    const auto square_norms = arena_.template add<double>(clips ? count * block_count : 0);
    const auto chunk_loss = arena_.template add<double>(count * plan.chunks);
    arena_.allocate(exec);
    const HostMirror<Vector<S, fused::MemberSettings>> mirror(members_);
    std::copy(members.begin(), members.end(), mirror.host().data());
    mirror.push(exec);
    wait_for(exec, "sinter::epochs: settings of the members before their host image goes");

    args_.shape = fused::training_shape(
        layout, fused::tile_rows<S, Real>(layout, (plan.batch + plan.chunks - 1) / plan.chunks), layers_.data());
    args_.loss = training.loss;
    args_.schedule = training.schedule;
    args_.epochs = training.epochs;
    args_.steps_per_epoch = plan.steps_per_epoch;
    args_.members = members_.data();
    args_.member_count = static_cast<int>(count);
    args_.target.parameters = parameters.data();
    args_.target.state0 = states > 0 ? arena_.at(state_[0]) : nullptr;
    args_.target.state1 = states > 1 ? arena_.at(state_[1]) : nullptr;
    args_.target.slabs = arena_.at(slabs);
    args_.target.slab_stride = layout.parameters;
    args_.target.chunks = static_cast<int>(plan.chunks);
    args_.target.gradient = clips ? arena_.at(gradient) : nullptr;
    args_.target.square_norms = clips ? arena_.at(square_norms) : nullptr;
    args_.parameters = layout.parameters;
    args_.blocks = blocks_.data();
    args_.block_count = static_cast<int>(block_count);
    args_.chunk_loss = arena_.at(chunk_loss);
    args_.records = records_.data();
  }

  void run(const Execution& exec, const StepRun<Real>& run) override {
    args_.X = run.X;
    args_.T = run.T;
    args_.order = run.order;
    args_.first = run.first;
    args_.count = run.count;
    fused::network_epochs<S>(exec, args_);
  }

  [[nodiscard]] bool takes_many_steps() const override { return true; }
  /// One a member.
  [[nodiscard]] const Vector<S, fused::LossRecord>& record() const override { return records_; }
  [[nodiscard]] VectorRef<S, Real> state(int index) const override {
    return VectorRef<S, Real>(arena_.at(state_[index]), static_cast<std::size_t>(state_[index].count));
  }

 private:
  Vector<S, fused::TileLayer> layers_;
  Vector<S, fused::UpdateBlock> blocks_;
  Vector<S, fused::MemberSettings> members_;
  Vector<S, fused::LossRecord> records_;
  Workspace<S> arena_;
  Slot<Real> state_[2];
  fused::NetworkEpochsArgs<Real> args_;
};

}  // namespace sinter::detail
