#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#include <sinter/inputs/study/study_file.hpp>
#include <sinter/inputs/values.hpp>

#include "support.hpp"

using namespace sinter;
using sinter::test::contents;
using sinter::test::error_text;
using sinter::test::ScratchFolder;

namespace {

const std::string run =
    "run: {device: {space: openmp}, data: {generator: xor}, model: {type: mlp, hidden: [16, 16]}, training: {batch: "
    "64}}\n";

using Overrides = std::vector<std::pair<std::string, std::string>>;

StudyFile read(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const ScratchFolder folder;
  return read_study_file(folder.write("trial.yaml", text), overrides);
}

/// What is wrong with a study file, after the folder of its path.
std::string complaint(const std::string& text) {
  const ScratchFolder folder;
  const auto path = folder.write("trial.yaml", text);
  auto message = error_text<ConfigError>([&] { read_study_file(path); });
  for (const auto prefix = path.substr(0, path.rfind('/') + 1); message.find(prefix) != message.npos;)
    message.erase(message.find(prefix), prefix.size());
  return message;
}

std::vector<std::string> labels(const StudyFile& study) {
  std::vector<std::string> texts;
  for (const auto& point : study.points) texts.push_back(point.label);
  return texts;
}

}  // namespace

TEST_CASE("a study file gives the cross product of its axes, the last axis changing fastest") {
  const auto study = read("study: {kind: strong}\n" + run + "axes: {threads: [1, 2], width: [32, 64], depth: [3]}\n");
  CHECK(study.name == "trial");
  CHECK(study.output == "studies/trial");
  CHECK(study.repetitions == 5);
  CHECK(study.run_file == "studies/trial/run.yaml");
  CHECK(labels(study) == std::vector<std::string>{"threads=1 width=32 depth=3", "threads=1 width=64 depth=3",
                                                  "threads=2 width=32 depth=3", "threads=2 width=64 depth=3"});
  const auto& last = study.points.back();
  CHECK(last.threads == 2);
  CHECK(last.ranks == 1);
  CHECK(last.batch == 64);
  CHECK(last.overrides == Overrides{{"device.threads", "2"}, {"model.hidden", "[64, 64, 64]"}});
}

TEST_CASE("any key of a run file may be an axis, and set holds for every point") {
  const auto study = read("study: {kind: sweep}\n" + run +
                          "set: {training.epochs: 7, training.optimizer: {type: sgd, learning_rate: 0.1}}\n"
                          "axes: {training.optimizer.weight_decay: [0, 1.0e-3], fusion: [layer, step]}\n");
  CHECK(study.points.size() == 4);
  CHECK(study.points[3].overrides == Overrides{{"training.epochs", "7"},
                                               {"training.optimizer", "{type: sgd, learning_rate: 0.1}"},
                                               {"training.optimizer.weight_decay", "1.0e-3"},
                                               {"training.fusion", "step"}});
}

TEST_CASE("a weak study gives each worker the rows of one batch") {
  const auto by_ranks = read("study: {kind: weak}\nlauncher: mpirun\n" + run + "axes: {ranks: [1, 3], threads: [2]}\n");
  CHECK(by_ranks.points[1].batch == 192);
  CHECK(by_ranks.points[1].ranks == 3);
  const auto by_threads = read("study: {kind: weak}\n" + run + "axes: {threads: [1, 4], batch: [8, 16]}\n");
  CHECK(by_threads.points[3].label == "threads=4 batch=16");
  CHECK(by_threads.points[3].batch == 64);
}

TEST_CASE("a run file is found beside the study file, and data paths are made absolute") {
  const ScratchFolder folder;
  const auto base = folder.write(
      "base.yaml", "device: {space: openmp}\ndata: {path: a.csv, targets: [y]}\nmodel: {type: linear_regression}\n");
  const auto named = read_study_file(
      folder.write("named.yaml", "study: {kind: sweep}\nrun: base.yaml\naxes: {batch: [1]}\n"));
  CHECK(named.run_file == base);
  const auto inline_run = read_study_file(folder.write(
      "inline.yaml",
      "study: {kind: sweep}\nrun: {device: {space: openmp}, data: {path: a.csv, targets: [y]}, model: {type: "
      "linear_regression}}\nset: {data.test: b.csv}\naxes: {batch: [1]}\n"));
  CHECK(inline_run.run_text.find("data: {path: \"" + folder.path("a.csv") + "\", targets: [y]}\n") !=
        std::string::npos);
  CHECK(inline_run.points[0].overrides[0] ==
        std::pair<std::string, std::string>("data.test", '"' + folder.path("b.csv") + '"'));
}

