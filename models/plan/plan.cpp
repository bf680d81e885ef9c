#include <sinter/models/plan/plan.hpp>

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include <sinter/kernels/catalog/tiling.hpp>
#include <sinter/models/plan/chunks.hpp>
#include <sinter/models/plan/work.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

std::int64_t chunks_of(std::int64_t batch, std::int64_t parameters, DeviceKind kind) {
  const bool few = kind == DeviceKind::host && parameters >= detail::many_parameters;
  const std::int64_t most = few ? detail::chunks_of_many_parameters : max_chunks(kind);
  const auto wanted = static_cast<std::uint64_t>(std::clamp<std::int64_t>(batch / detail::min_chunk_rows, 1, most));
  return static_cast<std::int64_t>(std::bit_floor(wanted));
}

// A kernel that takes the network in one launch wants the activations of some rows in a team's scratch.
constexpr std::int64_t most_width = 2048;

// Up to this width `auto` takes one launch a step; above, the products of a layer are long enough to pay for launches of
// their own, and their tiles are spread over more teams than there are chunks.
constexpr std::int64_t step_width(DeviceKind kind) { return kind == DeviceKind::host ? 512 : 32; }
// And with so many columns of activations in all: those of eight rows, the least of a tile, take 192 KiB in float.
constexpr std::int64_t step_columns = 6144;

// Up to this work of a step, which one core does in the time of some launches, `auto` has one team do all steps.
constexpr double epochs_flops = 1e6;

std::int64_t widest(const ModelSpec& model) {
  std::int64_t width = model.inputs;
  for (const auto& layer : model.layers) width = std::max(width, layer.width);
  return width;
}

std::int64_t activations(const ModelSpec& model) {
  std::int64_t columns = 0;
  for (const auto& layer : model.layers) columns += layer.width;
  return columns;
}

/// Why a level cannot serve the problem; empty where it can.
std::string refusal(Fusion level, const ModelSpec& model, const TrainingSpec& training) {
  if (level == Fusion::epochs && training.stream == Stream::always)
    return "the training rows are streamed, and level epochs wants all of them on the device";
  if (level != Fusion::step && level != Fusion::epochs) return {};
  if (widest(model) > most_width)
    return fmt::format("{} wide; level {} takes at most {}", widest(model), to_name(level), most_width);
  return {};
}

LevelCost cost_of_level(Fusion level, const ModelSpec& model, const TrainingSpec& training, Precision precision,
                        const Plan& plan, bool validates, const std::vector<OptimizerSettings>& members) {
  LevelCost cost;
  cost.level = level;
  cost.reason = refusal(level, model, training);
  cost.possible = cost.reason.empty();
  if (!cost.possible) return cost;
  const auto work = work_of(model, training, precision, plan, level, members);
  if (work.row_tile > 0 && work.scratch_bytes > tiling::most_team_scratch) {
    cost.possible = false;
    cost.reason = fmt::format(
        "the activations of {} rows take {:.1f} MiB of a team's scratch; level {} takes at most {} MiB", work.row_tile,
        static_cast<double>(work.scratch_bytes) / (1 << 20), to_name(level), tiling::most_team_scratch >> 20);
    return cost;
  }
  cost.launches = static_cast<std::int64_t>(work.launches.size());
  if (level == Fusion::epochs) {
    auto epochs = log_period(training);  // a launch ends there, or where validation is due
    if (validates) epochs = std::min(epochs, validation_period(training, validates));
    cost.steps_per_launch = epochs * plan.steps_per_epoch;
  }
  cost.flops = work.products_flops;
  for (const auto& launch : work.launches) {
    cost.element_flops += launch.element_flops;
    cost.compulsory_bytes += launch.compulsory_bytes;
    cost.inner_bytes += launch.inner_bytes;
  }
  cost.scratch_bytes = work.scratch_bytes;
  cost.row_tile = work.row_tile;
  cost.workspace_bytes = work.workspace_bytes;
  return cost;
}

/// What speaks for or against a level that can serve the problem.
std::string reason(Fusion level, const ModelSpec& model, const Plan& plan, double flops) {
  const auto width = widest(model);
  switch (level) {
    case Fusion::epochs:
      if (plan.chunks > 1) {
        return fmt::format("one team would do the {} chunks of a batch one after the other; for batches of one chunk",
                           plan.chunks);
      }
      return flops <= epochs_flops
                 ? fmt::format(
                       "a step is {:.3g} FLOP in one chunk, less than launches cost: one team does all steps up "
                       "to the next report",
                       flops)
                 : fmt::format("a step is {:.3g} FLOP, more than {:.0e}: other levels spread it over teams", flops,
                               epochs_flops);
    case Fusion::step:
      if (width > step_width(plan.kind)) {
        return fmt::format("{} wide: above {} a layer's products pay for their own launches", width,
                           step_width(plan.kind));
      }
      return activations(model) <= step_columns
                 ? fmt::format("the whole step in one launch, activations in scratch: at most {} wide",
                               step_width(plan.kind))
                 : fmt::format("{} activations a row, of which more than {} leave the scratch", activations(model),
                               step_columns);
    case Fusion::layer:
      return "product, bias and activation in one launch a layer; input gradient, weight gradient and update in "
             "another";
    default: return "one launch an operation, products by a BLAS: the classic way, a baseline to compare with";
  }
}

