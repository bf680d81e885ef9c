// The schema of run files: one table of keys, each with its type, default, allowed values and meaning, how it is read
// and how it is written. The reader, its error texts, the effective run file and docs/run-file.md all follow this
// table: a key exists once.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sinter/inputs/run_file.hpp>
#include <sinter/inputs/yaml_node.hpp>

namespace sinter::inputs::detail {

/// A run file while it is read: what the keys say, before the layers of the model and the defaults that depend on other
/// keys are worked out of it.
struct Draft {
  RunFile file;
  std::filesystem::path folder;  ///< what data paths in the file are relative to
  std::optional<std::vector<std::int64_t>> hidden;
  std::optional<std::vector<LayerSpec>> layers;
  std::optional<Activation> activation, output_activation;
  std::optional<double> alpha;
  std::optional<std::int64_t> outputs;
  std::optional<Loss> loss;
};

/// A value with the key that it belongs to, for messages.
struct Value {
  const YamlNode& node;
  std::string path;

  [[noreturn]] void fail(std::string_view message) const;
};

struct Key {
  std::string path;         ///< "training.optimizer.momentum"
  std::string type;         ///< in the reference: "integer"
  std::string allowed;      ///< in error texts and the reference; empty where the type says all
  std::string description;  ///< one line
  std::function<void(Draft&, const Value&)> read;
  std::function<std::string(const RunFile&)> write;  ///< as YAML; nothing where the key is not set
  std::string default_text;                   ///< for the reference, where it is not what `write` makes of RunFile{}
  std::string only_with;                      ///< in error texts and the reference: where the key has an effect
  std::function<bool(const Draft&)> applies;  ///< empty: always
  bool required = false;
};

/// All keys, in the order of presentation.
const std::vector<Key>& schema();
/// The parts of schema(), each in a source file of its own.
std::vector<Key> general_keys();
std::vector<Key> data_keys();
std::vector<Key> model_keys();
std::vector<Key> training_keys();
std::vector<Key> ensemble_keys();
std::vector<Key> checkpoint_keys();

/// "adam, adamw": the optimizers that have a setting.
std::string optimizers_with(const OptimizerSettingFacts& setting);

/// Whether the optimizer of the run, or of any member of its ensemble, has a setting.
bool uses_setting(const RunFile& file, const OptimizerSettingFacts& setting);

/// Maps that a bare name may stand for: `loss: mse` is `loss: {type: mse}`.
bool has_shorthand(std::string_view group);

}  // namespace sinter::inputs::detail
