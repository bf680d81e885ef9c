// Inference: a whole network, or all networks of an ensemble, over any number of rows in one launch. A team has a tile of
// rows of one network: it takes their features as the network wants them, keeps two layers' activations in its scratch,
// and writes the outputs. Each output is the chain of FMAs of the training kernels, so a row's result does not depend on
// the batch that it came in.
#pragma once

#include <cstdint>
#include <type_traits>

#include <sinter/kernels/catalog/tiling.hpp>
#include <sinter/kernels/cost.hpp>
#include <sinter/kernels/fused/network_tile.hpp>
#include <sinter/kernels/fused/normalization.hpp>
#include <sinter/kernels/ops/loss.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

template <class Real, class In, class Out>
struct NetworkForwardArgs {
  TileShape shape;
  const In* X = nullptr;  ///< in: [rows, inputs], physical units
  Normalizer features;    ///< of X
  Out* Y = nullptr;       ///< out: [members, rows, outputs]
  Denormalizer targets;   ///< of Y
  bool raw = false;       ///< Y takes Z of the last layer: no activation, no denormalisation
  std::int64_t rows = 0;
  const Real* parameters = nullptr;  ///< in: [members, parameter_count]
  std::int64_t parameter_count = 0;
  std::int64_t members = 1;
};

template <Space S, class Real, class In, class Out>
struct NetworkForward {
  using Tile = NetworkTile<S, Real>;
  using Policy = BoundedTeamPolicy<S, Tile::team_size>;
  using Member = typename Policy::member_type;

  NetworkForwardArgs<Real, In, Out> args;
  std::int64_t tiles;
  int scratch_level;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const std::int64_t member = league_rank(team) / tiles;
    const std::int64_t row = league_rank(team) % tiles * args.shape.row_tile;
    const std::int64_t count = args.rows - row < args.shape.row_tile ? args.rows - row : args.shape.row_tile;
    const TileLayer& last = args.shape.layers[args.shape.count - 1];
    Tile tile(args.shape, team, scratch_level, args.parameters + member * args.parameter_count);
    tile.forward_from(team, bring_features(team, tile, row, count));

    Real* const Z = tile.output_place();
    Out* const Y = args.Y + (member * args.rows + row) * last.fan_out;
    if (!args.raw) {
      for (std::int64_t m = team.team_rank(); m < count; m += Tile::team_size) {
        Real* const z = Z + m * last.fan_out;
        row_output(last.activation, static_cast<Real>(last.alpha), z, z, static_cast<int>(last.fan_out));
      }
      barrier(team);  // the outputs are written by threads that did not compute them
    }
    for (std::int64_t e = team.team_rank(); e < count * last.fan_out; e += Tile::team_size) {
      const auto value = static_cast<double>(Z[e]);
      Y[e] = static_cast<Out>(args.raw ? value : args.targets(value, e % last.fan_out));
    }
  }

 private:
  /// The features of the tile's rows in the network's units: where they lie, or in scratch; on a host in pieces where they are many.
  /// Gives the layer that is next.
  KOKKOS_INLINE_FUNCTION int bring_features(const Member& team, Tile& tile, std::int64_t row,
                                            std::int64_t count) const {
    const std::int64_t inputs = args.shape.layers[0].fan_in;
    const In* const from = args.X + row * inputs;
    if constexpr (std::is_same_v<In, Real>) {
      if (args.features.scale == nullptr) {
        tile.take(from, count);
        return 0;
      }
    }
    Real* const to = tile.input_place();
    if constexpr (S::kernels_on_host) {
      if (inputs > tiling::inference_columns) {
        tile.first_layer_in_pieces(team, count, tiling::inference_columns, [&](std::int64_t k, std::int64_t columns) {
          for (std::int64_t m = 0; m < count; ++m) {
            for (std::int64_t j = 0; j < columns; ++j) to[m * columns + j] = feature(from[m * inputs + k + j], k + j);
          }
        });
        return 1;
      }
    }
    for (std::int64_t e = team.team_rank(); e < count * inputs; e += Tile::team_size)
      to[e] = feature(from[e], e % inputs);
    barrier(team);  // the features are read by threads that did not write them
    tile.take(to, count);
    return 0;
  }

  KOKKOS_INLINE_FUNCTION Real feature(In value, std::int64_t column) const {
    return static_cast<Real>(args.features(static_cast<double>(value), column));
  }
};

/// Rows of a tile: no more than there is room for, as there is for one row of layers up to tiling::inference_width() wide.
/// `threads`: of a host, for which there are tiles enough; they change no bit.
template <Space S, class Real>
std::int64_t forward_rows(const NetworkLayout& layout, std::int64_t rows, int threads) {
  std::int64_t tile = tiling::inference_rows(S::kernels_on_host, rows, threads);
  const auto more_than = [&](std::int64_t limit) {
    return NetworkTile<S, Real>::scratch_bytes(forward_shape<S>(layout, tile)) > static_cast<std::size_t>(limit);
  };
  if (S::kernels_on_host) {
    while (tile > 8 && more_than(tiling::host_inference_bytes)) tile = (tile / 2 + 7) / 8 * 8;
  }
  while (tile > 1 && more_than(tiling::most_team_scratch)) tile /= 2;
  return tile;
}

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations (Kokkos may grow its team scratch at a first
/// launch). X, Y and the parameters do not overlap.
template <Space S, class Real, class In, class Out>
void network_forward(const typename S::Execution& exec, const NetworkForwardArgs<Real, In, Out>& args) {
  using Kernel = NetworkForward<S, Real, In, Out>;
  static LaunchLabel label("sinter::forward");
  if (args.rows == 0) return;
  const std::int64_t tiles = (args.rows + args.shape.row_tile - 1) / args.shape.row_tile;
  int level = 0;
  const auto policy = tile_policy<typename Kernel::Policy, S, Real>(exec, tiles * args.members, args.shape, 0, level);
  launch(label, policy, Kernel{args, tiles, level});
}

template <class Real, class In, class Out>
KernelCost cost(const NetworkForwardArgs<Real, In, Out>& args, const NetworkLayout& layout) {
  const auto rows = static_cast<double>(args.rows), members = static_cast<double>(args.members);
  double weights = 0;
  for (const auto& layer : layout.layers) weights += static_cast<double>(layer.weights());
  const auto inputs = static_cast<double>(layout.inputs), outputs = static_cast<double>(layout.outputs());
  return {2 * members * rows * weights,
          rows * (inputs * sizeof(In) + members * outputs * sizeof(Out)) +
              members * static_cast<double>(args.parameter_count) * sizeof(Real),
          1};
}

}  // namespace sinter::fused
