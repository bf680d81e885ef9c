#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#include <sinter/inputs/run_file.hpp>

#include "support.hpp"

using namespace sinter;
using sinter::test::error_text;

namespace {

struct Case {
  std::string text;
  std::string error;  ///< after "run.yaml"
};

void check(const std::vector<Case>& cases) {
  for (const auto& [text, error] : cases) {
    INFO(text);
    CHECK(error_text<ConfigError>([&] { parse_run_file(text, "run.yaml", "/data"); }) == "run.yaml" + error);
  }
}

// A run file in four lines: device, data, model, training. Each helper replaces what follows one of the keys.
std::string file(const std::string& device, const std::string& data, const std::string& model,
                 const std::string& training) {
  return "device: " + device + "\ndata: " + data + "\nmodel: " + model + "\ntraining: " + training + "\n";
}
const std::string any = "{space: auto}", xor_data = "{generator: xor}", linear = "{type: linear_regression}";
std::string device(const std::string& text) { return file(text, xor_data, linear, "{}"); }
std::string data(const std::string& text) { return file(any, text, linear, "{}"); }
std::string model(const std::string& text) { return file(any, xor_data, text, "{}"); }
std::string training(const std::string& text) { return file(any, xor_data, linear, text); }

const std::string top_keys = "run, device, data, model, training, budget, ensemble, checkpoint";
const std::string training_names =
    "loss, optimizer, schedule, early_stopping, epochs, batch, shuffle, drop_last, fusion, stream, stream_mib, "
    "reproducible, log_every, "
    "validate_every";
const std::string spaces = "auto, cuda, hip, sycl, openmp, threads, serial, mock";

}  // namespace

TEST_CASE("what is not one plain YAML map is refused with its place") {
  check({
      {"", ": empty; a run file says at least device.space, data and model"},
      {"# only a comment\n", ": empty; a run file says at least device.space, data and model"},
      {"42", ":1:1: expected a map of keys, found '42'; allowed: " + top_keys},
      {"[1, 2]", ":1:1: expected a map of keys, found a list; allowed: " + top_keys},
      {std::string("ab\0c", 4), ": not a text file: byte 0x00 at offset 2"},
      {"a: \xff\xfe", ": not UTF-8 text: byte 0xff at offset 3"},
      {"name: caf\xe9\n", ": not UTF-8 text: byte 0xe9 at offset 9"},
      {"a: [1, 2", ":1:1: not valid YAML: end of sequence flow not found"},
      {"a: b: c", ":1:5: not valid YAML: illegal map value"},
      {"device: {space: auto}\n---\ndata: 1\n", ": more than one YAML document (---)"},
      {"a: &x 1\nb: *x\n", ":1:4: an anchor (&) is not allowed in a run file; write the value out"},
      {"training: !!map {epochs: 3}",
       ":1:11: the tag 'tag:yaml.org,2002:map' is not allowed in a run file; write the value out"},
      {"? [a]\n: 1\n", ":1:3: not valid here: a key must be a plain name"},
  });
}

TEST_CASE("nesting without end is refused, not followed") {
  std::string maps, lists(10000, '[');
  for (int depth = 0; depth < 10000; ++depth) maps += "{a: ";
  for (const auto& text : {maps, lists, lists + std::string(10000, ']')}) {
    CHECK(error_text<ConfigError>([&] { parse_run_file(text, "run.yaml", "/"); }).starts_with("run.yaml:1:"));
  }
}

TEST_CASE("files that are no run files are refused before they are parsed") {
  const test::ScratchFolder folder;
  const auto missing = folder.path("missing.yaml");
  CHECK(error_text<IoError>([&] { read_run_file(missing); }) == missing + ": no such file");
  CHECK(error_text<IoError>([&] { read_run_file(folder.path("")); }) == folder.path("") + ": is a folder, not a file");
  const auto large = folder.write("large.yaml", std::string((1 << 17) + 1, ' '));
  CHECK(error_text<ConfigError>([&] { read_run_file(large); }) ==
        large + ": larger than 131072 bytes, the most that is read here");
  const auto empty = folder.write("empty.yaml", "");
  CHECK(error_text<ConfigError>([&] { read_run_file(empty); }) ==
        empty + ": empty; a run file says at least device.space, data and model");
}

