#include <algorithm>

#include <fmt/format.h>

#include <sinter/inputs/run_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

std::int64_t agree(std::int64_t said, std::size_t found, std::string_view key, const std::vector<std::string>& names,
                   std::string_view what) {
  const auto held = static_cast<std::int64_t>(found);
  if (said != 0 && said != held) {
    throw ConfigError(fmt::format("{}: {}, but the data have {} {}{}: {}", key, said, held, what, held == 1 ? "" : "s",
                                  fmt::join(names, ", ")));
  }
  return held;
}

}  // namespace

void fit_to_data(RunFile& run, const Dataset& data) {
  auto& model = run.model;
  model.inputs = agree(model.inputs, data.feature_names.size(), "model.inputs", data.feature_names, "feature");
  auto& output = model.layers.back();
  output.width = agree(output.width, data.target_names.size(), "model: width of the output layer", data.target_names,
                       "target");
  const auto loss = run.training.loss.type;
  if (loss == Loss::binary_cross_entropy || loss == Loss::cross_entropy) {
    for (const auto* set : {&data.train, &data.validation, &data.test}) {
      const auto it = std::find_if(set->targets.begin(), set->targets.end(),
                                   [](double value) { return value < 0 || value > 1; });
      if (it == set->targets.end()) continue;
      const auto column = static_cast<std::size_t>(it - set->targets.begin()) % data.target_names.size();
      throw DataError(fmt::format("{}: target '{}' is {}; the loss {} needs values from 0 to 1",
                                  run.data.generator.empty() ? run.data.path : run.data.generator,
                                  data.target_names[column], *it, to_name(loss)));
    }
  }
  validate(model);
  validate(run.training, model);
}

}  // namespace sinter
