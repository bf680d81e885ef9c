#include <sinter/models/spec/training_spec.hpp>

#include <cmath>

#include <fmt/format.h>

#include <sinter/kernels/catalog/optimizer_settings.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter {
namespace {

void require(bool good, std::string_view key, double value, std::string_view allowed) {
  if (!good) throw ConfigError(fmt::format("training.{}: {} is out of range; allowed: {}", key, value, allowed));
}

}  // namespace

void validate(const TrainingSpec& training, const ModelSpec& model) {
  for (const auto& setting : optimizer_settings) {
    const double value = training.optimizer.*setting.value;
    require(setting.good(value), fmt::format("optimizer.{}", setting.name), value, setting.allowed);
  }
  require(training.loss.delta > 0 && std::isfinite(training.loss.delta), "loss.delta", training.loss.delta, "> 0");
  const auto& s = training.schedule;
  require(s.min_learning_rate >= 0, "schedule.min_learning_rate", s.min_learning_rate, ">= 0");
  require(s.gamma > 0 && s.gamma <= 1, "schedule.gamma", s.gamma, "0 < gamma <= 1");
  require(s.step_size >= 1, "schedule.step_size", static_cast<double>(s.step_size), ">= 1");
  require(s.warmup >= 0, "schedule.warmup", static_cast<double>(s.warmup), ">= 0");
  require(training.epochs >= 0, "epochs", static_cast<double>(training.epochs), ">= 0");
  require(training.batch >= 0, "batch", static_cast<double>(training.batch), ">= 1 or full");
  require(training.early_stopping.patience >= 0, "early_stopping.patience",
          static_cast<double>(training.early_stopping.patience), ">= 0 (0: off)");
  require(training.early_stopping.min_delta >= 0, "early_stopping.min_delta", training.early_stopping.min_delta,
          ">= 0");
  require(training.stream_mib > 0 && std::isfinite(training.stream_mib), "stream_mib", training.stream_mib, "> 0");
  require(training.log_every >= 0, "log_every", static_cast<double>(training.log_every), ">= 0 (0: automatic)");
  require(training.validate_every >= 0, "validate_every", static_cast<double>(training.validate_every),
          ">= 0 (0: at every report)");

  const auto output = model.layers.back().activation;
  if (training.loss.type == Loss::binary_cross_entropy && output != Activation::sigmoid) {
    throw ConfigError(fmt::format("training.loss: binary_cross_entropy needs the output activation sigmoid, not {}",
                                  to_name(output)));
  }
  if (training.loss.type == Loss::cross_entropy && output != Activation::softmax) {
    throw ConfigError(
        fmt::format("training.loss: cross_entropy needs the output activation softmax, not {}", to_name(output)));
  }
  if (output == Activation::softmax && model.outputs() < 2) {
    throw ConfigError("model: output activation softmax needs at least two outputs");
  }
}

}  // namespace sinter
