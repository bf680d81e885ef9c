#include <sinter/models/plan/work.hpp>

#include <algorithm>
#include <cmath>

#include <sinter/kernels/catalog/costs.hpp>
#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/catalog/tiling.hpp>

namespace sinter {
namespace {

/// A dense layer in numbers; fan_in x width weights.
struct Layer {
  double fan_in = 0, width = 0, parameters = 0, activation_flops = 0, derivative_flops = 0;
  bool keeps_input = false;  ///< its Z is kept for the derivative

  [[nodiscard]] double weights() const { return fan_in * width; }
};

// Operations of a place's row in a shuffled order: two walks on average of eight rounds, each with two products of 64 bits,
// which a processor's vectors do in three steps.
constexpr double shuffle_flops = 300;

/// The problem in numbers that all levels share.
struct Problem {
  std::vector<Layer> layers;
  double real = 4, batch = 0, chunks = 1, inputs = 0, outputs = 0, weights = 0, parameters = 0, widest = 0;
  double states = 0, optimizer_flops = 0, loss_flops = 0;
  bool bias = true, clip = false, gather = false, shuffle = false;
  DeviceKind kind = DeviceKind::host;
  std::int64_t members = 1;

  [[nodiscard]] bool last(std::size_t l) const { return l + 1 == layers.size(); }
  /// Bytes that an update of so many parameters reads and writes, beside the gradient.
  [[nodiscard]] double update_bytes(double count) const { return real * count * (2 + 2 * states); }
  /// Operations of an update: the tree over chunks and the optimizer.
  [[nodiscard]] double update_flops(double count) const { return count * (chunks - 1 + optimizer_flops); }
};

void set_optimizer(Problem& p, const OptimizerSettings& optimizer) {
  p.states = cost_of(optimizer.type).states;
  p.optimizer_flops = cost_of(optimizer.type).flops;
  p.clip = optimizer.clip_norm > 0;
}

Problem problem_of(const ModelSpec& model, const TrainingSpec& training, Precision precision, const Plan& plan) {
  Problem p;
  p.real = precision == Precision::float32 ? 4 : 8;
  p.batch = static_cast<double>(plan.batch);
  p.chunks = static_cast<double>(plan.chunks);
  p.kind = plan.kind;
  p.members = std::max<std::int64_t>(1, plan.members);
  p.inputs = static_cast<double>(model.inputs);
  p.outputs = static_cast<double>(model.outputs());
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const auto cost = cost_of(model.layers[l].activation);
    Layer layer;
    layer.fan_in = static_cast<double>(model.fan_in(l));
    layer.width = static_cast<double>(model.layers[l].width);
    layer.parameters = (layer.fan_in + (model.bias ? 1 : 0)) * layer.width;
    layer.activation_flops = cost.flops;
    layer.derivative_flops = cost.derivative_flops;
    layer.keeps_input = cost.derivative_from_input && l + 1 != model.layers.size();
    p.weights += layer.weights();
    p.parameters += layer.parameters;
    p.widest = std::max(p.widest, layer.width);
    p.layers.push_back(layer);
  }
  set_optimizer(p, training.optimizer);
  p.loss_flops = cost_of(training.loss.type) + p.layers.back().activation_flops;
  p.bias = model.bias;
  p.gather = plan.batch < plan.training_rows;
  p.shuffle = p.gather && training.shuffle;
  return p;
}

/// One element-wise pass over memory, by as many teams as there are cores.
LaunchWork pass(std::string_view name, double flops, double bytes) {
  LaunchWork launch;
  launch.name = name;
  launch.teams = 0;
  launch.element_flops = flops;
  launch.compulsory_bytes = bytes;
  return launch;
}

LaunchWork library_product(double m, double n, double k, double real) {
  LaunchWork launch;
  launch.name = "product";
  launch.teams = 0;
  launch.products.push_back({m, n, k, 1});
  launch.compulsory_bytes = real * (m * k + k * n + m * n);
  launch.library = true;
  return launch;
}

LaunchWork clipped_update(const Problem& p) {
  return pass("clipped_update", p.parameters * p.optimizer_flops, p.update_bytes(p.parameters) + p.real * p.parameters);
}

/// Gather of features and targets; product, bias, activation of a layer, but no activation of the last; loss and
/// gradient; dW, db, dX and derivative of a layer; update of weights and of biases.
StepWork classic_work(const Problem& p) {
  StepWork work;
  auto& launches = work.launches;
  const double B = p.batch, r = p.real;
  if (p.gather) {
    const double order = p.shuffle ? B * shuffle_flops : 0;
    launches.push_back(pass("gather", order, 2 * r * B * p.inputs));
    launches.push_back(pass("gather", order, 2 * r * B * p.outputs));
  }
  for (std::size_t l = 0; l < p.layers.size(); ++l) {
    const auto& layer = p.layers[l];
    launches.push_back(library_product(B, layer.width, layer.fan_in, r));
    if (p.bias) launches.push_back(pass("add_bias", B * layer.width, r * (2 * B * layer.width + layer.width)));
    if (!p.last(l))
      launches.push_back(pass("activate", B * layer.width * layer.activation_flops, 2 * r * B * layer.width));
  }
  launches.push_back(pass("loss_gradient", B * p.outputs * p.loss_flops, 3 * r * B * p.outputs));
  for (std::size_t l = p.layers.size(); l-- > 0;) {
    const auto& layer = p.layers[l];
    launches.push_back(library_product(layer.fan_in, layer.width, B, r));
    if (p.bias) launches.push_back(pass("sum_rows", B * layer.width, r * (B * layer.width + layer.width)));
    if (l == 0) break;
    launches.push_back(library_product(B, layer.fan_in, layer.width, r));
    launches.push_back(
        pass("derivative", B * layer.fan_in * p.layers[l - 1].derivative_flops, 3 * r * B * layer.fan_in));
  }
  if (p.clip) launches.push_back(pass("square_norms", 2 * p.parameters, r * p.parameters));
  for (const auto& layer : p.layers) {
    const auto update = [&](double count) {
      launches.push_back(pass("update", count * p.optimizer_flops, p.update_bytes(count) + r * count));
    };
    update(layer.weights());
    if (p.bias) update(layer.width);
  }
  double kept = p.inputs + p.outputs + 2 * p.widest;  // gathered rows, two gradients, activations
  for (const auto& layer : p.layers) kept += layer.width * (layer.keeps_input ? 2 : 1);
  work.workspace_bytes = static_cast<std::int64_t>(r * (B * kept + p.parameters * (1 + p.states)));
  work.scratch_bytes = tiling::loss_bytes(p.kind == DeviceKind::host);
  return work;
}

std::int64_t whole(double count) { return static_cast<std::int64_t>(count); }

/// A layer's part of dense_backward: on a host a team has a tile of W and a group of chunks, and does dX too, as a few
/// threads have it. Gives the scratch of a team in bytes.
std::int64_t add_host_backward(const Problem& p, std::size_t l, LaunchWork& launch) {
  const auto& layer = p.layers[l];
  const auto [tiles, group] = tiling::host_backward(whole(layer.fan_in), whole(p.batch), static_cast<int>(p.chunks), 0,
                                                    tiling::few_threads);
  const double rows = p.batch / p.chunks, W_tiles = static_cast<double>(tiles), rows_of_W = layer.fan_in / W_tiles,
               groups = p.chunks / group;
  launch.teams = W_tiles * groups;
  if (l > 0) launch.products.push_back({rows * group, rows_of_W, layer.width, 1, true});
  launch.products.push_back({rows_of_W, layer.width, rows, static_cast<double>(group)});
  launch.inner_bytes = p.real * (2 * groups * layer.parameters + (W_tiles - 1) * p.batch * layer.width);
  return tiling::host_backward_bytes(whole(p.real), tiling::host_most_weight_rows(whole(layer.fan_in), tiles),
                                     whole(layer.width), whole(p.batch));
}

/// On an accelerator some teams have a tile of dX, others a block of W and a group of chunks. Gives the groups, whose
/// sums the update adds up.
double add_device_backward(const Problem& p, std::size_t l, LaunchWork& launch) {
  const auto& layer = p.layers[l];
  constexpr double row_tile = tiling::block_rows;
  const auto column_tile = static_cast<double>(tiling::device_block_columns(whole(p.real)));
  const double blocks = std::ceil(layer.fan_in / row_tile) * std::ceil(layer.width / column_tile);
  const double groups = p.chunks /
                        tiling::device_chunks_together(whole(blocks), static_cast<int>(p.chunks), 0, !p.clip);
  const double tiles = l > 0 ? std::ceil(p.batch / row_tile) * std::ceil(layer.fan_in / column_tile) : 0;
  launch.teams = blocks * groups + tiles;
  // Each kind of team does its own product: their mean.
  if (l > 0) {
    launch.products.push_back(
        {std::min(p.batch, row_tile), std::min(layer.fan_in, column_tile), layer.width, tiles / launch.teams, true});
  }
  launch.products.push_back({std::min(layer.fan_in, row_tile), std::min(layer.width, column_tile), p.batch / groups,
                             blocks * groups / launch.teams});
  launch.inner_bytes = p.real * groups * layer.parameters;
  return groups;
}

/// One launch a layer forward, one for loss and gradient, one a layer backward with the update inside, or on an accelerator
/// in a launch of its own.
StepWork layer_work(const Problem& p) {
  const bool host = p.kind == DeviceKind::host;
  StepWork work;
  LaunchWork update = pass("update", 0, 0);
  std::int64_t scratch = host ? 0 : std::max(tiling::loss_bytes(host), tiling::device_backward_bytes(whole(p.real)));
  const double B = p.batch, r = p.real;
  for (std::size_t l = 0; l < p.layers.size(); ++l) {
    const auto& layer = p.layers[l];
    LaunchWork launch;
    launch.name = "forward";
    const tiling::Tile tile = tiling::forward_tile(host, whole(B), whole(layer.width), tiling::few_threads);
    const auto row_tiles = static_cast<double>(tiling::pieces(whole(B), tile.rows)),
               column_tiles = static_cast<double>(tiling::pieces(whole(layer.width), tile.columns));
    launch.teams = row_tiles * column_tiles;
    launch.products.push_back({B / row_tiles, layer.width / column_tiles, layer.fan_in, 1});
    launch.element_flops = p.last(l) ? 0 : B * layer.width * layer.activation_flops;
    if (l == 0 && p.shuffle) launch.element_flops += B * column_tiles * shuffle_flops;
    launch.compulsory_bytes = r * (B * layer.fan_in * (l == 0 && p.gather ? 2 : 1) + layer.parameters +
                                   B * layer.width * (layer.keeps_input ? 2 : 1));
    launch.inner_bytes = r * (row_tiles - 1) * layer.weights();
    work.launches.push_back(launch);
    scratch = std::max(scratch, tiling::forward_bytes(host, whole(r), tile, whole(layer.fan_in)));
  }
  LaunchWork loss = pass("loss_gradient", B * (p.outputs * p.loss_flops + (p.shuffle ? shuffle_flops : 0)),
                         3 * r * B * p.outputs);
  loss.teams = p.chunks;
  work.launches.push_back(loss);
  for (std::size_t l = p.layers.size(); l-- > 0;) {
    const auto& layer = p.layers[l];
    LaunchWork launch;
    launch.name = "backward_update";
    const double update_flops = p.clip ? layer.parameters * (p.chunks + 1) : p.update_flops(layer.parameters),
                 update_bytes = p.clip ? 2 * r * layer.parameters : p.update_bytes(layer.parameters);
    launch.element_flops = p.bias ? B * layer.width : 0;
    launch.compulsory_bytes = r * B * (layer.width + layer.fan_in);
    if (host) {
      scratch = std::max(scratch, add_host_backward(p, l, launch));
    } else {
      update.inner_bytes += r * add_device_backward(p, l, launch) * layer.parameters;
    }
    LaunchWork& with_update = host || p.clip ? launch : update;
    with_update.element_flops += update_flops;
    with_update.compulsory_bytes += update_bytes;
    if (l > 0) {
      const auto& previous = p.layers[l - 1];
      launch.element_flops += B * layer.fan_in * previous.derivative_flops;
      launch.compulsory_bytes += r * B * layer.fan_in * (previous.keeps_input ? 2 : 1);
    }
    work.launches.push_back(launch);
  }
  if (p.clip) work.launches.push_back(clipped_update(p));
  if (!host && !p.clip) work.launches.push_back(update);
  work.scratch_bytes = scratch;
  double kept = p.inputs + p.outputs + 2 * p.widest;
  for (const auto& layer : p.layers) kept += layer.width * (layer.keeps_input ? 2 : 1);
  work.workspace_bytes = static_cast<std::int64_t>(
      r * (B * kept + p.parameters * (p.chunks + p.states + (p.clip ? 1 : 0))));
  return work;
}

/// Bytes of a team's scratch for `rows` rows of a network: kernels/fused/tile_shape.hpp.
std::int64_t tile_bytes(const Problem& p, std::int64_t rows) {
  const auto piece = [](double columns) { return tiling::whole_columns(whole(columns)); };
  std::int64_t columns = piece(p.inputs) + 2 * piece(p.widest);
  for (const auto& layer : p.layers) columns += piece(layer.width) * (layer.keeps_input ? 2 : 1);
  const std::int64_t widest = whole(std::max(p.inputs, p.widest));
  return tiling::tile_bytes(
      whole(p.real), rows, columns,
      tiling::product_bytes(p.kind == DeviceKind::host, whole(p.real), widest, widest, std::max(widest, rows)));
}

/// The whole step in one launch: a team a chunk, or (level epochs) one for all of them.
StepWork network_work(const Problem& p, bool one_team) {
  StepWork work;
  const double B = p.batch, r = p.real, rows = B / p.chunks, own = one_team ? p.chunks : 1;
  const bool host = p.kind == DeviceKind::host;
  work.row_tile = tiling::tile_rows(host, whole(std::ceil(rows)),
                                    [&](std::int64_t some) { return tile_bytes(p, some); });
  const double tiles = std::ceil(rows / static_cast<double>(work.row_tile)), tile = rows / tiles;
  LaunchWork launch;
  launch.name = one_team ? "epochs" : "step";
  launch.teams = p.chunks / own;
  for (std::size_t l = 0; l < p.layers.size(); ++l) {
    const auto& layer = p.layers[l];
    const double count = tiles * own;
    launch.products.push_back({tile, layer.width, layer.fan_in, count});
    launch.products.push_back({layer.fan_in, layer.width, tile, count});
    if (l > 0) launch.products.push_back({tile, layer.fan_in, layer.width, count, true});
    if (!p.last(l)) launch.element_flops += B * layer.width * (layer.activation_flops + layer.derivative_flops);
    if (p.bias) launch.element_flops += B * layer.width;
  }
  const bool update_apart = p.clip && !one_team;  // this launch leaves gradient and norms
  const double norm_flops = p.clip ? 2 * p.parameters : 0;
  launch.element_flops += B * (p.outputs * p.loss_flops + (p.shuffle ? shuffle_flops : 0)) + norm_flops +
                          (update_apart ? p.parameters * (p.chunks - 1) : p.update_flops(p.parameters));
  launch.compulsory_bytes = r * B * (p.inputs + p.outputs) +
                            (update_apart ? 2 * r * p.parameters : p.update_bytes(p.parameters));
  // Each tile reads W twice and continues the chunk's sums; the update reads those of all chunks. One team that clips
  // keeps the gradient in between.
  launch.inner_bytes = r * p.parameters * (p.chunks * 4 * tiles + (p.clip && one_team ? 2 : 0));
  work.launches.push_back(launch);
  if (p.clip && !one_team) work.launches.push_back(clipped_update(p));
  work.scratch_bytes = tile_bytes(p, work.row_tile);
  if (one_team) {
    work.scratch_bytes += tiling::epochs_scratch(host, whole(r), work.scratch_bytes, whole(1 + p.states + p.chunks),
                                                 whole(p.parameters), p.members, tiling::device_lone_scratch)
                              .bytes;
  }
  work.workspace_bytes = static_cast<std::int64_t>(r * p.parameters * (p.chunks + p.states + (p.clip ? 1 : 0)));
  return work;
}

/// The members of an ensemble in one launch.
StepWork ensemble_work(Problem p, const std::vector<OptimizerSettings>& members) {
  StepWork sum;
  Problem largest = p;
  largest.states = 0;
  largest.clip = false;
  for (const auto& optimizer : members) {
    set_optimizer(p, optimizer);
    largest.states = std::max(largest.states, p.states);
    largest.clip = largest.clip || p.clip;
    const StepWork one = network_work(p, true);
    if (sum.launches.empty()) {
      sum = one;
      continue;
    }
    LaunchWork& launch = sum.launches.front();
    launch.teams += one.launches.front().teams;
    launch.element_flops += one.launches.front().element_flops;
    launch.compulsory_bytes += one.launches.front().compulsory_bytes;
    launch.inner_bytes += one.launches.front().inner_bytes;
  }
  const StepWork of_largest = network_work(largest, true);
  sum.scratch_bytes = of_largest.scratch_bytes;
  sum.workspace_bytes = std::ssize(members) * of_largest.workspace_bytes;
  return sum;
}

}  // namespace

