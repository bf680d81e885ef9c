// What a model is: a dense network with its layers' widths, activations, biases and the way its weights start.
// Linear and logistic regression are networks without a hidden layer; the catalogue names them for their users.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sinter/kernels/catalog/ops.hpp>

namespace sinter {

enum class ModelType : std::uint8_t { linear_regression, logistic_regression, mlp };
enum class Precision : std::uint8_t { float32, float64 };
enum class Initializer : std::uint8_t {
  standard_normal,  ///< N(0, 1)
  normal,           ///< N(mean, stddev)
  uniform,          ///< U(low, high)
  xavier_normal,    ///< N(0, 2 / (fan_in + fan_out)), Glorot & Bengio 2010
  xavier_uniform,   ///< U(-a, a), a = sqrt(6 / (fan_in + fan_out))
  he_normal,        ///< N(0, 2 / fan_in), He et al. 2015
  he_uniform,       ///< U(-a, a), a = sqrt(6 / fan_in)
  zeros,
};

template <>
struct Names<ModelType> {
  static constexpr std::pair<ModelType, std::string_view> list[] = {
      {ModelType::linear_regression, "linear_regression"},
      {ModelType::logistic_regression, "logistic_regression"},
      {ModelType::mlp, "mlp"},
  };
};
template <>
struct Names<Precision> {
  static constexpr std::pair<Precision, std::string_view> list[] = {
      {Precision::float32, "float32"},
      {Precision::float64, "float64"},
  };
};
template <>
struct Names<Initializer> {
  static constexpr std::pair<Initializer, std::string_view> list[] = {
      {Initializer::standard_normal, "standard_normal"},
      {Initializer::normal, "normal"},
      {Initializer::uniform, "uniform"},
      {Initializer::xavier_normal, "xavier_normal"},
      {Initializer::xavier_uniform, "xavier_uniform"},
      {Initializer::he_normal, "he_normal"},
      {Initializer::he_uniform, "he_uniform"},
      {Initializer::zeros, "zeros"},
  };
};

/// How weights start; biases start at zero. Counter-based: a function of seed, layer and index.
struct InitializerSpec {
  Initializer type = Initializer::xavier_normal;
  double mean = 0.0;    ///< normal
  double stddev = 1.0;  ///< normal; > 0
  double low = -1.0;    ///< uniform
  double high = 1.0;    ///< uniform; > low

  friend bool operator==(const InitializerSpec&, const InitializerSpec&) = default;
};

/// One dense layer: Y = activation(X W + b), W [fan_in, width].
struct LayerSpec {
  std::int64_t width = 1;  ///< outputs of the layer; >= 1
  Activation activation = Activation::identity;
  double alpha = 0.0;  ///< >= 0; leaky_relu: slope below zero (0.01); elu: minus its lower bound (1); others ignore it

  friend bool operator==(const LayerSpec&, const LayerSpec&) = default;
};

/// The default of `LayerSpec::alpha` for an activation.
constexpr double default_alpha(Activation activation) {
  return activation == Activation::leaky_relu ? 0.01 : activation == Activation::elu ? 1.0 : 0.0;
}

struct ModelSpec {
  ModelType type = ModelType::mlp;
  std::int64_t inputs = 0;        ///< features of a row; known when the data are
  std::vector<LayerSpec> layers;  ///< in order, the output layer last; at least one
  bool bias = true;
  InitializerSpec initializer;

  [[nodiscard]] std::int64_t outputs() const { return layers.empty() ? 0 : layers.back().width; }
  [[nodiscard]] std::int64_t fan_in(std::size_t layer) const { return layer == 0 ? inputs : layers[layer - 1].width; }
  /// Weights and biases of all layers.
  [[nodiscard]] std::int64_t parameter_count() const;

  friend bool operator==(const ModelSpec&, const ModelSpec&) = default;
};

/// Throws ConfigError unless the spec describes a network that Sinter can build (widths >= 1, softmax last only, ...).
void validate(const ModelSpec& spec);

}  // namespace sinter
