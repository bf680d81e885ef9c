#include <sinter/models/spec/ensemble_spec.hpp>

#include <limits>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

/// Hands each member its value of a list.
template <class T, class Put>
void spread(std::vector<MemberSpec>& members, const char* key, const std::vector<T>& values, const Put& put) {
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
  check_ensemble_training(training);
  std::vector<MemberSpec> members(static_cast<std::size_t>(ensemble.members),
                                  {seed, training.optimizer, model.initializer});
  for (std::size_t i = 0; i < members.size(); ++i) members[i].seed = seed + i;
  spread(members, "seed", ensemble.seed, [](auto& m, std::uint64_t value) { m.seed = value; });
  spread(members, "learning_rate", ensemble.learning_rate, [](auto& m, double v) { m.optimizer.learning_rate = v; });
  spread(members, "weight_decay", ensemble.weight_decay, [](auto& m, double v) { m.optimizer.weight_decay = v; });
  spread(members, "momentum", ensemble.momentum, [](auto& m, double v) { m.optimizer.momentum = v; });
  spread(members, "beta1", ensemble.beta1, [](auto& m, double v) { m.optimizer.beta1 = v; });
  spread(members, "beta2", ensemble.beta2, [](auto& m, double v) { m.optimizer.beta2 = v; });
  spread(members, "initializer", ensemble.initializer, [](auto& m, Initializer v) { m.initializer.type = v; });
  for (std::size_t i = 0; i < members.size(); ++i) {
    TrainingSpec own = training;
    own.optimizer = members[i].optimizer;
    try {
      validate(own, model);
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("ensemble: member {}: {}", i, error.what()));
    }
  }
  return members;
}

double MemberReport::ranked_by() const {
  const auto& set = validation ? validation : train;
  if (nonfinite_step != 0 || !set) return std::numeric_limits<double>::infinity();
  return set->metrics.front().second;  // the loss
}

}  // namespace sinter
