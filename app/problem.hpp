// A run file with its data and the plan for them: what `train` and `plan` begin with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sinter/inputs/data/dataset.hpp>
#include <sinter/inputs/run_file.hpp>
#include <sinter/models/plan/plan.hpp>
#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/comm/communicator.hpp>

namespace sinter::app {

struct Problem {
  RunFile run;  ///< with the model completed by the data
  Dataset data;
  Plan plan;
};

/// Does some work for a run; complaints that begin with a key of its run file get the key's place.
template <class Work>
decltype(auto) with_places(const KeyPlaces& places, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.kind(), places.locate(error.what()));
  }
}

/// Reads this rank's share of the data, completes the model and plans for this kind of device. Throws Error, of kind data,
/// io or config, with the place of the key that it is about.
Problem load_problem(RunFile run, DeviceKind kind, const Communicator& ranks = single_process());

/// The optimizer of each member of an ensemble; empty for one network.
std::vector<OptimizerSettings> member_optimizers(const RunFile& run);

/// The plan alone, with as little of the data read as tells the number of rows. Throws as load_problem() does.
Plan plan_of(RunFile run, DeviceKind kind);

/// "mlp 2-16-16-1, 337 parameters".
std::string model_text(const ModelSpec& model);

/// What members of an ensemble have of their own: "seed", "learning_rate".
std::vector<std::string_view> member_lists(const EnsembleSpec& ensemble);

/// "adam, learning rate 0.01, cosine"; of an ensemble what its members have: "sgd or adam, learning rate 0.001 to 0.1, cosine".
std::string optimizer_text(const RunFile& run);

/// Where the data come from: the path or the generator's name.
const std::string& data_source(const RunFile& run);

}  // namespace sinter::app
