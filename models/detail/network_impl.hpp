// Definitions of Network, for the sources that instantiate it (models/instances).
#pragma once

#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include <sinter/kernels/fused/initialize.hpp>
#include <sinter/models/network.hpp>

namespace sinter {
namespace detail {

inline fused::Distribution distribution_of(const InitializerSpec& spec, std::int64_t fan_in, std::int64_t fan_out) {
  using Kind = fused::Distribution::Kind;
  const auto in = static_cast<double>(fan_in), both = static_cast<double>(fan_in + fan_out);
  switch (spec.type) {
    case Initializer::standard_normal: return {Kind::normal, 0.0, 1.0};
    case Initializer::normal: return {Kind::normal, spec.mean, spec.stddev};
    case Initializer::uniform: return {Kind::uniform, spec.low, spec.high};
    case Initializer::xavier_normal: return {Kind::normal, 0.0, std::sqrt(2.0 / both)};
    case Initializer::xavier_uniform: return {Kind::uniform, -std::sqrt(6.0 / both), std::sqrt(6.0 / both)};
    case Initializer::he_normal: return {Kind::normal, 0.0, std::sqrt(2.0 / in)};
    case Initializer::he_uniform: return {Kind::uniform, -std::sqrt(6.0 / in), std::sqrt(6.0 / in)};
    case Initializer::zeros: break;
  }
  return {Kind::constant, 0.0, 0.0};
}

/// Zeros for the parameters of `networks` networks. 1 allocation; throws ConfigError.
template <Space S, class Real>
Vector<S, Real> parameter_vector(const typename S::Execution& exec, const ModelSpec& spec, std::size_t networks) {
  validate(spec);
  return Vector<S, Real>(Kokkos::view_alloc(exec, std::string("sinter::network::parameters")),
                         networks * static_cast<std::size_t>(layout_of(spec).parameters));
}

}  // namespace detail

template <Space S, class Real>
Network<S, Real>::Network(const Execution& exec, const ModelSpec& spec, std::uint64_t seed)
    : Network(exec, spec, seed, detail::parameter_vector<S, Real>(exec, spec, 1)) {}

template <Space S, class Real>
Network<S, Real>::Network(const Execution& exec, const ModelSpec& spec, std::uint64_t seed,
                          const Vector<S, Real>& parameters)
    : spec_(spec),
      parameters_(parameters) {
  validate(spec);
  layout_ = layout_of(spec);
  check_shape(parameters, "network: parameters", layout_.parameters);
  for (std::size_t l = 0; l < layout_.layers.size(); ++l) {
    const auto& layer = layout_.layers[l];
    fused::initialize<S>(exec, parameters_.data() + layer.offset, layer.weights(),
                         detail::distribution_of(spec.initializer, layer.fan_in, layer.fan_out), seed,
                         static_cast<std::uint32_t>(l));
  }
}

template <Space S, class Real>
Network<S, Real>::Network(const Execution& exec, const ModelState& state) : spec_(state.spec) {
  validate(spec_);
  layout_ = layout_of(spec_);
  if (state.precision != detail::precision_of<Real>()) {
    throw ConfigError(fmt::format("model: its parameters are {}, not {}", to_name(state.precision),
                                  to_name(detail::precision_of<Real>())));
  }
  parameters_ = make_vector<S, Real>(exec, "sinter::network::parameters", layout_.parameters);
  set_parameters(exec, state.parameters);
  set_normalization(exec, state.normalization);
}

template <Space S, class Real>
void Network<S, Real>::set_parameters(const Execution& exec, const std::vector<NamedArray>& arrays) {
  const HostMirror<Vector<S, Real>> mirror(parameters_);
  auto* to = reinterpret_cast<std::byte*>(mirror.host().data());
  const std::byte* const end = to + layout_.parameters * static_cast<std::int64_t>(sizeof(Real));
  for (const auto& array : arrays) {
    if (static_cast<std::int64_t>(array.bytes.size()) > end - to)
      throw DataError(fmt::format("model: array {} does not fit the spec", array.name));
    std::memcpy(to, array.bytes.data(), array.bytes.size());
    to += array.bytes.size();
  }
  if (to != end)
    throw DataError(fmt::format("model: its arrays hold {} bytes less than the spec's parameters", end - to));
  mirror.push(exec);
  wait_for(exec, "sinter::Network: parameters before their host image goes");
}

template <Space S, class Real>
void Network<S, Real>::set_normalization(const Execution& exec, Normalization normalization) {
  const auto check = [](const ColumnNormalization& columns, std::int64_t want, const char* what) {
    const auto extent = static_cast<std::size_t>(want);
    if (columns.active() && (columns.shift.size() != extent || columns.scale.size() != extent)) {
      throw ShapeError(fmt::format("normalisation of {}: {} shifts and {} scales for {} columns", what,
                                   columns.shift.size(), columns.scale.size(), want));
    }
  };
  check(normalization.features, spec_.inputs, "features");
  check(normalization.targets, spec_.outputs(), "targets");
  normalization_ = std::move(normalization);
  device_normalization_ = make_vector<S, double>(exec, "sinter::network::normalization",
                                                 2 * (spec_.inputs + spec_.outputs()));
  const HostMirror<Vector<S, double>> mirror(device_normalization_);
  double* to = mirror.host().data();
  const auto put = [&to](const ColumnNormalization& columns, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      *to++ = columns.active() ? columns.shift[static_cast<std::size_t>(i)] : 0.0;
    for (std::int64_t i = 0; i < count; ++i)
      *to++ = columns.active() ? columns.scale[static_cast<std::size_t>(i)] : 1.0;
  };
  put(normalization_.features, spec_.inputs);
  put(normalization_.targets, spec_.outputs());
  mirror.push(exec);
  wait_for(exec, "sinter::Network: normalisation before its host image goes");
}

template <Space S, class Real>
ModelState Network<S, Real>::state(const Execution& exec) const {
  ModelState state;
  state.spec = spec_;
  state.precision = detail::precision_of<Real>();
  state.normalization = normalization_;
  const HostMirror<Vector<S, Real>> mirror(parameters_);
  mirror.pull(exec);
  const Real* const host = mirror.host().data();
  const auto add = [&](std::string name, std::vector<std::int64_t> shape, std::int64_t offset) {
    NamedArray array{std::move(name), state.precision, std::move(shape), {}};
    const auto* from = reinterpret_cast<const std::byte*>(host + offset);
    array.bytes.assign(from, from + array.size() * static_cast<std::int64_t>(sizeof(Real)));
    state.parameters.push_back(std::move(array));
  };
  for (std::size_t l = 0; l < layout_.layers.size(); ++l) {
    const auto& layer = layout_.layers[l];
    add(fmt::format("layer{}/W", l), {layer.fan_in, layer.fan_out}, layer.offset);
    if (layer.bias) add(fmt::format("layer{}/b", l), {layer.fan_out}, layer.offset + layer.weights());
  }
  return state;
}

}  // namespace sinter
