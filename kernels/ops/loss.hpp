// Losses of a row, from the last layer's pre-activation z [outputs] and the target t [outputs], and their gradient in
// z. mse, mae, huber and binary_cross_entropy are means over rows and outputs; cross_entropy is the mean over rows of
// -sum_j t_j log p_j. Any loss meets any output activation by the chain rule; binary_cross_entropy with sigmoid and
// cross_entropy with softmax are fused on the logits; the other losses with softmax take the Jacobian product dz_j =
// a_j (g_j - sum_k g_k a_k), g = dloss/da. Elements are computed in Real, sums kept in double in the order of the
// outputs.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/ops/losses/binary_cross_entropy.hpp>
#include <sinter/kernels/ops/losses/cross_entropy.hpp>
#include <sinter/kernels/ops/losses/huber.hpp>
#include <sinter/kernels/ops/losses/mae.hpp>
#include <sinter/kernels/ops/losses/mse.hpp>

namespace sinter {

template <class Real>
struct LossArgs {
  Loss type = Loss::mse;
  Real delta = 1;  ///< huber
  Real scale = 1;  ///< factor of the gradient: 1 / loss_terms()
};

/// The number of terms that the mean of a loss is over.
KOKKOS_FORCEINLINE_FUNCTION constexpr std::int64_t loss_terms(Loss type, std::int64_t rows, std::int64_t outputs) {
  return type == Loss::cross_entropy ? rows : rows * outputs;
}

template <class Real>
KOKKOS_INLINE_FUNCTION LossArgs<Real> make_loss_args(const LossSettings& settings, std::int64_t rows,
                                                     std::int64_t outputs) {
  const auto terms = static_cast<double>(loss_terms(settings.type, rows, outputs));
  return {settings.type, static_cast<Real>(settings.delta), static_cast<Real>(1.0 / terms)};
}

/// f(Type{}), with the type that implements `kind`.
template <class Function>
KOKKOS_FORCEINLINE_FUNCTION constexpr decltype(auto) with_loss(Loss kind, const Function& f) {
  switch (kind) {
#define SINTER_LOSS(name, Type, ...) \
  case Loss::name:                   \
    return f(Type{});
#include <sinter/kernels/catalog/losses.def>
#undef SINTER_LOSS
  }
  return f(MeanSquaredError{});  // not reached
}

namespace detail {

/// Up to row_lanes elements of a row at once, from `begin` on; the lanes beyond its end hold zero.
template <class Real>
struct RowLanes {
  static constexpr int width = row_lanes<Real>;
  Real lane[width];

  KOKKOS_FORCEINLINE_FUNCTION RowLanes(const Real* row, int begin, int outputs) {
    for (int l = 0; l < width; ++l) lane[l] = begin + l < outputs ? row[begin + l] : Real(0);
  }
};

/// value[l] = loss(a[l], t[l]), gradient[l] = dloss/da.
template <int N, class Real>
KOKKOS_INLINE_FUNCTION void loss_lanes(const LossArgs<Real>& args, const Real (&a)[N], const Real (&t)[N],
                                       Real (&value)[N], Real (&gradient)[N]) {
  const Real* const output = a;
  const Real* const target = t;
  Real* const values = value;
  Real* const gradients = gradient;
  const Real delta = args.delta;
  with_loss(args.type, [=](auto type) {
    SINTER_SIMD
    for (int l = 0; l < N; ++l) values[l] = decltype(type)::value(output[l], target[l], delta);
    SINTER_SIMD
    for (int l = 0; l < N; ++l) gradients[l] = decltype(type)::derivative(output[l], target[l], delta);
  });
}

/// a_j = exp(z_j - largest) / total.
template <class Real>
struct Softmax {
  Real largest;
  Real total;

  KOKKOS_INLINE_FUNCTION Softmax(const Real* z, int outputs) : largest(z[0]) {
    for (int j = 1; j < outputs; ++j) largest = z[j] > largest ? z[j] : largest;
    double sum = 0;
    for (int begin = 0; begin < outputs; begin += row_lanes<Real>) {
      RowLanes<Real> e(z, begin, outputs);
      SINTER_SIMD
      for (int l = 0; l < e.width; ++l) e.lane[l] = math::exp(e.lane[l] - largest);
      for (int l = 0; l < e.width && begin + l < outputs; ++l) sum += static_cast<double>(e.lane[l]);
    }
    total = static_cast<Real>(sum);
  }

