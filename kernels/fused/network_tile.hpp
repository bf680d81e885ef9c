// The passes of a whole network over one tile of rows, by one team, with the activations of all layers in its scratch:
// gather, forward, loss and gradient, backward. What the kernels that take a network in one launch are made of. Weight
// gradients of successive tiles continue one chain of FMAs an element, so that a sum runs over a chunk's rows in order.
#pragma once

#include <algorithm>
#include <cstdint>

#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/fused/tile_shape.hpp>
#include <sinter/kernels/layout.hpp>
#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/ops/host_lanes.hpp>
#include <sinter/kernels/ops/loss.hpp>
#include <sinter/kernels/ops/loss_rows.hpp>
#include <sinter/kernels/tile/gather.hpp>
#include <sinter/kernels/tile/product.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::fused {

/// One team's tile. All its functions are called by all threads of the team.
template <Space S, class Real>
class NetworkTile {
 public:
  using Product = tile::Product<S, Real>;
  static constexpr int team_size = Product::team_size;

  /// Of the products.
  KOKKOS_INLINE_FUNCTION static std::size_t product_bytes(const TileShape& shape) {
    return Product::scratch_bytes(shape.over_rows ? shape.widest : 0, shape.widest, shape.longest);
  }
  static std::size_t scratch_bytes(const TileShape& shape) {
    return static_cast<std::size_t>(tiling::tile_bytes(sizeof(Real), shape.row_tile, shape.columns,
                                                       static_cast<std::int64_t>(product_bytes(shape))));
  }

  /// Claims its pieces of the team's scratch at `level`; a device's product works at level 0 in any case. `parameters`:
  /// the network's vector on the device.
  template <class Team>
  KOKKOS_INLINE_FUNCTION NetworkTile(const TileShape& shape, const Team& team, int level, const Real* parameters)
      : shape_(shape),
        parameters_(parameters) {
    const auto rows = static_cast<std::size_t>(shape.row_tile);
    const auto& scratch = team.team_scratch(level);
    activations_ = static_cast<Real*>(
        scratch.get_shmem_aligned(rows * static_cast<std::size_t>(shape.columns) * sizeof(Real), 64));
    row_losses_ = static_cast<double*>(scratch.get_shmem_aligned(rows * sizeof(double), 64));
    index_ = static_cast<std::int64_t*>(scratch.get_shmem_aligned(rows * sizeof(std::int64_t), 64));
    work_ = team.team_scratch(S::kernels_on_host ? level : 0).get_shmem_aligned(product_bytes(shape), 64);
  }

  /// The tile begins at place `row` of the batch and has `count` rows: their numbers in the data set, and their inputs
  /// [data rows, inputs] in batch order, copied where they do not lie so already.
  template <class Team>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void gather(const Team& team, const BatchOrder& order, const Real* data,
                                                        std::int64_t row, std::int64_t count) {
    count_ = count;
    const std::int64_t inputs = shape_.layers[0].fan_in;
    if constexpr (S::kernels_on_host) {
      in_place_ = order.identity() ? row : -1;
      if (in_place_ >= 0) {  // nobody asks for the numbers then
        X_ = data + row * inputs;
        return;
      }
    }
    tile::row_numbers(team, threads_of<S>(team), order, row, count, index_);
    barrier(team);  // the numbers are read by threads that did not write them
    if (order.identity()) {
      X_ = data + row * inputs;
      return;
    }
    Real* const to = input_place();
    tile::copy_rows<S>(team, threads_of<S>(team), data, index_, count, inputs, to);
    X_ = to;
    barrier(team);  // the rows are read by threads that did not write them
  }

  /// Instead of gather(): `count` rows of inputs that lie at X [count, inputs], for all threads of the team to see.
  KOKKOS_INLINE_FUNCTION void take(const Real* X, std::int64_t count) {
    X_ = X;
    count_ = count;
  }
  /// [row_tile, inputs], for inputs that lie nowhere else.
  KOKKOS_INLINE_FUNCTION Real* input_place() const { return activations_; }
  /// [row_tile, outputs]: Z of the last layer after forward().
  KOKKOS_INLINE_FUNCTION Real* output_place() const { return place(shape_.layers[shape_.count - 1].output); }

  /// Activations of all layers from `first` on; Z of the last one.
  template <class Team>
  KOKKOS_INLINE_FUNCTION void forward_from(const Team& team, int first) const {
    for (int l = first; l < shape_.count; ++l) {
      forward(team, l);
      barrier(team);  // the next layer reads what other threads wrote
    }
  }
  template <class Team>
  KOKKOS_INLINE_FUNCTION void forward(const Team& team) const {
    forward_from(team, 0);
  }

