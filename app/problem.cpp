#include <sinter/app/problem.hpp>

#include <fmt/format.h>

#include <sinter/models/plan/share.hpp>

namespace sinter::app {

namespace {

/// The plan; of an ensemble, whose members train at level epochs, a refusal of that level is one of the members.
Plan plan_for(const RunFile& run, DeviceKind kind, std::int64_t rows) {
  try {
    const bool validates = !run.data.validation.empty() || run.data.validation_fraction;
    return make_plan(run.model, run.training, run.device.precision, kind, rows, validates);
  } catch (const ConfigError& error) {
    constexpr std::string_view level = "training.fusion: ";
    const std::string_view text = error.what();
    if (run.ensemble.members == 0 || !text.starts_with(level)) throw;
    throw ConfigError(fmt::format("ensemble.members: a team trains each member by itself, at level epochs, and {}",
                                  text.substr(level.size())));
  }
}

Problem load(RunFile& run, DeviceKind kind, const Communicator& ranks) {
  if (run.ensemble.members > 0) run.training.fusion = Fusion::epochs;  // what the run file may say is the same
  Plan plan;
  // The plan needs the number of rows and the model, and a rank reads only what the plan gives it.
  const auto choose = [&](const Dataset& known) -> RowRange {
    fit_to_data(run, known);
    plan = plan_for(run, kind, known.training_rows);
    if (run.ensemble.members > 0) return {0, known.training_rows};  // ranks share the members instead
    check_ranks(plan, ranks.size());
    const auto share = share_of(plan, ranks.rank(), ranks.size());
    return {share.first_row, share.rows};
  };
  auto data = load_dataset(run.data, choose);
  fit_to_data(run, data);  // now with the targets themselves
  return {std::move(run), std::move(data), std::move(plan)};
}

}  // namespace

Problem load_problem(RunFile run, DeviceKind kind, const Communicator& ranks) {
  const auto places = run.places;
  return with_places(places, [&] { return load(run, kind, ranks); });
}

Plan plan_of(RunFile run, DeviceKind kind) {
  Plan plan;
  (void)load_dataset(run.data, [&](const Dataset& known) -> RowRange {
    fit_to_data(run, known);
    plan = plan_for(run, kind, known.training_rows);
    return {0, 1};
  });
  return plan;
}

std::string model_text(const ModelSpec& model) {
  auto text = fmt::format("{} {}", to_name(model.type), model.inputs);
  for (const auto& layer : model.layers) text += fmt::format("-{}", layer.width);
  return text + fmt::format(", {} parameters", model.parameter_count());
}

const std::string& data_source(const RunFile& run) {
  return run.data.path.empty() ? run.data.generator : run.data.path;
}

}  // namespace sinter::app
