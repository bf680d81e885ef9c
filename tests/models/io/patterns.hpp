// Models and arrays with arbitrary bit patterns, NaNs and denormals among them: what writes them must not look at the
// values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sinter/models/spec/model_state.hpp>

namespace sinter::test {

inline NamedArray pattern(const std::string& name, Precision precision, std::vector<std::int64_t> shape) {
  NamedArray array{name, precision, std::move(shape), {}};
  array.bytes.resize(static_cast<std::size_t>(array.size()) * (precision == Precision::float32 ? 4 : 8));
  std::uint32_t state = 12345;
  for (auto& byte : array.bytes) byte = static_cast<std::byte>((state = state * 1664525U + 1013904223U) >> 24);
  return array;
}

/// 2 features, layers of 4 and at the end 1 output; by default 2 layers with 17 parameters.
inline ModelState pattern_model(Precision precision, std::size_t layers = 2, bool bias = true) {
  ModelState state;
  state.precision = precision;
  state.spec.inputs = 2;
  state.spec.bias = bias;
  for (std::size_t layer = 0; layer + 1 < layers; ++layer)
    state.spec.layers.push_back({4, Activation::leaky_relu, 0.01});
  state.spec.layers.push_back({1, Activation::sigmoid, 0});
  state.spec.initializer = {Initializer::uniform, 0, 1, -0.25, 0.1};
  state.feature_names = {"Größe, m", "distance"};
  state.target_names = {"price"};
  state.normalization.features = {Normalize::zscore, {0.1, 1e300}, {1.0 / 3.0, 1}};
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const auto name = "layer" + std::to_string(layer);
    state.parameters.push_back(
        pattern(name + "/W", precision, {state.spec.fan_in(layer), state.spec.layers[layer].width}));
    if (bias) state.parameters.push_back(pattern(name + "/b", precision, {state.spec.layers[layer].width}));
  }
  return state;
}

}  // namespace sinter::test
