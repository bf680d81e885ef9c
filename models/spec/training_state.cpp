#include <sinter/models/spec/training_state.hpp>

#include <fmt/format.h>

#include <sinter/kernels/catalog/ops.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

std::string shape_text(const ModelSpec& model) {
  auto text = fmt::format("{}", model.inputs);
  for (const auto& layer : model.layers) text += fmt::format("-{}", layer.width);
  return text;
}

}  // namespace

bool same_bits(Fusion from, Fusion to, const OptimizerSettings& optimizer) {
  return from == to || (from != Fusion::none && to != Fusion::none && optimizer.clip_norm == 0);
}

void check_resumable(const TrainingState& state, const ModelSpec& model, Precision precision,
                     const TrainingSpec& training, const Plan& plan, std::uint64_t seed,
                     const std::vector<MemberSpec>& members) {
  std::string differences;
  const auto compare = [&](std::string_view what, const auto& before, const auto& now) {
    if (before != now)
      differences += fmt::format("{}{} was {}, is {}", differences.empty() ? "" : "; ", what, before, now);
  };
  compare("model", shape_text(state.model.spec), shape_text(model));
  ModelSpec wanted = model;
  if (!members.empty()) wanted.initializer = state.model.spec.initializer;
  if (differences.empty() && state.model.spec != wanted) differences = "the model's activations, biases or initializer";
  compare("precision", to_name(state.model.precision), to_name(precision));
  compare("members of the ensemble", state.members.size(), members.size());
  if (members.empty()) compare("optimizer", to_name(state.optimizer), to_name(training.optimizer.type));
  for (std::size_t i = 0; differences.empty() && i < members.size(); ++i) {  // the first that differs
    const auto& before = state.members[i];
    compare(fmt::format("seed of member {}", i), before.seed, members[i].seed);
    compare(fmt::format("optimizer of member {}", i), to_name(before.optimizer), to_name(members[i].optimizer.type));
  }
  compare("training rows", state.training_rows, plan.training_rows);
  compare("batch", state.batch, plan.batch);
  compare("chunks", state.chunks, plan.chunks);
  compare("steps of an epoch", state.steps_per_epoch, plan.steps_per_epoch);
  compare("seed", state.seed, seed);
  if (!same_bits(state.level, plan.level, training.optimizer)) {
    compare(
        training.optimizer.clip_norm > 0 ? "fusion level (which changes bits where the norm clips)" : "fusion level",
        to_name(state.level), to_name(plan.level));
  }
  if (!differences.empty()) throw ConfigError("training cannot be resumed: " + differences);
}

}  // namespace sinter
