// The element-wise operations of the classic way, one launch each: what level `none` is made of beside its products.
// All matrices row-major; asynchronous on `exec`, 1 launch, 0 fences, 0 copies, 0 allocations each.
#pragma once

#include <cstdint>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/ops/optimizer.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::classic {

namespace detail {
template <Space S>
using Elements = Kokkos::RangePolicy<typename S::Execution, Kokkos::IndexType<std::int64_t>>;
}

template <class Real>
struct Gather {
  const Real* data;
  Real* out;
  std::int64_t columns;
  BatchOrder order;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t r) const {
    const std::int64_t from = order.row(r);
    for (std::int64_t j = 0; j < columns; ++j) out[r * columns + j] = data[from * columns + j];
  }
};

/// out(r, :) = data(order.row(r), :).
template <Space S, class Real>
void gather(const typename S::Execution& exec, const Real* data, Real* out, std::int64_t columns,
            const BatchOrder& order) {
  static LaunchLabel label("sinter::classic::gather");
  launch(label, detail::Elements<S>(exec, 0, order.rows()), Gather<Real>{data, out, columns, order});
}

template <class Real>
struct AddBias {
  Real* Z;
  const Real* b;
  std::int64_t columns;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t i) const { Z[i] += b[i % columns]; }
};

/// Z(r, j) += b(j).
template <Space S, class Real>
void add_bias(const typename S::Execution& exec, Real* Z, const Real* b, std::int64_t rows, std::int64_t columns) {
  static LaunchLabel label("sinter::classic::add_bias");
  launch(label, detail::Elements<S>(exec, 0, rows * columns), AddBias<Real>{Z, b, columns});
}

template <class Real>
struct Activate {
  const Real* Z;
  Real* A;
  Activation activation;
  Real alpha;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t i) const { A[i] = activate(activation, alpha, Z[i]); }
};

/// A = f(Z).
template <Space S, class Real>
void apply_activation(const typename S::Execution& exec, const Real* Z, Real* A, std::int64_t count,
                      Activation activation, Real alpha) {
  static LaunchLabel label("sinter::classic::activate");
  launch(label, detail::Elements<S>(exec, 0, count), Activate<Real>{Z, A, activation, alpha});
}

template <class Real>
struct MultiplyByDerivative {
  const Real* previous;
  Real* dZ;
  Activation activation;
  Real alpha;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t i) const {
    dZ[i] *= activation_derivative(activation, alpha, previous[i]);
  }
};

/// dZ *= f'(previous), where `previous` is what the derivative of f is computed from.
template <Space S, class Real>
void multiply_by_derivative(const typename S::Execution& exec, const Real* previous, Real* dZ, std::int64_t count,
                            Activation activation, Real alpha) {
  static LaunchLabel label("sinter::classic::derivative");
  launch(label, detail::Elements<S>(exec, 0, count), MultiplyByDerivative<Real>{previous, dZ, activation, alpha});
}

template <class Real>
struct SumRows {
  const Real* dZ;
  Real* out;
  std::int64_t rows, columns;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t j) const {
    Real sum = 0;
    for (std::int64_t r = 0; r < rows; ++r) sum += dZ[r * columns + j];
    out[j] = sum;
  }
};

/// out(j) = sum over r of dZ(r, j).
template <Space S, class Real>
void sum_rows(const typename S::Execution& exec, const Real* dZ, Real* out, std::int64_t rows, std::int64_t columns) {
  static LaunchLabel label("sinter::classic::sum_rows");
  launch(label, detail::Elements<S>(exec, 0, columns), SumRows<Real>{dZ, out, rows, columns});
}

template <class Real>
struct Update {
  OptimizerStep<Real> step;
  bool decay;
  Real* w;
  const Real* g;
  Real* s0;
  Real* s1;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t i) const {
    apply_optimizer_span(step, decay, w + i, g + i, s0 == nullptr ? nullptr : s0 + i, s1 == nullptr ? nullptr : s1 + i,
                         1);
  }
};

/// The optimizer on `count` parameters; states may be null where the optimizer keeps none.
template <Space S, class Real>
void update(const typename S::Execution& exec, const OptimizerStep<Real>& step, bool decay, Real* w, const Real* g,
            Real* s0, Real* s1, std::int64_t count) {
  static LaunchLabel label("sinter::classic::update");
  launch(label, detail::Elements<S>(exec, 0, count), Update<Real>{step, decay, w, g, s0, s1});
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
  launch(label, detail::Elements<S>(exec, 0, (count + 4095) / 4096), SquareNorms<Real>{g, count, out});
}

}  // namespace sinter::classic
