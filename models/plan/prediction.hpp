// The time of a training step on a machine, predicted: for each launch the products of its teams at the rate that their
// shapes allow, element-wise operations, memory, and what a launch costs. docs/planner.md tells the model.
#pragma once

#include <cstdint>

#include <sinter/models/plan/machine_model.hpp>
#include <sinter/models/plan/plan.hpp>

namespace sinter {

/// What a step spends most of its time on: products and element-wise operations; memory and caches; launches and what
/// a team pays whatever its work.
enum class Bound : std::uint8_t { compute, memory, latency };

template <>
struct Names<Bound> {
  static constexpr std::pair<Bound, std::string_view> list[] = {
      {Bound::compute, "compute"},
      {Bound::memory, "memory"},
      {Bound::latency, "latency"},
  };
};

struct Prediction {
  double step_s = 0;                                  ///< of a steady step
  double compute_s = 0, memory_s = 0, latency_s = 0;  ///< its parts; compute and memory may overlap
  Bound bound = Bound::compute;
  double peak_fraction = 0;  ///< FLOPs of the products over step_s, as a fraction of the machine's peak
};

/// Of `level`, which the plan lists as possible, with the plan's batch and chunks. `members`: of an ensemble, the optimizer
/// of each; the step is one of all of them.
Prediction predict_step(const ModelSpec& model, const TrainingSpec& training, Precision precision, const Plan& plan,
                        const LevelCost& level, const MachineModel& machine,
                        const std::vector<OptimizerSettings>& members = {});

/// Of a prediction of `rows` rows by each of `members` networks.
Prediction predict_inference(const ModelSpec& model, Precision precision, std::int64_t rows,
                             const MachineModel& machine, std::int64_t members = 1);

}  // namespace sinter
