// One training step of a whole network in one launch: gather, forward, loss, backward, reduction and update.
//
// A team has one chunk of the batch. It walks the chunk in tiles of rows whose activations of all layers stay in its
// scratch; the weight gradients of the tiles continue one chain of FMAs an element in the chunk's slab, so that the sum
// runs over the chunk's rows in order, as at level `layer`: the same bits. The hazard is that every team reads all of W
// while the update writes it. After its last read a team counts itself in at each block of parameters; the last one at
// a block, which therefore knows that all readers are done, combines the slabs in the fixed tree and updates the block.
// Teams begin at different blocks, so that those which finish together share the work. No team waits.
#pragma once

#include <cstdint>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/loss_gradient.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/layout.hpp>
#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/tile/product.hpp>
#include <sinter/runtime/arrival.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

/// A layer as the kernel sees it; the places are those of a team's scratch, in elements.
struct StepLayer {
  std::int64_t fan_in = 0, fan_out = 0;
  std::int64_t offset = 0;                ///< of W in the parameter vector; b follows W
  std::int64_t output = 0;                ///< place of f(Z) [row_tile, fan_out]; of Z for the last layer
  std::int64_t input_of_activation = -1;  ///< place of Z where the derivative needs it, else -1
  Activation activation = Activation::identity;
  double alpha = 0;
  bool bias = true;
};

inline constexpr int max_step_layers = 12;

/// The network and the layout of a team's scratch: activations of all layers, two gradients, row losses, the rows'
/// numbers, a packed panel.
struct StepShape {
  StepLayer layers[max_step_layers];
  int count = 0;
  std::int64_t row_tile = 0;
  std::int64_t gathered = 0;      ///< place of the gathered inputs [row_tile, inputs]
  std::int64_t gradient[2] = {};  ///< places of dZ and dX [row_tile, widest]
  std::int64_t elements = 0;      ///< of Real in all
  std::int64_t longest = 0;       ///< largest fan_out, for the packed panel
};

/// The shape of a network at a given tile of rows. The caller has checked that it has at most max_step_layers layers.
inline StepShape step_shape(const NetworkLayout& layout, std::int64_t row_tile) {
  StepShape shape;
  shape.row_tile = row_tile;
  shape.longest = layout.widest();
  const auto place = [&shape](std::int64_t count) {
    const std::int64_t at = shape.elements;
    shape.elements += (count + 15) / 16 * 16;  // every piece begins at a cache line
    return at;
  };
  shape.gathered = place(row_tile * layout.inputs);
  for (const auto& layer : layout.layers) {
    const bool last = shape.count + 1 == static_cast<int>(layout.layers.size());
    StepLayer& to = shape.layers[shape.count++];
    to = {layer.fan_in, layer.fan_out,    layer.offset, place(row_tile * layer.fan_out),
          -1,           layer.activation, layer.alpha,  layer.bias};
    if (!last && derivative_from_input(layer.activation)) to.input_of_activation = place(row_tile * layer.fan_out);
  }
  for (auto& gradient : shape.gradient) gradient = place(row_tile * layout.widest());
  return shape;
}

template <class Real>
struct NetworkStepArgs {
  StepShape shape;
  const Real* X = nullptr;  ///< in: [data rows, inputs]
  const Real* T = nullptr;  ///< in: [data rows, outputs]
  BatchOrder order;
  LossSettings loss;
  UpdateTarget<Real> target;            ///< in/out: of the whole network
  const UpdateBlock* blocks = nullptr;  ///< in: [block_count], on the device
  int block_count = 0;
  int* counters = nullptr;       ///< work: [block_count + 1], zero before and after
  double* chunk_loss = nullptr;  ///< work: [chunks]
  LossRecord* record = nullptr;  ///< in/out
  std::int64_t step = 0;         ///< of the run, 0-based
};

template <Space S, class Real>
struct NetworkStep {
  using Product = tile::Product<S, Real>;
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  using Member = typename Policy::member_type;
  static constexpr int lanes = Product::lanes;

  NetworkStepArgs<Real> args;
  int scratch_level;

  static std::size_t scratch_bytes(const StepShape& shape) {
    const auto rows = static_cast<std::size_t>(shape.row_tile);
    return static_cast<std::size_t>(shape.elements) * sizeof(Real) + rows * (sizeof(double) + sizeof(std::int64_t)) +
           Product::scratch_bytes(shape.longest, false) + 512;
  }

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const std::int64_t chunk = team.league_rank();
    const std::int64_t begin = args.order.chunk_begin(chunk), end = args.order.chunk_begin(chunk + 1);
    const auto& scratch = team.team_scratch(scratch_level);
    const auto rows = static_cast<std::size_t>(args.shape.row_tile);
    auto* const activations = static_cast<Real*>(
        scratch.get_shmem_aligned(static_cast<std::size_t>(args.shape.elements) * sizeof(Real), 64));
    auto* const row_losses = static_cast<double*>(scratch.get_shmem_aligned(rows * sizeof(double), 64));
    auto* const index = static_cast<std::int64_t*>(scratch.get_shmem_aligned(rows * sizeof(std::int64_t), 64));
    void* const work = scratch.get_shmem_aligned(Product::scratch_bytes(args.shape.longest, false), 64);

