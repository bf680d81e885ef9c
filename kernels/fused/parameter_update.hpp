// The optimizer's part of a backward launch: the gradient of a contiguous range of parameters is combined from the
// chunks' slabs in the fixed tree and either applied at once, or stored (with its squared norm) for a launch of its own
// where the whole gradient must be known first (clipping by global norm). Of several ranks each combines only the
// subtrees whose chunks it has, for fused/exchanged_update.hpp.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/host_lanes.hpp>
#include <sinter/kernels/ops/optimizer.hpp>
#include <sinter/kernels/tile/pack.hpp>
#include <sinter/kernels/tile/tree.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/team_policy.hpp>
#include <sinter/runtime/vec.hpp>

namespace sinter::fused {

/// What a rank stores of its chunks where several train together.
enum class SumOfRank : std::uint8_t {
  none,      ///< it is alone: the gradient
  subtrees,  ///< the sum of each of the largest subtrees of the tree that it has, see store_partial_sums()
  all,       ///< one sum of all
};

/// Parameters, states and slabs of a whole network: vectors of `parameters` elements in the network's layout; slabs
/// [chunks, parameters].
template <class Real>
struct UpdateVectors {
  Real* parameters = nullptr;
  Real* state0 = nullptr;  ///< null where the optimizer keeps none
  Real* state1 = nullptr;
  Real* slabs = nullptr;  ///< chunk c's gradient starts at slabs + c * slab_stride
  std::int64_t slab_stride = 0;
  int chunks = 1;
  // Several ranks: this one's chunks are [first_chunk, first_chunk + chunks) of all_chunks.
  std::uint8_t first_chunk = 0, all_chunks = 0;
  SumOfRank rank_sum = SumOfRank::none;
  Real* gradient = nullptr;        ///< not null: store the gradient, or what rank_sum says, here, do not apply it
  double* square_norms = nullptr;  ///< with `gradient`: the squared norm of each range, by its number
};

/// The same with the constants of a step.
template <class Real>
struct UpdateTarget : UpdateVectors<Real> {
  OptimizerStep<Real> step;
};

/// Elements that a thread takes at once: vectors on the host, one (coalesced over the team) on a device.
template <Space S>
inline constexpr int update_lanes = S::kernels_on_host ? 64 : 1;

namespace detail {

/// sum_rows() of `NV` vectors of columns from j on, of the last one the first `tail`, on a host. A product by one and a
/// sum round once, as a sum does.
template <int NV, class Real>
inline void sum_vectors(const Real* dZ, std::int64_t rows, std::int64_t columns, int tail, bool first, Real* out) {
  using V = Vec<Real>;
  const auto load = [tail](const Real* from, int v) {
    return v == NV - 1 ? V::load(from + v * V::width, tail) : V::load(from + v * V::width);
  };
  const V one = V::broadcast(Real(1));
  V sum[NV];
#pragma GCC unroll 4
  for (int v = 0; v < NV; ++v) sum[v] = first ? V::broadcast(Real(0)) : load(out, v);
  for (std::int64_t r = 0; r < rows; ++r, dZ += columns) {
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) sum[v] = V::fma(one, load(dZ, v), sum[v]);
  }
#pragma GCC unroll 4
  for (int v = 0; v < NV; ++v) sum[v].store(out + v * V::width, v == NV - 1 ? tail : V::width);
}

template <class Real>
inline void sum_columns(const Real* dZ, std::int64_t rows, std::int64_t columns, bool first, Real* out) {
  constexpr int width = Vec<Real>::width;
  for (std::int64_t j = 0; j < columns; j += 4 * width) {
    const std::int64_t left = columns - j;
    if (left > 3 * width) {
      sum_vectors<4>(dZ + j, rows, columns, static_cast<int>(left < 4 * width ? left - 3 * width : width), first,
                     out + j);
    } else {
      for (std::int64_t i = j; i < columns; i += width) {
        sum_vectors<1>(dZ + i, rows, columns, static_cast<int>(columns - i < width ? columns - i : width), first,
                       out + i);
      }
    }
  }
}

/// out[j] = the tree's sum over the chunks c of the sum over the rows [bounds[c], bounds[c + 1]), in order, of dZ(r, j), on a
/// host: `chunks` is a power of two up to 16.
template <class Real>
inline void sum_rows_of_chunks(const Real* dZ, std::int64_t columns, const int* bounds, int chunks, Real* out) {
  using V = Vec<Real>;
  constexpr int vectors = 4, lanes = vectors * V::width, most = 16;
  for (std::int64_t j = 0; j < columns; j += lanes) {
    const int count = static_cast<int>(columns - j < lanes ? columns - j : lanes);
    alignas(64) Real leaves[most * lanes];
    for (int c = 0; c < chunks; ++c) {
      if (count == lanes) {
        sum_vectors<vectors>(dZ + bounds[c] * columns + j, bounds[c + 1] - bounds[c], columns, V::width, true,
                             leaves + c * lanes);
        continue;
      }
      for (int v = 0; v < count; v += V::width) {
        sum_vectors<1>(dZ + bounds[c] * columns + j + v, bounds[c + 1] - bounds[c], columns,
                       count - v < V::width ? count - v : V::width, true, leaves + c * lanes + v);
      }
    }
    tile::tree_sum_span<most>(chunks, leaves, lanes, out + j, count);
  }
}

/// apply_optimizer_span(), on a host without a loop over single elements.
template <Space S, class Real>
KOKKOS_INLINE_FUNCTION void update_span(const OptimizerStep<Real>& step, bool decay, Real* w, const Real* g, Real* s0,
                                        Real* s1, std::int64_t count) {
  if constexpr (S::kernels_on_host) {
    host::apply_optimizer(step, decay, w, g, s0, s1, count);
  } else {
    apply_optimizer_span(step, decay, w, g, s0, s1, count);
  }
}

}  // namespace detail

