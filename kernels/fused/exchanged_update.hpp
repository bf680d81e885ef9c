// The update where several ranks train together. Each rank sums the subtrees of the chunks that it has (the backward
// launch, store_partial_sums()), sends to every other rank the sums of those parameters that the other owns, and gets
// the sums of the parameters that are its own. This launch combines them in the rest of the fixed tree, so that the bits
// are those of one rank, and applies the optimizer (or stores gradient and squared norms where clipping needs the norm
// first). The parameters then go to the other ranks; optimizer states stay with the owner (Rajbhandari et al. 2020,
// ZeRO, stage 1).
#pragma once

#include <cstdint>

#include <sinter/kernels/fused/loss_gradient.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>

namespace sinter::fused {

/// The sums of one subtree of one rank among those that arrived.
struct PartialSum {
  int before = 0;   ///< subtrees of all lower ranks
  int of_rank = 1;  ///< subtrees of its rank
  int number = 0;   ///< among these
};

/// sums(to) += sums(from), by the numbers of the partial sums in the order of chunks.
struct Combination {
  int to = 0, from = 0;
};

/// A piece of the parameter vector that one team combines and updates, of the range that it lies in.
struct ExchangedBlock {
  std::int64_t range_begin = 0, range_count = 0;  ///< as store_partial_sums() was called with
  std::int64_t begin = 0, count = 0;              ///< inside the range
  int range = 0;                                  ///< its number, for the norm
  bool decay = true;
};

template <class Real>
struct ExchangedUpdateArgs {
  UpdateTarget<Real> target;  ///< parameters, states, step; with `gradient` both gradient and norms are stored
  const ExchangedBlock* blocks = nullptr;  ///< in: [block_count], on the device, of this rank's own parameters
  int block_count = 0;
  Real* sums = nullptr;                       ///< in/work: [partial sums x owned], rank by rank as they came
  std::int64_t owned_begin = 0, owned = 0;    ///< the parameters that the sums are of
  const PartialSum* partial_sums = nullptr;   ///< in: on the device
  const Combination* combinations = nullptr;  ///< in: [combination_count], on the device
  int combination_count = 0;

  // The loss of the step, where this launch closes it.
  const double* chunk_loss = nullptr;  ///< in: [chunks] of all ranks; null: another launch does it
  int chunks = 1;
  LossRecord* record = nullptr;
  bool first_of_epoch = false;
  std::int64_t step = 0;
};

template <Space S, class Real, int TeamSize>
struct ExchangedUpdate {
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  using Member = typename Policy::member_type;

  ExchangedUpdateArgs<Real> args;

  /// Where the sums of a subtree lie for the first parameter of the block.
  KOKKOS_INLINE_FUNCTION Real* sums_of(int number, const ExchangedBlock& block) const {
    const PartialSum& p = args.partial_sums[number];
    return args.sums + p.before * args.owned + p.of_rank * (block.range_begin - args.owned_begin) +
           p.number * block.range_count + (block.begin - block.range_begin);
  }

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const int rank = league_rank(team);
    if (rank == args.block_count) {
      if (team.team_rank() == 0)
        close_record(*args.record, tile::tree_sum(args.chunks, args.chunk_loss, 1), args.first_of_epoch, args.step);
      return;
    }
    const ExchangedBlock& block = args.blocks[rank];
    const auto& target = args.target;
    constexpr int lanes = update_lanes<S>;
    const Real* const gradient = sums_of(0, block);  // where the combinations leave the sum of all
    double square = 0;
    for (std::int64_t e = static_cast<std::int64_t>(team.team_rank()) * lanes; e < block.count;
         e += static_cast<std::int64_t>(TeamSize) * lanes) {
      const int n = static_cast<int>(block.count - e < lanes ? block.count - e : lanes);
      for (int c = 0; c < args.combination_count; ++c) {
        Real* const to = sums_of(args.combinations[c].to, block) + e;
        const Real* const from = sums_of(args.combinations[c].from, block) + e;
        for (int l = 0; l < n; ++l) to[l] = to[l] + from[l];
      }
      const Real* const g = gradient + e;
      const std::int64_t at = block.begin + e;
      if (target.gradient != nullptr) {
        for (int l = 0; l < n; ++l) {
          target.gradient[at + l] = g[l];
          square += static_cast<double>(g[l]) * static_cast<double>(g[l]);
        }
      } else {
        apply_optimizer_span(target.step, block.decay, target.parameters + at, g,
                             target.state0 == nullptr ? nullptr : target.state0 + at,
                             target.state1 == nullptr ? nullptr : target.state1 + at, n);
      }
    }
    if (target.gradient != nullptr) {
      team.team_reduce(Kokkos::Sum<double>(square));  // in the order of update_range(), for the same bits
      if (team.team_rank() == 0) target.square_norms[block.range] = square;
    }
  }
};

/// `TeamSize`: that of the launch which a single rank would update in. Asynchronous on `exec`; 1 launch, 0 fences, 0
/// copies, 0 allocations.
template <Space S, class Real, int TeamSize>
void exchanged_update(const typename S::Execution& exec, const ExchangedUpdateArgs<Real>& args) {
  static LaunchLabel label("sinter::exchange::update");
  const std::int64_t league = args.block_count + (args.chunk_loss != nullptr ? 1 : 0);
  if (league == 0) return;
  launch(label, team_policy<S>(exec, league, TeamSize), ExchangedUpdate<S, Real, TeamSize>{args});
}

}  // namespace sinter::fused
