// Loss and its gradient in one launch: dZ = d(mean loss)/dZ of the last layer, and the batch's loss added to a record
// on the device. Z, dZ [rows, outputs] and targets [data rows, outputs] row-major. A chunk's row losses are summed in
// row order, chunk sums in the fixed tree; double throughout. The last team to arrive closes the record: no copy, no
// fence.
#pragma once

#include <cstdint>

#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/ops/loss.hpp>
#include <sinter/kernels/ops/loss_rows.hpp>
#include <sinter/kernels/tile/tree.hpp>
#include <sinter/runtime/arrival.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

/// What training leaves on the device for a later fetch.
struct LossRecord {
  double epoch_sum = 0;             ///< sum of row losses since the epoch began (not yet divided by rows and outputs)
  double step_sum = 0;              ///< of the last step
  std::int64_t nonfinite_step = 0;  ///< 1 + the first step whose loss was not finite; 0: none
};

/// Adds a step's loss to the record, and notes the first one that is not finite.
KOKKOS_INLINE_FUNCTION void close_record(LossRecord& record, double sum, bool first_of_epoch, std::int64_t step) {
  record.epoch_sum = (first_of_epoch ? 0.0 : record.epoch_sum) + sum;
  record.step_sum = sum;
  if (!(sum - sum == 0.0) && record.nonfinite_step == 0) record.nonfinite_step = step + 1;
}

template <class Real>
struct LossGradientArgs {
  LossSettings loss;
  Activation activation = Activation::identity;  ///< of the last layer
  Real alpha = 0;
  const Real* Z = nullptr;        ///< in: [own rows, outputs], before the last activation
  const Real* targets = nullptr;  ///< in: [data rows, outputs]
  Real* dZ = nullptr;             ///< out: [own rows, outputs]; may not overlap Z
  std::int64_t outputs = 0;
  BatchOrder order;
  double* row_loss = nullptr;    ///< work: [own rows]
  double* chunk_loss = nullptr;  ///< work or out: [own chunks]
  int* counter = nullptr;        ///< work: zero before and after
  LossRecord* record = nullptr;  ///< in/out; null: leave the chunks' losses to be combined with those of other ranks
  std::int64_t step = 0;         ///< of the run, 0-based
  bool first_of_epoch = false;   ///< begins a new epoch_sum
};

template <Space S, class Real>
struct LossGradient {
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  using Member = typename Policy::member_type;
  static constexpr int team_size = S::kernels_on_host ? 1 : 128;
  static constexpr std::size_t scratch_bytes = sizeof(double) * tile::max_leaves;  ///< losses of rows, then of chunks
  static_assert(S::kernels_on_host || team_size <= tile::max_leaves);

  LossGradientArgs<Real> args;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const std::int64_t chunk = league_rank(team);
    const std::int64_t begin = args.order.chunk_begin(chunk), end = args.order.chunk_begin(chunk + 1);
    const LossArgs<Real> loss = make_loss_args<Real>(args.loss, args.order.rows(), args.outputs);
    const SlotOrder slot(args.order, chunk);
    if constexpr (S::kernels_on_host) {
      std::int64_t some[row_lanes<float>];  // rows of the data, as many at once
      const auto target = [&](std::int64_t r) {
        if (r % row_lanes<float> == 0) slot.rows(begin + r, some);
        return args.targets + some[r % row_lanes<float>] * args.outputs;
      };
      row_losses_of(loss, args.activation, args.alpha, args.Z + begin * args.outputs, target, end - begin,
                    static_cast<int>(args.outputs), args.dZ + begin * args.outputs, args.row_loss + begin);
      double sum = 0;
      for (std::int64_t r = begin; r < end; ++r) sum += args.row_loss[r];
      args.chunk_loss[chunk] = sum;
    } else {
      auto* const some = static_cast<double*>(team.team_scratch(0).get_shmem_aligned(std::size_t{scratch_bytes}, 8));
      double sum = 0;
      for (std::int64_t first = begin; first < end; first += team_size) {
        const std::int64_t r = first + team.team_rank();
        if (r < end) {
          const Real* target = args.targets + slot.row(r) * args.outputs;
          args.row_loss[r] = some[team.team_rank()] = row_loss(
              loss, args.activation, args.alpha, args.Z + r * args.outputs, target, static_cast<int>(args.outputs),
              args.dZ + r * args.outputs);
        }
        barrier(team);  // one thread sums the rows of all
        for (std::int64_t l = 0; team.team_rank() == 0 && l < team_size && first + l < end; ++l) sum += some[l];
        barrier(team);  // the next rows overwrite these
      }
      if (team.team_rank() == 0) args.chunk_loss[chunk] = sum;
    }
    if (args.record == nullptr) return;
    const auto chunks = static_cast<int>(args.order.chunks);
    if (!arrive_last(team, args.counter, chunks)) return;
    const double* sums = args.chunk_loss;
    if constexpr (!S::kernels_on_host) {
      auto* const some = static_cast<double*>(team.team_scratch(0).get_shmem_aligned(std::size_t{scratch_bytes}, 8));
      for (int c = team.team_rank(); c < chunks; c += team_size) some[c] = sums[c];
      barrier(team);  // one thread sums those of all
      sums = some;
    }
    if (team.team_rank() == 0)
      close_record(*args.record, tile::tree_sum(chunks, sums, 1), args.first_of_epoch, args.step);
  }
};

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations.
template <Space S, class Real>
void loss_gradient(const typename S::Execution& exec, const LossGradientArgs<Real>& args) {
  using Kernel = LossGradient<S, Real>;
  static LaunchLabel label("sinter::layer::loss_gradient");
  launch(label,
         team_policy<S>(exec, args.order.own_chunks(), Kernel::team_size, 0,
                        static_cast<std::size_t>(tiling::loss_bytes(S::kernels_on_host))),
         Kernel{args});
}

}  // namespace sinter::fused
