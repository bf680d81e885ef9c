// What a step consists of, against sums done by hand for the network 2-3-1 (tanh, mse, sgd, float32) on four rows:
// 6 + 3 weights, 3 + 1 biases.
#include <catch2/catch_test_macros.hpp>

#include <sinter/models/plan/work.hpp>

using namespace sinter;

namespace {

struct Case {
  ModelSpec model;
  TrainingSpec training;

  Case() {
    model.inputs = 2;
    model.layers = {{3, Activation::tanh}, {1, Activation::identity}};
  }
  [[nodiscard]] Plan plan(Fusion level, std::int64_t rows = 4, Precision precision = Precision::float32) {
    training.fusion = level;
    return make_plan(model, training, precision, DeviceKind::host, rows);
  }
  [[nodiscard]] LevelCost cost(Fusion level, std::int64_t rows = 4, Precision precision = Precision::float32) {
    return plan(level, rows, precision).chosen;
  }
};

}  // namespace

TEST_CASE("FLOPs are six a weight and row, at every level") {
  Case c;
  for (const auto level : {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs})
    CHECK(c.cost(level).flops == 6 * 4 * 9);
}

TEST_CASE("level layer: 2L + 1 launches, its bytes and element-wise operations by hand") {
  Case c;
  const auto cost = c.cost(Fusion::layer);
  CHECK(cost.launches == 5);
  // Elements: forward 8 + 9 + 12 and 12 + 4 + 4; loss 12; backward of the second layer 4 + 12, its update 8, dX 12; of
  // the first 12 + 8, its update 18.
  CHECK(cost.compulsory_bytes == 4 * (29 + 20 + 12 + 36 + 38));
  // tanh 30 and its derivative 4 of 12 values, loss 5 of 4, bias sums 12 + 4, updates 5 of 13.
  CHECK(cost.element_flops == 12 * 34 + 20 + 16 + 65);
  c.training.optimizer.clip_norm = 1;
  CHECK(c.cost(Fusion::layer).launches == 6);
  const auto on_accelerator = [&c] {
    return make_plan(c.model, c.training, Precision::float32, DeviceKind::accelerator, 4).chosen;
  };
  CHECK(on_accelerator().launches == 6);
  c.training.optimizer.clip_norm = 0;
  CHECK(on_accelerator().launches == 6);  // the update has a launch of its own
  CHECK(on_accelerator().compulsory_bytes == cost.compulsory_bytes);
  CHECK(on_accelerator().element_flops == cost.element_flops);
  c.training.batch = 2;  // gathered rows are kept: half the batch, and its input once more
  CHECK(c.cost(Fusion::layer).compulsory_bytes == 4 * (4 + 4 + 9 + 6 + 6 + 4 + 2 + 6 + (2 + 6 + 8 + 6) + (6 + 4 + 18)));
}

TEST_CASE("a shuffled order is paid for where rows are looked up: in one launch or in two, and only for mini-batches") {
  Case c;
  const auto of_order = [&](Fusion level) {
    c.training.shuffle = true;
    const auto shuffled = c.cost(level).element_flops;
    c.training.shuffle = false;
    return shuffled - c.cost(level).element_flops;
  };
  CHECK(of_order(Fusion::step) == 0);  // the full batch keeps its order
  c.training.batch = 2;
  const auto once = of_order(Fusion::step);
  CHECK(once > 0);
  CHECK(of_order(Fusion::epochs) == once);
  CHECK(of_order(Fusion::layer) == 2 * once);
  CHECK(of_order(Fusion::none) == 2 * once);
}

TEST_CASE("level step: one launch reads rows and parameters and writes parameters") {
  Case c;
  const auto cost = c.cost(Fusion::step);
  CHECK(cost.launches == 1);
  CHECK(cost.compulsory_bytes == 4 * (4 * 3 + 2 * 13));
  CHECK(cost.element_flops == c.cost(Fusion::layer).element_flops);
  CHECK(cost.row_tile == 8);
  c.training.optimizer.clip_norm = 1;
  CHECK(c.cost(Fusion::step).launches == 2);
  c.training.optimizer = {};
  c.training.optimizer.type = Optimizer::adam;  // two states are read and written
  CHECK(c.cost(Fusion::step).compulsory_bytes == 4 * (4 * 3 + 6 * 13));
}

TEST_CASE("level none: a launch an operation") {
  Case c;
  const auto cost = c.cost(Fusion::none);
  CHECK(cost.launches == 16);
  CHECK(cost.compulsory_bytes == 1104);
  c.training.batch = 2;
  CHECK(c.cost(Fusion::none).launches == 18);  // two gathers
}

TEST_CASE(
    "level epochs has the scratch of level step and constants of its steps; an accelerator stages parameters there") {
  Case c;
  constexpr std::int64_t rates = 64 * 3 * 4 + 64;
  CHECK(c.cost(Fusion::epochs).scratch_bytes == c.cost(Fusion::step).scratch_bytes + rates);
  const auto on_accelerator = [&c](Fusion level, std::size_t members) {
    c.training.fusion = level;
    const std::vector<OptimizerSettings> optimizers(level == Fusion::epochs && members > 1 ? members : 0);
    return make_plan(c.model, c.training, Precision::float32, DeviceKind::accelerator, 4, false, optimizers)
        .chosen.scratch_bytes;
  };
  // 13 parameters and the sums of one chunk, each at a cache line.
  CHECK(on_accelerator(Fusion::epochs, 1) == on_accelerator(Fusion::step, 1) + rates + 2 * (13 * 4 + 64));
  CHECK(on_accelerator(Fusion::epochs, 9) == on_accelerator(Fusion::epochs, 1));
  c.model.layers = {{1000, Activation::tanh}, {1, Activation::identity}};
  constexpr std::int64_t staging = 2 * (4001 * 4 + 64);  // more than each of many may have
  CHECK(on_accelerator(Fusion::epochs, 1) == on_accelerator(Fusion::step, 1) + rates + staging);
  CHECK(on_accelerator(Fusion::epochs, 9) == on_accelerator(Fusion::step, 1) + rates);
}