void multiply(StepWork& work, std::int64_t members) {
  const auto count = static_cast<double>(members);
  for (auto& launch : work.launches) {
    launch.teams *= count;
    launch.element_flops *= count;
    launch.compulsory_bytes *= count;
    launch.inner_bytes *= count;
  }
  work.products_flops *= count;
  work.workspace_bytes *= members;
}

StepWork inference_work_of(const ModelSpec& model, Precision precision, DeviceKind kind, std::int64_t rows) {
  Plan plan;
  plan.kind = kind;
  plan.batch = plan.training_rows = rows;
  const Problem p = problem_of(model, {}, precision, plan);
  StepWork work;
  const double B = p.batch, r = p.real;
  const auto tiles = static_cast<double>(
      tiling::pieces(rows, tiling::inference_rows(kind == DeviceKind::host, rows, tiling::few_threads)));
  LaunchWork launch;
  launch.name = "forward";
  launch.teams = tiles;
  for (const auto& layer : p.layers) {
    launch.products.push_back({B / tiles, layer.width, layer.fan_in, 1});
    launch.element_flops += B * layer.width * layer.activation_flops;
  }
  launch.compulsory_bytes = r * (B * (p.inputs + p.outputs) + p.parameters);
  launch.inner_bytes = r * (tiles - 1) * p.parameters;
  work.launches.push_back(launch);
  work.products_flops = 2.0 * B * p.weights;
  return work;
}

StepWork work_of(const ModelSpec& model, const TrainingSpec& training, Precision precision, const Plan& plan,
                 Fusion level, const std::vector<OptimizerSettings>& members) {
  const Problem p = problem_of(model, training, precision, plan);
  StepWork work = !members.empty()         ? ensemble_work(p, members)
                  : level == Fusion::none  ? classic_work(p)
                  : level == Fusion::layer ? layer_work(p)
                                           : network_work(p, level == Fusion::epochs);
  work.products_flops = 6.0 * p.batch * p.weights * static_cast<double>(std::max<std::size_t>(1, members.size()));
  return work;
}

}  // namespace sinter
