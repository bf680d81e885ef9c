// The element-wise operations of the classic way, one launch each: what level `none` is made of beside its products. So
// that the baseline is a fair one, an index of a launch is a span of several vectors on a host, and one element on a
// device, where neighbours take neighbours. All matrices row-major; asynchronous on `exec`, 1 launch, 0 fences, 0
// copies, 0 allocations each.
#pragma once

#include <cstdint>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/ops/optimizer.hpp>
#include <sinter/kernels/tile/gather.hpp>
#include <sinter/runtime/arrival.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>
#include <sinter/runtime/team_policy.hpp>

namespace sinter::classic {
namespace detail {

template <Space S>
using Indices =
    Kokkos::RangePolicy<typename S::Execution, Kokkos::Schedule<Kokkos::Static>, Kokkos::IndexType<std::int64_t>>;

template <Space S>
inline constexpr std::int64_t span_length = S::kernels_on_host ? 2048 : 1;

/// Elements [begin, begin + length) of `count`.
struct Span {
  std::int64_t begin, length;
};

template <Space S>
KOKKOS_FORCEINLINE_FUNCTION Span span_of(std::int64_t index, std::int64_t count) {
  const std::int64_t begin = index * span_length<S>, left = count - begin;
  return {begin, left < span_length<S> ? left : span_length<S>};
}

/// One index a span of `count` elements.
template <Space S>
Indices<S> spans(const typename S::Execution& exec, std::int64_t count) {
  return Indices<S>(exec, 0, (count + span_length<S> - 1) / span_length<S>);
}

}  // namespace detail

/// An index is some rows on a host, whose numbers are worked out in vectors as in the fused kernels; one row on a device.
template <Space S, class Real>
struct Gather {
  static constexpr std::int64_t rows_at_once = S::kernels_on_host ? 64 : 1;
  const Real* data;
  Real* out;
  std::int64_t columns;
  BatchOrder order;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const std::int64_t begin = index * rows_at_once, left = order.own_rows() - begin;
    const std::int64_t count = left < rows_at_once ? left : rows_at_once;
    std::int64_t row[rows_at_once];
    tile::row_numbers(order, begin, count, row);
    for (std::int64_t m = 0; m < count; ++m) {
      const Real* const from = data + row[m] * columns;
      Real* const to = out + (begin + m) * columns;
      SINTER_SIMD
      for (std::int64_t j = 0; j < columns; ++j) to[j] = from[j];
    }
  }
};

/// out(r, :) = data(order.row(r), :).
template <Space S, class Real>
void gather(const typename S::Execution& exec, const Real* data, Real* out, std::int64_t columns,
            const BatchOrder& order) {
  static LaunchLabel label("sinter::classic::gather");
  using Kernel = Gather<S, Real>;
  launch(label, detail::Indices<S>(exec, 0, (order.own_rows() + Kernel::rows_at_once - 1) / Kernel::rows_at_once),
         Kernel{data, out, columns, order});
}

template <Space S, class Real>
struct AddBias {
  Real* Z;
  const Real* b;
  std::int64_t count, columns;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const detail::Span span = detail::span_of<S>(index, count);
    std::int64_t column = span.begin % columns;
    for (std::int64_t done = 0; done < span.length; column = 0) {  // what it has of one row at a time
      const std::int64_t left = span.length - done, of_row = columns - column, n = left < of_row ? left : of_row;
      Real* const row = Z + span.begin + done;
      const Real* const bias = b + column;
      SINTER_SIMD
      for (std::int64_t j = 0; j < n; ++j) row[j] += bias[j];
      done += n;
    }
  }
};

/// Z(r, j) += b(j).
template <Space S, class Real>
void add_bias(const typename S::Execution& exec, Real* Z, const Real* b, std::int64_t rows, std::int64_t columns) {
  static LaunchLabel label("sinter::classic::add_bias");
  launch(label, detail::spans<S>(exec, rows * columns), AddBias<S, Real>{Z, b, rows * columns, columns});
}

template <Space S, class Real>
struct Activate {
  const Real* Z;
  Real* A;
  std::int64_t count;
  Activation activation;
  Real alpha;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const detail::Span span = detail::span_of<S>(index, count);
    activate_span(activation, alpha, Z + span.begin, A + span.begin, span.length);
  }
};

