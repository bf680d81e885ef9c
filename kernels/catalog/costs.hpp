// What the operations cost, for cost models: floating-point operations of one value, estimated from the sources (a
// fused multiply-add counts two, a division or a root ten), and what each keeps. The numbers stand in the .def files;
// the kernels hold those that say what they do to their own code.
#pragma once

#include <sinter/kernels/catalog/ops.hpp>

namespace sinter {

struct ActivationCost {
  int flops = 0;                       ///< of f(z)
  int derivative_flops = 0;            ///< of d f'(v)
  bool derivative_from_input = false;  ///< v is z, which is then kept beside the output
};

struct OptimizerCost {
  int states = 0;  ///< values kept beside a parameter
  int flops = 0;   ///< of one parameter's step
};

/// Softmax counts an exponential a value; its derivative is the loss's.
constexpr ActivationCost cost_of(Activation kind) {
  switch (kind) {
#define SINTER_ACTIVATION(name, Type, flops, derivative_flops, derivative_from_input) \
  case Activation::name:                                                              \
    return {flops, derivative_flops, derivative_from_input};
#include <sinter/kernels/catalog/activations.def>
#undef SINTER_ACTIVATION
    case Activation::softmax: break;
  }
  return {25, 0, false};
}

/// Operations of loss and gradient of one output.
constexpr int cost_of(Loss kind) {
  switch (kind) {
#define SINTER_LOSS(name, Type, flops) \
  case Loss::name:                     \
    return flops;
#include <sinter/kernels/catalog/losses.def>
#undef SINTER_LOSS
  }
  return 0;  // not reached
}

constexpr OptimizerCost cost_of(Optimizer kind) {
  switch (kind) {
#define SINTER_OPTIMIZER(name, Type, states, flops, ...) \
  case Optimizer::name:                                  \
    return {states, flops};
#include <sinter/kernels/catalog/optimizers.def>
#undef SINTER_OPTIMIZER
  }
  return {};  // not reached
}

}  // namespace sinter
