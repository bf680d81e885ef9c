// The keys of a study file that have fixed names, and the order in which a study file is read.
#include <sinter/inputs/study/study_file.hpp>

#include <algorithm>
#include <cctype>
#include <functional>

#include <fmt/format.h>

#include <sinter/inputs/study/study_draft.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/inputs/values.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace inputs::detail {
namespace {

constexpr std::uint64_t largest_study_file = 1 << 17;

struct StudyKey {
  std::string path, type, allowed, default_text, description;
  std::function<void(StudyDraft&, const Value&)> read;
};

/// A key that is one scalar of a StudyFile.
template <class Access>
StudyKey scalar(std::string path, Access access, std::string default_text, std::string description, Range range = {}) {
  using T = std::remove_cvref_t<std::invoke_result_t<Access, StudyFile&>>;
  auto allowed = range.text;
  if constexpr (Named<T>) allowed = list_names<T>();
  return {std::move(path),
          type_text<T>(),
          std::move(allowed),
          std::move(default_text),
          std::move(description),
          [access, range](StudyDraft& draft, const Value& value) {
            T read{};
            read_scalar(value, range.text, read);
            if constexpr (std::is_arithmetic_v<T>) {
              if (range.good != nullptr && !range.good(static_cast<double>(read)))
                value.fail(fmt::format("{} is out of range{}", read, allowed_text(range.text)));
            }
            access(draft.file) = std::move(read);
          }};
}

std::vector<std::string> texts_of(const Value& value) {
  if (value.node.kind != YamlNode::Kind::list)
    value.fail(fmt::format("expected a list of texts, found {}", describe(value.node)));
  std::vector<std::string> texts;
  for (const auto& item : value.node.items) {
    if (item.kind != YamlNode::Kind::scalar)
      Value{item, value.path}.fail(fmt::format("expected a text, found {}", describe(item)));
    texts.push_back(item.text);
  }
  return texts;
}

StudyKey text_list(std::string path, std::vector<std::string>& (*access)(StudyFile&), std::string description) {
  return {std::move(path),
          "list of texts",
          "",
          "none",
          std::move(description),
          [access](StudyDraft& draft, const Value& value) { access(draft.file) = texts_of(value); }};
}

void require_map(const YamlNode& node, const std::string& path, std::string_view of) {
  if (node.kind != YamlNode::Kind::map || node.items.empty())
    throw ConfigError(
        located(node.place, path,
                fmt::format("expected a map of {}, found {}", of,
                            node.items.empty() && node.kind == YamlNode::Kind::map ? "an empty one" : describe(node))));
}

/// Sections of a run file are opened, so that what they do not name keeps its value; smaller maps go as they are.
void read_set(StudyDraft& draft, const Value& value) {
  require_map(value.node, value.path, "a run file's keys and their values");
  for (const auto& item : value.node.items) {
    require_run_key(item, value.path + "." + item.key, {});
    const bool section = item.kind == YamlNode::Kind::map && item.key.find('.') == std::string::npos &&
                         item.key != "data";
    if (!section) {
      draft.file.set.emplace_back(item.key, run_value(item.key, item, draft.folder));
      continue;
    }
    YamlNode opened = item;
    for (auto& key : opened.items) key.key = item.key + "." + key.key;
    read_set(draft, {opened, value.path});
  }
}

void read_environment(StudyDraft& draft, const Value& value) {
  require_map(value.node, value.path, "variables and their values");
  for (const auto& item : value.node.items) {
    const auto path = value.path + "." + item.key;
    const bool named = std::ranges::all_of(item.key, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    if (!named || item.key.empty() || std::isdigit(static_cast<unsigned char>(item.key[0])) != 0)
      throw ConfigError(located(item.key_place, path, "not the name of an environment variable"));
    if (item.kind != YamlNode::Kind::scalar)
      Value{item, path}.fail(fmt::format("expected a text, found {}", describe(item)));
    draft.file.launcher.environment.emplace_back(item.key, item.text);
  }
}

/// `run`: a path, relative to the study file, or a run file itself.
void read_run(StudyDraft& draft, const Value& value) {
  auto& file = draft.file;
  if (value.node.kind == YamlNode::Kind::map) {
    file.run_inline = true;
    file.run_text = "# The run file of a study, as the study file gives it.\n";
    for (const auto& item : value.node.items)
      file.run_text += fmt::format("{}: {}\n", item.key, run_value(item.key, item, draft.folder));
    return;
  }
  std::string path;
  read_scalar(value, "a path, or a map that is a run file", path);
  file.run_file = (file.run_file / path).lexically_normal();
  try {
    file.run_text = read_file(file.run_file, largest_study_file);
  } catch (const Error& error) {
    value.fail(error.what());
  }
}

std::vector<StudyKey> make_keys() {
  const Range counted{">= 1", [](double value) { return value >= 1; }};
  return {
      scalar(
          "study.name", [](auto& file) -> auto& { return file.name; }, "the file's name without extension",
          "Names the study in its report."),
      scalar(
          "study.kind", [](auto& file) -> auto& { return file.kind; }, "**required**",
          "strong: the same problem for any number of workers; weak: the same number of rows a worker; sweep: no "
          "speed-up, only times; time_to_target: trainings until a validation loss."),
      scalar(
          "study.output", [](auto& file) -> auto& { return file.output; }, "`studies/` and the name",
          "Folder for the results, relative to the working directory."),
      scalar(
          "study.seed", [](auto& file) -> auto& { return file.seed; }, "`1`", "Of the order of the measurements."),
      scalar(
          "study.repetitions", [](auto& file) -> auto& { return file.repetitions; }, "`5`",
          "Processes a point. Below 5 there is no confidence interval.", counted),
      scalar(
          "study.time_limit", [](auto& file) -> auto& { return file.time_limit_s; }, "`0`",
          "Seconds after which a process is ended and its point counts as failed; 0: none.", at_least_zero()),
      scalar(
          "study.target", [](auto& file) -> auto& { return file.target; }, "**required** for time_to_target",
          "The validation loss to come below. Only with: kind time_to_target."),
      scalar(
          "study.same_bits", [](auto& file) -> auto& { return file.same_bits; }, "`true`",
          "Whether it is an error when points of one problem end with different parameters."),
      text_list(
          "study.arguments", [](StudyFile & file) -> auto& { return file.arguments; },
          "More arguments of `sinter bench` (of `sinter train` for time_to_target)."),
      {"run", "text or map", "", "**required**",
       "The run file of every point: a path relative to the study file, or a run file itself, written in place.",
       read_run},
      {"set", "map", "", "none",
       "Keys of the run file that are the same for every point, with their values: `training.batch: 256`.", read_set},
      {"axes", "map", "", "**required**",
       "Axes and the list of values of each; the points are their cross product. An axis is one of the names below or "
       "any key of the run file.",
       [](StudyDraft& draft, const Value& value) {
         require_map(value.node, value.path, "axes and their values");
         read_axes(draft, value.node);
       }},
      scalar(
          "launcher.type", [](auto& file) -> auto& { return file.launcher.type; }, "`none`",
          "What starts a process. A bare name may stand for the map."),
      text_list(
          "launcher.arguments", [](StudyFile & file) -> auto& { return file.launcher.arguments; },
          "More arguments of the launcher; of custom the whole command, before which nothing is put. `{ranks}` and "
          "`{threads}` stand for the point's."),
      scalar(
          "launcher.binding", [](auto& file) -> auto& { return file.launcher.binding; }, "`auto`",
          "Where OpenMP places threads: close or spread over cores, none: nowhere, auto: as `sinter` decides."),
      {"launcher.environment", "map", "", "none", "More environment variables; `{ranks}` and `{threads}` as above.",
       read_environment},
  };
}

const std::vector<StudyKey>& keys() {
  static const auto all = make_keys();
  return all;
}

std::vector<std::string> names_below(std::string_view prefix) {
  std::vector<std::string> names;
  for (const auto& key : keys()) {
    if (!key.path.starts_with(prefix)) continue;
    auto name = key.path.substr(prefix.size());
    name.resize(std::min(name.size(), name.find('.')));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

void check_names(const YamlNode& group, const std::string& path) {
  const auto names = names_below(path.empty() ? "" : path + ".");
  if (group.kind != YamlNode::Kind::map)
    throw ConfigError(located(
        group.place, path, fmt::format("expected a map of keys, found {}; allowed: {}", describe(group), join(names))));
  for (const auto& item : group.items) {
    if (std::ranges::find(names, item.key) != names.end()) continue;
    throw ConfigError(located(item.key_place, path.empty() ? item.key : path + "." + item.key,
                              fmt::format("unknown key; allowed: {}{}", join(names), did_you_mean(item.key, names))));
  }
}

const YamlNode* find_path(const YamlNode& root, const std::string& path) {
  const auto dot = path.find('.');
  const auto* node = root.find(path.substr(0, dot));
  return node == nullptr || dot == path.npos ? node : node->find(path.substr(dot + 1));
}

/// What is required, and what has no effect.
void check_study(const StudyFile& file, const YamlNode& root) {
  const auto fail = [&](const char* path, const std::string& message) {
    const auto* node = find_path(root, path);
    throw ConfigError(located(node != nullptr ? node->key_place : Place{root.place.origin, 0, 0, ""}, path, message));
  };
  const bool to_target = file.kind == StudyKind::time_to_target;
  if (to_target && root.find("study")->find("target") == nullptr)
    fail("study.target", "required with kind time_to_target: the validation loss to come below");
  if (!to_target && root.find("study")->find("target") != nullptr)
    fail("study.target", "has no effect here; it belongs to: kind time_to_target");
  const auto& launcher = file.launcher;
  if (launcher.type == LauncherType::custom && launcher.arguments.empty())
    fail("launcher.arguments", "required with launcher custom: the command that starts a point");
  if (launcher.type == LauncherType::none && !launcher.arguments.empty())
    fail("launcher.arguments", "has no effect here; it belongs to: launcher mpirun, srun, custom");
}

}  // namespace
}  // namespace inputs::detail

std::optional<std::size_t> StudyFile::axis(std::string_view wanted) const {
  const auto it = std::ranges::find(axes, wanted, &StudyAxis::name);
  if (it == axes.end()) return std::nullopt;
  return static_cast<std::size_t>(it - axes.begin());
}

std::string StudyFile::worker_axis() const { return axis("ranks") ? "ranks" : "threads"; }

StudyFile read_study_file(const std::filesystem::path& path, const std::vector<std::string>& overrides,
                          const std::string& output) {
  using namespace inputs::detail;
  const auto origin = path.string();
  std::string text;
  try {
    text = read_file(path, largest_study_file);
  } catch (const DataError& error) {
    throw ConfigError(error.what());
  }
  auto root = parse_yaml(text, origin);
  if (root.kind == YamlNode::Kind::null)
    throw ConfigError(fmt::format("{}: empty; a study file says at least study.kind, run and axes", origin));
  if (root.kind == YamlNode::Kind::map) {
    for (const auto& assignment : overrides) apply_override(root, assignment);
  }
  check_names(root, "");
  for (auto& group : root.items) {
    if (group.key == "launcher" && group.kind == YamlNode::Kind::scalar) {
      auto type = group;
      type.key = "type";
      type.key_place = type.place;
      group.kind = YamlNode::Kind::map;
      group.items = {std::move(type)};
    }
    if (group.key == "study" || group.key == "launcher") check_names(group, group.key);
  }

  StudyDraft draft;
  draft.folder = std::filesystem::absolute(path).parent_path();
  draft.file.run_file = path.parent_path();
  for (const auto& key : keys()) {
    if (const auto* node = find_path(root, key.path)) {
      key.read(draft, Value{*node, key.path});
    } else if (key.default_text == "**required**") {
      const auto* group = root.find(key.path.substr(0, key.path.find('.')));
      throw ConfigError(located(group != nullptr ? group->place : Place{origin, 0, 0, ""}, key.path,
                                fmt::format("required{}", allowed_text(key.allowed))));
    }
  }
  auto& file = draft.file;
  if (file.name.empty()) file.name = path.stem().string();
  if (!output.empty()) file.output = output;
  if (file.output.empty()) file.output = "studies/" + file.name;
  check_study(file, root);
  check_points(draft, root);
  if (file.run_inline) file.run_file = std::filesystem::path(file.output) / "run.yaml";
  return std::move(file);
}

std::string study_key_table() {
  std::string text;
  for (const auto& key : inputs::detail::keys()) {
    const auto allowed = key.allowed.empty() ? "" : fmt::format(" Allowed: {}.", key.allowed);
    text += fmt::format("| `{}` | {} | {} | {}{} |\n", key.path, key.type, key.default_text, key.description, allowed);
  }
  return text;
}

}  // namespace sinter