TEST_CASE("overrides and the output folder come from the command line") {
  const ScratchFolder folder;
  const auto path = folder.write("trial.yaml", "study: {kind: sweep}\n" + run + "axes: {batch: [1]}\n");
  const auto study = read_study_file(path, {"study.repetitions=9", "axes.batch=[2, 4]", "launcher=mpirun"},
                                     "elsewhere");
  CHECK(study.repetitions == 9);
  CHECK(study.output == "elsewhere");
  CHECK(labels(study) == std::vector<std::string>{"batch=2", "batch=4"});
  CHECK(study.launcher.type == LauncherType::mpirun);
}

TEST_CASE("what is wrong in a study file is named with its place and what is allowed") {
  const std::string axes = "axes: {batch: [1]}\n", sweep = "study: {kind: sweep}\n";
  CHECK(complaint("") == "trial.yaml: empty; a study file says at least study.kind, run and axes");
  CHECK(complaint("study: {kind: sweep, name: a, name: b}\n") ==
        "trial.yaml:1:31: study.name: repeated key; first given at line 1");
  CHECK(complaint("study: {kind: sweep, repetition: 3}\n" + run + axes) ==
        "trial.yaml:1:22: study.repetition: unknown key; allowed: name, kind, output, seed, repetitions, time_limit, "
        "target, "
        "same_bits, arguments; did you mean 'repetitions'?");
  CHECK(complaint("stuy: 1\n") ==
        "trial.yaml:1:1: stuy: unknown key; allowed: study, run, set, axes, launcher; did you mean 'study'?");
  CHECK(complaint("study: {name: a}\n" + run + axes) ==
        "trial.yaml:1:8: study.kind: required; allowed: strong, weak, sweep, time_to_target");
  CHECK(complaint("study: {kind: stron}\n" + run + axes) ==
        "trial.yaml:1:15: study.kind: unknown name 'stron'; allowed: strong, weak, sweep, time_to_target; did you mean "
        "'strong'?");
  CHECK(complaint("study: {kind: sweep, repetitions: 0}\n" + run + axes) ==
        "trial.yaml:1:35: study.repetitions: 0 is out of range; allowed: >= 1");
  CHECK(complaint(sweep + run) == "trial.yaml: axes: required");
  CHECK(complaint(sweep + "run: nowhere.yaml\n" + axes) == "trial.yaml:2:6: run: nowhere.yaml: no such file");
  CHECK(complaint(sweep + run + "axes: {widht: [1]}\n") ==
        "trial.yaml:3:8: axes.widht: unknown key; allowed: threads, ranks, batch, width, depth, precision, fusion, and "
        "the keys "
        "of a run file, docs/run-file.md; did you mean 'width'?");
  CHECK(complaint(sweep + run + "axes: {batch: 4}\n") ==
        "trial.yaml:3:15: axes.batch: expected a list of values, found '4'");
  CHECK(complaint(sweep + run + "axes: {batch: []}\n") ==
        "trial.yaml:3:15: axes.batch: expected a list of values, found an empty one");
  CHECK(complaint(sweep + run + "axes: {batch: [4, 4]}\n") == "trial.yaml:3:19: axes.batch: 4 is given twice");
  CHECK(complaint(sweep + run + "axes: {threads: [0]}\n") ==
        "trial.yaml:3:18: axes.threads: 0 is out of range; allowed: 1 to 1e9");
  CHECK(complaint(sweep + run + "set: {training.epoch: 3}\n" + axes) ==
        "trial.yaml:3:7: set.training.epoch: unknown key; allowed: the keys of a run file, docs/run-file.md; did you "
        "mean "
        "'training.epochs'?");
  CHECK(
      complaint(sweep + run + "axes: {precision: [float32, float16]}\n") ==
      "trial.yaml:3:29: axes: the point precision=float16 is not allowed: --set device.precision=float16: unknown name "
      "'float16'; allowed: float32, float64; did you mean 'float32'?");
  CHECK(complaint(sweep + run + axes + "launcher: {type: none, arguments: [a]}\n") ==
        "trial.yaml:4:24: launcher.arguments: has no effect here; it belongs to: launcher mpirun, srun, custom");
  CHECK(complaint(sweep + run + axes + "launcher: custom\n") ==
        "trial.yaml: launcher.arguments: required with launcher custom: the command that starts a point");
  CHECK(complaint(sweep + run + axes + "launcher: {type: mpirun, environment: {A-B: 1}}\n") ==
        "trial.yaml:4:40: launcher.environment.A-B: not the name of an environment variable");
}

