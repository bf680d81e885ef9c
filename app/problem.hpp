// A run file with its data and the plan for them: what `train` and `plan` begin with.
#pragma once

#include <string>

#include <sinter/inputs/data/dataset.hpp>
#include <sinter/inputs/run_file.hpp>
#include <sinter/models/plan/plan.hpp>
#include <sinter/runtime/comm/communicator.hpp>

namespace sinter::app {

struct Problem {
  RunFile run;  ///< with the model completed by the data
  Dataset data;
  Plan plan;
};

/// Reads this rank's share of the data, completes the model and plans for this kind of device. Throws DataError, IoError
/// or ConfigError.
Problem load_problem(RunFile run, DeviceKind kind, const Communicator& ranks = single_process());

/// "mlp 2-16-16-1, 337 parameters".
std::string model_text(const ModelSpec& model);

/// Where the data come from: the path or the generator's name.
const std::string& data_source(const RunFile& run);

}  // namespace sinter::app