TEST_CASE("unknown and repeated keys are refused with the nearest known one") {
  check({
      {training("{}") + "trianing: {}\n",
       ":5:1: trianing: unknown key; allowed: " + top_keys + "; did you mean 'training'?"},
      {training("{}") + "training: {}\n", ":5:1: training: repeated key; first given at line 4"},
      {training("{epochs: 3, epochs: 4}"), ":4:23: training.epochs: repeated key; first given at line 4"},
      {training("\n  optimizer:\n    type: adam\n    beta1: 0.9\n    type: sgd"),
       ":8:5: training.optimizer.type: repeated key; first given at line 6"},
      {training("{epoch: 3}"),
       ":4:12: training.epoch: unknown key; allowed: " + training_names + "; did you mean 'epochs'?"},
      {training("{learning_rate: 3}"), ":4:12: training.learning_rate: unknown key; allowed: " + training_names +
                                           "; did you mean 'training.optimizer.learning_rate'?"},
      {model("{type: mlp, layers: [{width: 3, activaton: tanh}]}"),
       ":3:40: model.layers[0].activaton: unknown key; allowed: width, activation, alpha; did you mean 'activation'?"},
  });
}

TEST_CASE("wrong types are refused with what was expected") {
  check({
      {training("{epochs: abc}"), ":4:20: training.epochs: 'abc' is not an integer; allowed: >= 0"},
      {training("{epochs: [3]}"), ":4:20: training.epochs: expected an integer, found a list; allowed: >= 0"},
      {training("{epochs: 1.5}"), ":4:20: training.epochs: '1.5' is not an integer; allowed: >= 0"},
      {training("{epochs: '5'}"), ":4:20: training.epochs: the quoted text '5' is not an integer; allowed: >= 0"},
      {training("{epochs: }"), ":4:20: training.epochs: has no value; expected an integer; allowed: >= 0"},
      {training("{shuffle: yes}"), ":4:21: training.shuffle: 'yes' is not a truth value; allowed: true, false"},
      {training("{batch: all}"), ":4:19: training.batch: 'all' is not an integer; allowed: >= 1, or full"},
      {training("{optimizer: {learning_rate: fast}}"),
       ":4:39: training.optimizer.learning_rate: 'fast' is not a number; allowed: > 0"},
      {training("{optimizer: [adam]}"),
       ":4:23: training.optimizer: expected a map of keys, found a list; allowed: type, learning_rate, "
       "momentum, beta1, beta2, rho, epsilon, weight_decay, clip_value, clip_norm"},
      {training("{early_stopping: 5}"),
       ":4:28: training.early_stopping: expected a map of keys, found '5'; allowed: patience, min_delta"},
      {device("cuda"),
       ":1:9: device: expected a map of keys, found 'cuda'; allowed: space, threads, precision, allow_fallback"},
      {model("{type: mlp, hidden: 4}"), ":3:28: model.hidden: expected a list of widths such as [16, 16], found '4'"},
      {model("{type: mlp, hidden: [4, x]}"), ":3:32: model.hidden[1]: 'x' is not an integer; allowed: >= 1"},
      {model("{type: mlp, layers: [3]}"),
       ":3:29: model.layers[0]: expected a map such as {width: 16, activation: tanh}, found '3'"},
      {data("{generator: xor, normalize: zscore}"),
       ":2:35: data.normalize: expected a map of keys, found 'zscore'; allowed: features, targets"},
      {data("{path: '', targets: [a]}"), ":2:14: data.path: is empty"},
  });
}

