// The plan: chunks, steps, level and reasons as functions of the problem alone.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <sinter/models/plan/plan.hpp>
#include <sinter/models/plan/share.hpp>
#include <sinter/runtime/base/errors.hpp>

using namespace sinter;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;

namespace {

ModelSpec model(std::size_t hidden, std::int64_t width = 16, std::int64_t inputs = 2) {
  ModelSpec spec;
  spec.inputs = inputs;
  spec.layers.assign(hidden, {width, Activation::tanh});
  spec.layers.push_back({1, Activation::identity});
  return spec;
}

Plan plan(std::int64_t rows, std::int64_t batch, bool drop_last = false, Fusion fusion = Fusion::automatic,
          const ModelSpec& spec = model(2), DeviceKind kind = DeviceKind::host) {
  TrainingSpec training;
  training.batch = batch;
  training.drop_last = drop_last;
  training.fusion = fusion;
  return make_plan(spec, training, Precision::float32, kind, rows);
}

const LevelCost& level_of(const Plan& plan, Fusion level) {
  if (plan.chosen.level == level) return plan.chosen;
  for (const auto& other : plan.others) {
    if (other.level == level) return other;
  }
  FAIL("no such level");
  return plan.chosen;
}

}  // namespace

TEST_CASE("a network of a million parameters has at most eight chunks") {
  CHECK(plan(8192, 4096, false, Fusion::automatic, model(2, 900)).chunks == 16);
  CHECK(plan(8192, 4096, false, Fusion::automatic, model(2, 1200)).chunks == 8);
}

TEST_CASE("ranks beyond the chunks are refused with what would change that, and nothing that would not") {
  const auto refuses = [](const Plan& plan, const std::string& advice) {
    const auto ranks = static_cast<int>(plan.chunks) + 1;
    CHECK_THROWS_MATCHES(
        check_ranks(plan, ranks), ConfigError,
        Message(fmt::format("{} ranks: a batch of {} rows is cut into {} chunks here, so that at most {} "
                            "ranks can share it; {}",
                            ranks, plan.batch, plan.chunks, plan.chunks, advice)));
    check_ranks(plan, static_cast<int>(plan.chunks));
  };
  const auto many = model(2, 1200);
  const auto layer = Fusion::layer;
  refuses(plan(8192, 128, false, layer), "a larger training.batch has more");
  refuses(plan(8192, 300, false, layer),
          "a larger training.batch has more, where the network has fewer than 1000000 parameters");
  refuses(plan(8192, 511, false, layer, many),
          "a larger training.batch has more, where the network has fewer than 1000000 parameters");
  refuses(plan(8192, 512, false, layer), "for hosts there are no more chunks than that");
  refuses(plan(8192, 4096, false, layer, many),
          "for hosts there are no more chunks than that of a network with so many parameters");
  refuses(plan(8192, 300, false, layer, many, DeviceKind::accelerator), "a larger training.batch has more");
  refuses(plan(8192, 8192, false, layer, many, DeviceKind::accelerator),
          "for accelerators there are no more chunks than that");
}

TEST_CASE("a batch is cut into the largest power of two of chunks of at least 32 rows, at most 16 on a host") {
  for (const auto& [batch, chunks] :
       {std::pair{1, 1}, {63, 1}, {64, 2}, {127, 2}, {128, 4}, {255, 4}, {256, 8}, {511, 8}, {512, 16}, {100000, 16}}) {
    INFO("batch " << batch);
    CHECK(plan(100000, batch).chunks == chunks);
  }
}

TEST_CASE("an epoch has the full batches and the smaller rest, unless that is dropped") {
  CHECK(plan(203, 64).steps_per_epoch == 4);
  CHECK(plan(203, 64).last_batch_smaller);
  CHECK(plan(203, 64, true).steps_per_epoch == 3);
  CHECK_FALSE(plan(203, 64, true).last_batch_smaller);
  CHECK(plan(192, 64).steps_per_epoch == 3);
  CHECK_FALSE(plan(192, 64).last_batch_smaller);
  CHECK(plan(203, 0).steps_per_epoch == 1);  // full
  CHECK(plan(203, 0).batch == 203);
  CHECK(plan(203, 1000).batch == 203);  // never above the rows that there are
}

