#include <sinter/models/io/model_file.hpp>

#include <utility>

#include <fmt/format.h>

#include <sinter/models/io/archive_values.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter {
namespace {

std::string layer_name(std::size_t layer) { return fmt::format("layer{}", layer); }

void put_normalization(Archive& archive, const std::string& name, const ColumnNormalization& columns) {
  archive.values["normalization/" + name + "/kind"] = std::string(to_name(columns.kind));
  if (!columns.active()) return;
  archive.values["normalization/" + name + "/shift"] = array_of(columns.shift);
  archive.values["normalization/" + name + "/scale"] = array_of(columns.scale);
}

ColumnNormalization get_normalization(const Archive& archive, const std::string& name, std::int64_t columns) {
  const auto prefix = "normalization/" + name;
  ColumnNormalization result{named<Normalize>(archive, prefix + "/kind"), {}, {}};
  if (!result.active()) return result;
  result.shift = doubles_of(checked_array(archive, prefix + "/shift", {columns}, Precision::float64));
  result.scale = doubles_of(checked_array(archive, prefix + "/scale", {columns}, Precision::float64));
  return result;
}

std::vector<std::string> checked_names(const Archive& archive, const std::string& name, std::int64_t columns) {
  auto names = archive.get<std::vector<std::string>>(name);
  if (!names.empty() && std::ssize(names) != columns) {
    throw IoError(fmt::format("'{}' has {} names; the model has {} columns", name, names.size(), columns));
  }
  return names;
}

/// The shapes of a layer's parameters in order: W, then b where the model has biases.
template <class Visit>
void for_each_parameter(const ModelSpec& spec, Visit&& visit) {
  for (std::size_t layer = 0; layer < spec.layers.size(); ++layer) {
    const auto width = spec.layers[layer].width;
    visit(layer_name(layer) + "/W", std::vector<std::int64_t>{spec.fan_in(layer), width});
    if (spec.bias) visit(layer_name(layer) + "/b", std::vector<std::int64_t>{width});
  }
}

}  // namespace

void put_model(Archive& archive, const ModelState& state) {
  const auto& spec = state.spec;
  validate(spec);
  auto& values = archive.values;
  values["model/type"] = std::string(to_name(spec.type));
  values["model/precision"] = std::string(to_name(state.precision));
  values["model/inputs"] = spec.inputs;
  values["model/outputs"] = spec.outputs();
  values["model/layers"] = std::int64_t{std::ssize(spec.layers)};
  values["model/bias"] = std::int64_t{spec.bias};
  values["model/parameters"] = spec.parameter_count();
  values["model/initializer/type"] = std::string(to_name(spec.initializer.type));
  values["model/initializer/mean"] = spec.initializer.mean;
  values["model/initializer/stddev"] = spec.initializer.stddev;
  values["model/initializer/low"] = spec.initializer.low;
  values["model/initializer/high"] = spec.initializer.high;
  for (std::size_t layer = 0; layer < spec.layers.size(); ++layer) {
    values[layer_name(layer) + "/width"] = spec.layers[layer].width;
    values[layer_name(layer) + "/activation"] = std::string(to_name(spec.layers[layer].activation));
    values[layer_name(layer) + "/alpha"] = spec.layers[layer].alpha;
  }
  put_normalization(archive, "features", state.normalization.features);
  put_normalization(archive, "targets", state.normalization.targets);
  values["feature_names"] = state.feature_names;
  values["target_names"] = state.target_names;
  auto parameter = state.parameters.begin();
  for_each_parameter(spec, [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    if (parameter == state.parameters.end() || parameter->shape != shape || parameter->precision != state.precision) {
      throw ShapeError(fmt::format(
          "model: parameter '{}' should be {} {}, but is {}", name, to_name(state.precision), extents(shape),
          parameter == state.parameters.end()
              ? "missing"
              : fmt::format("{} {}", to_name(parameter->precision), extents(parameter->shape))));
    }
    values[name] = *parameter++;
  });
}

ModelState get_model(const Archive& archive) {
  ModelState state;
  auto& spec = state.spec;
  spec.type = named<ModelType>(archive, "model/type");
  spec.inputs = archive.get<std::int64_t>("model/inputs");
  spec.bias = archive.get<std::int64_t>("model/bias") != 0;
  spec.initializer.type = named<Initializer>(archive, "model/initializer/type");
  spec.initializer.mean = archive.get<double>("model/initializer/mean");
  spec.initializer.stddev = archive.get<double>("model/initializer/stddev");
  spec.initializer.low = archive.get<double>("model/initializer/low");
  spec.initializer.high = archive.get<double>("model/initializer/high");
  const auto layers = archive.get<std::int64_t>("model/layers");
  for (std::size_t layer = 0; std::cmp_less(layer, layers); ++layer) {
    const auto name = layer_name(layer);
    spec.layers.push_back({archive.get<std::int64_t>(name + "/width"), named<Activation>(archive, name + "/activation"),
                           archive.get<double>(name + "/alpha")});
  }
  validate(spec);
  state.precision = named<Precision>(archive, "model/precision");
  state.normalization.features = get_normalization(archive, "features", spec.inputs);
  state.normalization.targets = get_normalization(archive, "targets", spec.outputs());
  state.feature_names = checked_names(archive, "feature_names", spec.inputs);
  state.target_names = checked_names(archive, "target_names", spec.outputs());
  for_each_parameter(spec, [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    state.parameters.push_back(checked_array(archive, name, shape, state.precision));
  });
  return state;
}

void save_model(const ModelState& state, const std::filesystem::path& path) {
  Archive archive{"model", model_format, {}};
  archive.values["format_version"] = std::int64_t{model_format};
  archive.values["sinter_version"] = std::string(version());
  put_model(archive, state);
  write_archive(archive, path);
}

ModelState load_model(const std::filesystem::path& path) {
  const auto archive = read_archive(path, "model", model_format);
  try {
    return get_model(archive);
  } catch (const Error& error) {
    throw IoError(fmt::format("cannot read '{}': {}", path.string(), error.what()));
  }
}

}  // namespace sinter
