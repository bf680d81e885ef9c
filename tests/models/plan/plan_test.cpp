// The plan: chunks, steps and costs as functions of the problem alone.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/plan/plan.hpp>
#include <sinter/runtime/base/errors.hpp>

using namespace sinter;
using Catch::Matchers::Message;

namespace {

ModelSpec model(std::size_t hidden) {
  ModelSpec spec;
  spec.inputs = 2;
  spec.layers.assign(hidden, {16, Activation::tanh});
  spec.layers.push_back({1, Activation::identity});
  return spec;
}

Plan plan(std::int64_t rows, std::int64_t batch, bool drop_last = false, std::size_t hidden = 2) {
  TrainingSpec training;
  training.batch = batch;
  training.drop_last = drop_last;
  return make_plan(model(hidden), training, Precision::float32, DeviceKind::host, rows);
}

}  // namespace

TEST_CASE("a batch is cut into the largest power of two of chunks of at least 32 rows, at most 16") {
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

TEST_CASE("level layer takes 2L + 1 launches, and one more to clip by norm") {
  for (const std::size_t hidden : {0U, 1U, 5U}) {
    const auto layers = static_cast<std::int64_t>(hidden) + 1;
    CHECK(plan(203, 64, false, hidden).chosen.launches == 2 * layers + 1);
  }
  TrainingSpec training;
  training.optimizer.clip_norm = 1;
  CHECK(make_plan(model(2), training, Precision::float32, DeviceKind::host, 203).chosen.launches == 8);
}

TEST_CASE("the level asked for is chosen, with the other beside it and reasons for both") {
  TrainingSpec training;
  for (const auto& [asked, got] :
       {std::pair{Fusion::automatic, Fusion::layer}, {Fusion::layer, Fusion::layer}, {Fusion::none, Fusion::none}}) {
    training.fusion = asked;
    const Plan p = make_plan(model(2), training, Precision::float64, DeviceKind::host, 100);
    CHECK(p.level == got);
    CHECK(p.chosen.level == got);
    CHECK_FALSE(p.chosen.reason.empty());
    REQUIRE_FALSE(p.others.empty());
    for (const auto& other : p.others) {
      CHECK(other.level != got);
      CHECK_FALSE(other.reason.empty());
    }
  }
}

TEST_CASE("costs count six FLOPs a weight and row, and twice the bytes in double") {
  TrainingSpec training;
  const Plan single = make_plan(model(2), training, Precision::float32, DeviceKind::host, 100),
             twice = make_plan(model(2), training, Precision::float64, DeviceKind::host, 100);
  CHECK(single.chosen.flops == 6.0 * 100 * (2 * 16 + 16 * 16 + 16));
  CHECK(twice.chosen.compulsory_bytes == 2 * single.chosen.compulsory_bytes);
  CHECK(single.chosen.workspace_bytes > 0);
}

TEST_CASE("a training set without rows is refused, and so is what the specifications refuse") {
  CHECK_THROWS_MATCHES(plan(0, 0), ConfigError, Message("data: the training set is empty"));
  CHECK_THROWS_AS(plan(10, -1), ConfigError);
}
