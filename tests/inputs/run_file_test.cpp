#include <catch2/catch_test_macros.hpp>

#include <sinter/inputs/run_file.hpp>

#include "support.hpp"

using namespace sinter;
using sinter::test::error_text;

namespace {

RunFile read(const std::string& text) { return parse_run_file(text, "inputs/run.yaml", "/data"); }

std::string with_model(const std::string& model, const std::string& training = "{}") {
  return "{device: {space: auto}, data: {generator: xor}, model: " + model + ", training: " + training + "}";
}

Plan a_plan() {
  Plan plan;
  plan.training_rows = plan.batch = 4;
  plan.steps_per_epoch = 1;
  return plan;
}

}  // namespace

TEST_CASE("a full run file is read key by key") {
  const auto run = read(R"(
run:      {name: uat, seed: 7, output: runs/uat}
device:   {space: openmp, threads: 2, precision: float64, allow_fallback: true}
data:     {path: houses.csv, features: [age, 3, "4"], targets: price, validation_fraction: 0.1, delimiter: ";",
           header: true,
           normalize: {features: zscore, targets: minmax}}
model:    {type: mlp, hidden: [16, 8], activation: leaky_relu, alpha: 0.2, output_activation: identity, bias: false,
           initializer: {type: uniform, low: -0.5, high: 0.25}}
training: {loss: {type: huber, delta: 2}, optimizer: {type: adam, learning_rate: 0.02, beta1: 0.8},
           schedule: {type: cosine, min_learning_rate: 1.0e-6, unit: step, warmup: 3},
           early_stopping: {patience: 5, min_delta: 1e-4},
           epochs: 2000, batch: 32, shuffle: false, drop_last: true, fusion: layer, reproducible: false, log_every: 10, validate_every: 20}
budget:   {launches: 5, fences: 0, copies: 1, allocations: 2}
)");
  CHECK(run.run == RunSpec{"uat", 7, "runs/uat"});
  CHECK(run.device == DeviceSpec{"openmp", 2, Precision::float64, true});
  CHECK(run.data.path == "/data/houses.csv");
  CHECK(run.data.features == std::vector<ColumnRef>{{"age", -1}, {"", 3}, {"4", -1}});
  CHECK(run.data.targets == std::vector<ColumnRef>{{"price", -1}});
  CHECK(run.data.validation_fraction == 0.1);
  CHECK(run.data.delimiter == ";");
  CHECK(run.data.header == CsvHeader::yes);
  CHECK(run.normalize == NormalizeSpec{Normalize::zscore, Normalize::minmax});
  CHECK(run.model.layers == std::vector<LayerSpec>{{16, Activation::leaky_relu, 0.2},
                                                   {8, Activation::leaky_relu, 0.2},
                                                   {0, Activation::identity, 0}});
  CHECK_FALSE(run.model.bias);
  CHECK(run.model.initializer == InitializerSpec{Initializer::uniform, 0, 1, -0.5, 0.25});
  CHECK(run.training.loss == LossSettings{Loss::huber, 2});
  CHECK(run.training.optimizer.beta1 == 0.8);
  CHECK(run.training.schedule == ScheduleSpec{Schedule::cosine, ScheduleUnit::step, 1e-6, 0.99, 100, 3});
  CHECK(run.training.early_stopping == EarlyStoppingSpec{5, 1e-4});
  CHECK(run.training.epochs == 2000);
  CHECK(run.training.batch == 32);
  CHECK_FALSE(run.training.shuffle);
  CHECK(run.training.drop_last);
  CHECK_FALSE(run.training.reproducible);
  CHECK(run.training.fusion == Fusion::layer);
  CHECK(run.training.log_every == 10);
  CHECK(run.training.validate_every == 20);
  CHECK(run.budget == BudgetSpec{5, 0, 1, 2});
}

TEST_CASE("defaults are those of the specs, name and output follow the file's name") {
  const auto run = read("{device: {space: auto}, data: {generator: xor}, model: {type: linear_regression}}");
  CHECK(run.run == RunSpec{"run", 1, "runs/run"});
  CHECK(run.training == TrainingSpec{});
  CHECK(run.normalize == NormalizeSpec{});
  CHECK(run.budget == BudgetSpec{});
}

TEST_CASE("models and losses have the defaults of their kind") {
  const auto linear = read(with_model("{type: linear_regression}"));
  CHECK(linear.model.layers == std::vector<LayerSpec>{{0, Activation::identity, 0}});
  CHECK(linear.training.loss.type == Loss::mse);
  const auto logistic = read(with_model("{type: logistic_regression}"));
  CHECK(logistic.model.layers == std::vector<LayerSpec>{{0, Activation::sigmoid, 0}});
  CHECK(logistic.training.loss.type == Loss::binary_cross_entropy);
  const auto classes = read(with_model("{type: logistic_regression, output_activation: softmax}"));
  CHECK(classes.training.loss.type == Loss::cross_entropy);
  const auto mlp = read(with_model("{type: mlp, hidden: [3], activation: elu}"));
  CHECK(mlp.model.layers == std::vector<LayerSpec>{{3, Activation::elu, 1.0}, {0, Activation::identity, 0}});
  CHECK(read(with_model("{type: mlp, hidden: [3], output_activation: sigmoid}", "{loss: mse}")).training.loss.type ==
        Loss::mse);
  CHECK(read(with_model("{type: mlp, hidden: []}")).model.layers.size() == 1);
}

