#include <sinter/app/problem.hpp>

#include <algorithm>

#include <fmt/ranges.h>

#include <sinter/models/plan/share.hpp>

namespace sinter::app {

namespace {

Plan plan_for(const RunFile& run, DeviceKind kind, std::int64_t rows) {
  const bool validates = !run.data.validation.empty() || run.data.validation_fraction;
  return make_plan(run.model, run.training, run.device.precision, kind, rows, validates, member_optimizers(run));
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

std::vector<OptimizerSettings> member_optimizers(const RunFile& run) {
  if (run.ensemble.members == 0) return {};
  return optimizers_of(members_of(run.ensemble, run.run.seed, run.model, run.training));
}

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

std::vector<std::string_view> member_lists(const EnsembleSpec& ensemble) {
  std::vector<std::string_view> own{"seed"};
  if (!ensemble.initializer.empty()) own.emplace_back("initializer");
  if (!ensemble.optimizer.empty()) own.emplace_back("optimizer");
  for (std::size_t s = 0; s < std::size(optimizer_settings); ++s) {
    if (!(ensemble.*setting_lists[s]).empty()) own.push_back(optimizer_settings[s].name);
  }
  return own;
}

std::string optimizer_text(const RunFile& run) {
  auto types = run.ensemble.optimizer;
  if (types.empty()) types = {run.training.optimizer.type};
  std::vector<std::string_view> names;
  for (const auto type : types) {
    if (std::ranges::find(names, to_name(type)) == names.end()) names.push_back(to_name(type));
  }
  const auto& rates = run.ensemble.learning_rate;
  auto rate = fmt::to_string(run.training.optimizer.learning_rate);
  if (!rates.empty()) {
    const auto [low, high] = std::ranges::minmax(rates);
    rate = low == high ? fmt::to_string(low) : fmt::format("{} to {}", low, high);
  }
  return fmt::format("{}, learning rate {}, {}", fmt::join(names, " or "), rate, to_name(run.training.schedule.type));
}

const std::string& data_source(const RunFile& run) {
  return run.data.path.empty() ? run.data.generator : run.data.path;
}

}  // namespace sinter::app
