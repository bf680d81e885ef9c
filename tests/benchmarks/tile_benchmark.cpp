// Tiles of one team, all threads at work: the products of forward, input gradient and weight gradient, gathering, and
// the tree over chunk sums.
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/tile/gather.hpp>
#include <sinter/kernels/tile/product.hpp>
#include <sinter/kernels/tile/tree.hpp>

#include "benchmarks/support.hpp"

namespace sinter::bench {
namespace {

constexpr std::int64_t rows = 128;  // of a tile
constexpr std::int64_t widths[] = {16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 128, 192, 255, 256};

/// Operands of all teams, one team's after the other's.
template <Space S, class Real>
struct Operands {
  Vector<S, Real> X, W, C;
  std::int64_t width;

  Operands(const typename S::Execution& exec, std::int64_t width_)
      : X(filled<S, Real>(exec, team_count<S>(exec) * rows * width_)),
        W(filled<S, Real>(exec, team_count<S>(exec) * width_ * width_)),
        C(filled<S, Real>(exec, team_count<S>(exec) * (rows + width_) * width_)),
        width(width_) {}

  template <class Team>
  KOKKOS_INLINE_FUNCTION Real* x(const Team& team) const {
    return X.data() + team.league_rank() * rows * width;
  }
  template <class Team>
  KOKKOS_INLINE_FUNCTION Real* w(const Team& team) const {
    return W.data() + team.league_rank() * width * width;
  }
  template <class Team>
  KOKKOS_INLINE_FUNCTION Real* c(const Team& team) const {
    return C.data() + team.league_rank() * (rows + width) * width;
  }
};

/// C = X W + b.
template <Space S, class Real>
struct Forward {
  Operands<S, Real> of;
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void* scratch) const {
    tile::Product<S, Real>::run(team, scratch, rows, of.width, of.width, tile::Rows<Real>{of.x(team), of.width},
                                tile::Plain<Real>{of.w(team), of.width}, tile::Bias<Real>{of.w(team)},
                                tile::Store<Real>{of.c(team), of.width});
  }
};

/// C = tanh(X W + b).
template <Space S, class Real>
struct ForwardTanh {
  Operands<S, Real> of;
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void* scratch) const {
    const tile::Activate<Real> store{of.c(team), nullptr, of.width, Activation::tanh, 0};
    tile::Product<S, Real>::run(team, scratch, rows, of.width, of.width, tile::Rows<Real>{of.x(team), of.width},
                                tile::Plain<Real>{of.w(team), of.width}, tile::Bias<Real>{of.w(team)}, store);
  }
};

/// C = X W^T: dX from dZ.
template <Space S, class Real>
struct InputGradient {
  Operands<S, Real> of;
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void* scratch) const {
    tile::Product<S, Real>::run(team, scratch, rows, of.width, of.width, tile::Rows<Real>{of.x(team), of.width},
                                tile::Transposed<Real>{of.w(team), of.width}, tile::Zero{},
                                tile::Store<Real>{of.c(team), of.width});
  }
};

/// C [width, width] = X^T X: dW from X and dZ.
template <Space S, class Real>
struct WeightGradient {
  Operands<S, Real> of;
  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void* scratch) const {
    tile::Product<S, Real>::run(team, scratch, of.width, of.width, rows, tile::Columns<Real>{of.x(team), of.width},
                                tile::Plain<Real>{of.x(team), of.width}, tile::Zero{},
                                tile::Store<Real>{of.c(team), of.width});
  }
};

template <class Pair, template <Space, class> class Piece>
void add_product(const char* what) {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  for (const auto width : widths) {
    add<Pair>(fmt::format("tile/{}", what), fmt::format("width:{}", width), [width](benchmark::State& state) {
      const typename S::Execution exec;
      using Product = tile::Product<S, Real>;
      const double flops = 2.0 * static_cast<double>(rows * width * width);
      time_piece<S, Real>(state, exec, Piece<S, Real>{{exec, width}}, Product::team_size,
                          Product::scratch_bytes(width, width, std::max(width, rows)), {flops});
    });
  }
}

