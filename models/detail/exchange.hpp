// Gradients of several ranks: how the sums of their chunks meet. The parameters are cut into buckets, which follow the
// backward launches, and each bucket into one contiguous part a rank, its own. A bucket's exchange begins when its
// backward launch is submitted and goes on under those of the layers below it:
//   1. all_to_all: each rank sends the sums of its subtrees of chunks to the owner of the parameters;
//   2. the owner combines them in the fixed tree and updates its parameters (fused/exchanged_update.hpp);
//   3. all_gather: the new parameters come to all ranks.
// The bits are those of one rank. With `reproducible: false` 1 to 3 are one all_sum and an update of all parameters by
// all ranks. Losses of the chunks come to all ranks, so that each has the whole record.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include <sinter/kernels/fused/exchanged_update.hpp>
#include <sinter/models/plan/share.hpp>
#include <sinter/models/spec/training_spec.hpp>
#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/comm/communicator.hpp>
#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/ledger.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter::detail {

/// Device memory as a communicator takes it: itself where the host can read it or MPI can, else a named host mirror.
template <Space S, class T>
class ExchangeBuffer {
 public:
  using Execution = typename S::Execution;
  using Mirror = HostMirror<VectorRef<S, T>>;
  static constexpr bool copies = Mirror::copies;

  ExchangeBuffer() = default;
  ExchangeBuffer(const VectorRef<S, T>& device, const Communicator& communicator) : device_(device) {
    if (copies && !communicator.takes_device_memory()) mirror_ = std::make_shared<const Mirror>(device);
  }

  [[nodiscard]] T* data() const { return mirror_ ? mirror_->host().data() : device_.data(); }
  /// After what was submitted to `exec`, data() holds what the device has. A wait with this name, and 1 copy where there
  /// is a mirror.
  void ready(const Execution& exec, const char* wait) const {
    if (mirror_) {
      mirror_->pull(exec, wait);
    } else {
      wait_for(exec, wait);
    }
  }
  /// Before what is submitted next, the device has what data() holds. Asynchronous; 1 copy where there is a mirror.
  void arrived(const Execution& exec) const {
    if (mirror_) mirror_->push(exec);
  }

 private:
  VectorRef<S, T> device_;
  std::shared_ptr<const Mirror> mirror_;
};

/// A range of parameters as a backward launch calls update_range() for it.
struct ExchangedRange {
  std::int64_t begin = 0, count = 0;
  int number = 0;
  bool decay = true;
};

/// What changes from step to step, beside the optimizer's step in the target.
struct ExchangedLoss {
  fused::LossRecord* record = nullptr;
  bool first_of_epoch = false;
  std::int64_t step = 0;
};

template <Space S, class Real, int TeamSize>
class Exchange {
 public:
  using Execution = typename S::Execution;

  /// `buckets`: the ranges of each, in the order in which start() will be called; together all parameters. With clipping
  /// there has to be one. `ranges`: one more than the largest number. Throws ConfigError where a bucket is too long for
  /// MPI. Allocates.
  Exchange(const Execution& exec, Communicator& communicator, const Plan& plan, const TrainingSpec& training,
           const VectorRef<S, Real>& parameters, const std::vector<std::vector<ExchangedRange>>& buckets, int ranges)
      : comm_(communicator),
        share_(share_of(plan, communicator.rank(), communicator.size())),
        chunks_(static_cast<int>(plan.chunks)),
        reproducible_(training.reproducible),
        clip_norm_(training.optimizer.clip_norm),
        ranges_(ranges) {
    const auto size = static_cast<std::size_t>(comm_.size());
    const std::vector<int> subtrees = arrange_partial_sums(exec, plan);
    const int own = reproducible_ ? subtrees[static_cast<std::size_t>(comm_.rank())] : 1;
    partial_sums_ = make_vector<S, Real>(exec, "sinter::exchange::partial_sums",
                                         own * static_cast<std::int64_t>(parameters.extent(0)));
    chunk_loss_ = make_vector<S, double>(exec, "sinter::exchange::chunk_loss", plan.chunks);
    losses_ = {chunk_loss_, comm_};
    for (std::size_t r = 0; r < size; ++r)
      loss_bytes_.push_back(share_of(plan, static_cast<int>(r), comm_.size()).slots * double_bytes);
    if (clip_norm_ > 0) {
      gradient_ = make_vector<S, Real>(exec, "sinter::exchange::gradient",
                                       static_cast<std::int64_t>(parameters.extent(0)));
      square_norms_ = Vector<S, double>(Kokkos::view_alloc(exec, std::string("sinter::exchange::square_norms")),
                                        static_cast<std::size_t>(ranges));
      norms_ = {square_norms_, comm_};
    }
    for (const auto& list : buckets) add_bucket(exec, list, subtrees, own, parameters);
    wait_for(exec, "sinter::exchange: memory");
  }

