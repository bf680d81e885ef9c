// Signals and time limits end a run after its step with a checkpoint and everything written; Ctrl-C once more ends it
// at once.
#include "program.hpp"

#include <sinter/app/child_process.hpp>
#include <sinter/models/io/checkpoint_file.hpp>
#include <sinter/models/io/model_file.hpp>

using namespace sinter;
using test::Program;

namespace {

/// Starts a run of many epochs and returns when it is training.
void start_long_run(Program& sinter, int epoch_ms) {
  put_run_file(sinter);
  sinter.environment["FAKE_EPOCH_MS"] = std::to_string(epoch_ms);
  sinter.start({"train", "run.yaml", "--no-plots", "--set", "training.epochs=100000"});
  sinter.wait_until([&] {
    const auto text = test::contents(sinter.file("results/run.json"));
    return text.find("\"device\": \"openmp\"") != std::string::npos;
  });
}

void wait_for_message(const Program& sinter) {
  sinter.wait_until(
      [&] { return test::contents(sinter.file("err.txt")).find("Ctrl-C ends at once") != std::string::npos; });
}

}  // namespace

TEST_CASE("an interrupted run ends with everything written and a code of its own") {
  for (const auto& [signal, name] : {std::pair{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGUSR1, "SIGUSR1"}}) {
    Program sinter;
    start_long_run(sinter, 20);
    CHECK(sinter.json("results/run.json")["status"] == "running");
    sinter.send(signal);
    const auto run = sinter.wait();
    INFO(run.err);
    CHECK(run.code == 75);
    CHECK(run.complains(std::string("sinter: ") + name + ": stopping after this step; Ctrl-C ends at once\n"));
    CHECK(run.says("interrupted after "));
    CHECK(run.says(std::string("stopped by ") + name + "; --set checkpoint.resume=auto goes on from step "));
    const auto record = sinter.json("results/run.json");
    CHECK(record["status"] == "interrupted");
    CHECK(record["stopped_by"] == name);
    CHECK(record["epochs"] > 0);
    CHECK(record["epochs"] < 100000);
    CHECK(load_model(sinter.file("results/model.h5")).spec.inputs == 2);
    CHECK(test::fs::exists(sinter.file("results/predictions.csv")));
    CHECK(load_checkpoint(sinter.file("results/checkpoints/checkpoint-000001.h5")).training.steps_done ==
          record["steps"]);
  }
}

TEST_CASE("what batch systems send after the first signal changes nothing; a second Ctrl-C ends the run at once") {
  Program sinter;
  start_long_run(sinter, 600'000);  // the next epoch is ten minutes away
  sinter.send(SIGUSR1);
  wait_for_message(sinter);
  sinter.send(SIGTERM);
  sinter.send(SIGUSR1);
  sinter.send(SIGINT);
  CHECK(sinter.wait().code == 130);
  CHECK(sinter.json("results/run.json")["status"] == "running");
}

TEST_CASE("a second run into the same folder is refused, and the first goes on undisturbed") {
  Program sinter;
  start_long_run(sinter, 20);
  const auto second = app::run_child({sinter.file("prefix/bin/sinter"), "train", sinter.file("run.yaml"), "--no-plots",
                                      "--output", sinter.file("results")});
  INFO(second.err);
  CHECK(second.exit == 8);
  CHECK(second.err.starts_with("sinter: error: another run is writing into the output folder '"));
  CHECK(second.err.ends_with("): let it end, or give this run a folder of its own (run.output, --output)\n"));
  CHECK(sinter.json("results/run.json")["status"] == "running");
  sinter.send(SIGTERM);
  CHECK(sinter.wait().code == 75);
  CHECK(sinter.json("results/run.json")["status"] == "interrupted");
}

TEST_CASE("a time limit stops a run as a signal does") {
  Program sinter;
  put_run_file(sinter);
  sinter.environment["FAKE_EPOCH_MS"] = "20";
  const std::vector<std::string> arguments{"train", "run.yaml", "--no-plots", "--set", "training.epochs=100000"};
  auto limited = arguments;
  limited.insert(limited.end(), {"--time-limit", "0.1"});
  auto run = sinter(limited);
  INFO(run.err);
  CHECK(run.code == 75);
  CHECK(sinter.json("results/run.json")["stopped_by"] == "--time-limit");
  sinter.environment["SLURM_JOB_END_TIME"] = std::to_string(std::time(nullptr) + 2);
  run = sinter(arguments);
  CHECK(run.code == 75);
  CHECK(run.says("stopped by end of the Slurm job; "));
  sinter.environment["SLURM_JOB_END_TIME"] = "soon";
  run = sinter({"train", "run.yaml", "--no-plots", "--set", "training.epochs=2"});
  CHECK(run.code == 0);
  CHECK(run.complains("sinter: warning: SLURM_JOB_END_TIME is 'soon', not a time: it sets no limit\n"));
  run = sinter({"train", "run.yaml", "--time-limit", "1 h"});
  CHECK(run.code == 2);
  CHECK(run.complains("--time-limit: '1 h'; expected SECONDS or HH:MM:SS, above zero\n"));
}