/// A tile of rows out of shuffled data: their numbers, then the rows.
template <Space S, class Real>
struct Gather {
  Vector<S, Real> data, to;
  Vector<S, std::int64_t> index;
  BatchOrder order;
  std::int64_t columns;
  static constexpr int team_size = tile::Product<S, Real>::team_size;

  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void*) const {
    const std::int64_t first = team.league_rank() * rows;
    tile::row_numbers(team, team_size, order, first, rows, index.data() + first);
    barrier(team);  // the numbers are read by threads that did not write them
    tile::copy_rows<S>(team, team_size, data.data(), index.data() + first, rows, columns, to.data() + first * columns);
  }
};

template <class Pair>
void add_gather() {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  for (const std::int64_t columns : {2, 16, 256, 784}) {
    add<Pair>("tile/gather", fmt::format("columns:{}", columns), [columns](benchmark::State& state) {
      const typename S::Execution exec;
      const std::int64_t batch = team_count<S>(exec) * rows, data_rows = 8 * batch;
      Gather<S, Real> piece;
      piece.data = filled<S, Real>(exec, data_rows * columns);
      piece.to = filled<S, Real>(exec, batch * columns);
      piece.index = make_vector<S, std::int64_t>(exec, "bench::index", batch);
      piece.order.data_rows = data_rows;
      piece.order.full_batch = batch;
      piece.order.shuffle = true;
      piece.columns = columns;
      time_piece<S, Real>(
          state, exec, piece, Gather<S, Real>::team_size, 0,
          {0, 2.0 * static_cast<double>(rows * columns) * sizeof(Real), static_cast<double>(rows * columns)});
    });
  }
}

/// Sums of 4096 parameters over the chunks.
template <Space S, class Real>
struct Tree {
  Vector<S, Real> slabs, out;
  int chunks;
  static constexpr std::int64_t parameters = 4096;
  static constexpr int lanes = fused::update_lanes<S>, team_size = S::kernels_on_host ? 1 : 256;

  template <class Team>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, void*) const {
    const Real* const from = slabs.data() + team.league_rank() * parameters * chunks;
    Real* const to = out.data() + team.league_rank() * parameters;
    for (std::int64_t e = static_cast<std::int64_t>(team.team_rank()) * lanes; e < parameters; e += team_size * lanes)
      tile::tree_sum_span(chunks, from + e, parameters, to + e, lanes);
  }
};

template <class Pair>
void add_tree() {
  using S = typename Pair::Space;
  using Real = typename Pair::Real;
  for (const int chunks : {1, 4, 16, 64}) {
    add<Pair>("tile/tree", fmt::format("chunks:{}", chunks), [chunks](benchmark::State& state) {
      const typename S::Execution exec;
      constexpr auto parameters = Tree<S, Real>::parameters;
      const Tree<S, Real> piece{filled<S, Real>(exec, team_count<S>(exec) * parameters * chunks),
                                filled<S, Real>(exec, team_count<S>(exec) * parameters), chunks};
      time_piece<S, Real>(
          state, exec, piece, Tree<S, Real>::team_size, 0,
          {0, static_cast<double>(parameters * (chunks + 1)) * sizeof(Real), static_cast<double>(parameters * chunks)});
    });
  }
}

}  // namespace

void register_benchmarks() {
  each_pair([](auto pair) {
    using Pair = decltype(pair);
    add_product<Pair, Forward>("forward");
    add_product<Pair, ForwardTanh>("forward_tanh");
    add_product<Pair, InputGradient>("input_gradient");
    add_product<Pair, WeightGradient>("weight_gradient");
    add_gather<Pair>();
    add_tree<Pair>();
  });
}

}  // namespace sinter::bench