  /// Tells the backward launches of a step where to leave sums; their losses go to own_losses().
  void prepare(fused::UpdateTarget<Real>& target) const {
    target.gradient = partial_sums_.data();
    target.first_chunk = static_cast<std::uint8_t>(share_.first_slot);
    target.all_chunks = static_cast<std::uint8_t>(chunks_);
    target.rank_sum = reproducible_ ? fused::SumOfRank::subtrees : fused::SumOfRank::all;
  }
  [[nodiscard]] double* own_losses() const { return chunk_loss_.data() + share_.first_slot; }

  /// All launches up to the backward one of this bucket are submitted. 1 wait for them.
  void start(const Execution& exec, std::size_t bucket) {
    Bucket& b = buckets_[bucket];
    b.send.ready(exec, "sinter::exchange: sums of this rank");
    if (bucket == 0) {  // the loss comes before the first backward launch
      losses_.ready(exec, "sinter::exchange: losses of this rank");
      loss_request_ = comm_.all_gather(losses_.data(), loss_bytes_);
    }
    b.request = reproducible_ ? comm_.all_to_all(b.send.data(), b.send_bytes, b.received.data(), b.received_bytes)
                              : comm_.all_sum(b.send.data(), b.owned);
    for (std::size_t earlier = 0; earlier < bucket; ++earlier) comm_.test(buckets_[earlier].request);
  }

