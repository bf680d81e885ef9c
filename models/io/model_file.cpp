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

// ---- The members of an ensemble, one behind the other in each array ---------------------------------------------------

namespace {

const std::string members_name = "ensemble/members";

void put_ensemble(Archive& archive, const EnsembleModel& ensemble) {
  const auto& members = ensemble.members;
  if (ensemble.best >= members.size() || ensemble.nonfinite_step.size() != members.size() ||
      ensemble.nonfinite_step[ensemble.best] != 0) {
    throw ShapeError(fmt::format("ensemble: {} members, steps of {}, and the best is member {}", members.size(),
                                 ensemble.nonfinite_step.size(), ensemble.best));
  }
  const auto count = std::ssize(members);
  const ModelState& best = members[ensemble.best];
  put_model(archive, best);
  auto& values = archive.values;
  std::vector<std::string> initializers;
  for (std::size_t i = 0; i < members.size(); ++i) {
    ModelSpec same = best.spec;
    same.initializer = members[i].spec.initializer;
    Archive alone;
    put_model(alone, members[i]);  // throws where its parameters do not fit
    if (members[i].spec != same || members[i].precision != best.precision ||
        members[i].normalization != best.normalization)
      throw ShapeError(fmt::format("ensemble: member {} has another shape or normalisation than the best", i));
    initializers.emplace_back(to_name(members[i].spec.initializer.type));
  }
  values[members_name] = std::int64_t{count};
  values["ensemble/best"] = static_cast<std::int64_t>(ensemble.best);
  values["ensemble/initializer"] = initializers;
  values["ensemble/nonfinite_step"] = array_of(
      std::vector<double>(ensemble.nonfinite_step.begin(), ensemble.nonfinite_step.end()));
  std::size_t parameter = 0;
  for_each_parameter(best.spec, [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    NamedArray all{"", best.precision, shape, {}};
    all.shape.insert(all.shape.begin(), count);
    for (const auto& member : members) {
      const auto& bytes = member.parameters[parameter].bytes;
      all.bytes.insert(all.bytes.end(), bytes.begin(), bytes.end());
    }
    values["ensemble/" + name] = std::move(all);
    ++parameter;
  });
}

EnsembleModel get_ensemble(const Archive& archive) {
  EnsembleModel ensemble;
  const ModelState best = get_model(archive);
  if (!archive.values.contains(members_name)) {
    ensemble.members = {best};
    ensemble.nonfinite_step = {0};
    return ensemble;
  }
  const auto count = archive.get<std::int64_t>(members_name);
  const auto place = archive.get<std::int64_t>("ensemble/best");
  if (place < 0 || place >= count) throw IoError(fmt::format("'ensemble/best' is {} of {} members", place, count));
  ensemble.best = static_cast<std::size_t>(place);
  const auto& initializers = archive.get<std::vector<std::string>>("ensemble/initializer");
  if (std::ssize(initializers) != count)
    throw IoError(fmt::format("'ensemble/initializer' holds {} texts for {} members", initializers.size(), count));
  for (const double step : doubles_of(checked_array(archive, "ensemble/nonfinite_step", {count}, Precision::float64)))
    ensemble.nonfinite_step.push_back(static_cast<std::int64_t>(step));
  if (ensemble.nonfinite_step[ensemble.best] != 0) throw IoError("'ensemble/best' is a member without a finite loss");
  ModelState bare = best;
  bare.parameters.clear();
  ensemble.members.assign(static_cast<std::size_t>(count), bare);
  for (std::size_t i = 0; i < ensemble.members.size(); ++i) {
    const auto type = from_name<Initializer>(initializers[i]);
    if (!type) throw IoError(fmt::format("'ensemble/initializer' holds '{}'", initializers[i]));
    ensemble.members[i].spec.initializer.type = *type;
  }
  for_each_parameter(best.spec, [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    auto shape_of_all = shape;
    shape_of_all.insert(shape_of_all.begin(), count);
    const auto& all = checked_array(archive, "ensemble/" + name, shape_of_all, best.precision);
    const auto each = std::ssize(all.bytes) / count;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const auto from = all.bytes.begin() + i * each;
      ensemble.members[static_cast<std::size_t>(i)].parameters.push_back(
          {name, best.precision, shape, {from, from + each}});
    }
  });
  return ensemble;
}

/// What `put` puts into it.
template <class Put>
void write_model(int format, const std::filesystem::path& path, const Put& put) {
  Archive archive{"model", format, {}};
  archive.values["format_version"] = std::int64_t{format};
  archive.values["sinter_version"] = std::string(version());
  put(archive);
  write_archive(archive, path);
}

/// What `get` gets out of it.
template <class Get>
auto read_model(const std::filesystem::path& path, const Get& get) {
  const auto archive = read_archive(path, "model", model_format);
  try {
    return get(archive);
  } catch (const Error& error) {
    throw IoError(fmt::format("cannot read '{}': {}", path.string(), error.what()));
  }
}

}  // namespace

void save_model(const ModelState& state, const std::filesystem::path& path) {
  write_model(1, path, [&](Archive& archive) { put_model(archive, state); });
}

ModelState load_model(const std::filesystem::path& path) {
  return read_model(path, [](const Archive& archive) { return get_model(archive); });
}

void save_ensemble(const EnsembleModel& ensemble, const std::filesystem::path& path) {
  write_model(model_format, path, [&](Archive& archive) { put_ensemble(archive, ensemble); });
}

EnsembleModel load_ensemble(const std::filesystem::path& path) { return read_model(path, get_ensemble); }

}  // namespace sinter
