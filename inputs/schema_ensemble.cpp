// The key `ensemble`: how many networks, and what each has of its own. A list holds one value a member; numbers may also be
// spread over the members by linear(a, b) or log(a, b).
#include <cmath>

#include <sinter/inputs/values.hpp>

namespace sinter::inputs::detail {
namespace {

bool has_members(const Draft& draft) { return draft.file.ensemble.members > 0; }

std::size_t member_count(const Draft& draft) { return static_cast<std::size_t>(draft.file.ensemble.members); }

constexpr std::string_view number_list = "a list of one number a member, linear(a, b), or log(a, b) with a, b > 0";

template <Named E>
std::string name_list_of() {
  return fmt::format("a list of one name a member, each of {}", list_names<E>());
}

/// linear(a, b) or log(a, b): from a to b over the members, in equal steps or equal ratios.
std::vector<double> spread(const Value& value, std::size_t members) {
  const auto& text = value.node.text;
  const bool logarithmic = text.starts_with("log(");
  const auto open = text.find('('), comma = text.find(','), close = text.find(')');
  if ((!logarithmic && !text.starts_with("linear(")) || comma == std::string::npos || close != text.size() - 1)
    value.fail(fmt::format("expected {}, found {}", number_list, describe(value.node)));
  const auto number = [&](std::size_t begin, std::size_t end) {
    YamlNode part = value.node;
    part.quoted = false;
    part.text = text.substr(begin, end - begin);
    part.text.erase(0, part.text.find_first_not_of(' '));
    part.text.erase(part.text.find_last_not_of(' ') + 1);
    double read = 0;
    read_scalar({part, value.path}, number_list, read);
    if (logarithmic && !(read > 0)) value.fail(fmt::format("{} is out of range; allowed: {}", read, number_list));
    return read;
  };
  const double from = number(open + 1, comma), to = number(comma + 1, close);
  std::vector<double> values;
  for (std::size_t i = 0; i < members; ++i) {
    const double share = members == 1 ? 0 : static_cast<double>(i) / static_cast<double>(members - 1);
    values.push_back(logarithmic ? from * std::pow(to / from, share) : from + (to - from) * share);
  }
  return values;
}

template <class T>
std::vector<T> read_list(const Draft& draft, const Value& value, std::string_view allowed) {
  if (value.node.kind != YamlNode::Kind::list)
    value.fail(fmt::format("expected {}, found {}", allowed, describe(value.node)));
  std::vector<T> values;
  for (const auto& item : value.node.items) {
    T read{};
    read_scalar({item, fmt::format("{}[{}]", value.path, values.size())}, "", read);
    values.push_back(read);
  }
  if (values.size() != member_count(draft)) {
    value.fail(
        fmt::format("{} values for {} members; allowed: one a member", values.size(), draft.file.ensemble.members));
  }
  return values;
}

template <class T>
std::string write_list(const std::vector<T>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ", ") + write_scalar(value);
  return values.empty() ? "" : "[" + text + "]";
}

template <class Access>
Key list_key(std::string name, Access access, std::string type, std::string allowed, std::string description) {
  using T = typename std::remove_cvref_t<std::invoke_result_t<Access, EnsembleSpec&>>::value_type;
  Key key;
  key.path = "ensemble." + std::move(name);
  key.type = std::move(type);
  key.allowed = std::move(allowed);
  key.description = std::move(description);
  key.read = [access, allowed = key.allowed](Draft& draft, const Value& value) {
    if (member_count(draft) == 0) return;  // that the key has no effect is said later
    if constexpr (std::is_same_v<T, double>) {
      if (value.node.kind == YamlNode::Kind::scalar) {
        access(draft.file.ensemble) = spread(value, member_count(draft));
        return;
      }
    }
    access(draft.file.ensemble) = read_list<T>(draft, value, allowed);
  };
  key.write = [access](const RunFile& file) { return write_list(access(file.ensemble)); };
  key.default_text = "the same for all";
  return only(std::move(key), "members >= 1", has_members);
}

/// `ensemble.<name>`: one of the numbers of the members' optimizers.
Key setting_key(const OptimizerSettingFacts& setting, std::vector<double> EnsembleSpec::*values) {
  auto key = list_key(
      std::string(setting.name), [values](auto& ensemble) -> auto& { return ensemble.*values; },
      "list of numbers, or a range", std::string(number_list),
      fmt::format("`training.optimizer.{}` of each member.", setting.name));
  if (setting.of_all) return key;
  return only(
      std::move(key), fmt::format("members >= 1 and optimizer {}", optimizers_with(setting)),
      [facts = &setting](const Draft& draft) { return has_members(draft) && uses_setting(draft.file, *facts); });
}

}  // namespace

std::vector<Key> ensemble_keys() {
  auto members = scalar_key("ensemble.members", [](auto& file) -> auto& { return file.ensemble.members; },
                            "Networks that are trained together, one launch for all; 0: a single network.",
                            {">= 0", [](double value) { return value >= 0; }});
  auto seed = list_key(
      "seed", [](auto& ensemble) -> auto& { return ensemble.seed; }, "list of integers",
      "a list of one integer a member", "Seeds of the initial parameters and of shuffling.");
  seed.default_text = "run.seed, and one more for each member";
  std::vector<Key> keys{
      members,
      seed,
      list_key(
          "optimizer", [](auto& ensemble) -> auto& { return ensemble.optimizer; }, "list of names",
          name_list_of<Optimizer>(),
          "`training.optimizer.type` of each member, to which settings that it does not have make no difference."),
  };
  for (std::size_t s = 0; s < std::size(optimizer_settings); ++s)
    keys.push_back(setting_key(optimizer_settings[s], setting_lists[s]));
  keys.push_back(list_key(
      "initializer", [](auto& ensemble) -> auto& { return ensemble.initializer; }, "list of names",
      name_list_of<Initializer>(), "How the weights of each member start."));
  return keys;
}

}  // namespace sinter::inputs::detail
