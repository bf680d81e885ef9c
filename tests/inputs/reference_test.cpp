#include <catch2/catch_test_macros.hpp>

#include <map>

#include <sinter/inputs/run_file.hpp>
#include <sinter/inputs/schema.hpp>

#include "support.hpp"

using namespace sinter;
using sinter::test::error_text;

TEST_CASE("docs/run-file.md is what the schema says") {
  const auto committed = test::contents(SINTER_SOURCE_DIR "/docs/run-file.md");
  INFO("after a change of the schema: cmake --build <build> --target update_docs");
  CHECK(committed == run_file_reference());
}

TEST_CASE("every key has a type and a meaning, and no key stands twice or inside another") {
  std::map<std::string, int> seen;
  for (const auto& key : inputs::detail::schema()) {
    INFO(key.path);
    CHECK(seen[key.path]++ == 0);
    CHECK_FALSE(key.type.empty());
    CHECK(key.description.ends_with('.'));
    CHECK(key.only_with.empty() == !key.applies);
    for (const auto& other : inputs::detail::schema()) CHECK_FALSE(other.path.starts_with(key.path + "."));
  }
}

TEST_CASE("what the schema states as allowed is what validate() enforces") {
  // One value out of range for each key whose range is checked in models/spec.
  const std::map<std::string, std::string> wrong{
      {"training.loss.delta", "0"},
      {"training.optimizer.learning_rate", "0"},
      {"training.optimizer.momentum", "1"},
      {"training.optimizer.beta1", "1"},
      {"training.optimizer.beta2", "-0.1"},
      {"training.optimizer.rho", "1.5"},
      {"training.optimizer.epsilon", "0"},
      {"training.optimizer.weight_decay", "-1"},
      {"training.optimizer.clip_value", "-1"},
      {"training.optimizer.clip_norm", "-1"},
      {"training.schedule.min_learning_rate", "-1"},
      {"training.schedule.gamma", "0"},
      {"training.schedule.step_size", "0"},
      {"training.schedule.warmup", "-1"},
      {"training.early_stopping.patience", "-1"},
      {"training.early_stopping.min_delta", "-1"},
      {"training.epochs", "-1"},
      {"training.stream_mib", "0"},
      {"training.log_every", "-1"},
      {"training.validate_every", "-1"},
  };
  const std::map<std::string, std::vector<std::string>> setting{
      {"training.loss.delta", {"training.loss=huber"}},
      {"training.optimizer.momentum", {"training.optimizer=nesterov"}},
      {"training.optimizer.beta1", {"training.optimizer=adam"}},
      {"training.optimizer.beta2", {"training.optimizer=adamw"}},
      {"training.optimizer.rho", {"training.optimizer=rmsprop"}},
      {"training.optimizer.epsilon", {"training.optimizer=adagrad"}},
      {"training.schedule.min_learning_rate", {"training.schedule=cosine"}},
      {"training.schedule.gamma", {"training.schedule=exponential"}},
      {"training.schedule.step_size", {"training.schedule=step"}},
      {"training.early_stopping.min_delta", {"training.early_stopping.patience=1"}},
  };
  for (const auto& key : inputs::detail::schema()) {
    const bool number = key.type == "number" || key.type == "integer";
    if (!key.path.starts_with("training.") || !number) continue;
    INFO(key.path);
    REQUIRE(wrong.contains(key.path));
    auto overrides = setting.contains(key.path) ? setting.at(key.path) : std::vector<std::string>{};
    const auto assignment = key.path + "=" + wrong.at(key.path);
    overrides.push_back(assignment);
    CHECK(error_text<ConfigError>([&] {
            parse_run_file("{device: {space: auto}, data: {generator: xor}, model: {type: linear_regression}}",
                           "run.yaml", "/", overrides);
          }) == "--set " + assignment + ": " + wrong.at(key.path) + " is out of range; allowed: " + key.allowed);
  }
}