TEST_CASE("values out of range are refused with what is allowed") {
  check({
      {training("{epochs: -1}"), ":4:20: training.epochs: -1 is out of range; allowed: >= 0"},
      {training("{epochs: 99999999999999999999}"),
       ":4:20: training.epochs: 99999999999999999999 is too large; allowed: >= 0"},
      {training("{optimizer: {learning_rate: .inf}}"),
       ":4:39: training.optimizer.learning_rate: '.inf' is not a finite number; allowed: > 0"},
      {training("{optimizer: {learning_rate: nan}}"),
       ":4:39: training.optimizer.learning_rate: 'nan' is not a finite number; allowed: > 0"},
      {training("{optimizer: {learning_rate: 1e999}}"),
       ":4:39: training.optimizer.learning_rate: '1e999' is beyond what double precision holds; allowed: > 0"},
      {training("{optimizer: {learning_rate: -0.1}}"),
       ":4:39: training.optimizer.learning_rate: -0.1 is out of range; allowed: > 0"},
      {training("{batch: 0}"), ":4:19: training.batch: 0 is out of range; allowed: >= 1, or full"},
      {device("{space: auto, threads: -1}"), ":1:32: device.threads: -1 is out of range; allowed: >= 0"},
      {device("{space: auto, threads: 3000000000}"), ":1:32: device.threads: 3000000000 is too large; allowed: >= 0"},
      {model("{type: mlp, hidden: [4, 0]}"), ":3:32: model.hidden[1]: 0 is out of range; allowed: >= 1"},
      {model("{type: mlp, hidden: [4], activation: elu, alpha: -1}"),
       ":3:8: model: layer 0 has alpha -1; allowed: >= 0"},
      {data("{generator: xor, seed: -3}"), ":2:30: data.seed: -3 is out of range; allowed: 0 to 18446744073709551615"},
      {data("{path: a.csv, targets: [a], test_fraction: 1}"),
       ":2:50: data.test_fraction: 1 is out of range; allowed: 0 < fraction < 1"},
      {data("{path: a.csv, targets: [a], one_hot: 1}"), ":2:44: data.one_hot: 1 is out of range; allowed: 2 to 100000"},
      {data("{path: a.csv, targets: [-1]}"),
       ":2:31: data.targets[0]: -1 is out of range; allowed: a name, or an index >= 0"},
      {data("{path: a.csv, targets: [a], delimiter: ab}"),
       ":2:46: data.delimiter: 'ab' cannot separate fields; allowed: one character, no quote, letter, digit, '.', '+', "
       "'-' or end of line"},
  });
}

TEST_CASE("unknown names are refused with the nearest known one") {
  check({
      {device("{space: cud}"),
       ":1:17: device.space: unknown name 'cud'; allowed: " + spaces + "; did you mean 'cuda'?"},
      {device("{space: gpu}"), ":1:17: device.space: unknown name 'gpu'; allowed: " + spaces},
      {device("{space: auto, precision: float16}"),
       ":1:34: device.precision: unknown name 'float16'; allowed: float32, float64; did you mean 'float32'?"},
      {training("{optimizer: adm}"),
       ":4:23: training.optimizer.type: unknown name 'adm'; allowed: sgd, momentum, nesterov, adagrad, "
       "rmsprop, adam, adamw; did you mean 'adam'?"},
      {training("{fusion: steps}"),
       ":4:20: training.fusion: unknown name 'steps'; allowed: auto, none, layer, step, epochs; did you mean 'step'?"},
      {model("{type: perceptron}"),
       ":3:15: model.type: unknown name 'perceptron'; allowed: linear_regression, logistic_regression, mlp"},
      {model("{type: mlp, hidden: [4], activation: softmax}"),
       ":3:45: model.activation: unknown name 'softmax'; allowed: identity, sigmoid, tanh, relu, leaky_relu, elu, "
       "gelu, silu, "
       "softplus, sin"},
      {data("{generator: xr}"), ":2:19: data.generator: unknown name 'xr'; allowed: xor, uat; did you mean 'xor'?"},
      {data("{path: a.dat}"),
       ":2:14: data.path: the extension '.dat' does not tell the format; set data.format; allowed: "
       "csv (.csv .tsv .txt), npy (.npy), npz (.npz), hdf5 (.h5 .hdf5), json (.json)"},
  });
}