    double loss = 0;
    for (std::int64_t row = begin; row < end || row == begin;
         row += args.shape.row_tile) {  // once even for an empty chunk: its slab is zero
      const std::int64_t count = end - row < args.shape.row_tile ? end - row : args.shape.row_tile;
      const Real* const X = gather(team, row, count, index, activations);
      forward(team, X, count, activations, work);
      loss = loss_and_gradient(team, loss, count, index, activations, row_losses);
      backward(team, X, count, row == begin, activations, work, args.target.slabs + chunk * args.target.slab_stride);
    }
    if (team.team_rank() == 0) args.chunk_loss[chunk] = loss;

    const int chunks = args.target.chunks;
    const int first = static_cast<int>(chunk * args.block_count / chunks);
    for (int i = 0; i < args.block_count; ++i) {
      const int b = first + i < args.block_count ? first + i : first + i - args.block_count;
      if (arrive_last(team, args.counters + b, chunks)) {
        update_range<S>(team, Product::team_size, args.target, b, args.blocks[b].begin, args.blocks[b].count,
                        args.blocks[b].decay);
      }
    }
    if (arrive_last(team, args.counters + args.block_count, chunks) && team.team_rank() == 0) {
      close_record(*args.record, tile::tree_sum(chunks, args.chunk_loss, 1), args.order.step == 0, args.step);
    }
  }

 private:
  /// The tile's inputs in batch order, and the data rows' numbers: the data set itself where nothing is to gather.
  KOKKOS_INLINE_FUNCTION const Real* gather(const Member& team, std::int64_t row, std::int64_t count,
                                            std::int64_t* index, Real* activations) const {
    const std::int64_t inputs = args.shape.layers[0].fan_in;
    for (std::int64_t m = team.team_rank(); m < count; m += Product::team_size) index[m] = args.order.row(row + m);
    barrier(team);  // the numbers are read by threads that did not write them
    if (args.order.identity()) return args.X + row * inputs;
    Real* const X = activations + args.shape.gathered;
    for (std::int64_t e = team.team_rank(); e < count * inputs; e += Product::team_size)
      X[e] = args.X[index[e / inputs] * inputs + e % inputs];
    barrier(team);  // the rows are read by threads that did not write them
    return X;
  }

  KOKKOS_INLINE_FUNCTION void forward(const Member& team, const Real* X, std::int64_t count, Real* activations,
                                      void* work) const {
    for (int l = 0; l < args.shape.count; ++l) {
      const StepLayer& layer = args.shape.layers[l];
      const bool last = l + 1 == args.shape.count;
      const Real* const W = args.target.parameters + layer.offset;
      Real* const A = activations + layer.output;
      Real* const Z = layer.input_of_activation < 0 ? nullptr : activations + layer.input_of_activation;
      const auto store = [&](std::int64_t m, std::int64_t n, Real(&value)[lanes], int filled) {
        const std::int64_t at = m * layer.fan_out + n;
        if (Z != nullptr) {
          for (int i = 0; i < filled; ++i) Z[at + i] = value[i];
        }
        if (!last) activate_lanes(layer.activation, static_cast<Real>(layer.alpha), value);
        for (int i = 0; i < filled; ++i) A[at + i] = value[i];
      };
      Product::run(team, work, count, layer.fan_out, layer.fan_in,
                   tile::Rows<Real>{l == 0 ? X : activations + args.shape.layers[l - 1].output, layer.fan_in},
                   tile::Plain<Real>{W, layer.fan_out},
                   tile::Bias<Real>{layer.bias ? W + layer.fan_in * layer.fan_out : nullptr}, store);
      barrier(team);  // the next layer reads what other threads wrote
    }
  }

  /// Row losses in row order, added to `sum`; dZ of the last layer.
  KOKKOS_INLINE_FUNCTION double loss_and_gradient(const Member& team, double sum, std::int64_t count,
                                                  const std::int64_t* index, Real* activations,
                                                  double* row_losses) const {
    const StepLayer& last = args.shape.layers[args.shape.count - 1];
    const auto loss = make_loss_args<Real>(args.loss, args.order.rows(), last.fan_out);
    for (std::int64_t m = team.team_rank(); m < count; m += Product::team_size) {
      row_losses[m] = row_loss(loss, last.activation, static_cast<Real>(last.alpha),
                               activations + last.output + m * last.fan_out, args.T + index[m] * last.fan_out,
                               static_cast<int>(last.fan_out), activations + args.shape.gradient[0] + m * last.fan_out);
    }
    barrier(team);  // one thread sums the rows of all, and all read dZ
    if (team.team_rank() == 0) {
      for (std::int64_t m = 0; m < count; ++m) sum += row_losses[m];
    }
    return sum;
  }

  KOKKOS_INLINE_FUNCTION void backward(const Member& team, const Real* X, std::int64_t count, bool first,
                                       Real* activations, void* work, Real* slab) const {
    for (int l = args.shape.count - 1, from = 0; l >= 0; --l, from = 1 - from) {
      const StepLayer& layer = args.shape.layers[l];
      const Real* const dZ = activations + args.shape.gradient[from];
      const Real* const input = l == 0 ? X : activations + args.shape.layers[l - 1].output;
      Real* const dW = slab + layer.offset;
      const auto accumulate = [&](std::int64_t m, std::int64_t n, Real(&value)[lanes], int filled) {
        for (int i = 0; i < filled; ++i) dW[m * layer.fan_out + n + i] = value[i];
      };
      const tile::Columns<Real> inputs{input, layer.fan_in};
      const tile::Plain<Real> gradients{dZ, layer.fan_out};
      if (first) {
        Product::run(team, work, layer.fan_in, layer.fan_out, count, inputs, gradients, tile::Zero{}, accumulate);
      } else {
        Product::run(team, work, layer.fan_in, layer.fan_out, count, inputs, gradients,
                     tile::Continue<Real>{dW, layer.fan_out}, accumulate);
      }
      if (layer.bias)
        sum_rows<S>(team, Product::team_size, dZ, count, layer.fan_out, first, dW + layer.fan_in * layer.fan_out);
      if (l == 0) break;
      const StepLayer& previous = args.shape.layers[l - 1];
      const Real* const before = activations +
                                 (previous.input_of_activation < 0 ? previous.output : previous.input_of_activation);
      Real* const dX = activations + args.shape.gradient[1 - from];
      const auto store = [&](std::int64_t m, std::int64_t n, Real(&value)[lanes], int filled) {
        const std::int64_t at = m * layer.fan_in + n;
        Real with[lanes] = {};
        for (int i = 0; i < filled; ++i) with[i] = before[at + i];
        multiply_by_derivative_lanes(previous.activation, static_cast<Real>(previous.alpha), with, value);
        for (int i = 0; i < filled; ++i) dX[at + i] = value[i];
      };
      Product::run(team, work, count, layer.fan_in, layer.fan_out, tile::Rows<Real>{dZ, layer.fan_out},
                   tile::Transposed<Real>{args.target.parameters + layer.offset, layer.fan_out}, tile::Zero{}, store);
      barrier(team);  // the next layer reads what other threads wrote
    }
    barrier(team);  // the next tile overwrites what slower threads still read
  }
};

