// What a training specification may not say.
#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/spec/training_spec.hpp>
#include <sinter/runtime/base/errors.hpp>

using namespace sinter;
using Catch::Matchers::Message;

namespace {

ModelSpec model(Activation output, std::int64_t width = 1) {
  ModelSpec spec;
  spec.inputs = 2;
  spec.layers = {{3, Activation::tanh}, {width, output}};
  return spec;
}

}  // namespace

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
