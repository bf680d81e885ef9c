// Learning-rate schedules in closed form, and what a specification may not say.
#include <cmath>
#include <numbers>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/spec/training_spec.hpp>
#include <sinter/runtime/base/errors.hpp>

using namespace sinter;
using Catch::Approx;
using Catch::Matchers::Message;

namespace {

ScheduleSpec schedule(Schedule type) {
  ScheduleSpec spec;
  spec.type = type;
  return spec;
}

ModelSpec model(Activation output, std::int64_t width = 1) {
  ModelSpec spec;
  spec.inputs = 2;
  spec.layers = {{3, Activation::tanh}, {width, output}};
  return spec;
}

}  // namespace

TEST_CASE("the constant schedule keeps the learning rate") {
  for (const std::int64_t t : {0, 1, 99}) CHECK(learning_rate_at(schedule(Schedule::constant), 0.3, t, 100) == 0.3);
}

TEST_CASE("the cosine schedule falls from the learning rate to its minimum along half a cosine") {
  auto cosine = schedule(Schedule::cosine);
  CHECK(cosine.min_learning_rate == 1e-6);
  cosine.min_learning_rate = 0.1;
  CHECK(learning_rate_at(cosine, 0.5, 0, 100) == 0.5);
  CHECK(learning_rate_at(cosine, 0.5, 50, 100) == Approx(0.3));
  CHECK(learning_rate_at(cosine, 0.5, 25, 100) == Approx(0.1 + 0.4 * (1 + std::sqrt(0.5)) / 2));
  CHECK(learning_rate_at(cosine, 0.5, 99, 100) == Approx(0.1 + 0.2 * (1 + std::cos(std::numbers::pi * 0.99))));
  CHECK(learning_rate_at(cosine, 0.5, 100, 100) == Approx(0.1));
  CHECK(learning_rate_at(cosine, 0.5, 150, 100) == Approx(0.1));  // and stays there
}

TEST_CASE("the exponential schedule multiplies by gamma each unit, the step schedule each step_size units") {
  auto exponential = schedule(Schedule::exponential);
  exponential.gamma = 0.5;
  CHECK(learning_rate_at(exponential, 8, 0, 10) == 8);
  CHECK(learning_rate_at(exponential, 8, 3, 10) == 1);
  auto step = schedule(Schedule::step);
  step.gamma = 0.1;
  step.step_size = 4;
  CHECK(learning_rate_at(step, 1, 3, 100) == 1);
  CHECK(learning_rate_at(step, 1, 4, 100) == Approx(0.1));
  CHECK(learning_rate_at(step, 1, 11, 100) == Approx(0.01));
}

TEST_CASE("a warm-up rises linearly, and the schedule proper begins after it") {
  auto cosine = schedule(Schedule::cosine);
  cosine.warmup = 4;
  cosine.min_learning_rate = 0;
  CHECK(learning_rate_at(cosine, 1, 0, 12) == 0.25);
  CHECK(learning_rate_at(cosine, 1, 3, 12) == 1);
  CHECK(learning_rate_at(cosine, 1, 4, 12) == 1);
  CHECK(learning_rate_at(cosine, 1, 8, 12) == Approx(0.5));
  CHECK(learning_rate_at(cosine, 1, 12, 12) == Approx(0).margin(1e-15));
  cosine.warmup = 12;  // nothing is left for the schedule
  CHECK(learning_rate_at(cosine, 1, 11, 12) == 1);
}

TEST_CASE("values out of range are refused with key, value and what is allowed") {
  const auto refused = [](auto change, const std::string& text) {
    TrainingSpec spec;
    change(spec);
    CHECK_THROWS_MATCHES(validate(spec, model(Activation::identity)), ConfigError, Message(text));
  };
  refused([](auto& s) { s.optimizer.learning_rate = 0; },
          "training.optimizer.learning_rate: 0 is out of range; allowed: > 0");
  refused([](auto& s) { s.optimizer.learning_rate = std::nan(""); },
          "training.optimizer.learning_rate: nan is out of range; allowed: > 0");
  refused([](auto& s) { s.optimizer.momentum = 1; },
          "training.optimizer.momentum: 1 is out of range; allowed: 0 <= momentum < 1");
  refused([](auto& s) { s.optimizer.beta2 = -0.5; },
          "training.optimizer.beta2: -0.5 is out of range; allowed: 0 <= beta2 < 1");
  refused([](auto& s) { s.optimizer.epsilon = 0; }, "training.optimizer.epsilon: 0 is out of range; allowed: > 0");
  refused([](auto& s) { s.optimizer.clip_norm = -1; },
          "training.optimizer.clip_norm: -1 is out of range; allowed: >= 0 (0: off)");
  refused([](auto& s) { s.loss.delta = 0; }, "training.loss.delta: 0 is out of range; allowed: > 0");
  refused([](auto& s) { s.schedule.gamma = 1.5; },
          "training.schedule.gamma: 1.5 is out of range; allowed: 0 < gamma <= 1");
  refused([](auto& s) { s.schedule.step_size = 0; }, "training.schedule.step_size: 0 is out of range; allowed: >= 1");
  refused([](auto& s) { s.batch = -1; }, "training.batch: -1 is out of range; allowed: >= 1 or full");
  refused([](auto& s) { s.epochs = -3; }, "training.epochs: -3 is out of range; allowed: >= 0");
}

TEST_CASE("a loss that needs another output activation says which") {
  TrainingSpec spec;
  spec.loss.type = Loss::binary_cross_entropy;
  CHECK_THROWS_MATCHES(validate(spec, model(Activation::tanh)), ConfigError,
                       Message("training.loss: binary_cross_entropy needs the output activation sigmoid, not tanh"));
  CHECK_NOTHROW(validate(spec, model(Activation::sigmoid)));
  spec.loss.type = Loss::cross_entropy;
  CHECK_THROWS_MATCHES(validate(spec, model(Activation::sigmoid)), ConfigError,
                       Message("training.loss: cross_entropy needs the output activation softmax, not sigmoid"));
  CHECK_NOTHROW(validate(spec, model(Activation::softmax, 3)));
  CHECK_THROWS_MATCHES(validate(spec, model(Activation::softmax)), ConfigError,
                       Message("model: output activation softmax needs at least two outputs"));
}