  /// On a host, instead of take() and the first layer of `count` rows: bring(k, n) puts columns [k, k + n) of their inputs at
  /// input_place() [count, n], `columns` of them at a time. The chains go on from piece to piece: the same bits.
  template <class Team, class Bring>
  void first_layer_in_pieces(const Team& team, std::int64_t count, std::int64_t columns, const Bring& bring) {
    count_ = count;
    const TileLayer& layer = shape_.layers[0];
    const std::int64_t fan_in = layer.fan_in, fan_out = layer.fan_out;
    const Real* const W = parameters_ + layer.offset;
    Real* const A = place(layer.output);
    for (std::int64_t e = 0; e < count * fan_out; ++e) A[e] = layer.bias ? W[fan_in * fan_out + e % fan_out] : Real(0);
    for (std::int64_t k = 0; k < fan_in; k += columns) {
      const std::int64_t n = std::min(columns, fan_in - k);
      bring(k, n);
      Product::run(team, work_, count, fan_out, n, tile::Rows<Real>{input_place(), n},
                   tile::Plain<Real>{W + k * fan_out, fan_out}, tile::Continue<Real>{A, fan_out},
                   tile::Store<Real>{A, fan_out});
    }
    if (shape_.count > 1) host::activate(layer.activation, static_cast<Real>(layer.alpha), A, A, count * fan_out);
  }

  /// Row losses, added to `sum` in row order by thread 0; dZ of the last layer. `targets`: [data rows, outputs];
  /// `batch_rows`: of the whole batch, which the mean is over.
  template <class Team>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION double loss_and_gradient(const Team& team, const LossSettings& settings,
                                                                     std::int64_t batch_rows, const Real* targets,
                                                                     double sum) const {
    const TileLayer& last = shape_.layers[shape_.count - 1];
    const auto loss = make_loss_args<Real>(settings, batch_rows, last.fan_out);
    if constexpr (S::kernels_on_host) {
      const auto alpha = static_cast<Real>(last.alpha);
      const auto outputs = static_cast<int>(last.fan_out);
      const Real* const Z = place(last.output);
      Real* const dZ = place(shape_.gradient[0]);
      if (in_place_ >= 0 && last.activation != Activation::softmax) {
        row_losses(loss, last.activation, alpha, Z, targets + in_place_ * outputs, count_, outputs, dZ, row_losses_);
      } else {
        const auto target = [&](std::int64_t m) {
          return targets + (in_place_ >= 0 ? in_place_ + m : index_[m]) * outputs;
        };
        row_losses_of(loss, last.activation, alpha, Z, target, count_, outputs, dZ, row_losses_);
      }
    } else {
      for (std::int64_t m = team.team_rank(); m < count_; m += threads_of<S>(team)) {
        row_losses_[m] = row_loss(loss, last.activation, static_cast<Real>(last.alpha),
                                  place(last.output) + m * last.fan_out, targets + index_[m] * last.fan_out,
                                  static_cast<int>(last.fan_out), place(shape_.gradient[0]) + m * last.fan_out);
      }
    }
    barrier(team);  // one thread sums the rows of all, and all read dZ
    if (team.team_rank() == 0) {
      for (std::int64_t m = 0; m < count_; ++m) sum += row_losses_[m];
    }
    return sum;
  }

  /// Gradients of all parameters into `slab`, in the layout of the parameter vector: begun where `first`, else
  /// continued.
  template <class Team>
  KOKKOS_INLINE_FUNCTION void backward(const Team& team, bool first, Real* slab) const {
    for (int l = shape_.count - 1, from = 0; l >= 0; --l, from = 1 - from) {
      parameter_gradient(team, l, from, first, slab);
      if (l > 0) {
        input_gradient(team, l, from);
        barrier(team);  // the next layer reads what other threads wrote
      }
    }
    barrier(team);  // the next tile overwrites what slower threads still read
  }

 private:
  // On a host the results of a layer that does not fill a vector are stored as they are, and its activation is applied
  // across the ends of rows.
  static constexpr bool narrow(std::int64_t columns) { return columns < row_lanes<Real>; }

  // Layer by layer and out of line on a device: a product needs most registers, and what its callers keep is added.
  template <class Team>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void forward(const Team& team, int l) const {
    const TileLayer& layer = shape_.layers[l];
    const Real* const W = parameters_ + layer.offset;
    Real* const A = place(layer.output);
    Real* const Z = layer.input_of_activation < 0 ? nullptr : place(layer.input_of_activation);
    const Activation activation = l + 1 == shape_.count ? Activation::identity : layer.activation;
    const auto alpha = static_cast<Real>(layer.alpha);
    const auto run = [&](const auto& store) {
      Product::run(team, work_, count_, layer.fan_out, layer.fan_in, tile::Rows<Real>{input_of(l), layer.fan_in},
                   tile::Plain<Real>{W, layer.fan_out},
                   tile::Bias<Real>{layer.bias ? W + layer.fan_in * layer.fan_out : nullptr}, store);
    };
    if constexpr (S::kernels_on_host) {
      if (narrow(layer.fan_out)) {
        run(tile::Store<Real>{Z == nullptr ? A : Z, layer.fan_out});
        if (Z != nullptr || activation != Activation::identity)
          host::activate(activation, alpha, Z == nullptr ? A : Z, A, count_ * layer.fan_out);
        return;
      }
    }
    run(tile::Activate<Real>{A, Z, layer.fan_out, activation, alpha});
  }

