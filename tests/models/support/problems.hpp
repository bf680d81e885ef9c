// Models, data and oracles for tests of floor 3.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/reference/network.hpp>
#include <sinter/models/spec/model_state.hpp>
#include <sinter/models/spec/report.hpp>

#include "support/tensors.hpp"

namespace sinter::test {

inline ModelSpec mlp(std::int64_t inputs, std::vector<LayerSpec> layers, bool bias = true) {
  ModelSpec spec;
  spec.inputs = inputs;
  spec.layers = std::move(layers);
  spec.bias = bias;
  return spec;
}

inline double metric(const SetReport& report, std::string_view name) {
  for (const auto& [key, value] : report.metrics) {
    if (key == name) return value;
  }
  FAIL("no metric " << name);
  return 0;
}

/// An array of a saved model, in double.
inline std::vector<double> numbers(const NamedArray& array) {
  std::vector<double> out(static_cast<std::size_t>(array.size()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (array.precision == Precision::float64) {
      std::memcpy(&out[i], array.bytes.data() + i * sizeof(double), sizeof(double));
    } else {
      float value;
      std::memcpy(&value, array.bytes.data() + i * sizeof(float), sizeof(float));
      out[i] = value;
    }
  }
  return out;
}

/// All parameters in the library's order: layer by layer W, then b.
inline std::vector<double> parameters(const ModelState& state) {
  std::vector<double> all;
  for (const auto& array : state.parameters) {
    const auto part = numbers(array);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// The oracle with a model's own parameters. Settings that the library rounds to its storage type are rounded alike.
inline reference::Network oracle_of(const ModelState& state) {
  reference::Network network;
  network.inputs = static_cast<std::size_t>(state.spec.inputs);
  network.bias = state.spec.bias;
  std::size_t next = 0;
  for (const auto& layer : state.spec.layers) {
    const double alpha = state.precision == Precision::float32 ? static_cast<double>(static_cast<float>(layer.alpha))
                                                               : layer.alpha;
    reference::Layer copy{
        static_cast<std::size_t>(layer.width), layer.activation, alpha, numbers(state.parameters.at(next++)), {}};
    copy.b = state.spec.bias ? numbers(state.parameters.at(next++)) : reference::Vector(copy.width, 0.0);
    network.layers.push_back(std::move(copy));
  }
  return network;
}

inline std::vector<double> parameters(const reference::Network& network) {
  std::vector<double> all;
  for (const auto& layer : network.layers) {
    all.insert(all.end(), layer.W.begin(), layer.W.end());
    if (network.bias) all.insert(all.end(), layer.b.begin(), layer.b.end());
  }
  return all;
}

/// The rows of a batch in its order.
inline std::vector<double> batch_of(const std::vector<double>& data, std::int64_t columns, const BatchOrder& order) {
  std::vector<double> rows;
  for (std::int64_t place = 0; place < order.rows(); ++place) {
    const auto from = data.begin() + order.row(place) * columns;
    rows.insert(rows.end(), from, from + columns);
  }
  return rows;
}

/// Does a loss go with an output activation?
constexpr bool fits(Loss loss, Activation output) {
  if (loss == Loss::binary_cross_entropy) return output == Activation::sigmoid;
  if (loss == Loss::cross_entropy) return output == Activation::softmax;
  return true;
}

/// Rounded to what the device stores.
template <class Real>
std::vector<double> stored(std::vector<double> values) {
  for (auto& value : values) value = static_cast<double>(static_cast<Real>(value));
  return values;
}

}  // namespace sinter::test
