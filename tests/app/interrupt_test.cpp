// Ctrl-C and SIGTERM end a run at the next epoch with everything written; once more ends it at once.
#include "program.hpp"

#include <sinter/models/io/model_file.hpp>

using namespace sinter;
using test::Program;

namespace {

/// Starts a run of many epochs and returns when it is training: metrics.csv is written two seconds into it, the record
/// before.
void start_long_run(Program& sinter, int epoch_ms) {
  put_run_file(sinter);
  sinter.environment["FAKE_EPOCH_MS"] = std::to_string(epoch_ms);
  sinter.start({"train", "run.yaml", "--no-plots", "--set", "training.epochs=100000"});
  sinter.wait_until([&] {
    const auto text = test::contents(sinter.file("results/run.json"));
    return text.find("\"device\": \"openmp\"") != std::string::npos;
  });
}

}  // namespace

TEST_CASE("an interrupted run ends with everything written and a code of its own") {
  for (const int signal : {SIGINT, SIGTERM}) {
    Program sinter;
    start_long_run(sinter, 20);
    CHECK(sinter.json("results/run.json")["status"] == "running");
    sinter.send(signal);
    const auto run = sinter.wait();
    INFO(run.err);
    CHECK(run.code == 75);
    CHECK(run.complains("sinter: stopping at the next epoch; once more ends at once\n"));
    CHECK(run.says("interrupted after "));
    const auto record = sinter.json("results/run.json");
    CHECK(record["status"] == "interrupted");
    CHECK(record["epochs"] > 0);
    CHECK(record["epochs"] < 100000);
    CHECK(load_model(sinter.file("results/model.h5")).spec.inputs == 2);
    CHECK(test::fs::exists(sinter.file("results/predictions.csv")));
  }
}

TEST_CASE("a second Ctrl-C ends the run at once") {
  Program sinter;
  start_long_run(sinter, 600'000);  // the next epoch is ten minutes away
  sinter.send(SIGINT);
  sinter.wait_until(
      [&] { return test::contents(sinter.file("err.txt")).find("once more ends at once") != std::string::npos; });
  sinter.send(SIGINT);
  CHECK(sinter.wait().code == 130);
  CHECK(sinter.json("results/run.json")["status"] == "running");
}