TEST_CASE("auto takes epochs for tiny problems, step for small and medium ones, layer for wide ones") {
  CHECK(plan(25, 0).level == Fusion::epochs);                                           // 4.6e4 FLOP
  CHECK(plan(4, 0, false, Fusion::automatic, model(1, 4)).level == Fusion::epochs);     // xor
  CHECK(plan(63, 0, false, Fusion::automatic, model(2, 64, 8)).level == Fusion::step);  // one chunk, 1.8e6 FLOP
  CHECK(plan(64, 0).level == Fusion::step);                                             // two chunks
  CHECK(plan(4096, 0, false, Fusion::automatic, model(4, 64, 16)).level == Fusion::step);
  CHECK(plan(2048, 0, false, Fusion::automatic, model(3, 1024, 256)).level == Fusion::layer);
  CHECK(plan(4096, 0, false, Fusion::automatic, model(40, 64, 16)).level == Fusion::step);    // any number of layers
  CHECK(plan(4096, 0, false, Fusion::automatic, model(12, 512, 16)).level == Fusion::layer);  // 6145 activations a row
}

TEST_CASE("the level asked for is chosen, with the others beside it and reasons for all") {
  for (const auto asked : {Fusion::none, Fusion::layer, Fusion::step, Fusion::epochs}) {
    const Plan p = plan(100, 0, false, asked);
    CHECK(p.level == asked);
    CHECK(p.chosen.level == asked);
    CHECK(p.chosen.possible);
    CHECK_FALSE(p.chosen.reason.empty());
    REQUIRE(p.others.size() == 3);
    for (const auto& other : p.others) {
      CHECK(other.level != asked);
      CHECK_FALSE(other.reason.empty());
    }
  }
}

TEST_CASE("a level that cannot serve a problem is refused where it is asked for, and else listed with the reason") {
  const auto wide = model(1, 2049), many = model(1, 4, 3000);
  for (const Fusion level : {Fusion::step, Fusion::epochs}) {
    const std::string name(to_name(level));
    const auto refuses = [&](const ModelSpec& spec, const std::string& why) {
      CHECK_THROWS_MATCHES(plan(100, 0, false, level, spec), ConfigError,
                           Message("training.fusion: " + name + " cannot serve this problem: " + why));
      const Plan p = plan(100, 0, false, Fusion::automatic, spec);
      CHECK(p.level == Fusion::layer);
      CHECK_FALSE(level_of(p, level).possible);
      CHECK(level_of(p, level).reason == why);
      CHECK(level_of(p, level).launches == 0);
    };
    refuses(wide, "2049 wide; level " + name + " takes at most 2048");
    refuses(many, "3000 wide; level " + name + " takes at most 2048");
  }
  CHECK(plan(100, 0, false, Fusion::step, model(100)).level == Fusion::step);
  CHECK(plan(100, 0, false, Fusion::step, model(1, 2048)).level == Fusion::step);
}

TEST_CASE("a tile that no team's scratch has room for is refused before Kokkos does") {
  ModelSpec spec;
  spec.inputs = 2;
  spec.layers.assign(400, {2048, Activation::gelu});  // which keeps its input: 2 x 400 x 2048 columns of eight rows
  spec.layers.push_back({1, Activation::identity});
  for (const auto kind : {DeviceKind::host, DeviceKind::accelerator}) {
    TrainingSpec training;
    const auto plan = [&] { return make_plan(spec, training, Precision::float64, kind, 100); };
    const auto automatic = plan();
    CHECK(automatic.level == Fusion::layer);
    for (const Fusion level : {Fusion::step, Fusion::epochs}) {
      const auto& cost = level_of(automatic, level);
      INFO(cost.reason);
      CHECK_FALSE(cost.possible);
      CHECK(cost.launches == 0);
      CHECK(cost.scratch_bytes == 0);
      CHECK_THAT(cost.reason, ContainsSubstring(kind == DeviceKind::host ? "the activations of 8 rows take 10"
                                                                         : "the activations of 56 rows take 70"));
      CHECK_THAT(cost.reason, ContainsSubstring(fmt::format("; level {} takes at most 16 MiB", to_name(level))));
      training.fusion = level;
      CHECK_THROWS_MATCHES(
          plan(), ConfigError,
          Message(fmt::format("training.fusion: {} cannot serve this problem: {}", to_name(level), cost.reason)));
      training.fusion = Fusion::automatic;
    }
  }
  spec.layers.erase(spec.layers.begin() + 50, spec.layers.end() - 1);  // 12.9 MiB
  TrainingSpec training;
  training.fusion = Fusion::step;
  CHECK(make_plan(spec, training, Precision::float64, DeviceKind::host, 100).chosen.scratch_bytes < 16 << 20);
}

