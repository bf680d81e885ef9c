// The levels that take a network in one launch against level `layer`: the same bits.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/network_tile.hpp>
#include <sinter/models/detail/boundaries.hpp>
#include <sinter/models/trainer.hpp>

#include "support/spaces.hpp"
#include "support/tensors.hpp"

namespace {

using namespace sinter;

struct Job {
  std::vector<std::int64_t> widths;
  std::int64_t rows, batch;
  Activation activation, output;
  Loss loss;
  Optimizer optimizer;
  bool bias = true;
  double clip_norm = 0;
};

template <Space S, class Real>
std::pair<std::vector<Real>, TrainReport> trained(const Job& job, Fusion fusion, std::int64_t epochs = 3,
                                                  std::int64_t log_every = 0) {
  const typename S::Execution exec;
  ModelSpec spec;
  spec.inputs = job.widths.front();
  spec.bias = job.bias;
  for (std::size_t l = 1; l < job.widths.size(); ++l) {
    const auto activation = l + 1 == job.widths.size() ? job.output : job.activation;
    spec.layers.push_back({job.widths[l], activation, default_alpha(activation)});
  }
  const auto cells = [&](std::int64_t columns) { return static_cast<std::size_t>(job.rows * columns); };
  const auto X = test::matrix<S, Real>(exec, test::noise(cells(spec.inputs), 1), job.rows, spec.inputs);
  auto targets = test::noise(cells(spec.outputs()), 2);
  for (auto& t : targets) t = t > 0 ? 1 : 0;
  const auto T = test::matrix<S, Real>(exec, targets, job.rows, spec.outputs());
  Network<S, Real> network(exec, spec, 3);
  TrainOptions<S, Real> options;
  options.training.epochs = epochs;
  options.training.log_every = log_every;
  options.training.batch = job.batch;
  options.training.loss.type = job.loss;
  options.training.optimizer.type = job.optimizer;
  options.training.optimizer.clip_norm = job.clip_norm;
  options.training.optimizer.weight_decay = 1e-3;
  options.training.fusion = fusion;
  options.seed = 11;
  const auto report = train<S, Real, Real>(exec, network, {X, T}, {}, {}, options);
  return {test::values(exec, network.parameters()), report};
}

const Job jobs[] = {
    {{2, 4, 1}, 4, 0, Activation::tanh, Activation::sigmoid, Loss::mse, Optimizer::adam},
    {{3, 17, 33, 2}, 301, 64, Activation::silu, Activation::identity, Loss::huber, Optimizer::adamw},
    {{5, 65, 70, 9}, 700, 256, Activation::relu, Activation::softmax, Loss::cross_entropy, Optimizer::momentum},
    {{1, 1}, 1, 0, Activation::identity, Activation::identity, Loss::mae, Optimizer::sgd},
    {{7, 13, 13, 3},
     130,
     100,
     Activation::gelu,
     Activation::sigmoid,
     Loss::binary_cross_entropy,
     Optimizer::rmsprop,
     false,
     0.01},
    {{3, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 2},
     40,
     0,
     Activation::leaky_relu,
     Activation::identity,
     Loss::mse,
     Optimizer::adagrad},
    {{16, 64, 64, 4}, 1100, 1024, Activation::elu, Activation::softplus, Loss::mse, Optimizer::nesterov, true, 0.0},
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("levels step and epochs give the bits of level layer", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const Job& job : jobs) {
    const auto [layer_parameters, layer] = trained<S, Real>(job, Fusion::layer);
    for (const Fusion fusion : {Fusion::step, Fusion::epochs}) {
      const auto [parameters, report] = trained<S, Real>(job, fusion);
      INFO(to_name(fusion) << ", network of " << job.widths.size() - 1 << " layers, " << job.rows << " rows, batch "
                           << job.batch);
      // Where the norm clips, its sum has other terms at each level.
      if (job.clip_norm > 0) {
        CHECK(test::largest_difference(parameters, layer_parameters) < (sizeof(Real) == 4 ? 1e-5 : 1e-13));
      } else {
        CHECK(parameters == layer_parameters);
        CHECK(report.train->metrics == layer.train->metrics);
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("chunks of several tiles keep the bits of level layer", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const Job job{{2, 2048, 1}, 2304, 0, Activation::silu, Activation::identity, Loss::mse, Optimizer::sgd};
  const auto layer_parameters = trained<S, Real>(job, Fusion::layer, 2).first;
  const auto [parameters, report] = trained<S, Real>(job, Fusion::step, 2);
  CHECK(report.plan.chosen.row_tile < 2304 / report.plan.chunks);
  CHECK(parameters == layer_parameters);
}

TEMPLATE_LIST_TEST_CASE("the plan's launches are those of a steady step at every level", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const Job& job : jobs) {
    for (const Fusion fusion : {Fusion::epochs, Fusion::step, Fusion::layer, Fusion::none}) {
      const auto report = trained<S, Real>(job, fusion).second;
      INFO(to_name(fusion) << ", " << job.widths.size() - 1 << " layers");
      CHECK(report.steady_state.launches == report.plan.chosen.launches);
      if (fusion == Fusion::none) continue;
      CHECK(report.steady_state.fences == 0);
      CHECK(report.steady_state.copies == 0);
      CHECK(report.steady_state.allocations == 0);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("the plan's scratch of a team is what launches ask for at every level", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const auto most = [] {
    std::size_t bytes = 0;
    for (const auto* prefix : {"sinter::epochs", "sinter::step", "sinter::layer::", "sinter::classic::"})
      bytes = std::max(bytes, ledger::take_team_scratch(prefix));
    return static_cast<std::int64_t>(bytes);
  };
  // A device's launch has a little at level 1 (runtime/team_policy.hpp).
  constexpr std::int64_t beside = S::kernels_on_host ? 0 : 64;
  for (const Job& job : jobs) {
    for (const Fusion fusion : {Fusion::epochs, Fusion::step, Fusion::layer, Fusion::none}) {
      // Tiles of level layer follow the threads of a host, and the planner reckons with a few.
      const bool other_tiles = S::kernels_on_host && fusion == Fusion::layer &&
                               typename S::Execution().concurrency() != tiling::few_threads;
      (void)most();
      const auto report = trained<S, Real>(job, fusion).second;
      INFO(to_name(fusion) << ", " << job.widths.size() - 1 << " layers");
      if (!other_tiles) CHECK(most() == report.plan.chosen.scratch_bytes + beside);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("launches of level epochs span the steps between two reports", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  constexpr std::int64_t epochs = 60, log_every = 20;
  const auto launches = [] {
    std::int64_t count = 0;
    for (const auto& [key, row] : ledger::by_label()) {
      if (row.kind == "launch" && row.label.find("sinter::epochs") != std::string::npos) count += row.count;
    }
    return count;
  };
  // The first step alone, by which the length of the others is found; then up to 20, 40 and 60. A machine that stands still for more
  // than a twentieth of a second in a launch of microseconds makes the one after it shorter: the fewest of some runs.
  constexpr std::int64_t expected = 1 + epochs / log_every;
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (int run = 0; run < 5 && fewest > expected; ++run) {
    const auto before = launches();
    const auto report = trained<S, Real>(jobs[0], Fusion::epochs, epochs, log_every).second;
    CHECK(report.steps_done == epochs);
    fewest = std::min(fewest, launches() - before);
  }
  CHECK(fewest == expected);
}

TEST_CASE("a launch of many steps is a step at first, then about a second's worth") {
  detail::LaunchLength length;
  CHECK(length.steps() == 1);
  length.measured(1, 0.001);
  CHECK(length.steps() == 1000);
  length.measured(1000, 0.5);
  CHECK(length.steps() == 2000);
  length.measured(2000, 4.0);
  CHECK(length.steps() == 500);
  length.measured(1, 60.0);  // a step that takes a minute is a launch
  CHECK(length.steps() == 1);
}

TEMPLATE_LIST_TEST_CASE("the plan knows the tile of a host's step and its scratch", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  if constexpr (device_kind<S> == DeviceKind::host) {
    for (const auto& widths : std::vector<std::vector<std::int64_t>>{{2, 4, 1},
                                                                     {784, 64, 1},
                                                                     {784, 256, 10},
                                                                     {3, 17, 33, 2},
                                                                     {64, 256, 256, 16},
                                                                     {5, 300, 7, 300, 2},
                                                                     {600, 8, 8, 3}}) {
      for (const std::int64_t rows : {7, 64, 1000, 4096}) {
        for (const auto activation : {Activation::tanh, Activation::silu}) {
          ModelSpec model;
          model.inputs = widths.front();
          for (std::size_t l = 1; l < widths.size(); ++l)
            model.layers.push_back({widths[l], l + 1 == widths.size() ? Activation::identity : activation, 0});
          TrainingSpec training;
          training.fusion = Fusion::step;
          const auto plan = make_plan(model, training, detail::precision_of<Real>(), DeviceKind::host, rows);
          const auto layout = layout_of(model);
          const auto row_tile = fused::tile_rows<S, Real>(layout, (plan.batch + plan.chunks - 1) / plan.chunks);
          INFO(widths.front() << "-" << widths[1] << "-..., " << rows << " rows");
          const auto scratch = static_cast<std::int64_t>(
              fused::NetworkTile<S, Real>::scratch_bytes(fused::training_shape(layout, plan.chosen.row_tile)));
          CHECK(plan.chosen.row_tile == row_tile);
          CHECK(plan.chosen.scratch_bytes == scratch);
        }
      }
    }
  }
}
