// The keys `training` and `budget`. Ranges that are only stated here are checked by validate() in models/spec; the
// reader adds the place, and a test holds both texts together.
#include <algorithm>
#include <iterator>

#include <sinter/inputs/values.hpp>

namespace sinter::inputs::detail {
namespace {

template <class E>
auto one_of(std::initializer_list<E> wanted, E (*chosen)(const RunFile&)) {
  return [list = std::vector<E>(wanted), chosen](const Draft& draft) {
    return std::find(list.begin(), list.end(), chosen(draft.file)) != list.end();
  };
}

/// A key of the optimizer, which says nothing where each member of an ensemble has a value of its own.
template <class List>
Key unless_own(Key key, List EnsembleSpec::*own) {
  key.write = [write = std::move(key.write), own](const RunFile& file) {
    return (file.ensemble.*own).empty() ? write(file) : std::string();
  };
  return key;
}

/// `training.optimizer.<name>`. An ensemble has the optimizers of its members.
Key setting_key(const OptimizerSettingFacts& setting, std::vector<double> EnsembleSpec::*own) {
  auto key = scalar_key(
      fmt::format("training.optimizer.{}", setting.name),
      [value = setting.value](auto& file) -> auto& { return file.training.optimizer.*value; },
      std::string(setting.meaning), stated(std::string(setting.allowed)));
  key = unless_own(std::move(key), own);
  if (setting.of_all) return key;
  return only(std::move(key), "optimizer " + optimizers_with(setting),
              [facts = &setting](const Draft& draft) { return uses_setting(draft.file, *facts); });
}

Key with_schedule(Key key, std::string names, std::initializer_list<Schedule> schedules) {
  return only(std::move(key), "schedule " + names,
              one_of<Schedule>(schedules, [](const RunFile& file) { return file.training.schedule.type; }));
}

Key batch_key() {
  Key key;
  key.path = "training.batch";
  key.type = "integer or `full`";
  key.allowed = ">= 1, or full";
  key.description = "Rows of a step, over all ranks; `full`: the whole training set.";
  key.read = [](Draft& draft, const Value& value) {
    auto& batch = draft.file.training.batch;
    if (value.node.kind == YamlNode::Kind::scalar && value.node.text == "full") {
      batch = 0;
      return;
    }
    read_scalar(value, ">= 1, or full", batch);
    if (batch < 1) value.fail(fmt::format("{} is out of range; allowed: >= 1, or full", batch));
  };
  key.write = [](const RunFile& file) {
    return file.training.batch == 0 ? "full" : fmt::format("{}", file.training.batch);
  };
  return key;
}

Key loss_key() {
  Key key;
  key.path = "training.loss.type";
  key.type = "name";
  key.allowed = list_names<Loss>();
  key.description = "What is minimised: a mean over rows and outputs. A bare name may stand for the map.";
  key.default_text = "binary_cross_entropy after sigmoid, cross_entropy after softmax, else mse";
  key.read = [](Draft& draft, const Value& value) { read_scalar(value, "", draft.loss.emplace()); };
  key.write = [](const RunFile& file) { return std::string(to_name(file.training.loss.type)); };
  return key;
}

}  // namespace

std::string optimizers_with(const OptimizerSettingFacts& setting) {
  std::vector<std::string> names;
  for (const auto& [optimizer, name] : names_of<Optimizer>()) {
    if (has_setting(optimizer, setting)) names.emplace_back(name);
  }
  return join(names);
}

bool uses_setting(const RunFile& file, const OptimizerSettingFacts& setting) {
  const auto has = [&](Optimizer optimizer) { return has_setting(optimizer, setting); };
  const auto& own = file.ensemble.optimizer;
  return own.empty() ? has(file.training.optimizer.type) : std::ranges::any_of(own, has);
}

std::vector<Key> training_keys() {
  std::vector<Key> keys{
      loss_key(),
      only(scalar_key(
               "training.loss.delta", [](auto& file) -> auto& { return file.training.loss.delta; },
               "Where the square goes over into the line.", stated("> 0")),
           "loss huber", [](const Draft& draft) { return draft.file.training.loss.type == Loss::huber; }),
      unless_own(scalar_key(
                     "training.optimizer.type", [](auto& file) -> auto& { return file.training.optimizer.type; },
                     "How gradients change parameters. A bare name may stand for the map."),
                 &EnsembleSpec::optimizer),
  };
  for (std::size_t s = 0; s < std::size(optimizer_settings); ++s)
    keys.push_back(setting_key(optimizer_settings[s], setting_lists[s]));
  std::vector<Key> others{
      scalar_key(
          "training.schedule.type", [](auto& file) -> auto& { return file.training.schedule.type; },
          "How the learning rate changes. A bare name may stand for the map."),
      scalar_key(
          "training.schedule.unit", [](auto& file) -> auto& { return file.training.schedule.unit; },
          "What the schedule counts."),
      with_schedule(scalar_key(
                        "training.schedule.min_learning_rate",
                        [](auto& file) -> auto& { return file.training.schedule.min_learning_rate; },
                        "Learning rate at the end.", stated(">= 0")),
                    "cosine", {Schedule::cosine}),
      with_schedule(scalar_key(
                        "training.schedule.gamma", [](auto& file) -> auto& { return file.training.schedule.gamma; },
                        "Factor per unit (exponential) or per `step_size` units (step).", stated("0 < gamma <= 1")),
                    "exponential, step", {Schedule::exponential, Schedule::step}),
      with_schedule(
          scalar_key(
              "training.schedule.step_size", [](auto& file) -> auto& { return file.training.schedule.step_size; },
              "Units between two falls.", stated(">= 1")),
          "step", {Schedule::step}),
      scalar_key(
          "training.schedule.warmup", [](auto& file) -> auto& { return file.training.schedule.warmup; },
          "Units over which the rate first rises linearly.", stated(">= 0")),
      scalar_key(
          "training.early_stopping.patience", [](auto& file) -> auto& { return file.training.early_stopping.patience; },
          "Epochs without improvement of the validation (else training) loss after which to stop; the best parameters "
          "are kept.",
          stated(">= 0 (0: off)")),
      only(scalar_key(
               "training.early_stopping.min_delta",
               [](auto& file) -> auto& { return file.training.early_stopping.min_delta; },
               "How much lower the loss must be to count as better.", stated(">= 0")),
           "patience > 0", [](const Draft& draft) { return draft.file.training.early_stopping.patience != 0; }),
      scalar_key(
          "training.epochs", [](auto& file) -> auto& { return file.training.epochs; }, "Passes over the training set.",
          stated(">= 0")),
      batch_key(),
      scalar_key(
          "training.shuffle", [](auto& file) -> auto& { return file.training.shuffle; },
          "A new order of rows every epoch."),
      scalar_key(
          "training.drop_last", [](auto& file) -> auto& { return file.training.drop_last; },
          "Leave out the smaller last batch of an epoch."),
      scalar_key(
          "training.fusion", [](auto& file) -> auto& { return file.training.fusion; },
          "How much one launch does; `auto`: the planner chooses from the problem."),
      scalar_key(
          "training.stream", [](auto& file) -> auto& { return file.training.stream; },
          "Whether training rows stay on the host and come to the device in windows; `auto`: where they would take "
          "more than "
          "half of an accelerator's memory."),
      scalar_key(
          "training.stream_mib", [](auto& file) -> auto& { return file.training.stream_mib; },
          "MiB on the device for the two windows of streamed rows, each of which holds a batch and 4096 rows at least.",
          stated("> 0")),
      scalar_key(
          "training.reproducible", [](auto& file) -> auto& { return file.training.reproducible; },
          "Several ranks: the bits of one; `false`: gradients summed in an order that MPI chooses."),
      scalar_key(
          "training.log_every", [](auto& file) -> auto& { return file.training.log_every; },
          "Epochs between reports; 0: about 100 reports a run.", stated(">= 0 (0: automatic)")),
      scalar_key(
          "training.validate_every", [](auto& file) -> auto& { return file.training.validate_every; },
          "Epochs between validations.", stated(">= 0 (0: at every report)")),
      scalar_key(
          "budget.launches", [](auto& file) -> auto& { return file.budget.launches; },
          "Most launches of a steady step; a run that exceeds it fails and names the culprit.", at_least_zero()),
      scalar_key(
          "budget.fences", [](auto& file) -> auto& { return file.budget.fences; }, "Most fences.", at_least_zero()),
      scalar_key(
          "budget.copies", [](auto& file) -> auto& { return file.budget.copies; }, "Most copies.", at_least_zero()),
      scalar_key(
          "budget.allocations", [](auto& file) -> auto& { return file.budget.allocations; }, "Most allocations.",
          at_least_zero()),
  };
  keys.insert(keys.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return keys;
}

}  // namespace sinter::inputs::detail
