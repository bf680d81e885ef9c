// The keys of checkpoints, and what may differ between a run and the one that goes on from it.
#include <catch2/catch_test_macros.hpp>

#include <sinter/inputs/run_file.hpp>

#include "support.hpp"

using namespace sinter;
using sinter::test::error_text;

namespace {

RunFile with(const std::vector<std::string>& overrides = {}) {
  return parse_run_file(
      "{device: {space: auto}, data: {path: d.csv, targets: [y]}, model: {type: mlp, hidden: [3]}, "
      "training: {optimizer: adam, batch: 8}}",
      "run.yaml", "/", overrides);
}

/// "training.batch: 8 -> 9; ..." of the run above and the same with overrides: what is allowed, or is not.
std::string changed(const std::vector<std::string>& overrides, bool allowed) {
  std::string text;
  for (const auto& each : differences(with(), with(overrides))) {
    if (each.allowed == allowed)
      text += (text.empty() ? "" : "; ") + each.path + ": " + each.before + " -> " + each.now;
  }
  return text;
}

}  // namespace

TEST_CASE("checkpoint keys are read, have defaults, and are written again") {
  CHECK(with().checkpoint == CheckpointSpec{0, 15, 2, "no"});
  CHECK(with().run.stop_after_steps == 0);
  const auto run = with(
      {"checkpoint={every_steps: 100, every_minutes: 0.5, keep: 3, resume: auto}", "run.stop_after_steps=7"});
  CHECK(run.checkpoint == CheckpointSpec{100, 0.5, 3, "auto"});
  CHECK(run.run.stop_after_steps == 7);
  Plan plan;
  CHECK(parse_run_file(effective_yaml(run, plan), "run.yaml", "/").checkpoint == run.checkpoint);
  CHECK(with({"checkpoint.resume=runs/a/checkpoint-000001.h5"}).checkpoint.resume == "runs/a/checkpoint-000001.h5");
}

TEST_CASE("checkpoint keys out of range or without effect are refused") {
  const auto says = [](const std::string& assignment, const std::string& text) {
    CHECK(error_text<ConfigError>([&] {
            with({"checkpoint.keep=0", assignment});
          }) == "--set " + assignment + ": " + text);
  };
  says("checkpoint.every_steps=-1", "-1 is out of range; allowed: >= 0 (0: off)");
  says("checkpoint.every_minutes=-0.1", "-0.1 is out of range; allowed: >= 0 (0: off)");
  says("checkpoint.keep=-1", "-1 is out of range; allowed: >= 0");
  says("run.stop_after_steps=-2", "-2 is out of range; allowed: >= 0 (0: off)");
  says("checkpoint.every_steps=5", "has no effect here; it belongs to: keep > 0");
  const std::string names = "; allowed: no, auto, or a path (with a '/' or '.' in it)";
  says("checkpoint.resume=", "has no value; expected a text" + names);
  for (const std::string text : {"Auto", "true", "atuo", "latest"})
    says("checkpoint.resume=" + text, "'" + text + "'" + names + "; did you mean 'auto'?");
  says("checkpoint.resume=false", "'false'" + names + "; did you mean 'no'?");
  says("checkpoint.resume=somewhere", "'somewhere'" + names);
  CHECK(with({"checkpoint.resume=./somewhere"}).checkpoint.resume == "./somewhere");
}

TEST_CASE("what changes no step may differ when a run goes on") {
  CHECK(differences(with(), with()).empty());
  for (const auto* key :
       {"training.epochs=7", "training.log_every=3", "training.validate_every=3", "training.early_stopping.patience=3",
        "training.fusion=step", "training.stream=always", "training.stream_mib=3", "run.output=elsewhere",
        "run.name=other", "run.stop_after_steps=3", "device.threads=2", "device.space=openmp",
        "checkpoint.every_steps=3", "checkpoint.resume=auto", "budget.fences=0", "data.path=/elsewhere/d.csv",
        "data.validation_fraction=0.5"}) {
    INFO(key);
    CHECK(changed({key}, false).empty());
    CHECK_FALSE(changed({key}, true).empty());
  }
  CHECK(changed({"training.epochs=7"}, true) == "training.epochs: 100 -> 7");
}

TEST_CASE("what changes a step is named with both values") {
  CHECK(changed({"training.batch=9"}, false) == "training.batch: 8 -> 9");
  CHECK(changed({"run.seed=9"}, false) == "run.seed: 1 -> 9");
  CHECK(changed({"model.hidden=[4]"}, false) ==
        "model.layers: [{width: 3, activation: tanh}, {activation: identity}] -> [{width: 4, activation: tanh}, "
        "{activation: identity}]");
  CHECK(changed({"device.precision=float64"}, false) == "device.precision: float32 -> float64");
  CHECK(changed({"data.normalize.features=zscore"}, false) == "data.normalize.features: none -> zscore");
  CHECK(changed({"training.optimizer.learning_rate=0.5", "training.shuffle=false"}, false) ==
        "training.optimizer.learning_rate: 0.01 -> 0.5; training.shuffle: true -> false");
  CHECK(changed({"training.optimizer.type=sgd"}, false) ==
        "training.optimizer.type: adam -> sgd; training.optimizer.beta1: 0.9 -> ; training.optimizer.beta2: 0.999 -> ; "
        "training.optimizer.epsilon: 1e-08 -> ");
  CHECK(changed({"training.schedule=cosine"}, false) ==
        "training.schedule.type: constant -> cosine; training.schedule.min_learning_rate:  -> 1e-06");
}

TEST_CASE("other training or validation rows have another content hash, another test set has not") {
  Dataset data;
  data.feature_names = {"a", "b"};
  data.target_names = {"y"};
  data.train = {2, {1, 2, 3, 4}, {5, 6}};
  data.validation = {1, {7, 8}, {9}};
  const auto hash = content_hash(data);
  CHECK(content_hash(data) == hash);
  data.test = {1, {1, 1}, {1}};
  CHECK(content_hash(data) == hash);
  auto swapped = data;
  swapped.train = {2, {3, 4, 1, 2}, {6, 5}};
  CHECK(content_hash(swapped) != hash);
  auto moved = data;
  moved.train = {3, {1, 2, 3, 4, 7, 8}, {5, 6, 9}};
  moved.validation = {};
  CHECK(content_hash(moved) != hash);
  data.train.targets[1] = 6.5;
  CHECK(content_hash(data) != hash);
}
