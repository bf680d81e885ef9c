// Losses of many rows at once, on a host: where a loss is a sum over elements, vectors run across the ends of rows, so
// that a network of one output does not pay for a vector a row. The same bits as row_loss() row by row.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/host_lanes.hpp>
#include <sinter/kernels/ops/loss.hpp>

namespace sinter {
namespace detail {

/// value[l] and dz[l] of elements z[l] with targets t[l].
template <int N, class Real>
inline void element_losses(const LossArgs<Real>& args, Activation output, Real alpha, const Real (&z)[N],
                           const Real (&t)[N], Real (&value)[N], Real (&dz)[N]) {
  if (output == Activation::sigmoid && args.type == Loss::binary_cross_entropy) {
    SINTER_SIMD
    for (int l = 0; l < N; ++l) value[l] = BinaryCrossEntropy::value_from_logit(z[l], t[l]);
    SINTER_SIMD
    for (int l = 0; l < N; ++l) dz[l] = args.scale * BinaryCrossEntropy::derivative_from_logit(z[l], t[l]);
    return;
  }
  alignas(64) Real a[N];
  for (int l = 0; l < N; ++l) a[l] = z[l];
  activate_lanes(output, alpha, a);
  loss_lanes(args, a, t, value, dz);
  const Real(&activated)[N] = a;  // nvcc takes z and a, which differ by const, for pointers
  multiply_by_derivative_lanes(output, alpha, derivative_from_input(output) ? z : activated, dz);
  for (int l = 0; l < N; ++l) dz[l] = args.scale * dz[l];
}

}  // namespace detail

/// sums[r]: the loss of row r of z [rows, outputs] with targets t, dz its gradient, both [rows, outputs]; dz may be t.
template <class Real>
inline void row_losses(const LossArgs<Real>& args, Activation output, Real alpha, const Real* z, const Real* t,
                       std::int64_t rows, int outputs, Real* dz, double* sums) {
  constexpr int width = row_lanes<Real>;
  std::int64_t row = 0;
  int column = 0;
  double sum = 0;
  for (std::int64_t begin = 0; begin < rows * outputs; begin += width) {
    const std::int64_t left = rows * outputs - begin;
    alignas(64) Real input[width], target[width], value[width], gradient[width];
    host::load_lanes(z + begin, left, input);
    host::load_lanes(t + begin, left, target);
    detail::element_losses(args, output, alpha, input, target, value, gradient);
    host::store_lanes(gradient, left, dz + begin);
    const int count = left < width ? static_cast<int>(left) : width;
    if (outputs == 1) {
      for (int l = 0; l < count; ++l) sums[begin + l] = 0.0 + static_cast<double>(value[l]);
      continue;
    }
    for (int l = 0; l < count; ++l) {
      sum += static_cast<double>(value[l]);
      if (++column < outputs) continue;
      sums[row++] = sum;
      sum = 0;
      column = 0;
    }
  }
}

/// The same with the target of row r at target(r).
template <class Real, class Target>
inline void row_losses_of(const LossArgs<Real>& args, Activation output, Real alpha, const Real* z,
                          const Target& target, std::int64_t rows, int outputs, Real* dz, double* sums) {
  if (output == Activation::softmax) {
    for (std::int64_t r = 0; r < rows; ++r)
      sums[r] = row_loss(args, output, alpha, z + r * outputs, target(r), outputs, dz + r * outputs);
    return;
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const Real* const from = target(r);
    for (int j = 0; j < outputs; ++j) dz[r * outputs + j] = from[j];
  }
  row_losses(args, output, alpha, z, dz, rows, outputs, dz, sums);
}

}  // namespace sinter
