// Predicted times: what they must do whatever the constants of the model are.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/models/plan/prediction.hpp>

using namespace sinter;
using Catch::Approx;

namespace {

MachineModel machine(int cores = 2) {
  MachineModel m;
  m.cores = cores;
  m.fma_gflops_float32 = 114.0 * cores;
  m.fma_gflops_float64 = 57.0 * cores;
  m.triad_gb_s = 32;
  m.launch_us = 1.2;
  m.vector_bytes = 64;
  m.core_cache_bytes = 1 << 20;
  m.cache_bytes = 32 << 20;
  return m;
}

struct Case {
  ModelSpec model;
  TrainingSpec training;
  Plan plan;

  Case(std::vector<std::int64_t> widths, std::int64_t rows, Fusion level, Activation activation = Activation::tanh) {
    model.inputs = widths.front();
    for (std::size_t i = 1; i < widths.size(); ++i)
      model.layers.push_back({widths[i], i + 1 == widths.size() ? Activation::identity : activation});
    training.fusion = level;
    training.epochs = 1000;  // reports ten epochs apart
    plan = make_plan(model, training, Precision::float32, DeviceKind::host, rows);
  }
  [[nodiscard]] Prediction on(const MachineModel& m, Precision precision = Precision::float32) const {
    return predict_step(model, training, precision, plan, plan.chosen, m);
  }
};

constexpr Fusion levels[] = {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs};

}  // namespace

TEST_CASE("no level is predicted to beat the peak, nor the launches that it takes") {
  for (const auto level : levels) {
    INFO(to_name(level));
    for (const auto& widths :
         {std::vector<std::int64_t>{2, 4, 1}, {16, 64, 64, 4}, {7, 33, 5}, {256, 1024, 1024, 64}}) {
      const Case c(widths, 512, level);
      const auto p = c.on(machine());
      CHECK(p.peak_fraction < 1);
      CHECK(p.peak_fraction > 0);
      CHECK(p.step_s >
            static_cast<double>(c.plan.chosen.launches) * 1.2e-6 / static_cast<double>(c.plan.chosen.steps_per_launch));
      CHECK(p.step_s <= p.compute_s + p.memory_s + p.latency_s);
    }
  }
}

TEST_CASE("the bound is told: launches for a tiny network, products for a large one, memory where it is slow") {
  CHECK(Case({2, 4, 1}, 4, Fusion::layer).on(machine()).bound == Bound::latency);
  CHECK(Case({64, 256, 256, 16}, 4096, Fusion::layer).on(machine()).bound == Bound::compute);
  auto slow = machine();
  slow.triad_gb_s = 0.1;
  CHECK(Case({64, 256, 256, 16}, 4096, Fusion::layer).on(slow).bound == Bound::memory);
}

TEST_CASE("more launches cost more on a machine with dear launches, and epochs share one") {
  auto dear = machine();
  dear.launch_us = 100;
  const auto at = [&](Fusion level) { return Case({2, 16, 16, 1}, 25, level).on(dear).step_s; };
  CHECK(at(Fusion::none) > at(Fusion::layer));
  CHECK(at(Fusion::layer) > at(Fusion::step));
  CHECK(at(Fusion::step) > at(Fusion::epochs));
  Case c({2, 16, 16, 1}, 25, Fusion::epochs);
  c.training.epochs = 10000;  // a hundred steps a launch
  c.plan = make_plan(c.model, c.training, Precision::float32, DeviceKind::host, 25);
  CHECK(c.on(dear).latency_s < 3e-6);
}

TEST_CASE("a second core helps where there are two teams, and not where there is one") {
  const Case one_chunk({16, 64, 64, 4}, 32, Fusion::step), chunks({16, 64, 64, 4}, 4096, Fusion::step),
      one_team({16, 64, 64, 4}, 4096, Fusion::epochs);
  CHECK(one_chunk.on(machine(2)).compute_s == Approx(one_chunk.on(machine(1)).compute_s));
  CHECK(chunks.on(machine(2)).compute_s == Approx(chunks.on(machine(1)).compute_s / 2));
  CHECK(chunks.on(machine(16)).compute_s == Approx(chunks.on(machine(32)).compute_s));  // 16 chunks
  CHECK(one_team.on(machine(2)).compute_s == Approx(one_team.on(machine(1)).compute_s));
}

TEST_CASE("remainders of vectors and dear activations are paid for") {
  const auto fraction = [](std::int64_t width, Activation activation = Activation::tanh) {
    return Case({width, width, width, width}, 4096, Fusion::step, activation).on(machine()).peak_fraction;
  };
  CHECK(fraction(65) < 0.9 * fraction(64));
  CHECK(fraction(63) < fraction(64));
  CHECK(fraction(256) > fraction(64));
  CHECK(fraction(64, Activation::relu) > fraction(64));
  CHECK(fraction(64, Activation::gelu) < fraction(64));
}

TEST_CASE("double is predicted at its own peak and width") {
  const Case c({64, 256, 256, 16}, 4096, Fusion::layer);
  const auto single = c.on(machine()), twice = c.on(machine(), Precision::float64);
  CHECK(twice.step_s > 1.8 * single.step_s);
  CHECK(twice.step_s < 2.6 * single.step_s);
}
