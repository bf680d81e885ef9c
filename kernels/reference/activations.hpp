// Element-wise activations of the oracle, value and derivative always from the pre-activation z, by textbook formulas
// and std:: math.
#pragma once

#include <cmath>
#include <numbers>

#include <sinter/kernels/catalog/ops.hpp>

namespace sinter::reference {

inline double sigmoid(double z) { return z < 0 ? std::exp(z) / (1 + std::exp(z)) : 1 / (1 + std::exp(-z)); }
inline double softplus(double z) { return z < 0 ? std::log1p(std::exp(z)) : z + std::log1p(std::exp(-z)); }
inline double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }
inline double normal_density(double z) { return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi); }

/// Softmax is not element-wise and counts as identity here.
inline double activate(Activation kind, double alpha, double z) {
  switch (kind) {
    case Activation::identity: return z;
    case Activation::sigmoid: return sigmoid(z);
    case Activation::tanh: return std::tanh(z);
    case Activation::relu: return z > 0 ? z : 0;
    case Activation::leaky_relu: return z > 0 ? z : alpha * z;
    case Activation::elu: return z > 0 ? z : alpha * (std::exp(z) - 1);
    case Activation::gelu: return z * normal_cdf(z);
    case Activation::silu: return z * sigmoid(z);
    case Activation::softplus: return softplus(z);
    case Activation::sin: return std::sin(z);
    case Activation::softmax: break;
  }
  return z;
}

inline double activation_derivative(Activation kind, double alpha, double z) {
  switch (kind) {
    case Activation::identity: return 1;
    case Activation::sigmoid: return sigmoid(z) * sigmoid(-z);
    case Activation::tanh: return 1 / (std::cosh(z) * std::cosh(z));
    case Activation::relu: return z > 0 ? 1 : 0;
    case Activation::leaky_relu: return z > 0 ? 1 : alpha;
    case Activation::elu: return z > 0 ? 1 : alpha * std::exp(z);
    case Activation::gelu: return normal_cdf(z) + z * normal_density(z);
    case Activation::silu: return sigmoid(z) * (1 + z * sigmoid(-z));
    case Activation::softplus: return sigmoid(z);
    case Activation::sin: return std::cos(z);
    case Activation::softmax: break;
  }
  return 1;
}

}  // namespace sinter::reference
