#include <sinter/models/spec/ensemble_spec.hpp>

#include <algorithm>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

/// Hands each member its value of a list.
template <class T, class Put>
void spread(std::vector<MemberSpec>& members, std::string_view key, const std::vector<T>& values, const Put& put) {
  if (values.empty()) return;
  if (values.size() != members.size()) {
    throw ConfigError(fmt::format("ensemble.{}: {} values for {} members; allowed: one a member", key, values.size(),
                                  members.size()));
  }
  for (std::size_t i = 0; i < members.size(); ++i) put(members[i], values[i]);
}

}  // namespace

void check_ensemble_training(const TrainingSpec& training) {
  if (training.fusion != Fusion::automatic && training.fusion != Fusion::epochs) {
    throw ConfigError(
        fmt::format("training.fusion: {} cannot train an ensemble, whose members have a team each; allowed: "
                    "auto, epochs",
                    to_name(training.fusion)));
  }
  if (training.early_stopping.patience > 0)
    throw ConfigError("training.early_stopping.patience: an ensemble has no early stopping; allowed: 0");
  if (training.stream == Stream::always)
    throw ConfigError("training.stream: an ensemble has its training rows on the device; allowed: auto, never");
}

std::vector<MemberSpec> members_of(const EnsembleSpec& ensemble, std::uint64_t seed, const ModelSpec& model,
                                   const TrainingSpec& training) {
  if (ensemble.members < 1)
    throw ConfigError(fmt::format("ensemble.members: {} is out of range; allowed: >= 1", ensemble.members));
  validate(training, model);
  check_ensemble_training(training);
  std::vector<MemberSpec> members(static_cast<std::size_t>(ensemble.members),
                                  {seed, training.optimizer, model.initializer});
  for (std::size_t i = 0; i < members.size(); ++i) members[i].seed = seed + i;
  spread(members, "seed", ensemble.seed, [](auto& m, std::uint64_t value) { m.seed = value; });
  spread(members, "optimizer", ensemble.optimizer, [](auto& m, Optimizer v) { m.optimizer.type = v; });
  for (std::size_t s = 0; s < std::size(optimizer_settings); ++s) {
    const auto& facts = optimizer_settings[s];
    const auto& values = ensemble.*setting_lists[s];
    spread(members, facts.name, values, [&](auto& m, double v) { m.optimizer.*facts.value = v; });
    const auto wrong = std::ranges::find_if_not(values, facts.good);
    if (wrong != values.end()) {
      throw ConfigError(fmt::format("ensemble.{}: {} of member {} is out of range; allowed: {}", facts.name, *wrong,
                                    wrong - values.begin(), facts.allowed));
    }
  }
  spread(members, "initializer", ensemble.initializer, [](auto& m, Initializer v) { m.initializer.type = v; });
  return members;
}

std::vector<OptimizerSettings> optimizers_of(const std::vector<MemberSpec>& members) {
  std::vector<OptimizerSettings> optimizers;
  for (const auto& member : members) optimizers.push_back(member.optimizer);
  return optimizers;
}

double MemberReport::ranked_by() const {
  const auto& set = validation ? validation : train;
  if (nonfinite_step != 0 || !set) return std::numeric_limits<double>::infinity();
  return set->metrics.front().second;  // the loss
}

}  // namespace sinter