/// Rows of a tile: all of a chunk where its activations take at most this much scratch, else fewer. On a host the
/// second-level cache holds it, on a device the scratch of a team does. It changes no bit.
template <Space S, class Real>
std::int64_t step_row_tile(const NetworkLayout& layout, std::int64_t chunk_rows) {
  constexpr std::size_t limit = S::kernels_on_host ? std::size_t{512} << 10 : std::size_t{96} << 10;
  std::int64_t rows = chunk_rows < 8 ? 8 : (chunk_rows + 7) / 8 * 8;
  while (rows > 8 && NetworkStep<S, Real>::scratch_bytes(step_shape(layout, rows)) > limit)
    rows = (rows / 2 + 7) / 8 * 8;
  return rows;
}

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations (Kokkos may grow its team scratch at a first
/// launch).
template <Space S, class Real>
void network_step(const typename S::Execution& exec, const NetworkStepArgs<Real>& args) {
  using Kernel = NetworkStep<S, Real>;
  static LaunchLabel label("sinter::step");
  const std::size_t bytes = Kernel::scratch_bytes(args.shape);
  // Level 0 is small on a host, and on a device it is the fast memory that the tile was sized for.
  const bool fits = bytes <= static_cast<std::size_t>(Kernel::Policy::scratch_size_max(0));
  const int level = S::kernels_on_host || !fits ? 1 : 0;
  launch(label, team_policy<S>(exec, args.target.chunks, Kernel::Product::team_size, level, bytes),
         Kernel{args, level});
}

}  // namespace sinter::fused
