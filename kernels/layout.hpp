// Where the parameters of a dense network lie: one vector, layer by layer W [fan_in, fan_out] row-major, then b
// [fan_out]. Gradients and optimizer states have the same layout, so an offset names a parameter everywhere.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <sinter/kernels/catalog/ops.hpp>

namespace sinter {

struct DenseLayout {
  std::int64_t fan_in = 0;
  std::int64_t fan_out = 0;
  Activation activation = Activation::identity;
  double alpha = 0;
  bool bias = true;
  std::int64_t offset = 0;  ///< of W in the parameter vector; b follows W

  [[nodiscard]] std::int64_t weights() const { return fan_in * fan_out; }
  [[nodiscard]] std::int64_t parameters() const { return (fan_in + (bias ? 1 : 0)) * fan_out; }
};

struct NetworkLayout {
  std::int64_t inputs = 0;
  std::vector<DenseLayout> layers;
  std::int64_t parameters = 0;

  [[nodiscard]] std::int64_t outputs() const { return layers.back().fan_out; }
  [[nodiscard]] std::int64_t widest() const {
    std::int64_t width = 0;
    for (const auto& layer : layers) width = std::max(width, layer.fan_out);
    return width;
  }

  void add(std::int64_t fan_out, Activation activation, double alpha, bool bias) {
    const std::int64_t fan_in = layers.empty() ? inputs : layers.back().fan_out;
    layers.push_back({fan_in, fan_out, activation, alpha, bias, parameters});
    parameters += layers.back().parameters();
  }
};

}  // namespace sinter
