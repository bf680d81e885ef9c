// The key `checkpoint`, and which keys may change when a run goes on from a checkpoint.
#include <algorithm>
#include <cctype>

#include <sinter/inputs/values.hpp>

namespace sinter {
namespace inputs::detail {
namespace {

Key with_checkpoints(Key key) {
  return only(std::move(key), "keep > 0", [](const Draft& draft) { return draft.file.checkpoint.keep != 0; });
}

/// Is `path` one of these keys, or in one of these groups (with a dot at the end)?
bool is_among(const std::string& path, std::initializer_list<std::string_view> keys) {
  return std::ranges::any_of(
      keys, [&](std::string_view key) { return key.ends_with('.') ? path.starts_with(key) : path == key; });
}

/// Whether a step is the same whatever the key says. Data are compared by their contents, levels by the plans.
bool may_change(const std::string& path) {
  return is_among(path, {"run.", "device.", "data.", "training.epochs", "training.fusion", "training.log_every",
                         "training.validate_every", "training.stream", "training.stream_mib",
                         "training.early_stopping.", "checkpoint.", "budget."}) &&
         !is_among(path, {"run.seed", "device.precision", "data.normalize."});
}

}  // namespace

std::vector<Key> checkpoint_keys() {
  constexpr std::string_view allowed = "no, auto, or a path (with a '/' or '.' in it)";
  auto resume = scalar_key(
      "checkpoint.resume", [](auto& file) -> auto& { return file.checkpoint.resume; },
      "Whether to go on from a checkpoint. `auto`: from the newest whole one of the output folder, where there is one; "
      "a path (relative to the working directory): from that one, and when started again from its own newest.",
      stated(std::string(allowed)));
  resume.type = "name or path";
  resume.read = [allowed](Draft& draft, const Value& value) {
    auto& chosen = draft.file.checkpoint.resume;
    read_scalar(value, allowed, chosen);
    if (chosen == "no" || chosen == "auto" || chosen.find_first_of("/.") != std::string::npos) return;
    // A misspelt name must not be looked for as a file, in a job that may have waited for days.
    auto meant = chosen;
    for (char& c : meant) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (is_among(meant, {"true", "yes", "on", "newest", "latest", "last"})) meant = "auto";
    if (is_among(meant, {"false", "off", "none", "never"})) meant = "no";
    value.fail(fmt::format("{}; allowed: {}{}", describe(value.node), allowed, did_you_mean(meant, {"no", "auto"})));
  };
  return {
      with_checkpoints(
          scalar_key("checkpoint.every_steps", [](auto& file) -> auto& { return file.checkpoint.every_steps; },
                     "Steps between checkpoints. One is written at the end of every run, too, however it ends.",
                     {">= 0 (0: off)", [](double value) { return value >= 0; }})),
      with_checkpoints(
          scalar_key("checkpoint.every_minutes", [](auto& file) -> auto& { return file.checkpoint.every_minutes; },
                     "Minutes between checkpoints.", {">= 0 (0: off)", [](double value) { return value >= 0; }})),
      scalar_key(
          "checkpoint.keep", [](auto& file) -> auto& { return file.checkpoint.keep; },
          "How many of the newest checkpoints stay; 0: none is ever written.", at_least_zero()),
      resume,
  };
}

}  // namespace inputs::detail

std::vector<KeyDifference> differences(const RunFile& before, const RunFile& now) {
  using namespace inputs::detail;
  Draft then, here;
  then.file = before;
  here.file = now;
  const auto text = [](const Key& key, const Draft& draft) {
    return key.applies && !key.applies(draft) ? std::string() : key.write(draft.file);
  };
  std::vector<KeyDifference> all;
  for (const auto& key : schema()) {
    KeyDifference difference{key.path, text(key, then), text(key, here), may_change(key.path)};
    if (difference.before != difference.now) all.push_back(std::move(difference));
  }
  return all;
}

}  // namespace sinter
