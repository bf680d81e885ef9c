// The serial double oracle of a dense network: forward, loss, gradient and one training step, written for reading.
// Every kernel is compared with it. Rows are taken in plain order; matrices are row-major, X [rows, inputs], W [fan_in,
// width], T [rows, outputs].
//
//   Z_l = A_{l-1} W_l + b_l,  A_l = f_l(Z_l),  A_0 = X
//   dW_l = A_{l-1}^T dZ_l,  db_l = sum over rows of dZ_l,  dZ_{l-1} = (dZ_l W_l^T) * f'_{l-1}(Z_{l-1})
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <sinter/kernels/reference/losses.hpp>
#include <sinter/kernels/reference/optimizers.hpp>

namespace sinter::reference {

struct Layer {
  std::size_t width = 1;
  Activation activation = Activation::identity;
  double alpha = 0;
  Vector W;  ///< [fan_in, width]
  Vector b;  ///< [width]; stays zero in a network without bias
};

struct Network {
  std::size_t inputs = 1;
  bool bias = true;
  std::vector<Layer> layers;

  [[nodiscard]] std::size_t fan_in(std::size_t l) const { return l == 0 ? inputs : layers[l - 1].width; }
  [[nodiscard]] std::size_t outputs() const { return layers.back().width; }
};

/// The pre-activations and outputs of every layer: Z[l] and A[l] [rows, width].
struct Trace {
  std::vector<Vector> Z, A;
};

struct Gradient {
  double loss = 0;  ///< mean over the batch
  std::vector<Vector> dW, db;
};

/// The optimizer's memory of every parameter and the number of steps done.
struct State {
  std::int64_t steps = 0;
  std::vector<std::vector<Memory>> W, b;
};

inline Vector row_of(const Vector& matrix, std::size_t row, std::size_t columns) {
  const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(row * columns);
  return {begin, begin + static_cast<std::ptrdiff_t>(columns)};
}

inline Trace forward(const Network& network, const Vector& X, std::size_t rows) {
  Trace trace;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    const Vector& input = l == 0 ? X : trace.A[l - 1];
    const std::size_t fan_in = network.fan_in(l);
    Vector Z(rows * layer.width), A;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < layer.width; ++j) {
        double sum = network.bias ? layer.b[j] : 0;
        for (std::size_t i = 0; i < fan_in; ++i) sum += input[r * fan_in + i] * layer.W[i * layer.width + j];
        Z[r * layer.width + j] = sum;
      }
      const Vector a = output(layer.activation, layer.alpha, row_of(Z, r, layer.width));
      A.insert(A.end(), a.begin(), a.end());
    }
    trace.Z.push_back(Z);
    trace.A.push_back(A);
  }
  return trace;
}

/// The batch's mean loss and its gradient in all parameters.
inline Gradient backward(const Network& network, const LossSettings& loss, const Vector& X, const Vector& T,
                         std::size_t rows) {
  const Trace trace = forward(network, X, rows);
  const std::size_t depth = network.layers.size(), outputs = network.outputs();
  const Layer& last = network.layers.back();
  const double terms = mean_terms(loss, rows, outputs);
  Gradient gradient;
  gradient.dW.resize(depth);
  gradient.db.resize(depth);

  Vector dZ;
  for (std::size_t r = 0; r < rows; ++r) {
    const Vector z = row_of(trace.Z.back(), r, outputs), t = row_of(T, r, outputs);
    gradient.loss += row_loss(loss, last.activation, last.alpha, z, t) / terms;
    for (const double dz : row_gradient(loss, last.activation, last.alpha, z, t)) dZ.push_back(dz / terms);
  }
  for (std::size_t l = depth; l-- > 0;) {
    const Layer& layer = network.layers[l];
    const std::size_t fan_in = network.fan_in(l), width = layer.width;
    const Vector& input = l == 0 ? X : trace.A[l - 1];
    Vector& dW = gradient.dW[l];
    Vector& db = gradient.db[l];
    dW.assign(fan_in * width, 0);
    db.assign(width, 0);
    Vector dX(rows * fan_in, 0);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < width; ++j) {
        const double dz = dZ[r * width + j];
        if (network.bias) db[j] += dz;
        for (std::size_t i = 0; i < fan_in; ++i) {
          dW[i * width + j] += input[r * fan_in + i] * dz;
          dX[r * fan_in + i] += dz * layer.W[i * width + j];
        }
      }
    }
    if (l > 0) {
      const Layer& previous = network.layers[l - 1];
      for (std::size_t i = 0; i < dX.size(); ++i) {
        dX[i] *= activation_derivative(previous.activation, previous.alpha, trace.Z[l - 1][i]);
      }
    }
    dZ = dX;
  }
  return gradient;
}

inline double loss(const Network& network, const LossSettings& settings, const Vector& X, const Vector& T,
                   std::size_t rows) {
  return backward(network, settings, X, T, rows).loss;
}

/// The 2-norm of the whole gradient.
inline double norm(const Gradient& gradient) {
  double squares = 0;
  for (const auto* parts : {&gradient.dW, &gradient.db}) {
    for (const Vector& part : *parts) {
      for (const double g : part) squares += g * g;
    }
  }
  return std::sqrt(squares);
}

/// Clips the gradient (by global norm, then by value), and moves every parameter by it.
inline void update(Network& network, const Gradient& gradient, State& state, const OptimizerSettings& optimizer,
                   double rate) {
  const double length = norm(gradient);
  const double factor = optimizer.clip_norm > 0 && length > optimizer.clip_norm ? optimizer.clip_norm / length : 1;
  ++state.steps;
  const auto move = [&](Vector& parameters, const Vector& gradients, std::vector<Memory>& memory, bool decay) {
    memory.resize(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      double g = factor * gradients[i];
      if (optimizer.clip_value > 0) g = std::clamp(g, -optimizer.clip_value, optimizer.clip_value);
      optimize(optimizer, rate, state.steps, decay, parameters[i], g, memory[i]);
    }
  };
  state.W.resize(network.layers.size());
  state.b.resize(network.layers.size());
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    move(network.layers[l].W, gradient.dW[l], state.W[l], true);
    if (network.bias) move(network.layers[l].b, gradient.db[l], state.b[l], false);
  }
}

/// One training step on a batch; the mean loss before it.
inline double step(Network& network, State& state, const LossSettings& loss, const OptimizerSettings& optimizer,
                   double rate, const Vector& X, const Vector& T, std::size_t rows) {
  const Gradient gradient = backward(network, loss, X, T, rows);
  update(network, gradient, state, optimizer, rate);
  return gradient.loss;
}

}  // namespace sinter::reference