/// By all threads of a team: out[j] = (first ? 0 : out[j]) + sum over the rows, in order, of dZ(r, j). The gradient of
/// a bias.
template <Space S, class Real, class Team>
KOKKOS_INLINE_FUNCTION void sum_rows(const Team& team, int team_size, const Real* dZ, std::int64_t rows,
                                     std::int64_t columns, bool first, Real* out) {
  if constexpr (S::kernels_on_host) {
    detail::sum_columns(dZ, rows, columns, first, out);
    return;
  }
  constexpr int lanes = update_lanes<S>;
  for (std::int64_t j = static_cast<std::int64_t>(team.team_rank()) * lanes; j < columns;
       j += static_cast<std::int64_t>(team_size) * lanes) {
    const int n = static_cast<int>(columns - j < lanes ? columns - j : lanes);
    Real sum[lanes] = {};
    if (!first) {
      for (int l = 0; l < n; ++l) sum[l] = out[j + l];
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      for (int l = 0; l < n; ++l) sum[l] += dZ[r * columns + j + l];
    }
    for (int l = 0; l < n; ++l) out[j + l] = sum[l];
  }
}

/// By all threads of a team: the sums of a rank's P subtrees over the parameters [begin, begin + count), one subtree
/// after the other: subtree s of parameter begin + e goes to gradient[P begin + s count + e]. So what lies in a
/// sequence of ranges is contiguous. With SumOfRank::all P = 1, and the subtrees are added up.
template <Space S, class Real, class Team>
SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void store_partial_sums(const Team& team, int team_size,
                                                                  const UpdateTarget<Real>& target, std::int64_t begin,
                                                                  std::int64_t count) {
  constexpr int lanes = update_lanes<S>;
  const int first = target.first_chunk, end = first + target.chunks, all = target.all_chunks;
  const bool one_sum = target.rank_sum == SumOfRank::all;
  int subtrees = one_sum ? 1 : 0;
  if (!one_sum) tile::for_each_subtree(first, end, all, [&](int, int) { ++subtrees; });
  for (std::int64_t e = static_cast<std::int64_t>(team.team_rank()) * lanes; e < count;
       e += static_cast<std::int64_t>(team_size) * lanes) {
    const int n = static_cast<int>(count - e < lanes ? count - e : lanes);
    const Real* const slabs = target.slabs + begin + e;
    Real* to = target.gradient + subtrees * begin + e;
    tile::for_each_subtree(first, end, all, [&](int leaf, int leaves) {
      const Real* const chunk = slabs + (leaf - first) * target.slab_stride;
      if (one_sum && leaf > first) {
        Real more[lanes];
        tile::tree_sum_span(leaves, chunk, target.slab_stride, more, n);
        for (int l = 0; l < n; ++l) to[l] += more[l];
      } else {
        tile::tree_sum_span(leaves, chunk, target.slab_stride, to, n);
      }
      if (!one_sum) to += count;
    });
  }
}

