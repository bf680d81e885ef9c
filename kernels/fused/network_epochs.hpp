// Many training steps in one launch, one team a network: gather, forward, loss, backward and update, again and again.
// For one tiny network (level `epochs`) and for many networks of one shape that differ in seed, optimizer settings and
// initialisation (an ensemble). A team is alone with its network, so that a barrier of the team is all that orders its
// steps; on a device parameters, optimizer states and gradients stay in its scratch between them where they fit.
//
// Chunks, tiles and sums are those of level `step`: the same bits.
#pragma once

#include <cstdint>

#include <sinter/kernels/fused/loss_gradient.hpp>
#include <sinter/kernels/fused/network_tile.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/ops/schedule.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

/// What the networks of a launch differ in, beside their parameters.
struct MemberSettings {
  OptimizerSettings optimizer;
  std::uint64_t seed = 0;  ///< of the data order; a single network takes the order's own
};

/// Everything of member i lies i strides behind that of member 0.
template <class Real>
struct NetworkEpochsArgs {
  TileShape shape;
  const Real* X = nullptr;  ///< in: [data rows, inputs]
  const Real* T = nullptr;  ///< in: [data rows, outputs]
  BatchOrder order;         ///< epoch and step are the kernel's
  LossSettings loss;
  ScheduleSpec schedule;
  std::int64_t epochs = 1, steps_per_epoch = 1;
  const MemberSettings* members = nullptr;  ///< in: [member_count], on the device
  int member_count = 1;
  UpdateVectors<Real> target;  ///< in/out: of member 0; parameters, states and gradient `parameters` elements apart,
                               ///< slabs [chunks, parameters], square_norms [block_count]; states as many as the
                               ///< member with most keeps, gradient and norms where any member clips by norm
  std::int64_t parameters = 0;
  const UpdateBlock* blocks = nullptr;  ///< in: [block_count], on the device
  int block_count = 0;
  double* chunk_loss = nullptr;   ///< work: [member_count, chunks]
  LossRecord* records = nullptr;  ///< in/out: [member_count]
  std::int64_t first = 0;         ///< number of the first step in the run, 0-based
  std::int64_t count = 0;
};

template <Space S, class Real>
struct NetworkEpochs {
  using Tile = NetworkTile<S, Real>;
  using Policy = BoundedTeamPolicy<S, Tile::team_size, 1>;
  using Member = typename Policy::member_type;
  static constexpr int rates_at_once = tiling::rates_at_once;
  static_assert(sizeof(StepRates<Real>) == 3 * sizeof(Real));  // tiling::epochs_scratch reckons with it

  NetworkEpochsArgs<Real> args;
  int scratch_level;
  bool staged;  ///< parameters, states and slabs are worked on in scratch

  static tiling::EpochsScratch scratch(const NetworkEpochsArgs<Real>& args) {
    const int vectors = 1 + (args.target.state0 != nullptr ? 1 : 0) + (args.target.state1 != nullptr ? 1 : 0) +
                        args.target.chunks;
    const std::int64_t most = std::min<std::int64_t>(Policy::scratch_size_max(0), tiling::device_lone_scratch);
    return tiling::epochs_scratch(S::kernels_on_host, sizeof(Real),
                                  static_cast<std::int64_t>(Tile::scratch_bytes(args.shape)), vectors, args.parameters,
                                  args.member_count, most);
  }