  /// All buckets are started: waits, updates, and brings the new parameters to all ranks.
  void finish(const Execution& exec, fused::UpdateTarget<Real> target, const ExchangedLoss& loss) {
    target.rank_sum = fused::SumOfRank::none;
    target.gradient = nullptr;
    if (clip_norm_ > 0) {
      target.gradient = gradient_.data();
      target.square_norms = square_norms_.data();
    }
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      Bucket& b = buckets_[i];
      wait(b.request, "sinter::exchange: sums of other ranks");
      (reproducible_ ? b.received : b.send).arrived(exec);
      auto args = b.update;
      args.target = target;
      if (i + 1 == buckets_.size()) close(exec, args, loss);
      fused::exchanged_update<S, Real, TeamSize>(exec, args);
      if (clip_norm_ > 0) clip(exec, b, target);
      if (!reproducible_) continue;
      b.parameters.ready(exec, "sinter::exchange: parameters of this rank");
      b.request = comm_.all_gather(b.parameters.data(), b.owned_bytes);
    }
    if (!reproducible_) return;
    for (auto& b : buckets_) {
      wait(b.request, "sinter::exchange: parameters of other ranks");
      b.parameters.arrived(exec);
    }
  }

  /// For sums that are not reproducible, instead of finish(): partial sums of all ranks are in sums(), and the record has
  /// the loss; updates are the caller's.
  void finish_sums(const Execution& exec, const ExchangedLoss& loss) {
    for (auto& b : buckets_) {
      wait(b.request, "sinter::exchange: sums of other ranks");
      b.send.arrived(exec);
    }
    fused::ExchangedUpdateArgs<Real> args;
    close(exec, args, loss);
    fused::exchanged_update<S, Real, TeamSize>(exec, args);
  }
  /// [parameters] where sums are not reproducible: of this rank, and after finish_sums() of all.
  [[nodiscard]] Real* sums() const { return partial_sums_.data(); }

  /// Brings a vector in the layout of the parameters, of which each rank has its own part, whole to all ranks. Waits.
  void gather(const Execution& exec, const VectorRef<S, Real>& vector) {
    if (!reproducible_ || vector.extent(0) == 0) return;
    for (auto& b : buckets_) {
      const ExchangeBuffer<S, Real> buffer(VectorRef<S, Real>(vector.data() + b.begin, b.count()), comm_);
      buffer.ready(exec, "sinter::exchange: states of this rank");
      wait(comm_.all_gather(buffer.data(), b.owned_bytes), "sinter::exchange: states of other ranks");
      buffer.arrived(exec);
      wait_for(exec, "sinter::exchange: states before their host image goes");
    }
  }

 private:
  static constexpr auto real_bytes = static_cast<std::int64_t>(sizeof(Real));
  static constexpr auto double_bytes = static_cast<std::int64_t>(sizeof(double));

  struct Bucket {
    std::int64_t begin = 0, end = 0;  ///< parameters
    std::int64_t owned = 0;           ///< of this rank; all where not reproducible
    std::vector<std::int64_t> send_bytes, received_bytes, owned_bytes;
    Vector<S, Real> received_sums;
    Vector<S, fused::ExchangedBlock> blocks;
    Vector<S, fused::UpdateBlock> clipped;  ///< the same blocks for the launch after the norm is known
    ExchangeBuffer<S, Real> send, received, parameters;
    fused::ExchangedUpdateArgs<Real> update;
    std::vector<std::int64_t> norm_bytes;
    Communicator::Request request = 0;
    [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(end - begin); }
  };

  void wait(Communicator::Request request, const char* label) {
    comm_.wait(request);
    ledger::count_wait(label);
  }

  /// The launch of the last bucket adds the step's loss to the record.
  void close(const Execution& exec, fused::ExchangedUpdateArgs<Real>& args, const ExchangedLoss& loss) {
    wait(loss_request_, "sinter::exchange: losses of other ranks");
    losses_.arrived(exec);
    args.chunk_loss = chunk_loss_.data();
    args.chunks = chunks_;
    args.record = loss.record;
    args.first_of_epoch = loss.first_of_epoch;
    args.step = loss.step;
  }

  /// The gradient and the squared norms of this rank's ranges are on their way: all norms, then the update.
  void clip(const Execution& exec, const Bucket& b, const fused::UpdateTarget<Real>& target) {
    if (reproducible_) {
      norms_.ready(exec, "sinter::exchange: norms of this rank");
      wait(comm_.all_gather(norms_.data(), b.norm_bytes), "sinter::exchange: norms of other ranks");
      norms_.arrived(exec);
    }
    if (b.clipped.extent(0) == 0) return;
    fused::clipped_update<S>(
        exec, fused::ClippedUpdateArgs<Real>{target, b.clipped.data(), static_cast<int>(b.clipped.extent(0)), ranges_,
                                             clip_norm_});
  }

  template <class T>
  static Vector<S, T> on_device(const Execution& exec, const std::string& label, const std::vector<T>& values) {
    const auto device = make_vector<S, T>(exec, label, static_cast<std::int64_t>(values.size()));
    const HostMirror<Vector<S, T>> mirror(device);
    std::copy(values.begin(), values.end(), mirror.host().data());
    mirror.push(exec);
    wait_for(exec, "sinter::exchange: tables before their host image goes");
    return device;
  }

  /// The partial sums of all ranks in the order of chunks, and how they combine. Returns how many each rank has.
  std::vector<int> arrange_partial_sums(const Execution& exec, const Plan& plan) {
    std::vector<int> of_rank;
    std::vector<fused::PartialSum> sums;
    std::vector<fused::Combination> combinations;
    struct Open {
      int number, first, leaves;
    };
    std::vector<Open> open;  // subtrees that have no partner yet
    for (int r = 0; r < comm_.size(); ++r) {
      const Share share = share_of(plan, r, comm_.size());
      const auto first = static_cast<int>(share.first_slot), end = first + static_cast<int>(share.slots);
      int mine = 0;
      tile::for_each_subtree(first, end, chunks_, [&](int, int) { ++mine; });
      const int before = static_cast<int>(sums.size());
      tile::for_each_subtree(first, end, chunks_, [&](int leaf, int leaves) {
        const int number = static_cast<int>(sums.size());
        sums.push_back({before, mine, number - before});
        open.push_back({number, leaf, leaves});
        while (open.size() > 1 && open[open.size() - 2].leaves == open.back().leaves &&
               open[open.size() - 2].first % (2 * open.back().leaves) == 0) {
          const Open upper = open.back();
          open.pop_back();
          combinations.push_back({open.back().number, upper.number});
          open.back().leaves += upper.leaves;
        }
      });
      of_rank.push_back(mine);
    }
    if (!reproducible_) {
      sums = {{0, 1, 0}};
      combinations.clear();
    }
    sums_ = on_device(exec, "sinter::exchange::partial_sum_table", sums);
    combinations_ = on_device(exec, "sinter::exchange::combinations", combinations);
    return of_rank;
  }

  void add_bucket(const Execution& exec, const std::vector<ExchangedRange>& ranges, const std::vector<int>& subtrees,
                  int own_subtrees, const VectorRef<S, Real>& parameters) {
    const int rank = comm_.rank(), size = comm_.size();
    Bucket& b = buckets_.emplace_back();
    b.begin = ranges.front().begin;
    b.end = ranges.back().begin + ranges.back().count;
    // The owner of a range: that of its middle, were the bucket cut into equal parts.
    const auto owner = [&](const ExchangedRange& range) {
      return reproducible_
                 ? static_cast<int>((2 * (range.begin - b.begin) + range.count) * size / (2 * (b.end - b.begin)))
                 : rank;
    };
    std::vector<std::int64_t> owned(static_cast<std::size_t>(size), 0), numbers(static_cast<std::size_t>(size), 0);
    std::vector<ExchangedRange> own;
    int last_number = 0;
    for (const auto& range : ranges) {
      const auto o = static_cast<std::size_t>(owner(range));
      owned[o] += range.count;
      numbers[o] += range.number + 1 - last_number;  // with the numbers before it that no range has
      last_number = range.number + 1;
      if (owner(range) == rank) own.push_back(range);
    }
    numbers.back() += ranges_ - last_number;
    int all_subtrees = 0;
    for (const int count : subtrees) all_subtrees += count;
    const auto own_begin = own.empty() ? b.begin : own.front().begin;
    b.owned = owned[static_cast<std::size_t>(rank)];
    for (std::size_t r = 0; r < owned.size(); ++r) {
      b.send_bytes.push_back(own_subtrees * owned[r] * real_bytes);
      b.received_bytes.push_back(subtrees[r] * b.owned * real_bytes);
      b.owned_bytes.push_back(owned[r] * real_bytes);
      b.norm_bytes.push_back(numbers[r] * double_bytes);
    }
    if (real_bytes * std::max(own_subtrees * (b.end - b.begin), all_subtrees * b.owned) > Communicator::most_bytes) {
      throw ConfigError(fmt::format("{} ranks: a layer of {} parameters is more than one exchange can take ({} bytes)",
                                    size, b.end - b.begin, std::int64_t{Communicator::most_bytes}));
    }

    const auto piece = [&b](const VectorRef<S, Real>& of, std::int64_t factor) {
      return VectorRef<S, Real>(of.data() + factor * b.begin, static_cast<std::size_t>(factor) * b.count());
    };
    b.send = {piece(partial_sums_, own_subtrees), comm_};
    if (reproducible_) {
      b.received_sums = make_vector<S, Real>(exec, "sinter::exchange::received_sums", all_subtrees * b.owned);
      b.received = {b.received_sums, comm_};
      b.parameters = {piece(parameters, 1), comm_};
    }
    std::vector<fused::ExchangedBlock> blocks;
    std::vector<fused::UpdateBlock> clipped;
    for (const auto& range : own) {
      // The norm of a range is summed by one team, in the order of a single rank's.
      const std::int64_t longest = clip_norm_ > 0 ? range.count : fused::UpdateBlock::largest;
      for (std::int64_t e = 0; e < range.count; e += longest) {
        const std::int64_t count = std::min(longest, range.count - e);
        blocks.push_back({range.begin, range.count, range.begin + e, count, range.number, range.decay});
      }
      for (std::int64_t e = 0; clip_norm_ > 0 && e < range.count; e += fused::UpdateBlock::largest)
        clipped.push_back({range.begin + e, std::min(fused::UpdateBlock::largest, range.count - e), range.decay});
    }
    b.blocks = on_device(exec, "sinter::exchange::blocks", blocks);
    b.clipped = on_device(exec, "sinter::exchange::clipped_blocks", clipped);
    b.update.blocks = b.blocks.data();
    b.update.block_count = static_cast<int>(blocks.size());
    b.update.sums = reproducible_ ? b.received_sums.data() : partial_sums_.data();
    b.update.owned_begin = reproducible_ ? own_begin : 0;
    b.update.owned = b.owned;
    b.update.partial_sums = sums_.data();
    b.update.combinations = combinations_.data();
    b.update.combination_count = static_cast<int>(combinations_.extent(0));
  }

  Communicator& comm_;
  Share share_;
  int chunks_;
  bool reproducible_;
  double clip_norm_;
  int ranges_;
  Vector<S, Real> partial_sums_, gradient_;
  Vector<S, double> chunk_loss_, square_norms_;
  ExchangeBuffer<S, double> losses_, norms_;
  std::vector<std::int64_t> loss_bytes_;
  Communicator::Request loss_request_ = 0;
  Vector<S, fused::PartialSum> sums_;
  Vector<S, fused::Combination> combinations_;
  std::vector<Bucket> buckets_;
};

}  // namespace sinter::detail
