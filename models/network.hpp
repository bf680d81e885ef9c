// A dense network on a device: its spec, its parameter vector and the normalisation that it was trained with.
#pragma once

#include <cstdint>

#include <sinter/kernels/layout.hpp>
#include <sinter/models/device_handle.hpp>
#include <sinter/models/spec/model_state.hpp>
#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter {

/// The layout of a spec's parameters.
NetworkLayout layout_of(const ModelSpec& spec);

template <Space S, class Real>
class Network {
 public:
  using Execution = typename S::Execution;

  /// Weights drawn by the spec's initialiser from `seed`, biases zero. Allocates; 1 launch a layer; throws ConfigError.
  Network(const Execution& exec, const ModelSpec& spec, std::uint64_t seed);
  /// The same in memory that is there: `parameters` holds layout_of(spec).parameters elements. 1 launch a layer.
  Network(const Execution& exec, const ModelSpec& spec, std::uint64_t seed, const Vector<S, Real>& parameters);
  /// The network of a saved model. 1 copy for the parameters, 1 for the normalisation; throws ConfigError or DataError
  /// where they do not fit.
  Network(const Execution& exec, const ModelState& state);

  [[nodiscard]] const ModelSpec& spec() const { return spec_; }
  [[nodiscard]] const NetworkLayout& layout() const { return layout_; }
  [[nodiscard]] const Vector<S, Real>& parameters() const { return parameters_; }
  [[nodiscard]] const Normalization& normalization() const { return normalization_; }

  /// [inputs] shifts and scales of the features on the device, null without normalisation; likewise [outputs] of the
  /// targets.
  [[nodiscard]] const double* feature_shift() const {
    return normalization_.features.active() ? device_normalization_.data() : nullptr;
  }
  [[nodiscard]] const double* feature_scale() const {
    return feature_shift() == nullptr ? nullptr : feature_shift() + spec_.inputs;
  }
  [[nodiscard]] const double* target_shift() const {
    return normalization_.targets.active() ? device_normalization_.data() + 2 * spec_.inputs : nullptr;
  }
  [[nodiscard]] const double* target_scale() const {
    return target_shift() == nullptr ? nullptr : target_shift() + spec_.outputs();
  }

  /// Takes a normalisation and brings it to the device (1 copy).
  void set_normalization(const Execution& exec, Normalization normalization);

  /// Takes the parameters of a saved model: all arrays one after the other. 1 copy (none on host spaces) and 1 fence;
  /// throws DataError where they do not fit the spec.
  void set_parameters(const Execution& exec, const std::vector<NamedArray>& arrays);

  /// The model on the host: 1 copy (none on host spaces) and 1 fence.
  [[nodiscard]] ModelState state(const Execution& exec) const;

  /// The network as a device function. No launch, copy, fence or allocation. Throws ConfigError where a layer or the
  /// inputs are wider than MaxWidth or there are more than DeviceHandle::max_layers layers.
  template <int MaxWidth = 128>
  [[nodiscard]] DeviceHandle<S, Real, MaxWidth> device_handle() const;

 private:
  ModelSpec spec_;
  NetworkLayout layout_;
  Vector<S, Real> parameters_;
  Normalization normalization_;
  Vector<S, double> device_normalization_;  ///< [feature shift, feature scale, target shift, target scale]
};

namespace detail {
template <class Real>
constexpr Precision precision_of() {
  return sizeof(Real) == 4 ? Precision::float32 : Precision::float64;
}

[[noreturn]] void handle_too_small(std::int64_t width, int max_width, std::size_t layers, int max_layers);
}  // namespace detail

template <Space S, class Real>
template <int MaxWidth>
DeviceHandle<S, Real, MaxWidth> Network<S, Real>::device_handle() const {
  using Handle = DeviceHandle<S, Real, MaxWidth>;
  const std::int64_t widest = std::max(layout_.widest(), layout_.inputs);
  if (widest > MaxWidth || layout_.layers.size() > Handle::max_layers) {
    detail::handle_too_small(widest, MaxWidth, layout_.layers.size(), Handle::max_layers);
  }
  Handle handle;
  handle.parameters_ = parameters_;
  handle.normalization_ = device_normalization_;
  handle.normalize_features_ = normalization_.features.active();
  handle.normalize_targets_ = normalization_.targets.active();
  handle.widest_ = static_cast<int>(widest);
  for (const auto& layer : layout_.layers) {
    handle.layers_[handle.count_++] = {static_cast<int>(layer.fan_in),
                                       static_cast<int>(layer.fan_out),
                                       layer.offset,
                                       layer.activation,
                                       static_cast<Real>(layer.alpha),
                                       layer.bias};
  }
  return handle;
}

}  // namespace sinter
