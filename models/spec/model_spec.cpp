#include <sinter/models/spec/model_spec.hpp>

#include <cmath>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter {

std::int64_t ModelSpec::parameter_count() const {
  std::int64_t count = 0;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    count += (fan_in(layer) + (bias ? 1 : 0)) * layers[layer].width;
  }
  return count;
}

void validate(const ModelSpec& spec) {
  if (spec.inputs < 1)
    throw ConfigError(fmt::format("model: {} inputs; a model needs at least one feature", spec.inputs));
  if (spec.layers.empty()) throw ConfigError("model: no layers; at least the output layer is needed");
  for (std::size_t index = 0; index < spec.layers.size(); ++index) {
    const auto& layer = spec.layers[index];
    if (layer.width < 1)
      throw ConfigError(fmt::format("model: layer {} has width {}; allowed: >= 1", index, layer.width));
    if (layer.activation == Activation::softmax && index + 1 != spec.layers.size()) {
      throw ConfigError(
          fmt::format("model: layer {} has activation softmax, which only the last layer may have", index));
    }
    if (!(layer.alpha >= 0 && std::isfinite(layer.alpha))) {  // the derivative is told from the sign of the output
      throw ConfigError(fmt::format("model: layer {} has alpha {}; allowed: >= 0", index, layer.alpha));
    }
  }
  const auto& start = spec.initializer;
  if (start.type == Initializer::normal && !(start.stddev > 0)) {
    throw ConfigError(fmt::format("model: initializer normal with stddev {}; allowed: > 0", start.stddev));
  }
  if (start.type == Initializer::uniform && !(start.high > start.low)) {
    throw ConfigError(
        fmt::format("model: initializer uniform from {} to {}; high must be above low", start.low, start.high));
  }
  if (spec.type != ModelType::mlp && spec.layers.size() != 1) {
    throw ConfigError(
        fmt::format("model: {} has no hidden layers, but {} layers are given", to_name(spec.type), spec.layers.size()));
  }
}

}  // namespace sinter