  KOKKOS_FORCEINLINE_FUNCTION Real operator()(Real z) const { return math::exp(z - largest) / total; }
};

/// -sum_j t_j log p_j = sum_j t_j (log(total) - (z_j - largest)); dz_j = p_j sum_k t_k - t_j.
template <class Real>
KOKKOS_INLINE_FUNCTION double softmax_cross_entropy(const LossArgs<Real>& args, const Real* z, const Real* t,
                                                    int outputs, Real* dz) {
  const Softmax<Real> softmax(z, outputs);
  const Real logarithm = math::log(softmax.total);
  double sum = 0, share = 0;
  for (int j = 0; j < outputs; ++j) {
    // A class without a share adds nothing, even where its logit is -infinity.
    const Real term = t[j] == Real(0) ? Real(0) : t[j] * (logarithm - (z[j] - softmax.largest));
    sum += static_cast<double>(term);
    share += static_cast<double>(t[j]);
  }
  if (dz != nullptr) {
    const Real shares = static_cast<Real>(share);
    SINTER_SIMD
    for (int j = 0; j < outputs; ++j) dz[j] = args.scale * Kokkos::fma(softmax(z[j]), shares, -t[j]);
  }
  return sum;
}

template <class Real>
KOKKOS_INLINE_FUNCTION double sigmoid_cross_entropy(const LossArgs<Real>& args, const Real* z, const Real* t,
                                                    int outputs, Real* dz) {
  double sum = 0;
  for (int begin = 0; begin < outputs; begin += row_lanes<Real>) {
    const RowLanes<Real> logit(z, begin, outputs), target(t, begin, outputs);
    Real value[row_lanes<Real>];
    SINTER_SIMD
    for (int l = 0; l < logit.width; ++l)
      value[l] = BinaryCrossEntropy::value_from_logit(logit.lane[l], target.lane[l]);
    for (int l = 0; l < logit.width && begin + l < outputs; ++l) sum += static_cast<double>(value[l]);
  }
  if (dz != nullptr) {
    SINTER_SIMD
    for (int j = 0; j < outputs; ++j) dz[j] = args.scale * BinaryCrossEntropy::derivative_from_logit(z[j], t[j]);
  }
  return sum;
}

template <class Real>
KOKKOS_INLINE_FUNCTION double softmax_loss(const LossArgs<Real>& args, const Real* z, const Real* t, int outputs,
                                           Real* dz) {
  constexpr int width = row_lanes<Real>;
  const Softmax<Real> softmax(z, outputs);
  double sum = 0, dot = 0;
  Real value[width], gradient[width];
  for (int begin = 0; begin < outputs; begin += width) {
    RowLanes<Real> a(z, begin, outputs);
    const RowLanes<Real> target(t, begin, outputs);
    SINTER_SIMD
    for (int l = 0; l < width; ++l) a.lane[l] = softmax(a.lane[l]);
    loss_lanes(args, a.lane, target.lane, value, gradient);
    for (int l = 0; l < width && begin + l < outputs; ++l) {
      sum += static_cast<double>(value[l]);
      dot += static_cast<double>(gradient[l]) * static_cast<double>(a.lane[l]);
    }
  }
  for (int begin = 0; dz != nullptr && begin < outputs; begin += width) {
    RowLanes<Real> a(z, begin, outputs);
    const RowLanes<Real> target(t, begin, outputs);
    SINTER_SIMD
    for (int l = 0; l < width; ++l) a.lane[l] = softmax(a.lane[l]);
    loss_lanes(args, a.lane, target.lane, value, gradient);
    for (int l = 0; l < width && begin + l < outputs; ++l) {
      dz[begin + l] = args.scale * a.lane[l] * (gradient[l] - static_cast<Real>(dot));
    }
  }
  return sum;
}

template <class Real>
KOKKOS_INLINE_FUNCTION double elementwise_loss(const LossArgs<Real>& args, Activation output, Real alpha, const Real* z,
                                               const Real* t, int outputs, Real* dz) {
  constexpr int width = row_lanes<Real>;
  double sum = 0;
  for (int begin = 0; begin < outputs; begin += width) {
    const RowLanes<Real> input(z, begin, outputs), target(t, begin, outputs);
    RowLanes<Real> a = input;
    activate_lanes(output, alpha, a.lane);
    Real value[width], gradient[width];
    loss_lanes(args, a.lane, target.lane, value, gradient);
    if (derivative_from_input(output)) {
      multiply_by_derivative_lanes(output, alpha, input.lane, gradient);
    } else {
      multiply_by_derivative_lanes(output, alpha, a.lane, gradient);
    }
    for (int l = 0; l < width && begin + l < outputs; ++l) {
      sum += static_cast<double>(value[l]);
      if (dz != nullptr) dz[begin + l] = args.scale * gradient[l];
    }
  }
  return sum;
}

}  // namespace detail

/// The loss of one row, a sum not divided by anything, and dz_j = scale dloss/dz_j [outputs]. `alpha` belongs to the
/// output activation. dz may be z, and may be null where the gradient is not wanted.
template <class Real>
KOKKOS_INLINE_FUNCTION double row_loss(const LossArgs<Real>& args, Activation output, Real alpha, const Real* z,
                                       const Real* t, int outputs, Real* dz) {
  if (output == Activation::softmax) {
    return args.type == Loss::cross_entropy ? detail::softmax_cross_entropy(args, z, t, outputs, dz)
                                            : detail::softmax_loss(args, z, t, outputs, dz);
  }
  if (output == Activation::sigmoid && args.type == Loss::binary_cross_entropy) {
    return detail::sigmoid_cross_entropy(args, z, t, outputs, dz);
  }
  return detail::elementwise_loss(args, output, alpha, z, t, outputs, dz);
}

/// The last layer's output a [outputs] from its pre-activation z [outputs], softmax included; a may be z.
template <class Real>
KOKKOS_INLINE_FUNCTION void row_output(Activation output, Real alpha, const Real* z, Real* a, int outputs) {
  if (output != Activation::softmax) {
    activate_span(output, alpha, z, a, outputs);
    return;
  }
  const detail::Softmax<Real> softmax(z, outputs);
  SINTER_SIMD
  for (int j = 0; j < outputs; ++j) a[j] = softmax(z[j]);
}

}  // namespace sinter
