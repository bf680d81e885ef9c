// From axes to points: each combination of values becomes overrides of the run file, a number of ranks and one of
// threads. The run file is read for every point, so that a study does not fail where reading could have told.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <sinter/inputs/run_file.hpp>
#include <sinter/inputs/study/study_draft.hpp>
#include <sinter/inputs/values.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

constexpr std::size_t most_points = 10000;

struct ShortAxis {
  const char* name;
  const char* key;  ///< of the run file; "" where the axis is more than a key
  bool counts;      ///< integers from 1
};
constexpr ShortAxis short_axes[] = {
    {"threads", "device.threads", true},
    {"ranks", "", true},
    {"batch", "training.batch", true},
    {"width", "", true},
    {"depth", "", true},
    {"precision", "device.precision", false},
    {"fusion", "training.fusion", false},
};

const ShortAxis* short_axis(std::string_view name) {
  const auto* it = std::ranges::find(short_axes, name, &ShortAxis::name);
  return it == std::end(short_axes) ? nullptr : it;
}

std::vector<std::string> short_names() {
  std::vector<std::string> names;
  for (const auto& axis : short_axes) names.emplace_back(axis.name);
  return names;
}

void check_value(const YamlNode& item, const std::string& path, const ShortAxis* known) {
  const Value value{item, path};
  if (item.kind == YamlNode::Kind::null) value.fail("has no value");
  if (known == nullptr || !known->counts) return;
  std::int64_t count = 0;
  read_scalar(value, ">= 1", count);
  if (count < 1 || count > 1'000'000'000) value.fail(fmt::format("{} is out of range; allowed: 1 to 1e9", count));
}

/// The value of an axis at a point, or nothing where the study has no such axis.
std::optional<std::string> value_of(const StudyFile& file, const StudyPoint& point, std::string_view axis) {
  const auto index = file.axis(axis);
  return index ? std::optional(point.values[*index]) : std::nullopt;
}

/// Widths of the hidden layers of the run file, for the axes width and depth.
std::vector<std::int64_t> hidden_layers(const RunFile& run) {
  std::vector<std::int64_t> widths;
  for (const auto& layer : run.model.layers) widths.push_back(layer.width);
  widths.pop_back();
  return widths;
}

std::string hidden_text(const StudyFile& file, const StudyPoint& point, const RunFile& base, const Place& place) {
  const auto widths = hidden_layers(base);
  const auto width = value_of(file, point, "width"), depth = value_of(file, point, "depth");
  const bool uniform = !widths.empty() && std::ranges::count(widths, widths.front()) == std::ssize(widths);
  if ((!width && !uniform) || (!depth && widths.empty()))
    throw ConfigError(located(place, width ? "axes.width" : "axes.depth",
                              "the run file must have hidden layers of one width, which this axis changes"));
  const auto layers = depth ? std::stoull(*depth) : widths.size();
  if (layers > 1000)
    throw ConfigError(located(place, "axes.depth", fmt::format("{} is out of range; allowed: 1 to 1000", layers)));
  const auto each = width ? *width : fmt::to_string(widths.front());
  return fmt::format("[{}]", fmt::join(std::vector<std::string>(layers, each), ", "));
}

std::vector<std::string> assignments(const std::vector<std::pair<std::string, std::string>>& overrides) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : overrides) texts.push_back(key + "=" + value);
  return texts;
}

/// Places of the values of each axis, for messages.
const Place& place_of_point(const YamlNode& root, const StudyFile& file, const StudyPoint& point) {
  const auto& axes = *root.find("axes");
  const auto& last = axes.items.back();
  const auto& values = file.axes.back().values;
  const auto at = std::ranges::find(values, point.values.back()) - values.begin();
  return last.items[static_cast<std::size_t>(at)].place;
}

bool needs_threads(const LauncherSpec& launcher) {
  const auto mentions = [](const std::string& text) { return text.find("{threads}") != text.npos; };
  return std::ranges::any_of(launcher.arguments, mentions) ||
         std::ranges::any_of(launcher.environment, [&](const auto& entry) { return mentions(entry.second); });
}

}  // namespace

std::string run_value(const std::string& key, YamlNode value, const std::filesystem::path& folder) {
  const bool is_path = key == "data.path" || key == "data.test" || key == "data.validation";
  if (is_path && value.kind == YamlNode::Kind::scalar) {
    value.text = (folder / value.text).lexically_normal().string();
    value.quoted = true;
  }
  if (value.kind == YamlNode::Kind::map) {
    std::string text;
    for (const auto& item : value.items)
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", item.key,
                          run_value(key + "." + item.key, item, folder));
    return "{" + text + "}";
  }
  return to_yaml(value);
}

void require_run_key(const YamlNode& item, const std::string& path, const std::vector<std::string>& also) {
  std::vector<std::string> known = also;
  for (const auto& key : schema()) known.push_back(key.path);
  known.emplace_back("data");  // replaced as a whole
  // A map may stand for its keys, and a bare name for a map.
  const auto is = [&](const std::string& name) { return name == item.key || name.starts_with(item.key + "."); };
  if (std::ranges::any_of(known, is)) return;
  const auto names = also.empty() ? "the keys of a run file, docs/run-file.md"
                                  : join(also) + ", and the keys of a run file, docs/run-file.md";
  throw ConfigError(
      located(item.key_place, path, fmt::format("unknown key; allowed: {}{}", names, did_you_mean(item.key, known))));
}

