#include <sinter/models/plan/plan.hpp>

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

// A chunk holds at least 32 rows, so that its partial sums cost less than its products, and there are at most 16, so that
// eight ranks can share a batch evenly while the slabs of partial sums stay small.
constexpr std::int64_t min_chunk_rows = 32;
constexpr std::int64_t max_chunks = 16;

std::int64_t chunks_of(std::int64_t batch) {
  const auto wanted = static_cast<std::uint64_t>(std::clamp<std::int64_t>(batch / min_chunk_rows, 1, max_chunks));
  return static_cast<std::int64_t>(std::bit_floor(wanted));
}

}  // namespace

Plan make_plan(const ModelSpec& model, const TrainingSpec& training, Precision precision, std::int64_t training_rows) {
  validate(model);
  validate(training, model);
  if (training_rows < 1) throw ConfigError("data: the training set is empty");
  Plan plan;
  plan.training_rows = training_rows;
  plan.batch = training.batch == 0 ? training_rows : std::min(training.batch, training_rows);
  plan.chunks = chunks_of(plan.batch);
  const auto full = training_rows / plan.batch;
  const auto rest = training_rows % plan.batch;
  plan.last_batch_smaller = rest != 0 && !training.drop_last;
  plan.steps_per_epoch = full + (plan.last_batch_smaller ? 1 : 0);

  const double real = precision == Precision::float32 ? 4 : 8;
  const auto layers = static_cast<std::int64_t>(model.layers.size());
  double weights = 0, activations = 0;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    weights += static_cast<double>(model.fan_in(l) * model.layers[l].width);
    activations += static_cast<double>(model.layers[l].width);
  }
  const auto parameters = static_cast<double>(model.parameter_count());
  const auto batch = static_cast<double>(plan.batch);
  const double flops = 6.0 * batch * weights;
  const bool clip = training.optimizer.clip_norm > 0;
  const double states = training.optimizer.type == Optimizer::sgd ? 0 : training.optimizer.type >= Optimizer::adam ? 2 : 1;

  LevelCost layer;
  layer.level = Fusion::layer;
  layer.launches = 2 * layers + 1 + (clip ? 1 : 0);
  layer.flops = flops;
  layer.compulsory_bytes =
      real * (batch * (static_cast<double>(model.inputs) * 2 + activations * 5) + parameters * (3 + 2 * states));
  layer.workspace_bytes = static_cast<std::int64_t>(
      real * (batch * (static_cast<double>(model.inputs) + 2 * activations) + static_cast<double>(plan.chunks) * parameters));
  layer.reason = "product, bias and activation in one launch a layer; input gradient, weight gradient and update in another";

  LevelCost none = layer;
  none.level = Fusion::none;
  // gather of features and targets; product, bias, activation a layer; loss and gradient; derivative, dW, db, dX and two updates a layer.
  none.launches = 2 + 3 * layers + 1 + (6 * layers - 2) + (clip ? 1 : 0);
  none.compulsory_bytes = real * (batch * (static_cast<double>(model.inputs) * 4 + activations * 14) + parameters * (5 + 2 * states));
  none.reason = "one launch an operation, products by KokkosBlas: the classic way, a baseline to compare with";

  const bool take_none = training.fusion == Fusion::none;
  plan.level = take_none ? Fusion::none : Fusion::layer;
  plan.chosen = take_none ? none : layer;
  plan.others = {take_none ? layer : none};
  return plan;
}

}  // namespace sinter
