// The operations by name: activations, losses, optimizers, and their run-time settings. Free of Kokkos, so that the
// run-file reader and the kernels speak of the same list. The lists themselves are the three .def files beside this
// header.
#pragma once

#include <cstdint>

#include <sinter/runtime/base/names.hpp>

namespace sinter {

enum class Activation : std::uint8_t {
#define SINTER_ACTIVATION(name, Type, ...) name,
#include <sinter/kernels/catalog/activations.def>
#undef SINTER_ACTIVATION
  softmax,  ///< over the outputs of a row; allowed for the last layer only, no element-wise operation
};

enum class Loss : std::uint8_t {
#define SINTER_LOSS(name, Type, ...) name,
#include <sinter/kernels/catalog/losses.def>
#undef SINTER_LOSS
};

enum class Optimizer : std::uint8_t {
#define SINTER_OPTIMIZER(name, Type, ...) name,
#include <sinter/kernels/catalog/optimizers.def>
#undef SINTER_OPTIMIZER
};

template <>
struct Names<Activation> {
  static constexpr std::pair<Activation, std::string_view> list[] = {
#define SINTER_ACTIVATION(name, Type, ...) {Activation::name, #name},
#include <sinter/kernels/catalog/activations.def>
#undef SINTER_ACTIVATION
      {Activation::softmax, "softmax"},
  };
};

template <>
struct Names<Loss> {
  static constexpr std::pair<Loss, std::string_view> list[] = {
#define SINTER_LOSS(name, Type, ...) {Loss::name, #name},
#include <sinter/kernels/catalog/losses.def>
#undef SINTER_LOSS
  };
};

template <>
struct Names<Optimizer> {
  static constexpr std::pair<Optimizer, std::string_view> list[] = {
#define SINTER_OPTIMIZER(name, Type, ...) {Optimizer::name, #name},
#include <sinter/kernels/catalog/optimizers.def>
#undef SINTER_OPTIMIZER
  };
};

/// A loss with its settings. Reductions are means over rows and outputs.
struct LossSettings {
  Loss type = Loss::mse;
  double delta = 1.0;  ///< huber: where the square goes over into the line; > 0

  friend bool operator==(const LossSettings&, const LossSettings&) = default;
};

/// An optimizer with its settings; the learning rate of a step comes from the schedule.
struct OptimizerSettings {
  Optimizer type = Optimizer::sgd;
  double learning_rate = 0.01;  ///< > 0
  double momentum = 0.9;        ///< momentum, nesterov: in [0, 1)
  double beta1 = 0.9;           ///< adam, adamw: in [0, 1)
  double beta2 = 0.999;         ///< adam, adamw: in [0, 1)
  double rho = 0.9;             ///< rmsprop: in [0, 1)
  double epsilon = 1e-8;        ///< adagrad, rmsprop, adam, adamw: > 0
  double weight_decay = 0.0;    ///< >= 0; added to the gradient, but decoupled for adamw; weights only, never biases
  double clip_value = 0.0;      ///< > 0 clips each gradient component to [-clip_value, clip_value]; 0: off
  double clip_norm = 0.0;       ///< > 0 scales the whole gradient to at most this 2-norm; 0: off

  friend bool operator==(const OptimizerSettings&, const OptimizerSettings&) = default;
};

}  // namespace sinter