TEST_CASE("a layer too wide for inference is refused with what is possible, at every level") {
  const auto refuses = [](std::int64_t inputs, std::int64_t most, Precision precision, DeviceKind kind) {
    TrainingSpec training;
    for (const auto level : {Fusion::automatic, Fusion::none, Fusion::layer}) {
      training.fusion = level;
      CHECK_THROWS_MATCHES(
          make_plan(model(1, most + 1, inputs), training, precision, kind, 4), ConfigError,
          Message(fmt::format("model: layer 0 is {} wide; inference with {} inputs takes at most {} in {}: two layers' "
                              "activations of a row in a team's scratch of 16 MiB",
                              most + 1, inputs, most, to_name(precision))));
      if (most > 0) make_plan(model(1, most, inputs), training, precision, kind, 4);
    }
  };
  refuses(3'000'000, (15 << 20) / 8 / 2 - 1024, Precision::float64, DeviceKind::host);  // inputs come in pieces
  refuses(3'000'000, (15 << 20) / 4 / 2 - 1024, Precision::float32, DeviceKind::host);
  refuses(1'000'000, (15 << 20) / 8 / 2 - 500'000, Precision::float64, DeviceKind::accelerator);
  refuses(3'000'000, 0, Precision::float64, DeviceKind::accelerator);
}

TEST_CASE("reasons name what decided") {
  const Plan tiny = plan(25, 0);
  CHECK_THAT(tiny.chosen.reason, ContainsSubstring("4.56e+04 FLOP in one chunk"));
  CHECK_THAT(level_of(plan(64, 0), Fusion::epochs).reason, ContainsSubstring("the 2 chunks of a batch"));
  CHECK_THAT(level_of(plan(64, 0, false, Fusion::automatic, model(1, 1024)), Fusion::step).reason,
             ContainsSubstring("1024 wide: above "));
}

TEST_CASE("a launch of level epochs takes the steps up to the next report or validation") {
  TrainingSpec training;
  training.batch = 32;
  training.fusion = Fusion::epochs;
  bool validates = true;
  const auto steps = [&] {
    return make_plan(model(1), training, Precision::float32, DeviceKind::host, 96, validates).chosen;
  };
  training.epochs = 2000;  // 20 epochs of 3 steps between two of about 100 reports
  CHECK(steps().steps_per_launch == 60);
  CHECK(steps().launches == 1);
  training.validate_every = 5;
  CHECK(steps().steps_per_launch == 15);
  validates = false;  // and nothing to validate with
  CHECK(steps().steps_per_launch == 60);
  validates = true;
  training.log_every = 2;
  CHECK(steps().steps_per_launch == 6);
  training.optimizer.clip_norm = 1;
  CHECK(steps().launches == 1);  // the team has the whole gradient itself
  training.fusion = Fusion::layer;
  CHECK(steps().steps_per_launch == 1);
}

TEST_CASE("a plan is a function of the problem and of the kind of device, which it names") {
  for (const auto kind : {DeviceKind::host, DeviceKind::accelerator}) {
    const Plan p = plan(4096, 0, false, Fusion::automatic, model(4, 64, 16), kind);
    CHECK(p.kind == kind);
    CHECK(p.chunks == (4096 / 32 < max_chunks(kind) ? 4096 / 32 : max_chunks(kind)));
  }
}

TEST_CASE("a training set without rows is refused, and so is what the specifications refuse") {
  CHECK_THROWS_MATCHES(plan(0, 0), ConfigError, Message("data: the training set is empty"));
  CHECK_THROWS_AS(plan(10, -1), ConfigError);
}
