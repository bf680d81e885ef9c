// Losses of the oracle: of one row, as a sum over its outputs, and its gradient in the last pre-activation z. As in
// kernels/ops, binary_cross_entropy with sigmoid and cross_entropy with softmax work on z; everything else goes through
// the output a.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <sinter/kernels/reference/activations.hpp>

namespace sinter::reference {

using Vector = std::vector<double>;

/// The last layer's output, softmax included.
inline Vector output(Activation kind, double alpha, const Vector& z) {
  Vector a(z.size());
  if (kind == Activation::softmax) {
    const double largest = *std::max_element(z.begin(), z.end());
    double total = 0;
    for (const double value : z) total += std::exp(value - largest);
    for (std::size_t j = 0; j < z.size(); ++j) a[j] = std::exp(z[j] - largest) / total;
  } else {
    for (std::size_t j = 0; j < z.size(); ++j) a[j] = activate(kind, alpha, z[j]);
  }
  return a;
}

/// One output's loss, from its activation.
inline double loss_of(const LossSettings& loss, double a, double t) {
  const double d = a - t;
  const auto log = [](double x) { return std::max(std::log(x), -100.0); };
  switch (loss.type) {
    case Loss::mse: return d * d;
    case Loss::mae: return std::abs(d);
    case Loss::huber: return std::abs(d) <= loss.delta ? d * d / 2 : loss.delta * (std::abs(d) - loss.delta / 2);
    case Loss::binary_cross_entropy: return -t * log(a) - (1 - t) * log(1 - a);
    case Loss::cross_entropy: return -t * log(a);
  }
  return 0;
}

/// dloss_of/da.
inline double loss_derivative(const LossSettings& loss, double a, double t) {
  const double d = a - t;
  const double sign = d > 0 ? 1 : d < 0 ? -1 : 0;
  switch (loss.type) {
    case Loss::mse: return 2 * d;
    case Loss::mae: return sign;
    case Loss::huber: return std::abs(d) <= loss.delta ? d : loss.delta * sign;
    case Loss::binary_cross_entropy: return d / std::max(a * (1 - a), 1e-12);
    case Loss::cross_entropy: return -t / std::max(a, 1e-12);
  }
  return 0;
}

inline double row_loss(const LossSettings& loss, Activation kind, double alpha, const Vector& z, const Vector& t) {
  const Vector a = output(kind, alpha, z);
  double sum = 0;
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (kind == Activation::sigmoid && loss.type == Loss::binary_cross_entropy) {
      sum += t[j] * softplus(-z[j]) + (1 - t[j]) * softplus(z[j]);
    } else if (kind == Activation::softmax && loss.type == Loss::cross_entropy) {
      double ratio = 0;  // 1 / p_j
      for (const double other : z) ratio += std::exp(other - z[j]);
      if (t[j] != 0) sum += t[j] * std::log(ratio);
    } else {
      sum += loss_of(loss, a[j], t[j]);
    }
  }
  return sum;
}

/// drow_loss/dz.
inline Vector row_gradient(const LossSettings& loss, Activation kind, double alpha, const Vector& z, const Vector& t) {
  const std::size_t outputs = z.size();
  const Vector a = output(kind, alpha, z);
  Vector dz(outputs, 0.0);
  if (kind == Activation::sigmoid && loss.type == Loss::binary_cross_entropy) {
    for (std::size_t j = 0; j < outputs; ++j) dz[j] = a[j] - t[j];
  } else if (kind == Activation::softmax) {
    for (std::size_t j = 0; j < outputs; ++j) {
      for (std::size_t k = 0; k < outputs; ++k) {
        const double delta = j == k ? 1 : 0;
        // da_k/dz_j = a_k (delta_jk - a_j); for cross_entropy a_k cancels with that of -t_k / a_k.
        dz[j] += loss.type == Loss::cross_entropy ? -t[k] * (delta - a[j])
                                                  : loss_derivative(loss, a[k], t[k]) * a[k] * (delta - a[j]);
      }
    }
  } else {
    for (std::size_t j = 0; j < outputs; ++j) {
      dz[j] = loss_derivative(loss, a[j], t[j]) * activation_derivative(kind, alpha, z[j]);
    }
  }
  return dz;
}

/// The number of terms that the mean over a batch divides by.
inline double mean_terms(const LossSettings& loss, std::size_t rows, std::size_t outputs) {
  return static_cast<double>(loss.type == Loss::cross_entropy ? rows : rows * outputs);
}

}  // namespace sinter::reference
