#include <sinter/inputs/schema.hpp>

#include <algorithm>
#include <array>

#include <sinter/inputs/values.hpp>
#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/base/space_names.hpp>

namespace sinter::inputs::detail {
namespace {

std::vector<std::string> spaces() {
  std::vector<std::string> names{"auto"};
  for (const auto& space : space_names) names.emplace_back(space.name);
  return names;
}

}  // namespace

void Value::fail(std::string_view message) const { throw ConfigError(located(node.place, path, message)); }

std::vector<Key> general_keys() {
  auto name = scalar_key(
      "run.name", [](auto& file) -> auto& { return file.run.name; }, "Names the run in reports.");
  auto space = name_key(
      "device.space", [](auto& file) -> auto& { return file.device.space; },
      "Where to compute. `auto` takes the first usable one in this order; the mock device never.", spaces());
  space.required = true;
  std::vector<Key> keys{
      with_default(name, "the file's name without extension"),
      scalar_key(
          "run.seed", [](auto& file) -> auto& { return file.run.seed; },
          "Seed of the initial parameters and of shuffling.", stated("0 to 18446744073709551615")),
      with_default(scalar_key(
                       "run.output", [](auto& file) -> auto& { return file.run.output; },
                       "Folder for the results, relative to the working directory."),
                   "runs/ and the name"),
      scalar_key("run.stop_after_steps", [](auto& file) -> auto& { return file.run.stop_after_steps; },
                 "Steps after which this process stops with a checkpoint, as by a signal: slices of a long run.",
                 {">= 0 (0: off)", [](double value) { return value >= 0; }}),
      space,
      scalar_key(
          "device.threads", [](auto& file) -> auto& { return file.device.threads; },
          "Threads of a host space; 0: all that the process may use.", at_least_zero()),
      scalar_key(
          "device.precision", [](auto& file) -> auto& { return file.device.precision; }, "What numbers are stored in."),
      scalar_key(
          "device.allow_fallback", [](auto& file) -> auto& { return file.device.allow_fallback; },
          "Take the first usable space where the chosen one is not usable; the run record says so."),
  };
  return keys;
}

const std::vector<Key>& schema() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all;
    for (auto part : {general_keys(), data_keys(), model_keys(), training_keys(), ensemble_keys(), checkpoint_keys()}) {
      all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
    }
    return all;
  }();
  return keys;
}

bool has_shorthand(std::string_view group) {
  const auto type = std::string(group) + ".type";
  return group != "model" &&
         std::any_of(schema().begin(), schema().end(), [&](const Key& key) { return key.path == type; });
}

}  // namespace sinter::inputs::detail