void read_axes(StudyDraft& draft, const YamlNode& axes) {
  auto& file = draft.file;
  std::size_t points = 1;
  for (const auto& node : axes.items) {
    const auto path = "axes." + node.key;
    require_run_key(node, path, short_names());
    if (node.kind != YamlNode::Kind::list || node.items.empty())
      Value{node, path}.fail(fmt::format("expected a list of values, found {}",
                                         node.kind == YamlNode::Kind::list ? "an empty one" : describe(node)));
    StudyAxis axis{node.key, {}};
    for (const auto& item : node.items) {
      check_value(item, path, short_axis(node.key));
      const auto text = run_value(node.key, item, draft.folder);
      if (std::ranges::find(axis.values, text) != axis.values.end()) Value{item, path}.fail(text + " is given twice");
      axis.values.push_back(text);
    }
    points *= axis.values.size();
    if (points > most_points)
      throw ConfigError(located(node.key_place, path, fmt::format("more than {} points", most_points)));
    file.axes.push_back(std::move(axis));
  }
  for (std::size_t index = 0; index < points; ++index) {
    StudyPoint point;
    point.values.resize(file.axes.size());
    auto rest = index;
    for (std::size_t axis = file.axes.size(); axis-- > 0;) {  // the last axis changes fastest
      const auto& values = file.axes[axis].values;
      point.values[axis] = values[rest % values.size()];
      rest /= values.size();
    }
    for (std::size_t axis = 0; axis < file.axes.size(); ++axis)
      point.label += fmt::format("{}{}={}", axis == 0 ? "" : " ", file.axes[axis].name, point.values[axis]);
    file.points.push_back(std::move(point));
  }
}

void check_points(StudyDraft& draft, const YamlNode& root) {
  auto& file = draft.file;
  const auto& axes = *root.find("axes");
  const auto folder = file.run_inline ? draft.folder : std::filesystem::absolute(file.run_file).parent_path();
  const auto origin = file.run_inline ? root.place.origin + ": run" : file.run_file.string();
  const auto read_run = [&](const std::vector<std::pair<std::string, std::string>>& overrides) {
    return parse_run_file(file.run_text, origin, folder, assignments(overrides));
  };
  const auto base = read_run(file.set);

  const bool scales = file.kind == StudyKind::strong || file.kind == StudyKind::weak;
  if (scales && !file.axis("threads") && !file.axis("ranks"))
    throw ConfigError(
        located(axes.place, "axes", fmt::format("kind {} needs an axis threads or ranks", to_name(file.kind))));
  if (file.kind == StudyKind::weak && !file.axis("batch") && base.training.batch == 0)
    throw ConfigError(located(root.find("study")->place, "study.kind",
                              "weak needs a batch, the rows of one worker: training.batch in the run file or in set, "
                              "or the axis batch"));
  for (auto& point : file.points) {
    const auto& place = place_of_point(root, file, point);
    if (const auto ranks = value_of(file, point, "ranks")) point.ranks = std::stoi(*ranks);
    if (point.ranks > 1 && file.launcher.type == LauncherType::none)
      throw ConfigError(located(
          axes.find("ranks")->place, "axes.ranks",
          fmt::format("launcher none starts one rank, not {}; allowed launchers: mpirun, srun, custom", point.ranks)));
    point.overrides = file.set;
    const auto put = [&](const std::string& key, const std::string& value) {
      std::erase_if(point.overrides, [&](const auto& entry) { return entry.first == key; });
      point.overrides.emplace_back(key, value);
    };
    for (std::size_t axis = 0; axis < file.axes.size(); ++axis) {
      const auto* known = short_axis(file.axes[axis].name);
      const auto key = known == nullptr ? file.axes[axis].name : std::string(known->key);
      if (!key.empty()) put(key, point.values[axis]);
    }
    if (file.axis("width") || file.axis("depth")) put("model.hidden", hidden_text(file, point, base, place));
    if (file.kind == StudyKind::weak) {
      const auto rows = value_of(file, point, "batch");
      const auto workers = std::stoll(*value_of(file, point, file.worker_axis()));
      put("training.batch", fmt::to_string(workers * (rows ? std::stoll(*rows) : base.training.batch)));
    }
    try {
      const auto run = read_run(point.overrides);
      point.threads = run.device.threads;
      point.batch = run.training.batch;
      if (point.threads == 0 && needs_threads(file.launcher))
        throw ConfigError("{threads} of the launcher is not known: device.threads is 0; an axis threads would say");
      if (file.kind == StudyKind::time_to_target && !run.data.validation_fraction && run.data.validation.empty())
        throw ConfigError("it sets no rows aside for validation, by whose loss the target is judged");
    } catch (const ConfigError& error) {
      throw ConfigError(
          located(place, "axes", fmt::format("the point {} is not allowed: {}", point.label, error.what())));
    }
  }
}

}  // namespace sinter::inputs::detail
