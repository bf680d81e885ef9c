// Optimizers of the oracle, one parameter at a time, in the form of their papers (PyTorch's definitions where these
// differ). The gradient comes here already clipped. `t` counts steps from 1; first and second start at zero.
#pragma once

#include <cmath>
#include <cstdint>

#include <sinter/kernels/catalog/ops.hpp>

namespace sinter::reference {

/// What an optimizer remembers of a parameter: velocity, sum of squares, or the two moments.
struct Memory {
  double first = 0;
  double second = 0;
};

inline void optimize(const OptimizerSettings& o, double rate, std::int64_t t, bool decay, double& w, double g,
                     Memory& memory) {
  const double lambda = decay ? o.weight_decay : 0;
  double& s = memory.first;
  if (o.type == Optimizer::adamw) {
    w = w - rate * lambda * w;
  } else {
    g = g + lambda * w;
  }
  switch (o.type) {
    case Optimizer::sgd: w = w - rate * g; break;
    case Optimizer::momentum:
      s = o.momentum * s + g;
      w = w - rate * s;
      break;
    case Optimizer::nesterov:
      s = o.momentum * s + g;
      w = w - rate * (g + o.momentum * s);
      break;
    case Optimizer::adagrad:
      s = s + g * g;
      w = w - rate * g / (std::sqrt(s) + o.epsilon);
      break;
    case Optimizer::rmsprop:
      s = o.rho * s + (1 - o.rho) * g * g;
      w = w - rate * g / (std::sqrt(s) + o.epsilon);
      break;
    case Optimizer::adam:
    case Optimizer::adamw: {
      memory.first = o.beta1 * memory.first + (1 - o.beta1) * g;
      memory.second = o.beta2 * memory.second + (1 - o.beta2) * g * g;
      const double mean = memory.first / (1 - std::pow(o.beta1, static_cast<double>(t)));
      const double square = memory.second / (1 - std::pow(o.beta2, static_cast<double>(t)));
      w = w - rate * mean / (std::sqrt(square) + o.epsilon);
      break;
    }
  }
}

}  // namespace sinter::reference
