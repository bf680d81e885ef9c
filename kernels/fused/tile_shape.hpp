// What a team that takes tiles of rows through a whole network knows of it: its layers, in a table on the device that is
// made at set-up, and where in the team's scratch everything lies. Kernels carry a pointer to the table, so that their
// arguments stay short and a network may have any number of layers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/layout.hpp>
#include <sinter/kernels/ops/activation.hpp>
#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter::fused {

/// A layer as the kernels see it. Places are those of a team's scratch, in columns of row_tile elements.
struct TileLayer {
  std::int64_t fan_in = 0, fan_out = 0;
  std::int64_t offset = 0;                ///< of W in the parameter vector; b follows W
  std::int64_t output = 0;                ///< place of f(Z) [row_tile, fan_out]; of Z for the last layer
  std::int64_t input_of_activation = -1;  ///< place of Z where the derivative needs it, else -1
  double alpha = 0;
  Activation activation = Activation::identity;
  bool bias = true;
};

/// The network and the layout of a team's scratch: gathered inputs [row_tile, inputs] first, activations, for training
/// two gradients [row_tile, widest], then row losses, the rows' numbers, what a tile product needs.
struct TileShape {
  const TileLayer* layers = nullptr;  ///< [count], on the device
  int count = 0;
  int row_tile = 0;        ///< a multiple of 8; in inference fewer where layers are very wide
  int gradient[2] = {};    ///< places of dZ and dX
  int columns = 0;         ///< in all
  int widest = 0;          ///< columns of a product at most
  int longest = 0;         ///< longest chain of a product
  bool over_rows = false;  ///< are there products over the tile's rows?
};

namespace detail {
/// Fills in `layers` for training, and gives the columns up to the last activation.
inline std::int64_t place_layers(const NetworkLayout& layout, std::vector<TileLayer>& layers) {
  std::int64_t columns = tiling::whole_columns(layout.inputs);
  const auto place = [&columns](std::int64_t count) {
    const std::int64_t at = columns;
    columns += tiling::whole_columns(count);
    return at;
  };
  for (const auto& layer : layout.layers) {
    const bool last = layers.size() + 1 == layout.layers.size();
    const std::int64_t output = place(layer.fan_out);
    const std::int64_t input = !last && derivative_from_input(layer.activation) ? place(layer.fan_out) : -1;
    layers.push_back(
        {layer.fan_in, layer.fan_out, layer.offset, output, input, layer.alpha, layer.activation, layer.bias});
  }
  return columns;
}

/// Of the inputs in inference, which on a host come in pieces where they are many.
template <Space S>
std::int64_t inference_inputs(const NetworkLayout& layout) {
  return tiling::whole_columns(tiling::inference_inputs(S::kernels_on_host, layout.inputs));
}

/// A table on the device. 1 allocation, 1 copy (none on host spaces), 1 fence.
template <Space S>
Vector<S, TileLayer> on_device(const typename S::Execution& exec, const std::vector<TileLayer>& layers) {
  const auto device = make_vector<S, TileLayer>(exec, "sinter::layers", static_cast<std::int64_t>(layers.size()));
  const HostMirror<Vector<S, TileLayer>> mirror(device);
  std::copy(layers.begin(), layers.end(), mirror.host().data());
  mirror.push(exec);
  wait_for(exec, "sinter: the table of layers before its host image goes");
  return device;
}
}  // namespace detail

/// The layers of a network in training: the activations of all are kept. 1 allocation, 1 copy (none on host spaces), 1
/// fence.
template <Space S>
Vector<S, TileLayer> training_layers(const typename S::Execution& exec, const NetworkLayout& layout) {
  std::vector<TileLayer> layers;
  detail::place_layers(layout, layers);
  return detail::on_device<S>(exec, layers);
}

/// The shape of a training tile of `row_tile` rows. `layers`: of training_layers(); not needed to ask for its scratch.
inline TileShape training_shape(const NetworkLayout& layout, std::int64_t row_tile, const TileLayer* layers = nullptr) {
  std::vector<TileLayer> placed;
  std::int64_t columns = detail::place_layers(layout, placed);
  TileShape shape;
  shape.layers = layers;
  shape.count = static_cast<int>(layout.layers.size());
  shape.row_tile = static_cast<int>(row_tile);
  shape.widest = static_cast<int>(std::max(layout.inputs, layout.widest()));
  shape.longest = static_cast<int>(std::max<std::int64_t>(shape.widest, row_tile));
  shape.over_rows = true;
  for (auto& gradient : shape.gradient) {
    gradient = static_cast<int>(columns);
    columns += tiling::whole_columns(layout.widest());
  }
  shape.columns = static_cast<int>(columns);
  return shape;
}

/// The layers of a network in inference: no more than two layers' activations are kept. 1 allocation, 1 copy (none on
/// host spaces), 1 fence.
template <Space S>
Vector<S, TileLayer> forward_layers(const typename S::Execution& exec, const NetworkLayout& layout) {
  std::vector<TileLayer> layers;
  detail::place_layers(layout, layers);
  const std::int64_t first = detail::inference_inputs<S>(layout), each = tiling::whole_columns(layout.widest());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l].output = first + (l % 2 == 0 ? 0 : each);
    layers[l].input_of_activation = -1;
  }
  return detail::on_device<S>(exec, layers);
}

/// The shape of a tile of `row_tile` rows in inference. `layers`: of forward_layers(); not needed to ask for its scratch.
template <Space S>
TileShape forward_shape(const NetworkLayout& layout, std::int64_t row_tile, const TileLayer* layers = nullptr) {
  TileShape shape;
  shape.layers = layers;
  shape.count = static_cast<int>(layout.layers.size());
  shape.row_tile = static_cast<int>(row_tile);
  shape.widest = shape.longest = static_cast<int>(std::max(layout.inputs, layout.widest()));
  shape.columns = static_cast<int>(detail::inference_inputs<S>(layout) + 2 * tiling::whole_columns(layout.widest()));
  return shape;
}

}  // namespace sinter::fused
