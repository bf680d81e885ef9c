#include <catch2/catch_test_macros.hpp>

#include <filesystem>

#include <sinter/inputs/run_file.hpp>

#include "support.hpp"

using namespace sinter;
using sinter::test::error_text;

namespace {

constexpr const char* base = R"(
device: {space: auto}
data: {generator: xor}
model: {type: mlp, hidden: [4]}
training: {optimizer: adam, epochs: 10}
)";

RunFile with(std::vector<std::string> overrides) { return parse_run_file(base, "run.yaml", "/data", overrides); }

std::string refused(std::string override_text) {
  return error_text<ConfigError>([&] { with({std::move(override_text)}); });
}

}  // namespace

TEST_CASE("an override changes one key and leaves the others") {
  const auto run = with({"training.epochs=500"});
  CHECK(run.training.epochs == 500);
  CHECK(run.training.optimizer.type == Optimizer::adam);
}

TEST_CASE("an override can add keys and whole groups that the file lacks") {
  const auto run = with({"training.schedule.type=cosine", "budget={fences: 0}", "run.name=other"});
  CHECK(run.training.schedule.type == Schedule::cosine);
  CHECK(run.budget.fences == 0);
  CHECK(run.run.output == "runs/other");
}

TEST_CASE("an override below a bare name keeps the name") {
  const auto run = with({"training.optimizer.learning_rate=0.5"});
  CHECK(run.training.optimizer.type == Optimizer::adam);
  CHECK(run.training.optimizer.learning_rate == 0.5);
}

TEST_CASE("an override replaces lists and maps as a whole, and the last one counts") {
  CHECK(with({"model.hidden=[8, 9]"}).model.layers.size() == 3);
  CHECK(with({"training.epochs=1", "training.epochs=2"}).training.epochs == 2);
  CHECK(with({"data={generator: uat, seed: 3}"}).data.generator == "uat");
  CHECK(with({"training={epochs: 7}"}).training.optimizer.type == Optimizer::sgd);
}

TEST_CASE("a data path in an override is relative to the working directory") {
  const auto run = with({"data={path: a.csv, targets: [y]}"});
  CHECK(run.data.path == (std::filesystem::current_path() / "a.csv").string());
}

TEST_CASE("errors in overrides name the override") {
  CHECK(refused("training.epochs=abc") == "--set training.epochs=abc: 'abc' is not an integer; allowed: >= 0");
  CHECK(refused("training.epochs=") == "--set training.epochs=: has no value; expected an integer; allowed: >= 0");
  CHECK(refused("training.epochs=-4") == "--set training.epochs=-4: -4 is out of range; allowed: >= 0");
  CHECK(refused("epochs") == "--set epochs: expected key=value, for example training.epochs=500");
  CHECK(refused("=3") == "--set =3: expected key=value, for example training.epochs=500");
  CHECK(refused("training..x=3") == "--set training..x=3: expected key=value, for example training.epochs=500");
  CHECK(refused("model.hidden.0=3") ==
        "--set model.hidden.0=3: model.hidden is a list; set it as a whole: --set model.hidden=[...]");
  CHECK(refused("trainin.epochs=3") ==
        "--set trainin.epochs=3: trainin: unknown key; allowed: run, device, data, model, training, budget, ensemble, "
        "checkpoint; did you "
        "mean 'training'?");
  CHECK(refused("training.optimizer={type: adm}") ==
        "--set training.optimizer={type: adm}: training.optimizer.type: unknown name 'adm'; allowed: sgd, momentum, "
        "nesterov, adagrad, "
        "rmsprop, adam, adamw; did you mean 'adam'?");
  CHECK(refused("training.optimizer={type: adam, type: sgd}") ==
        "--set training.optimizer={type: adam, type: sgd}: training.optimizer.type: repeated key");
  CHECK(refused("training.optimizer.momentum=0.5") ==
        "--set training.optimizer.momentum=0.5: has no effect here; it belongs to: optimizer momentum, nesterov");
  CHECK(refused("data.path=a.csv") ==
        "run.yaml:3:8: data.generator: given together with data.path; only one of them is allowed");
}
