// Which members of an ensemble a rank trains, and how what the ranks have of their members comes together: parameters,
// optimizer states and loss records, for reports and for checkpoints.
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <sinter/models/detail/epochs_stepper.hpp>
#include <sinter/models/detail/exchange.hpp>
#include <sinter/models/detail/training_state.hpp>
#include <sinter/models/ensemble.hpp>

namespace sinter::detail {

/// The members [begin, end) that this rank trains: [M r / R, M (r + 1) / R) of M for rank r of R.
struct MemberShare {
  std::size_t begin, end;

  /// Throws ConfigError where there are fewer members than ranks.
  MemberShare(std::size_t members, Communicator& communicator)
      : begin(members * at(communicator.rank()) / at(communicator.size())),
        end(members * (at(communicator.rank()) + 1) / at(communicator.size())),
        members_(members),
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

  /// `values`: `each` of each member, on the host, this rank's filled in; all ranks call it together. Waits.
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

  /// `own`, a vector of this rank's members on the device, as a host array [members, elements of one] of all. All ranks
  /// call it together. 1 copy (none on host spaces) and 1 fence.
  template <Space S, class Real>
  [[nodiscard]] NamedArray array_from(const typename S::Execution& exec, const VectorRef<S, Real>& own) const {
    const auto part = detail::array_from<S, Real>(exec, own);
    const std::size_t each = part.bytes.size() / count();
    NamedArray all{
        "", part.precision, {std::ssize(part.bytes) / static_cast<std::ptrdiff_t>(count() * sizeof(Real))}, {}};
    all.shape.insert(all.shape.begin(), static_cast<std::int64_t>(members_));
    all.bytes.resize(members_ * each);
    std::copy(part.bytes.begin(), part.bytes.end(), all.bytes.begin() + static_cast<std::ptrdiff_t>(begin * each));
    gather(all.bytes.data(), each);
    return all;
  }

  /// The way back. Throws DataError where the extents differ.
  template <Space S, class Real>
  void array_to(const typename S::Execution& exec, const VectorRef<S, Real>& own, const NamedArray& all,
                const char* what) const {
    const std::size_t each = all.bytes.size() / members_;
    const auto from = all.bytes.begin() + static_cast<std::ptrdiff_t>(begin * each);
    const NamedArray part{"", all.precision, {}, {from, from + static_cast<std::ptrdiff_t>(count() * each)}};
    detail::array_to<S, Real>(exec, own, part, what);
  }

 private:
  static std::size_t at(int number) { return static_cast<std::size_t>(number); }

  std::size_t members_;
  Communicator& communicator_;
  std::vector<std::int64_t> counts_;
};

/// What of the state of an ensemble's training lives on the devices of its ranks, which call all of this together.
template <Space S, class Real>
class MembersOnDevice {
 public:
  using Execution = typename S::Execution;

  MembersOnDevice(Ensemble<S, Real>& ensemble, const EpochsStepper<S, Real>& stepper, const MemberShare& own)
      : ensemble_(ensemble),
        stepper_(stepper),
        own_(own),
        mirror_(stepper.record()) {}

  /// Those of all members. 1 copy (none on host spaces) and 1 fence.
  [[nodiscard]] std::vector<fused::LossRecord> records(const Execution& exec) const {
    mirror_.pull(exec);
    std::vector<fused::LossRecord> all(ensemble_.size());
    std::copy_n(mirror_.host().data(), own_.count(), all.begin() + own_.offset());
    own_.gather(all.data());
    return all;
  }

  /// Fills in the arrays of `state` and where its members stand; the model on rank 0 alone.
  void fetch(const Execution& exec, const std::vector<fused::LossRecord>& records, TrainingState& state) const {
    state.model = ensemble_.network(0).state(exec);
    state.member_parameters = own_.template array_from<S, Real>(exec, own_.parameters(ensemble_));
    state.optimizer_state.clear();
    for (int i = 0; i < StateOnDevice<S, Real>::most_states; ++i) {
      if (const auto vector = stepper_.state(i); vector.extent(0) > 0)
        state.optimizer_state.push_back(own_.template array_from<S, Real>(exec, vector));
    }
    state.members.clear();
    for (std::size_t i = 0; i < records.size(); ++i) {
      const MemberSpec& member = ensemble_.member(i);
      state.members.push_back(
          {member.seed, member.optimizer.type, records[i].epoch_sum, records[i].step_sum, records[i].nonfinite_step});
    }
  }

  /// Brings the arrays of `state` to the devices. Throws DataError where they do not fit.
  void put(const Execution& exec, const TrainingState& state) const {
    own_.template array_to<S, Real>(exec, own_.parameters(ensemble_), state.member_parameters,
                                    "the parameters of the members");
    for (int i = 0; i < StateOnDevice<S, Real>::most_states; ++i) {
      const bool there = static_cast<std::size_t>(i) < state.optimizer_state.size();
      const NamedArray none{"", precision_of<Real>(), {0}, {}};
      own_.template array_to<S, Real>(exec, stepper_.state(i),
                                      there ? state.optimizer_state[static_cast<std::size_t>(i)] : none,
                                      "a state of the optimizers");
    }
    for (std::size_t i = 0; i < own_.count(); ++i) {
      const MemberState& member = state.members[own_.begin + i];
      mirror_.host()(i) = {member.epoch_loss, member.step_loss, member.nonfinite_step};
    }
    mirror_.push(exec);
    wait_for(exec, "sinter::train: resumed loss records before their host image goes");
  }

 private:
  Ensemble<S, Real>& ensemble_;
  const EpochsStepper<S, Real>& stepper_;
  const MemberShare& own_;
  HostMirror<Vector<S, fused::LossRecord>> mirror_;
};

}  // namespace sinter::detail
