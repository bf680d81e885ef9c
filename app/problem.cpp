#include <sinter/app/problem.hpp>

#include <fmt/format.h>

namespace sinter::app {

Problem load_problem(RunFile run, DeviceKind kind) {
  auto data = load_dataset(run.data);
  fit_to_data(run, data);
  if (run.ensemble.members > 0) run.training.fusion = Fusion::epochs;  // what the run file may say is the same
  auto plan = make_plan(run.model, run.training, run.device.precision, kind, data.train.rows);
  return {std::move(run), std::move(data), std::move(plan)};
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
