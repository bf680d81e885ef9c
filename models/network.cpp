#include <sinter/models/network.hpp>

#include <fmt/format.h>

namespace sinter {

NetworkLayout layout_of(const ModelSpec& spec) {
  NetworkLayout layout;
  layout.inputs = spec.inputs;
  for (const auto& layer : spec.layers) layout.add(layer.width, layer.activation, layer.alpha, spec.bias);
  return layout;
}

void detail::handle_too_small(std::int64_t width, int max_width, std::size_t layers, int max_layers) {
  throw ConfigError(
      fmt::format("device handle: the network is {} wide and has {} layers; this handle takes {} and {} "
                  "(its width is the template parameter MaxWidth)",
                  width, layers, max_width, max_layers));
}

}  // namespace sinter
