// From a checked YAML tree to a RunFile: which keys there are, what they say, and whether all of it fits together.
#include <sinter/inputs/run_file.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <sinter/inputs/data/source.hpp>
#include <sinter/inputs/nearest.hpp>
#include <sinter/inputs/schema.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/inputs/yaml_node.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace inputs::detail {
namespace {

constexpr std::uint64_t largest_run_file = 1 << 17;

/// The names that may stand below a group ("" is the top), in order.
std::vector<std::string> names_below(std::string_view group) {
  std::vector<std::string> names;
  const auto prefix = group.empty() ? std::string() : std::string(group) + ".";
  for (const auto& key : schema()) {
    if (!key.path.starts_with(prefix)) continue;
    auto name = key.path.substr(prefix.size());
    name.resize(std::min(name.size(), name.find('.')));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

/// A key of that name elsewhere in the schema: `learning_rate` is one of the optimizer, not of the training.
std::string known_elsewhere(const std::string& name) {
  for (const auto& key : schema()) {
    if (key.path.ends_with("." + name)) return fmt::format("; did you mean '{}'?", key.path);
  }
  return "";
}

/// Refuses keys that the schema does not know, and writes out the bare names that stand for maps.
void check_keys(YamlNode& group, const std::string& path) {
  if (group.kind == YamlNode::Kind::null) return;
  if (group.kind == YamlNode::Kind::scalar && has_shorthand(path)) {
    YamlNode type = group;
    type.key = "type";
    type.key_place = type.place;
    group.kind = YamlNode::Kind::map;
    group.items = {std::move(type)};
  }
  const auto names = names_below(path);
  if (group.kind != YamlNode::Kind::map) {
    throw ConfigError(located(
        group.place, path, fmt::format("expected a map of keys, found {}; allowed: {}", describe(group), join(names))));
  }
  for (auto& item : group.items) {
    const auto item_path = path.empty() ? item.key : path + "." + item.key;
    if (std::find(names.begin(), names.end(), item.key) == names.end()) {
      auto meant = did_you_mean(item.key, names);
      if (meant.empty()) meant = known_elsewhere(item.key);
      throw ConfigError(
          located(item.key_place, item_path, fmt::format("unknown key; allowed: {}{}", join(names), meant)));
    }
    const bool leaf = std::any_of(schema().begin(), schema().end(),
                                  [&](const Key& key) { return key.path == item_path; });
    if (!leaf) check_keys(item, item_path);
  }
}

/// The node of a dotted path, or null. `nearest_place`, where asked for, is its place or that of the innermost group
/// there is.
const YamlNode* find_path(const YamlNode& root, std::string_view path, Place* nearest_place = nullptr) {
  const YamlNode* node = &root;
  while (true) {
    if (nearest_place != nullptr)
      *nearest_place = node->key.empty() ? Place{node->place.origin, 0, 0, ""} : node->place;
    if (path.empty()) return node;
    const auto name = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    const auto* next = node->find(name);
    if (next == nullptr) return nullptr;
    node = next;
  }
}

[[noreturn]] void fail_at(const YamlNode& root, const std::string& path, std::string_view message) {
  Place place;
  find_path(root, path, &place);
  throw ConfigError(located(place, path, message));
}

/// Adds the place to a complaint of validate(), which begins with the key ("training.epochs: ...").
[[noreturn]] void locate(const YamlNode& root, const std::string& complaint) {
  const auto colon = complaint.find(": ");
  if (colon == std::string::npos) throw ConfigError(fmt::format("{}: {}", root.place.origin, complaint));
  fail_at(root, complaint.substr(0, colon), complaint.substr(colon + 2));
}

/// The layers, from whichever of the two ways the file uses.
void build_layers(Draft& draft, const YamlNode& root) {
  auto& model = draft.file.model;
  const bool logistic = model.type == ModelType::logistic_regression;
  if (draft.layers && model.type == ModelType::mlp) {
    model.layers = *draft.layers;
    return;
  }
  if (model.type == ModelType::mlp) {
    if (!draft.hidden)
      fail_at(root, "model", "an mlp needs its layers; allowed: hidden, layers; for example hidden: [16, 16]");
    const auto activation = draft.activation.value_or(Activation::tanh);
    const auto alpha = draft.alpha.value_or(default_alpha(activation));
    for (const auto width : *draft.hidden) model.layers.push_back({width, activation, alpha});
  }
  const auto output = draft.output_activation.value_or(logistic ? Activation::sigmoid : Activation::identity);
  if (logistic && output != Activation::sigmoid && output != Activation::softmax) {
    fail_at(root, "model.output_activation",
            fmt::format("{} does not suit logistic_regression; allowed: sigmoid, softmax", to_name(output)));
  }
  model.layers.push_back({draft.outputs.value_or(0), output, default_alpha(output)});
}

Loss default_loss(Activation output) {
  if (output == Activation::sigmoid) return Loss::binary_cross_entropy;
  return output == Activation::softmax ? Loss::cross_entropy : Loss::mse;
}

/// Which data: exactly one of path and generator, in a known format, with targets where they must be named.
void check_data(const Draft& draft, const YamlNode& root) {
  const auto& data = draft.file.data;
  const auto* generator = find_path(root, "data.generator");
  if (data.path.empty() && data.generator.empty())
    fail_at(root, "data", "no data; one of path and generator is required");
  if (!data.path.empty() && !data.generator.empty()) {
    throw ConfigError(
        located(generator->key_place, "data.generator", "given together with data.path; only one of them is allowed"));
  }
  if (!data.generator.empty()) return;
  const auto* format = format_of(data);
  if (format == nullptr) {
    fail_at(root, "data.path",
            fmt::format("the extension '{}' does not tell the format; set data.format; allowed: {}",
                        std::filesystem::path(data.path).extension().string(), formats_text()));
  }
  if (format->picks_columns && data.targets.empty()) {
    fail_at(root, "data.targets", fmt::format("required with format {}; name the columns to predict", format->name));
  }
}

/// What is given must have an effect.
void check_effects(const Draft& draft, const YamlNode& root) {
  for (const auto& key : schema()) {
    const auto* node = find_path(root, key.path);
    if (node != nullptr && key.applies && !key.applies(draft)) {
      throw ConfigError(
          located(node->key_place, key.path, fmt::format("has no effect here; it belongs to: {}", key.only_with)));
    }
  }
  const auto loss = draft.file.training.loss.type;
  if (draft.file.normalize.targets != Normalize::none &&
      (loss == Loss::binary_cross_entropy || loss == Loss::cross_entropy)) {
    fail_at(root, "data.normalize.targets",
            fmt::format("{} does not suit the loss {}; allowed: none", to_name(draft.file.normalize.targets),
                        to_name(loss)));
  }
}

/// validate() of models/spec; what only the data will tell is filled in for the occasion.
void check_specs(const RunFile& file, const YamlNode& root) {
  auto model = file.model;
  if (model.inputs == 0) model.inputs = 1;
  if (model.layers.back().width == 0) model.layers.back().width = 2;
  try {
    validate(model);
    validate(file.training, model);
    if (file.ensemble.members > 0) members_of(file.ensemble, file.run.seed, model, file.training);
  } catch (const ConfigError& error) {
    locate(root, error.what());
  }
}

}  // namespace
}  // namespace inputs::detail

std::string KeyPlaces::locate(const std::string& complaint) const {
  using namespace inputs::detail;
  const auto colon = complaint.find(": ");
  if (!root_ || colon == std::string::npos) return complaint;
  const auto path = complaint.substr(0, colon);
  const bool known = std::any_of(schema().begin(), schema().end(), [&](const Key& key) {
    return key.path == path || key.path.starts_with(fmt::format("{}.", path));
  });
  if (!known) return complaint;
  Place place;
  find_path(*root_, path, &place);
  return located(place, path, complaint.substr(colon + 2));
}

RunFile parse_run_file(std::string_view text, const std::string& origin, const std::filesystem::path& folder,
                       const std::vector<std::string>& overrides) {
  using namespace inputs::detail;
  auto root = parse_yaml(text, origin);
  if (root.kind == YamlNode::Kind::null)
    throw ConfigError(fmt::format("{}: empty; a run file says at least device.space, data and model", origin));
  if (root.kind == YamlNode::Kind::map) {
    for (const auto& assignment : overrides) apply_override(root, assignment);
  }
  check_keys(root, "");

  Draft draft;
  draft.folder = folder;
  for (const auto& key : schema()) {
    if (const auto* node = find_path(root, key.path)) {
      key.read(draft, Value{*node, key.path});
    } else if (key.required) {
      fail_at(root, key.path, fmt::format("required; allowed: {}", key.allowed));
    }
  }
  auto& file = draft.file;
  if (file.run.name.empty()) {
    const auto stem = std::filesystem::path(origin).stem().string();
    file.run.name = stem.empty() ? "run" : stem;
  }
  if (file.run.output.empty()) file.run.output = "runs/" + file.run.name;
  build_layers(draft, root);
  file.training.loss.type = draft.loss.value_or(default_loss(file.model.layers.back().activation));
  check_data(draft, root);
  check_effects(draft, root);
  check_specs(file, root);
  file.places = KeyPlaces(std::make_shared<const YamlNode>(std::move(root)));
  return std::move(draft.file);
}

RunFile read_run_file(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  using namespace inputs::detail;
  std::string text;
  try {
    text = read_file(path, largest_run_file);
  } catch (const DataError& error) {
    throw ConfigError(error.what());
  }
  return parse_run_file(text, path.string(), std::filesystem::absolute(path).parent_path(), overrides);
}

}  // namespace sinter