Fusion choose(const std::vector<LevelCost>& levels, const ModelSpec& model, const Plan& plan) {
  const auto possible = [&](Fusion level) {
    return std::ranges::any_of(levels, [&](const auto& cost) { return cost.level == level && cost.possible; });
  };
  if (possible(Fusion::epochs) && plan.chunks == 1 && levels.back().flops <= epochs_flops) return Fusion::epochs;
  if (possible(Fusion::step) && widest(model) <= step_width(plan.kind) && activations(model) <= step_columns)
    return Fusion::step;
  return Fusion::layer;
}

}  // namespace

LevelCost times(LevelCost cost, std::int64_t members) {
  const auto count = static_cast<double>(members);
  cost.flops *= count;
  cost.element_flops *= count;
  cost.compulsory_bytes *= count;
  cost.inner_bytes *= count;
  cost.workspace_bytes *= members;
  return cost;
}

std::int64_t log_period(const TrainingSpec& training) {
  if (training.log_every > 0) return training.log_every;
  std::int64_t period = std::max<std::int64_t>(1, training.epochs / 100);
  if (training.early_stopping.patience > 0)
    period = std::min(period, std::max<std::int64_t>(1, training.early_stopping.patience / 10));
  return period;
}

std::int64_t validation_period(const TrainingSpec& training, bool validates) {
  if (!validates) return 0;
  return training.validate_every > 0 ? training.validate_every : log_period(training);
}

void check_inference(const ModelSpec& model, Precision precision, DeviceKind kind) {
  const auto most = tiling::inference_width(kind == DeviceKind::host, precision == Precision::float32 ? 4 : 8,
                                            model.inputs);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    if (model.layers[l].width <= most) continue;
    throw ConfigError(
        fmt::format("model: layer {} is {} wide; inference with {} inputs takes at most {} in {}: two layers' "
                    "activations of a row in "
                    "a team's scratch of {} MiB",
                    l, model.layers[l].width, model.inputs, std::max<std::int64_t>(0, most), to_name(precision),
                    tiling::most_team_scratch >> 20));
  }
}

Plan make_plan(const ModelSpec& model, const TrainingSpec& training, Precision precision, DeviceKind kind,
               std::int64_t training_rows, bool validates, const std::vector<OptimizerSettings>& members) {
  validate(model);
  validate(training, model);
  check_inference(model, precision, kind);
  if (training_rows < 1) throw ConfigError("data: the training set is empty");
  Plan plan;
  plan.kind = kind;
  plan.training_rows = training_rows;
  plan.batch = training.batch == 0 ? training_rows : std::min(training.batch, training_rows);
  plan.chunks = chunks_of(plan.batch, model.parameter_count(), kind);
  const auto full = training_rows / plan.batch;
  const auto rest = training_rows % plan.batch;
  plan.last_batch_smaller = rest != 0 && !training.drop_last;
  plan.steps_per_epoch = full + (plan.last_batch_smaller ? 1 : 0);

  if (!members.empty()) {
    plan.members = std::ssize(members);
    plan.level = Fusion::epochs;
    plan.chosen = cost_of_level(plan.level, model, training, precision, plan, validates, members);
    if (!plan.chosen.possible) {
      throw ConfigError(
          fmt::format("ensemble.members: a team trains each member by itself, at level epochs, and epochs cannot serve "
                      "this problem: {}",
                      plan.chosen.reason));
    }
    plan.chosen.reason = "one launch for all members up to the next report: a team trains each by itself";
    return plan;
  }
  std::vector<LevelCost> levels;
  for (const auto level : {Fusion::epochs, Fusion::step, Fusion::layer, Fusion::none}) {
    levels.push_back(cost_of_level(level, model, training, precision, plan, validates, {}));
    auto& cost = levels.back();
    if (cost.possible) {
      cost.reason = reason(level, model, plan, cost.flops);
    } else if (training.fusion == level) {
      throw ConfigError(fmt::format("training.fusion: {} cannot serve this problem: {}", to_name(level), cost.reason));
    }
  }
  plan.level = training.fusion == Fusion::automatic ? choose(levels, model, plan) : training.fusion;
  for (auto& level : levels) (level.level == plan.level ? plan.chosen : plan.others.emplace_back()) = level;
  return plan;
}

}  // namespace sinter