/// By all threads of a device's team, on elements [rows, columns] of the parameter vector from `begin` on, rows `ld` apart:
/// adds up the slabs and applies the optimizer. In packs where they lie so, to have many loads on their way.
template <class Real, class Team>
SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void update_elements(const Team& team, const UpdateTarget<Real>& target,
                                                               std::int64_t begin, int rows, int columns,
                                                               std::int64_t ld, bool decay) {
  using Pack = tile::Pack<Real>;
  const auto aligned = [begin](const Real* vector, std::int64_t stride) {
    return vector == nullptr || (tile::detail::holds_packs(vector + begin, stride));
  };
  const bool whole = columns % Pack::width == 0 && aligned(target.slabs, ld) &&
                     aligned(target.slabs, target.slab_stride) && aligned(target.parameters, 0) &&
                     aligned(target.state0, 0) && aligned(target.state1, 0);
  const int width = whole ? Pack::width : 1, packs = columns / width;
  for (int e = team.team_rank(); e < rows * packs; e += team.team_size()) {
    const int row = e / packs;
    const std::int64_t at = begin + row * ld + (e - row * packs) * width;
    const auto pack_at = [at](Real* vector) { return reinterpret_cast<Pack*>(vector + at); };
    Pack gradient;
    if (whole) {
      gradient = tile::tree_sum(target.chunks, pack_at(target.slabs), target.slab_stride / Pack::width);
    } else {
      gradient.lane[0] = tile::tree_sum(target.chunks, target.slabs + at, target.slab_stride);
    }
    if (whole) {
      Pack w = *pack_at(target.parameters), s0{}, s1{};
      if (target.state0 != nullptr) s0 = *pack_at(target.state0);
      if (target.state1 != nullptr) s1 = *pack_at(target.state1);
      apply_optimizer_lanes(target.step, decay, w.lane, gradient.lane, s0.lane, s1.lane);
      *pack_at(target.parameters) = w;
      if (target.state0 != nullptr) *pack_at(target.state0) = s0;
      if (target.state1 != nullptr) *pack_at(target.state1) = s1;
    } else {
      apply_optimizer_span(target.step, decay, target.parameters + at, gradient.lane,
                           target.state0 == nullptr ? nullptr : target.state0 + at,
                           target.state1 == nullptr ? nullptr : target.state1 + at, 1);
    }
  }
}

/// By all threads of a team, on parameters [begin, begin + count): weights decay, biases do not. `range`: the number of
/// this range, for its norm.
template <Space S, class Real, class Team>
SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void update_range(const Team& team, int team_size,
                                                            const UpdateTarget<Real>& target, std::int64_t range,
                                                            std::int64_t begin, std::int64_t count, bool decay) {
  if (target.rank_sum != SumOfRank::none) {
    store_partial_sums<S>(team, team_size, target, begin, count);
    return;
  }
  constexpr int lanes = update_lanes<S>;
  double square = 0;
  for (std::int64_t e = static_cast<std::int64_t>(team.team_rank()) * lanes; e < count;
       e += static_cast<std::int64_t>(team_size) * lanes) {
    const int n = static_cast<int>(count - e < lanes ? count - e : lanes);
    const std::int64_t at = begin + e;
    if constexpr (S::kernels_on_host) {
      if (target.chunks == 1 && target.gradient == nullptr) {  // the chunk's sums are the gradient: all at once
        detail::update_span<S>(target.step, decay, target.parameters + begin, target.slabs + begin,
                               target.state0 == nullptr ? nullptr : target.state0 + begin,
                               target.state1 == nullptr ? nullptr : target.state1 + begin, count);
        return;
      }
    }
    Real g[lanes];
    tile::tree_sum_span(target.chunks, target.slabs + at, target.slab_stride, g, n);
    if (target.gradient != nullptr) {
      for (int l = 0; l < n; ++l) {
        target.gradient[at + l] = g[l];
        square += static_cast<double>(g[l]) * static_cast<double>(g[l]);
      }
    } else {
      detail::update_span<S>(target.step, decay, target.parameters + at, g,
                             target.state0 == nullptr ? nullptr : target.state0 + at,
                             target.state1 == nullptr ? nullptr : target.state1 + at, n);
    }
  }
  if (target.gradient != nullptr) {
    team.team_reduce(Kokkos::Sum<double>(square));  // in an order that the team's size alone decides
    if (team.team_rank() == 0) target.square_norms[range] = square;
  }
}