  /// Threads of a team. A tiny network does not fill a device's team for products; of many networks more fit an SM then.
  static int threads(const NetworkEpochsArgs<Real>& args) {
    if (S::kernels_on_host) return Tile::team_size;
    constexpr int tiny = 64;  // up to here no product would be staged
    if (args.shape.longest > tiny) return Tile::team_size;
    return args.member_count == 1 ? 128 : 64;
  }

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    auto* const rates = static_cast<StepRates<Real>*>(
        team.team_scratch(scratch_level).get_shmem_aligned(rates_at_once * sizeof(StepRates<Real>), 64));
    UpdateTarget<Real> target = target_of(team);
    if (staged) take_from_home(team, target);
    run_steps(team, rates, target);
    if (staged) bring_home(team, target);
  }

 private:
  // Out of line on a device, so that no part keeps in registers what another one needs.
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION UpdateTarget<Real> target_of(const Member& team) const {
    const std::int64_t member = league_rank(team), offset = member * args.parameters;
    const MemberSettings& settings = args.members[member];
    UpdateTarget<Real> target{args.target, optimizer_constants<Real>(settings.optimizer)};
    target.parameters += offset;
    // There are vectors for the member that keeps most: what this one's optimizer lacks is neither staged nor touched.
    const int states = optimizer_state_count(settings.optimizer.type);
    target.state0 = states > 0 ? target.state0 + offset : nullptr;
    target.state1 = states > 1 ? target.state1 + offset : nullptr;
    target.slabs += offset * target.chunks;
    if (settings.optimizer.clip_norm > 0) {
      target.gradient += offset;
      target.square_norms += member * args.block_count;
    } else {
      target.gradient = nullptr;
    }
    return target;
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void run_steps(const Member& team, StepRates<Real>* rates,
                                                           UpdateTarget<Real>& target) const {
    const MemberSettings& settings = args.members[league_rank(team)];
    Tile tile(args.shape, team, scratch_level, target.parameters);
    BatchOrder order = args.order;
    if (args.member_count > 1) order.seed = settings.seed;
    order.epoch = args.first / args.steps_per_epoch;
    order.step = args.first % args.steps_per_epoch;
    for (std::int64_t done = 0; done < args.count; ++done) {
      const auto slot = static_cast<int>(done % rates_at_once);
      if (slot == 0) fill_rates(team, settings.optimizer, args.first + done, rates);
      rates[slot].put_into(target.step);
      for (int chunk = 0; chunk < target.chunks; ++chunk) run_chunk(team, tile, order, target, chunk);
      update(team, target, settings.optimizer.clip_norm);
      close(team, target.chunks, order.step == 0, args.first + done);
      barrier(team);  // the next step reads what other threads updated, and overwrites losses and constants
      if (++order.step == args.steps_per_epoch) {
        order.step = 0;
        ++order.epoch;
      }
    }
  }

  KOKKOS_INLINE_FUNCTION double* chunk_loss(const Member& team, int chunks) const {
    return args.chunk_loss + static_cast<std::int64_t>(league_rank(team)) * chunks;
  }
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void close(const Member& team, int chunks, bool first_of_epoch,
                                                       std::int64_t step) const {
    if (team.team_rank() != 0) return;
    close_record(args.records[league_rank(team)], tile::tree_sum(chunks, chunk_loss(team, chunks), 1), first_of_epoch,
                 step);
  }

  /// Copies of parameters and states in scratch take their place; gradients are made there.
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void take_from_home(const Member& team, UpdateTarget<Real>& target) const {
    const auto claim = [&](std::int64_t count) {
      return static_cast<Real*>(
          team.team_scratch(scratch_level).get_shmem_aligned(static_cast<std::size_t>(count) * sizeof(Real), 64));
    };
    const auto stage = [&](Real*& vector) {
      if (vector == nullptr) return;
      Real* const to = claim(args.parameters);
      fetch(team, vector, to);
      vector = to;
    };
    stage(target.parameters);
    stage(target.state0);
    stage(target.state1);
    target.slabs = claim(args.parameters * target.chunks);
    barrier(team);  // the parameters are read by threads that did not write them
  }
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void bring_home(const Member& team,
                                                            const UpdateTarget<Real>& target) const {
    const UpdateTarget<Real> home = target_of(team);
    fetch(team, target.parameters, home.parameters);
    if (home.state0 != nullptr) fetch(team, target.state0, home.state0);
    if (home.state1 != nullptr) fetch(team, target.state1, home.state1);
  }
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void fetch(const Member& team, const Real* from, Real* to) const {
    for (std::int64_t i = team.team_rank(); i < args.parameters; i += threads_of<S>(team)) to[i] = from[i];
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void fill_rates(const Member& team, const OptimizerSettings& optimizer,
                                                            std::int64_t first, StepRates<Real>* rates) const {
    constexpr int lanes = S::kernels_on_host ? 16 : 1;
    const OptimizerSchedule schedule{optimizer, args.schedule, args.epochs, args.steps_per_epoch};
    for (int slot = team.team_rank() * lanes; slot < rates_at_once; slot += threads_of<S>(team) * lanes) {
      StepRates<Real> some[lanes];
      step_rates(schedule, first + slot, some);
      for (int l = 0; l < lanes; ++l) rates[slot + l] = some[l];
    }
    barrier(team);  // all threads read what some wrote
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void run_chunk(const Member& team, Tile& tile, const BatchOrder& order,
                                                           const UpdateTarget<Real>& target, int chunk) const {
    const std::int64_t begin = order.chunk_begin(chunk), end = order.chunk_begin(chunk + 1);
    double loss = 0;
    for (std::int64_t row = begin; row < end || row == begin; row += args.shape.row_tile) {
      tile.gather(team, order, args.X, row, end - row < args.shape.row_tile ? end - row : args.shape.row_tile);
      tile.forward(team);
      loss = tile.loss_and_gradient(team, args.loss, order.rows(), args.T, loss);
      tile.backward(team, row == begin, target.slabs + chunk * target.slab_stride);
    }
    if (team.team_rank() == 0) chunk_loss(team, target.chunks)[chunk] = loss;
  }

  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void update(const Member& team, const UpdateTarget<Real>& target,
                                                        double clip_norm) const {
    if constexpr (S::kernels_on_host) {
      if (target.gradient == nullptr && target.step.weight_decay == Real(0)) {  // weights and biases alike: all at once
        update_range<S>(team, threads_of<S>(team), target, 0, 0, args.parameters, true);
        return;
      }
    }
    for (int b = 0; b < args.block_count; ++b) {
      update_range<S>(team, threads_of<S>(team), target, b, args.blocks[b].begin, args.blocks[b].count,
                      args.blocks[b].decay);
    }
    if (target.gradient == nullptr) return;
    barrier(team);  // the norms of all ranges, before any is applied
    for (int b = 0; b < args.block_count; ++b)
      apply_clipped<S>(team, threads_of<S>(team), target, args.blocks[b], args.block_count, clip_norm);
  }
};

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations (Kokkos may grow its team scratch at a first
/// launch).
template <Space S, class Real>
void network_epochs(const typename S::Execution& exec, const NetworkEpochsArgs<Real>& args) {
  using Kernel = NetworkEpochs<S, Real>;
  static LaunchLabel label("sinter::epochs");
  if (args.count == 0) return;
  const auto scratch = Kernel::scratch(args);
  int level = 0;
  const auto policy = tile_policy<typename Kernel::Policy, S, Real>(
      exec, args.member_count, args.shape, static_cast<std::size_t>(scratch.bytes), level, Kernel::threads(args));
  launch(label, policy, Kernel{args, level, scratch.staged});
}

}  // namespace sinter::fused
