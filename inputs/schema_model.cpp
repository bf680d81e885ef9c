// The key `model`. Layers can be said in two ways: `hidden` widths with one activation and an output activation, or
// `layers` in full.
#include <sinter/inputs/values.hpp>

namespace sinter::inputs::detail {
namespace {

constexpr bool has_alpha(Activation activation) { return default_alpha(activation) != 0; }

bool is_mlp(const Draft& draft) { return draft.file.model.type == ModelType::mlp; }

Key draft_key(std::string path, std::string type, std::string allowed, std::string description,
              std::function<void(Draft&, const Value&)> read) {
  Key key;
  key.path = std::move(path);
  key.type = std::move(type);
  key.allowed = std::move(allowed);
  key.description = std::move(description);
  key.read = std::move(read);
  key.write = [](const RunFile&) { return std::string(); };
  return key;
}

std::int64_t positive(const Value& value) {
  std::int64_t number = 0;
  read_scalar(value, ">= 1", number);
  if (number < 1) value.fail(fmt::format("{} is out of range; allowed: >= 1", number));
  return number;
}

void read_hidden(Draft& draft, const Value& value) {
  if (value.node.kind != YamlNode::Kind::list) {
    value.fail(fmt::format("expected a list of widths such as [16, 16], found {}", describe(value.node)));
  }
  auto& hidden = draft.hidden.emplace();
  for (const auto& item : value.node.items)
    hidden.push_back(positive({item, fmt::format("{}[{}]", value.path, hidden.size())}));
}

LayerSpec read_layer(const Value& value, bool last) {
  static const std::vector<std::string> known{"width", "activation", "alpha"};
  if (value.node.kind != YamlNode::Kind::map) {
    value.fail(fmt::format("expected a map such as {{width: 16, activation: tanh}}, found {}", describe(value.node)));
  }
  for (const auto& item : value.node.items) {
    if (std::find(known.begin(), known.end(), item.key) == known.end()) {
      throw ConfigError(located(item.key_place, value.path + "." + item.key,
                                fmt::format("unknown key; allowed: {}{}", join(known), did_you_mean(item.key, known))));
    }
  }
  LayerSpec layer;
  layer.width = 0;
  if (const auto* width = value.node.find("width")) {
    layer.width = positive({*width, value.path + ".width"});
  } else if (!last) {
    value.fail("width is missing; only the last layer may leave it to the data");
  }
  if (const auto* activation = value.node.find("activation")) {
    read_scalar({*activation, value.path + ".activation"}, "", layer.activation);
  }
  layer.alpha = default_alpha(layer.activation);
  if (const auto* alpha = value.node.find("alpha")) {
    const Value given{*alpha, value.path + ".alpha"};
    read_scalar(given, ">= 0", layer.alpha);
    if (!has_alpha(layer.activation)) {
      given.fail(fmt::format("has no effect with activation {}; it belongs to: activation leaky_relu, elu",
                             to_name(layer.activation)));
    }
  }
  return layer;
}

void read_layers(Draft& draft, const Value& value) {
  if (value.node.kind != YamlNode::Kind::list || value.node.items.empty()) {
    value.fail(fmt::format(
        "expected a list of layers such as [{{width: 16, activation: tanh}}, {{activation: sigmoid}}], found {}",
        value.node.kind == YamlNode::Kind::list ? "an empty one" : describe(value.node)));
  }
  auto& layers = draft.layers.emplace();
  for (const auto& item : value.node.items) {
    layers.push_back(read_layer({item, fmt::format("{}[{}]", value.path, layers.size())},
                                layers.size() + 1 == value.node.items.size()));
  }
}

std::string write_layers(const RunFile& file) {
  std::string text;
  for (const auto& layer : file.model.layers) {
    text += text.empty() ? "{" : ", {";
    if (layer.width > 0) text += fmt::format("width: {}, ", layer.width);
    text += fmt::format("activation: {}", to_name(layer.activation));
    if (has_alpha(layer.activation)) text += fmt::format(", alpha: {}", layer.alpha);
    text += "}";
  }
  return file.model.type == ModelType::mlp && !text.empty() ? "[" + text + "]" : "";
}

Key with_initializer(Key key, Initializer type) {
  return only(std::move(key), fmt::format("initializer {}", to_name(type)),
              [type](const Draft& draft) { return draft.file.model.initializer.type == type; });
}

}  // namespace

std::vector<Key> model_keys() {
  auto type = scalar_key(
      "model.type", [](auto& file) -> auto& { return file.model.type; },
      "`linear_regression` and `logistic_regression` have no hidden layer.");
  type.required = true;
  auto inputs = draft_key("model.inputs", "integer", ">= 1", "Features of a row; must agree with the data.",
                          [](Draft& draft, const Value& value) { draft.file.model.inputs = positive(value); });
  inputs.write = [](const RunFile& file) { return file.model.inputs > 0 ? write_scalar(file.model.inputs) : ""; };
  auto outputs = draft_key("model.outputs", "integer", ">= 1", "Outputs of a row; must agree with the data.",
                           [](Draft& draft, const Value& value) { draft.outputs = positive(value); });
  outputs.write = [](const RunFile& file) {
    return file.model.type != ModelType::mlp && file.model.outputs() > 0 ? write_scalar(file.model.outputs()) : "";
  };
  const auto without_layers = [](const Draft& draft) { return !draft.layers; };
  const auto with_hidden = [](const Draft& draft) { return is_mlp(draft) && !draft.layers; };
  auto layers = draft_key("model.layers", "list of maps", "width >= 1, activation, alpha >= 0",
                          "All layers, the output layer last, whose width may be left to the data: "
                          "`[{width: 16, activation: tanh}, {activation: sigmoid}]`.",
                          read_layers);
  layers.write = write_layers;
  auto output_activation = draft_key(
      "model.output_activation", "name", list_names<Activation>(),
      "Activation of the output layer. logistic_regression: sigmoid (one output, or several that do not "
      "exclude each other) or softmax (classes).",
      [](Draft& draft, const Value& value) { read_scalar(value, "", draft.output_activation.emplace()); });
  output_activation.write = [](const RunFile& file) {
    const bool said_elsewhere = file.model.type != ModelType::logistic_regression || file.model.layers.empty();
    return said_elsewhere ? std::string() : std::string(to_name(file.model.layers.back().activation));
  };
  std::vector<std::string> hidden_names = name_list<Activation>();
  std::erase(hidden_names, "softmax");
  auto activation = draft_key("model.activation", "name", join(hidden_names), "Activation of the hidden layers.",
                              [hidden_names](Draft& draft, const Value& value) {
                                draft.activation = from_name<Activation>(read_name(value, hidden_names));
                              });
  auto alpha = draft_key("model.alpha", "number", ">= 0",
                         "leaky_relu: slope below zero; elu: outputs stay above -alpha.",
                         [](Draft& draft, const Value& value) { read_scalar(value, ">= 0", draft.alpha.emplace()); });
  return {
      type,
      with_default(inputs, "from the data"),
      with_default(only(outputs, "a model without layers", without_layers), "from the data"),
      with_default(only(draft_key("model.hidden", "list of integers", ">= 1 each",
                                  "Widths of the hidden layers; `[]`: none.", read_hidden),
                        "type mlp, without layers", with_hidden),
                   "required for mlp, unless layers"),
      with_default(only(activation, "type mlp, without layers", with_hidden), "tanh"),
      with_default(only(alpha, "activation leaky_relu, elu",
                        [with_hidden](const Draft& draft) {
                          return with_hidden(draft) && has_alpha(draft.activation.value_or(Activation::tanh));
                        }),
                   "leaky_relu 0.01, elu 1"),
      with_default(only(output_activation, "type mlp, logistic_regression, without layers",
                        [](const Draft& draft) {
                          return draft.file.model.type != ModelType::linear_regression && !draft.layers;
                        }),
                   "logistic_regression sigmoid, else identity"),
      with_default(only(layers, "type mlp", is_mlp), "required for mlp, unless hidden"),
      scalar_key(
          "model.bias", [](auto& file) -> auto& { return file.model.bias; },
          "Whether layers add a bias; biases start at zero."),
      scalar_key(
          "model.initializer.type", [](auto& file) -> auto& { return file.model.initializer.type; },
          "How weights start. A bare name may stand for the map."),
      with_initializer(scalar_key(
                           "model.initializer.mean", [](auto& file) -> auto& { return file.model.initializer.mean; },
                           "Mean of the normal distribution."),
                       Initializer::normal),
      with_initializer(
          scalar_key(
              "model.initializer.stddev", [](auto& file) -> auto& { return file.model.initializer.stddev; },
              "Standard deviation of the normal distribution.", stated("> 0")),
          Initializer::normal),
      with_initializer(scalar_key(
                           "model.initializer.low", [](auto& file) -> auto& { return file.model.initializer.low; },
                           "Lower end of the uniform distribution."),
                       Initializer::uniform),
      with_initializer(scalar_key(
                           "model.initializer.high", [](auto& file) -> auto& { return file.model.initializer.high; },
                           "Upper end of the uniform distribution.", stated("> low")),
                       Initializer::uniform),
  };
}

}  // namespace sinter::inputs::detail