/// A piece of the parameter vector that one team updates: all weights or all biases.
struct UpdateBlock {
  std::int64_t begin = 0, count = 0;
  bool decay = true;
  std::uint8_t sums = 0;  ///< slabs that hold its sums, for update_from_sums()
  int arrived = 0;        ///< of the teams of a step whose last one updates it: zero before and after
  static constexpr std::int64_t largest = 4096;
};

/// By all threads of a team: applies the stored gradient of a block, scaled by clip_norm / norm where the norm is larger.
/// Every team sums the few norms of the ranges itself, in order.
template <Space S, class Real, class Team>
SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void apply_clipped(const Team& team, int team_size,
                                                             const UpdateTarget<Real>& target, const UpdateBlock& block,
                                                             int ranges, double clip_norm) {
  double sum = 0;
  for (int i = 0; i < ranges; ++i) sum += target.square_norms[i];
  const double norm = Kokkos::sqrt(sum);
  OptimizerStep<Real> step = target.step;
  if (norm > clip_norm) step.gradient_scale = static_cast<Real>(clip_norm / norm);
  constexpr int lanes = update_lanes<S>;
  for (std::int64_t e = static_cast<std::int64_t>(team.team_rank()) * lanes; e < block.count;
       e += static_cast<std::int64_t>(team_size) * lanes) {
    const int n = static_cast<int>(block.count - e < lanes ? block.count - e : lanes);
    const std::int64_t at = block.begin + e;
    detail::update_span<S>(step, block.decay, target.parameters + at, target.gradient + at,
                           target.state0 == nullptr ? nullptr : target.state0 + at,
                           target.state1 == nullptr ? nullptr : target.state1 + at, n);
  }
}

template <class Real>
struct ClippedUpdateArgs {
  UpdateTarget<Real> target;  ///< target.gradient holds the gradient, target.square_norms the norms of its ranges
  const UpdateBlock* blocks = nullptr;  ///< [block_count], on the device
  int block_count = 0;
  int ranges = 0;
  double clip_norm = 0;
};

/// One team a block.
template <Space S, class Real>
struct ClippedUpdate {
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  using Member = typename Policy::member_type;
  static constexpr int team_size = S::kernels_on_host ? 1 : 256;

  ClippedUpdateArgs<Real> args;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    apply_clipped<S>(team, team_size, args.target, args.blocks[league_rank(team)], args.ranges, args.clip_norm);
  }
};

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations.
template <Space S, class Real>
void clipped_update(const typename S::Execution& exec, const ClippedUpdateArgs<Real>& args) {
  using Kernel = ClippedUpdate<S, Real>;
  static LaunchLabel label("sinter::layer::clipped_update");
  launch(label, team_policy<S>(exec, args.block_count, Kernel::team_size), Kernel{args});
}

template <class Real>
struct SumsUpdateArgs {
  UpdateTarget<Real> target;
  const UpdateBlock* blocks = nullptr;  ///< [block_count], on the device
  int block_count = 0;
};

/// One team a block.
template <Space S, class Real>
struct SumsUpdate {
  using Policy = BoundedTeamPolicy<S, 256>;
  using Member = typename Policy::member_type;
  static constexpr int team_size = S::kernels_on_host ? 1 : 256;

  SumsUpdateArgs<Real> args;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const UpdateBlock& block = args.blocks[league_rank(team)];
    UpdateTarget<Real> target = args.target;
    target.chunks = block.sums;
    if constexpr (S::kernels_on_host) {
      update_range<S>(team, team_size, target, 0, block.begin, block.count, block.decay);
    } else {
      update_elements(team, target, block.begin, 1, static_cast<int>(block.count), 0, block.decay);
    }
  }
};

/// The update of a network whose backward launches left their sums in the slabs. Asynchronous on `exec`; 1 launch, 0 fences,
/// 0 copies, 0 allocations.
template <Space S, class Real>
void update_from_sums(const typename S::Execution& exec, const SumsUpdateArgs<Real>& args) {
  using Kernel = SumsUpdate<S, Real>;
  static LaunchLabel label("sinter::layer::update");
  launch(label, team_policy<S, typename Kernel::Policy>(exec, args.block_count, Kernel::team_size), Kernel{args});
}

}  // namespace sinter::fused
