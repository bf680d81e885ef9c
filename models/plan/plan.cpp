#include <sinter/models/plan/plan.hpp>

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

// A chunk holds at least 32 rows, so that its partial sums cost less than its products. On a host there are at most 16,
// so that eight ranks can share a batch evenly while the slabs of partial sums stay small.
constexpr std::int64_t min_chunk_rows = 32;

std::int64_t chunks_of(std::int64_t batch, DeviceKind kind) {
  const auto wanted = static_cast<std::uint64_t>(std::clamp<std::int64_t>(batch / min_chunk_rows, 1, max_chunks(kind)));
  return static_cast<std::int64_t>(std::bit_floor(wanted));
}

/// The sums that the costs of all levels are made of.
struct Problem {
  double real = 4, batch = 0, inputs = 0, weights = 0, outputs_of_layers = 0, parameters = 0, states = 0;
  std::int64_t layers = 0, widest = 0;
  bool bias = true, clip = false, gather = false;

  [[nodiscard]] double flops() const { return 6.0 * batch * weights; }
};

Problem problem_of(const ModelSpec& model, const TrainingSpec& training, Precision precision, const Plan& plan) {
  Problem p;
  p.real = precision == Precision::float32 ? 4 : 8;
  p.batch = static_cast<double>(plan.batch);
  p.inputs = static_cast<double>(model.inputs);
  p.layers = static_cast<std::int64_t>(model.layers.size());
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    p.weights += static_cast<double>(model.fan_in(l) * model.layers[l].width);
    p.outputs_of_layers += static_cast<double>(model.layers[l].width);
    p.widest = std::max(p.widest, model.layers[l].width);
  }
  p.parameters = static_cast<double>(model.parameter_count());
  p.states = training.optimizer.type == Optimizer::sgd ? 0 : training.optimizer.type >= Optimizer::adam ? 2 : 1;
  p.bias = model.bias;
  p.clip = training.optimizer.clip_norm > 0;
  p.gather = plan.batch < plan.training_rows;
  return p;
}

/// Gather of features and targets; product, (bias,) activation of a layer, but no activation of the last; loss and
/// gradient; dW, update (and the same for biases) of a layer, dX and derivative of all but the first.
LevelCost classic_cost(const Problem& p) {
  LevelCost cost;
  cost.level = Fusion::none;
  const std::int64_t forward = (p.bias ? 3 : 2) * p.layers - 1,
                     backward = (p.bias ? 4 : 2) * p.layers + 2 * (p.layers - 1);
  cost.launches = (p.gather ? 2 : 0) + forward + 1 + backward + (p.clip ? 1 : 0);
  cost.flops = p.flops();
  cost.compulsory_bytes = p.real *
                          (p.batch * (p.inputs * 4 + p.outputs_of_layers * 14) + p.parameters * (5 + 2 * p.states));
  cost.workspace_bytes = static_cast<std::int64_t>(p.real *
                                                   (p.batch * (p.inputs + 2 * p.outputs_of_layers) + p.parameters));
  cost.reason = "one launch an operation, products by KokkosBlas: the classic way, a baseline to compare with";
  return cost;
}

LevelCost layer_cost(const Problem& p, std::int64_t chunks) {
  LevelCost cost;
  cost.level = Fusion::layer;
  cost.launches = 2 * p.layers + 1 + (p.clip ? 1 : 0);
  cost.flops = p.flops();
  cost.compulsory_bytes = p.real *
                          (p.batch * (p.inputs * 2 + p.outputs_of_layers * 5) + p.parameters * (3 + 2 * p.states));
  cost.workspace_bytes = static_cast<std::int64_t>(p.real * (p.batch * (p.inputs + 2 * p.outputs_of_layers) +
                                                             (static_cast<double>(chunks) + p.states) * p.parameters));
  cost.reason =
      "product, bias and activation in one launch a layer; input gradient, weight gradient and update in another";
  return cost;
}

LevelCost step_cost(const Problem& p, std::int64_t chunks) {
  LevelCost cost;
  cost.level = Fusion::step;
  cost.launches = 1 + (p.clip ? 1 : 0);
  cost.flops = p.flops();
  cost.compulsory_bytes = p.real * (p.batch * p.inputs + p.parameters * (2 + 2 * p.states));
  cost.workspace_bytes = static_cast<std::int64_t>(p.real * (static_cast<double>(chunks) + p.states) * p.parameters);
  cost.reason = "the whole step in one launch, activations in scratch";
  return cost;
}

LevelCost epochs_cost(const Problem& p, std::int64_t chunks) {
  LevelCost cost = step_cost(p, chunks);
  cost.level = Fusion::epochs;
  cost.launches = 1;
  cost.reason = "many steps in one launch, one team: for tiny networks";
  return cost;
}

// One launch a step wants the activations of some rows in a team's scratch, and a kernel's arguments have room for so
// many layers.
constexpr std::int64_t step_max_layers = 12;
constexpr std::int64_t step_max_width = 2048;

/// Why level step cannot serve the problem; empty where it can.
std::string step_refusal(const Problem& p) {
  if (p.layers > step_max_layers)
    return fmt::format("{} layers; one launch takes at most {}", p.layers, step_max_layers);
  const auto widest = std::max(p.widest, static_cast<std::int64_t>(p.inputs));
  if (widest > step_max_width) return fmt::format("{} wide; one launch takes at most {}", widest, step_max_width);
  return {};
}

}  // namespace

Plan make_plan(const ModelSpec& model, const TrainingSpec& training, Precision precision, DeviceKind kind,
               std::int64_t training_rows) {
  validate(model);
  validate(training, model);
  if (training_rows < 1) throw ConfigError("data: the training set is empty");
  Plan plan;
  plan.kind = kind;
  plan.training_rows = training_rows;
  plan.batch = training.batch == 0 ? training_rows : std::min(training.batch, training_rows);
  plan.chunks = chunks_of(plan.batch, kind);
  const auto full = training_rows / plan.batch;
  const auto rest = training_rows % plan.batch;
  plan.last_batch_smaller = rest != 0 && !training.drop_last;
  plan.steps_per_epoch = full + (plan.last_batch_smaller ? 1 : 0);

  const Problem problem = problem_of(model, training, precision, plan);
  const std::string refusal = step_refusal(problem);
  if ((training.fusion == Fusion::step || training.fusion == Fusion::epochs) && !refusal.empty())
    throw ConfigError(
        fmt::format("training.fusion: {} cannot serve this network: {}", to_name(training.fusion), refusal));
  std::vector<LevelCost> levels{epochs_cost(problem, plan.chunks), step_cost(problem, plan.chunks),
                                layer_cost(problem, plan.chunks), classic_cost(problem)};
  if (!refusal.empty()) levels[0].reason = levels[1].reason = refusal;
  plan.level = training.fusion == Fusion::automatic ? Fusion::layer : training.fusion;
  for (auto& level : levels) (level.level == plan.level ? plan.chosen : plan.others.emplace_back()) = level;
  return plan;
}

}  // namespace sinter