TEST_CASE("layers in full end with the output layer, whose width may be left to the data") {
  const auto run = read(
      with_model("{type: mlp, layers: [{width: 5, activation: relu}, {width: 4, activation: leaky_relu, alpha: 0.3}, "
                 "{activation: sigmoid}]}"));
  CHECK(run.model.layers == std::vector<LayerSpec>{{5, Activation::relu, 0},
                                                   {4, Activation::leaky_relu, 0.3},
                                                   {0, Activation::sigmoid, 0}});
}

TEST_CASE("the data complete the model, and must not contradict it") {
  auto run = read(with_model("{type: mlp, hidden: [3], inputs: 2}"));
  const auto data = load_dataset(run.data);
  fit_to_data(run, data);
  CHECK(run.model.inputs == 2);
  CHECK(run.model.outputs() == 1);

  auto narrow = read(with_model("{type: mlp, hidden: [3], inputs: 3}"));
  CHECK(error_text<ConfigError>([&] { fit_to_data(narrow, data); }) ==
        "model.inputs: 3, but the data have 2 features: x, y");
  auto hidden_only = read(with_model("{type: mlp, layers: [{width: 16, activation: tanh}]}"));
  CHECK(error_text<ConfigError>([&] { fit_to_data(hidden_only, data); }) ==
        "model: width of the output layer: 16, but the data have 1 target: xor");
  auto softmax = read(with_model("{type: logistic_regression, output_activation: softmax}"));
  CHECK(error_text<ConfigError>([&] { fit_to_data(softmax, data); }) ==
        "model: output activation softmax needs at least two outputs");
  auto beyond = data;
  beyond.train.targets[2] = 2;
  auto logistic = read(with_model("{type: logistic_regression}"));
  CHECK(error_text<DataError>([&] { fit_to_data(logistic, beyond); }) ==
        "xor: target 'xor' is 2; the loss binary_cross_entropy needs values from 0 to 1");
}

TEST_CASE("the effective run file reads back to the same run") {
  const std::string texts[] = {
      with_model("{type: linear_regression}"),
      with_model("{type: logistic_regression, output_activation: softmax, outputs: 3}"),
      with_model(
          "{type: mlp, hidden: [3, 4], activation: elu, alpha: 0.1, output_activation: sigmoid, initializer: normal}",
          "{loss: huber, optimizer: {type: momentum, learning_rate: 0.1234567890123}, schedule: step, batch: 3}"),
      with_model("{type: mlp, layers: [{width: 3, activation: leaky_relu}, {}]}",
                 "{early_stopping: {patience: 3}, schedule: exponential}"),
      R"({run: {name: "a \"b\" \\ é # : {", seed: 18446744073709551615}, device: {space: cuda, precision: float64},
          data: {path: "da ta.tsv", format: csv, features: [a, 1, "1", "x: y"], targets: [-t], test: ../t.tsv,
                 validation: v.tsv, one_hot: 3, delimiter: "\t", header: false, seed: 9, normalize: {features: minmax}},
          model: {type: mlp, hidden: [2], output_activation: softmax},
          budget: {launches: 0, fences: 1, copies: 2, allocations: 3}})",
  };
  for (const auto& text : texts) {
    auto run = read(text);
    const auto written = effective_yaml(run, a_plan());
    INFO(written);
    CHECK(parse_run_file(written, "other.yaml", "/elsewhere") == run);
    run.model.inputs = 2;
    run.model.layers.back().width = 3;
    CHECK(parse_run_file(effective_yaml(run, a_plan()), "other.yaml", "/elsewhere") == run);
  }
}

TEST_CASE("the effective run file tells the plan in comments") {
  auto run = read(with_model("{type: linear_regression}"));
  fit_to_data(run, load_dataset(run.data));
  const auto text = effective_yaml(run, make_plan(run.model, run.training, run.device.precision, DeviceKind::host, 4));
  CHECK(text.find("# Plan for a host: 4 training rows, batches of 4, 1 step an epoch, 1 chunk\n"
                  "#   chosen: epochs: 1 launch a step, ") != std::string::npos);
  CHECK(text.find(", 8 rows and ") != std::string::npos);  // a team's tile
  CHECK(text.find("#   instead of layer: 3 launches a step, ") != std::string::npos);
  CHECK(text.find("#   instead of none: ") != std::string::npos);
}