TEST_CASE("double takes twice the bytes of float") {
  Case c;
  for (const auto level : {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs}) {
    const auto single = c.cost(level), twice = c.cost(level, 4, Precision::float64);
    CHECK(twice.compulsory_bytes == 2 * single.compulsory_bytes);
    CHECK(twice.workspace_bytes == 2 * single.workspace_bytes);
    CHECK(twice.element_flops == single.element_flops);
  }
}

TEST_CASE("at level epochs the launch that clips updates, too") {
  Case c;
  c.training.optimizer.type = Optimizer::adam;
  const auto plain = c.cost(Fusion::epochs);
  c.training.optimizer.clip_norm = 1;
  const auto clipped = c.cost(Fusion::epochs);
  CHECK(clipped.launches == 1);
  CHECK(clipped.element_flops == plain.element_flops + 2 * 13);  // the squares of the gradient, summed
  CHECK(clipped.compulsory_bytes == plain.compulsory_bytes);
  CHECK(clipped.workspace_bytes == plain.workspace_bytes + 4 * 13);
}

TEST_CASE("an ensemble costs what its members cost, and each has memory for what any of them keeps") {
  Case c;
  std::vector<OptimizerSettings> members(4);
  members[1].type = Optimizer::momentum;
  members[1].clip_norm = 0.1;
  members[2].type = Optimizer::rmsprop;
  members[3].type = Optimizer::adam;
  const Plan p = c.plan(Fusion::epochs);
  const auto all = work_of(c.model, c.training, Precision::float32, p, Fusion::epochs, members);
  REQUIRE(all.launches.size() == 1);
  CHECK(all.launches[0].teams == 4);
  CHECK(all.products_flops == 4 * 6 * 4 * 9);
  // Updates of 13 parameters: 5, 7, 30 and 35 operations and 0, 1, 1 and 2 states; 2 more operations for the norm.
  CHECK(all.launches[0].element_flops == 4 * (12 * 34 + 20 + 16) + 13 * (5 + 7 + 30 + 35) + 2 * 13);
  CHECK(all.launches[0].compulsory_bytes == 4 * (4 * 4 * 3 + 13 * (4 * 2 + 2 * (0 + 1 + 1 + 2))));
  CHECK(all.workspace_bytes == 4 * 4 * 13 * (1 + 2 + 1));  // a chunk's sums, two states, a gradient
  CHECK(all.scratch_bytes == p.chosen.scratch_bytes);

  const auto like = work_of(c.model, c.training, Precision::float32, p, Fusion::epochs,
                            std::vector<OptimizerSettings>(5, c.training.optimizer));
  CHECK(like.launches[0].element_flops == 5 * p.chosen.element_flops);
  CHECK(like.launches[0].compulsory_bytes == 5 * p.chosen.compulsory_bytes);
  CHECK(like.workspace_bytes == 5 * p.chosen.workspace_bytes);

  const auto plan = make_plan(c.model, c.training, Precision::float32, DeviceKind::host, 4, false, members);
  CHECK(plan.members == 4);
  CHECK(plan.level == Fusion::epochs);
  CHECK(plan.others.empty());
  CHECK(plan.chosen.element_flops == all.launches[0].element_flops);
  CHECK(plan.chosen.workspace_bytes == all.workspace_bytes);
  CHECK(plan.chunks == p.chunks);
}

TEST_CASE("an activation that keeps its input costs its memory; a bias costs its own") {
  Case c;
  const auto tanh = c.plan(Fusion::layer);
  c.model.layers[0].activation = Activation::gelu;
  const auto gelu = c.plan(Fusion::layer);
  CHECK(gelu.chosen.compulsory_bytes == tanh.chosen.compulsory_bytes + 4 * 2 * 12);  // Z written, Z read
  CHECK(gelu.chosen.workspace_bytes == tanh.chosen.workspace_bytes + 4 * 12);
  c.model.layers[0].activation = Activation::tanh;
  c.model.bias = false;
  CHECK(c.cost(Fusion::step).compulsory_bytes == 4 * (4 * 3 + 2 * 9));
}

TEST_CASE("teams: a chunk each at level step, tiles of weights by chunks at level layer, one at level epochs") {
  Case c;
  c.model.inputs = 130;
  auto p = c.plan(Fusion::step, 64);
  CHECK(work_of(c.model, c.training, Precision::float32, p, Fusion::step).launches[0].teams == 2);
  const auto epochs = work_of(c.model, c.training, Precision::float32, p, Fusion::epochs).launches[0];
  CHECK(epochs.teams == 1);
  CHECK(epochs.products[0].count == 2);
  const auto layer = work_of(c.model, c.training, Precision::float32, p, Fusion::layer).launches;
  CHECK(layer.back().teams == 2);  // two tiles of W, both chunks together
}