/// A = f(Z); A may be Z.
template <Space S, class Real>
void apply_activation(const typename S::Execution& exec, const Real* Z, Real* A, std::int64_t count,
                      Activation activation, Real alpha) {
  static LaunchLabel label("sinter::classic::activate");
  launch(label, detail::spans<S>(exec, count), Activate<S, Real>{Z, A, count, activation, alpha});
}

template <Space S, class Real>
struct MultiplyByDerivative {
  const Real* previous;
  Real* dZ;
  std::int64_t count;
  Activation activation;
  Real alpha;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const detail::Span span = detail::span_of<S>(index, count);
    multiply_by_derivative_span(activation, alpha, previous + span.begin, dZ + span.begin, span.length);
  }
};

/// dZ *= f'(previous), where `previous` is what the derivative of f is computed from.
template <Space S, class Real>
void multiply_by_derivative(const typename S::Execution& exec, const Real* previous, Real* dZ, std::int64_t count,
                            Activation activation, Real alpha) {
  static LaunchLabel label("sinter::classic::derivative");
  launch(label, detail::spans<S>(exec, count), MultiplyByDerivative<S, Real>{previous, dZ, count, activation, alpha});
}

/// A team a chunk of the batch; the last to arrive combines the chunks.
template <Space S, class Real>
struct SumRows {
  using Member = typename Kokkos::TeamPolicy<typename S::Execution>::member_type;
  static constexpr int team_size = S::kernels_on_host ? 1 : 128;

  const Real* dZ;
  Real* out;
  Real* partial;
  int* counter;
  std::int64_t columns;
  BatchOrder order;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    const std::int64_t chunk = league_rank(team), begin = order.chunk_begin(chunk), end = order.chunk_begin(chunk + 1);
    fused::sum_rows<S>(team, team_size, dZ + begin * columns, end - begin, columns, true, partial + chunk * columns);
    if (!arrive_last(team, counter, static_cast<int>(order.chunks))) return;
    for (std::int64_t j = team.team_rank(); j < columns; j += team_size)
      out[j] = tile::tree_sum(static_cast<int>(order.chunks), partial + j, columns);
  }
};

/// out(j) = sum over r of dZ(r, j), in the chunks of the numerical contract. dZ [order.rows(), columns]; work: partial
/// [order.chunks, columns], and a counter that is zero before and after.
template <Space S, class Real>
void sum_rows(const typename S::Execution& exec, const Real* dZ, Real* out, Real* partial, int* counter,
              std::int64_t columns, const BatchOrder& order) {
  using Kernel = SumRows<S, Real>;
  static LaunchLabel label("sinter::classic::sum_rows");
  launch(label, team_policy<S>(exec, order.chunks, Kernel::team_size),
         Kernel{dZ, out, partial, counter, columns, order});
}

template <Space S, class Real>
struct Update {
  OptimizerStep<Real> step;
  bool decay;
  Real* w;
  const Real* g;
  Real* s0;
  Real* s1;
  std::int64_t count;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const detail::Span span = detail::span_of<S>(index, count);
    apply_optimizer_span(step, decay, w + span.begin, g + span.begin, s0 == nullptr ? nullptr : s0 + span.begin,
                         s1 == nullptr ? nullptr : s1 + span.begin, span.length);
  }
};

/// The optimizer on `count` parameters; states may be null where the optimizer keeps none.
template <Space S, class Real>
void update(const typename S::Execution& exec, const OptimizerStep<Real>& step, bool decay, Real* w, const Real* g,
            Real* s0, Real* s1, std::int64_t count) {
  static LaunchLabel label("sinter::classic::update");
  launch(label, detail::spans<S>(exec, count), Update<S, Real>{step, decay, w, g, s0, s1, count});
}

template <class Real>
struct SquareNorms {
  const Real* g;
  std::int64_t count;
  double* out;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t block) const {
    constexpr std::int64_t length = 4096;
    double sum = 0;
    for (std::int64_t i = block * length; i < (block + 1) * length && i < count; ++i)
      sum += static_cast<double>(g[i]) * static_cast<double>(g[i]);
    out[block] = sum;
  }
};

/// out(b) = sum of squares of the b-th 4096 elements of g.
template <Space S, class Real>
void square_norms(const typename S::Execution& exec, const Real* g, std::int64_t count, double* out) {
  static LaunchLabel label("sinter::classic::square_norms");
  launch(label, detail::Indices<S>(exec, 0, (count + 4095) / 4096), SquareNorms<Real>{g, count, out});
}

}  // namespace sinter::classic