TEST_CASE("what does not suit the kind of study is refused") {
  CHECK(complaint("study: {kind: strong}\n" + run + "axes: {batch: [1]}\n") ==
        "trial.yaml:3:7: axes: kind strong needs an axis threads or ranks");
  CHECK(complaint("study: {kind: strong}\n" + run + "axes: {ranks: [1, 2]}\n") ==
        "trial.yaml:3:15: axes.ranks: launcher none starts one rank, not 2; allowed launchers: mpirun, srun, custom");
  CHECK(complaint("study: {kind: weak}\nset: {training.batch: full}\n" + run + "axes: {threads: [1]}\n") ==
        "trial.yaml:1:8: study.kind: weak needs a batch, the rows of one worker: training.batch in the run file or in "
        "set, or "
        "the axis batch");
  CHECK(complaint("study: {kind: time_to_target}\n" + run + "axes: {threads: [1]}\n") ==
        "trial.yaml: study.target: required with kind time_to_target: the validation loss to come below");
  CHECK(complaint("study: {kind: sweep, target: 1}\n" + run + "axes: {threads: [1]}\n") ==
        "trial.yaml:1:22: study.target: has no effect here; it belongs to: kind time_to_target");
  CHECK(complaint("study: {kind: time_to_target, target: 0.1}\n" + run + "axes: {threads: [1]}\n") ==
        "trial.yaml:3:18: axes: the point threads=1 is not allowed: it sets no rows aside for validation, by whose "
        "loss the "
        "target is judged");
  CHECK(complaint("study: {kind: sweep}\n" + run + "set: {model.hidden: [8, 16]}\naxes: {depth: [1]}\n") ==
        "trial.yaml:4:16: axes.depth: the run file must have hidden layers of one width, which this axis changes");
  CHECK(complaint("study: {kind: sweep}\n" + run +
                  "axes: {ranks: [1]}\nlauncher: {type: srun, arguments: [\"-c{threads}\"]}\n") ==
        "trial.yaml:3:16: axes: the point ranks=1 is not allowed: {threads} of the launcher is not known: "
        "device.threads is 0; "
        "an axis threads would say");
}

TEST_CASE("YAML text of a node reads as the same node") {
  using namespace inputs::detail;
  for (const std::string text :
       {"{a: 1, b: [x, \"1\", \"y z\"], c: -1e-3, d: null}", "[[8], [8, 8]]", "\"- x\"", "\"a: b\""}) {
    CHECK(to_yaml(parse_yaml(text, "text")) == text);
    CHECK(to_yaml(parse_yaml(to_yaml(parse_yaml("- " + text, "text")), "again")) == "[" + text + "]");
  }
}

TEST_CASE("every key of study files is documented as the reader knows it") {
  const auto page = contents(SINTER_SOURCE_DIR "/docs/studies.md");
  INFO("docs/studies.md should hold, with an empty line after it\n" << study_key_table());
  CHECK(page.find("---|\n" + study_key_table() + "\n") != std::string::npos);  // what stands next to it is in the table
}

TEST_CASE("the shipped studies can be read") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SINTER_SOURCE_DIR "/inputs/scaling")) {
    INFO(entry.path());
    CHECK(error_text<ConfigError>([&] { CHECK_FALSE(read_study_file(entry.path()).points.empty()); }) == "no error");
    ++count;
  }
  CHECK(count >= 5);
}