TEST_CASE("what is missing is named") {
  check({
      {"{}", ": device.space: required; allowed: " + spaces},
      {"device: {space: auto}\n", ": model.type: required; allowed: linear_regression, logistic_regression, mlp"},
      {device("{threads: 2}"), ":1:9: device.space: required; allowed: " + spaces},
      {data("{}"), ":2:7: data: no data; one of path and generator is required"},
      {data("{path: a.csv}"), ":2:7: data.targets: required with format csv; name the columns to predict"},
      {model("{type: mlp}"),
       ":3:8: model: an mlp needs its layers; allowed: hidden, layers; for example hidden: [16, 16]"},
      {model("{type: mlp, layers: []}"),
       ":3:28: model.layers: expected a list of layers such as [{width: 16, activation: tanh}, {activation: sigmoid}], "
       "found an empty one"},
      {model("{type: mlp, layers: [{activation: tanh}, {width: 1}]}"),
       ":3:29: model.layers[0]: width is missing; only the last layer may leave it to the data"},
  });
}

TEST_CASE("what has no effect or contradicts something else is refused") {
  check({
      {training("{optimizer: {type: adam, momentum: 0.5}}"),
       ":4:36: training.optimizer.momentum: has no effect here; it belongs to: optimizer momentum, nesterov"},
      {training("{early_stopping: {min_delta: 0.1}}"),
       ":4:29: training.early_stopping.min_delta: has no effect here; it belongs to: patience > 0"},
      {training("{loss: binary_cross_entropy}"),
       ":4:18: training.loss: binary_cross_entropy needs the output activation sigmoid, not identity"},
      {model("{type: linear_regression, hidden: [3]}"),
       ":3:34: model.hidden: has no effect here; it belongs to: type mlp, without layers"},
      {model("{type: mlp, hidden: [4], layers: [{width: 3}]}"),
       ":3:20: model.hidden: has no effect here; it belongs to: type mlp, without layers"},
      {model("{type: mlp, hidden: [4], alpha: 0.1}"),
       ":3:33: model.alpha: has no effect here; it belongs to: activation leaky_relu, elu"},
      {model("{type: mlp, layers: [{width: 3, activation: tanh, alpha: 1}, {}]}"),
       ":3:65: model.layers[0].alpha: has no effect with activation tanh; it belongs to: activation leaky_relu, elu"},
      {model("{type: mlp, layers: [{width: 3, activation: softmax}, {}]}"),
       ":3:8: model: layer 0 has activation softmax, which only the last layer may have"},
      {model("{type: mlp, hidden: [4], initializer: {type: uniform, low: 1, high: 0}}"),
       ":3:8: model: initializer uniform from 1 to 0; high must be above low"},
      {model("{type: mlp, hidden: [4], initializer: {type: zeros, stddev: 0}}"),
       ":3:60: model.initializer.stddev: has no effect here; it belongs to: initializer normal"},
      {model("{type: logistic_regression, output_activation: tanh}"),
       ":3:55: model.output_activation: tanh does not suit logistic_regression; allowed: sigmoid, softmax"},
      {model("{type: mlp, hidden: [4], output_activation: softmax, outputs: 1}"),
       ":3:8: model: output activation softmax needs at least two outputs"},
      {data("{generator: xor, path: a.csv}"),
       ":2:8: data.generator: given together with data.path; only one of them is allowed"},
      {data("{path: a.json, targets: [y]}"),
       ":2:22: data.targets: has no effect here; it belongs to: formats csv, npy, npz, hdf5"},
      {data("{path: a.npz, header: true}"), ":2:21: data.header: has no effect here; it belongs to: format csv"},
      {data("{path: a.csv, targets: [a, a]}"), ":2:34: data.targets[1]: column 'a' is listed twice"},
      {data("{path: a.csv, targets: [a], test_fraction: 0.1, test: b.csv}"),
       ":2:35: data.test_fraction: has no effect here; it belongs to: a path, without data.test"},
      {file(any, "{generator: xor, normalize: {targets: zscore}}", "{type: logistic_regression}", "{}"),
       ":2:45: data.normalize.targets: zscore does not suit the loss binary_cross_entropy; allowed: none"},
  });
}