  /// dW and db of a layer, from dZ in gradient `from`. dW of a single output is a row on a host, where the chains of its
  /// elements fill a vector.
  template <class Team>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void parameter_gradient(const Team& team, int l, int from, bool first,
                                                                    Real* slab) const {
    const TileLayer& layer = shape_.layers[l];
    const std::int64_t fan_in = layer.fan_in, fan_out = layer.fan_out;
    const Real* const dZ = place(shape_.gradient[from]);
    Real* const dW = slab + layer.offset;
    if (layer.bias) sum_rows<S>(team, threads_of<S>(team), dZ, count_, fan_out, first, dW + fan_in * fan_out);
    if constexpr (S::kernels_on_host) {
      if (fan_out == 1) {
        over_rows(team, 1, fan_in, tile::Columns<Real>{dZ, 1}, tile::Plain<Real>{input_of(l), fan_in}, first, dW);
        return;
      }
    }
    over_rows(team, fan_in, fan_out, tile::Columns<Real>{input_of(l), fan_in}, tile::Plain<Real>{dZ, fan_out}, first,
              dW);
  }
  /// C [m, n] = sum over the tile's rows r of a(m, r) b(r, n): begun where `first`, else continued.
  template <class Team>
  KOKKOS_INLINE_FUNCTION void over_rows(const Team& team, std::int64_t m, std::int64_t n, const tile::Columns<Real>& a,
                                        const tile::Plain<Real>& b, bool first, Real* C) const {
    const tile::Store<Real> accumulate{C, n};
    if (first) {
      Product::run(team, work_, m, n, count_, a, b, tile::Zero{}, accumulate);
    } else {
      Product::run(team, work_, m, n, count_, a, b, tile::Continue<Real>{C, n}, accumulate);
    }
  }

  /// dZ of the layer before into the other gradient.
  template <class Team>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION void input_gradient(const Team& team, int l, int from) const {
    const TileLayer &layer = shape_.layers[l], &previous = shape_.layers[l - 1];
    const Real* const before = place(previous.input_of_activation < 0 ? previous.output : previous.input_of_activation);
    Real* const dX = place(shape_.gradient[1 - from]);
    const auto alpha = static_cast<Real>(previous.alpha);
    const auto run = [&](const auto& store) {
      Product::run(team, work_, count_, layer.fan_in, layer.fan_out,
                   tile::Rows<Real>{place(shape_.gradient[from]), layer.fan_out},
                   tile::Transposed<Real>{parameters_ + layer.offset, layer.fan_out}, tile::Zero{}, store);
    };
    if constexpr (S::kernels_on_host) {
      if (narrow(layer.fan_in)) {
        run(tile::Store<Real>{dX, layer.fan_in});
        host::multiply_by_derivative(previous.activation, alpha, before, dX, count_ * layer.fan_in);
        return;
      }
    }
    run(tile::TimesDerivative<Real>{dX, before, layer.fan_in, previous.activation, alpha});
  }

  KOKKOS_INLINE_FUNCTION const Real* input_of(int layer) const {
    return layer == 0 ? X_ : place(shape_.layers[layer - 1].output);
  }
  KOKKOS_INLINE_FUNCTION Real* place(std::int64_t column) const { return activations_ + column * shape_.row_tile; }

  const TileShape& shape_;
  const Real* parameters_;
  const Real* X_ = nullptr;
  std::int64_t count_ = 0;
  std::int64_t in_place_ = -1;  ///< the first row, where the tile's rows lie one after the other in the data set
  Real* activations_;
  double* row_losses_;
  std::int64_t* index_;
  void* work_;
};

/// Rows of a tile in training.
template <Space S, class Real>
std::int64_t tile_rows(const NetworkLayout& layout, std::int64_t chunk_rows) {
  return tiling::tile_rows(S::kernels_on_host, chunk_rows, [&](std::int64_t rows) {
    return static_cast<std::int64_t>(NetworkTile<S, Real>::scratch_bytes(training_shape(layout, rows)));
  });
}

/// The policy of a kernel whose teams hold a tile and `more` bytes of scratch beside it, and the level at which they lie:
/// on a device at level 0 where that is enough, and the product's blocks there in any case. On a host level 0 is small.
template <class Policy, Space S, class Real>
Policy tile_policy(const typename S::Execution& exec, std::int64_t league, const TileShape& shape, std::size_t more,
                   int& level, int team_size = NetworkTile<S, Real>::team_size) {
  using Tile = NetworkTile<S, Real>;
  const std::size_t bytes = Tile::scratch_bytes(shape) + more;
  level = S::kernels_on_host || bytes > static_cast<std::size_t>(Policy::scratch_size_max(0)) ? 1 : 0;
  if (S::kernels_on_host || level == 0) return team_policy<S, Policy>(exec, league, team_size, level, bytes);
  const std::size_t product = Tile::product_bytes(shape) + 64;
  auto policy = team_policy<S, Policy>(exec, league, team_size, level, bytes - product);
  policy.set_scratch_size(0, Kokkos::PerTeam(static_cast<int>(product)));
  return policy;
}

}  // namespace sinter::fused
