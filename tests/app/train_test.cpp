// sinter train with a fake backend: what it prints and what it leaves behind.
#include "program.hpp"

#include <sstream>

#include <fmt/format.h>

#include <sinter/models/io/model_file.hpp>

using namespace sinter;
using test::contents;
using test::Program;

namespace {

const std::vector<std::string> all_but_plots{"checkpoints",    "decision_map.csv", "decision_points.csv",
                                             "effective.yaml", "kernels.csv",      "metrics.csv",
                                             "model.h5",       "predictions.csv",  "run.json"};

}  // namespace

TEST_CASE("train reports the run and leaves the whole output folder") {
  Program sinter;
  put_run_file(sinter);
  const auto run = sinter({"train", "run.yaml", "--no-plots"});
  INFO(run.err << run.out);
  REQUIRE(run.code == 0);
  CHECK(test::names_in(sinter.file("results")) == all_but_plots);
  CHECK(run.says("sinter " SINTER_VERSION ": trial\n"));
  CHECK(run.says("  device     openmp: Fake processor, 4 threads\n"));
  CHECK(run.says("  precision  float32\n"));
  CHECK(run.says("  model      mlp 2-4-1, 17 parameters\n"));
  CHECK(run.says("  epochs     50 of 1 step, batches of 4\n"));
  CHECK(run.says("  data       xor: 4 training, 4 test rows\n"));
  CHECK(run.says("epoch 50/50  loss 0.02"));
  CHECK(run.says("  accuracy    0.5   0.5\n"));
  CHECK(run.says("  test  Predicted  Actual  ✓\n"));
  CHECK(run.says("2 of 4 right"));
  CHECK(run.says(" of training: 1000 steps/s, 4000 samples/s; checkpoints took 0.250 s beside\n"));
  CHECK(run.says("results in results\n"));
  CHECK(run.err == "sinter: warning: the fake backend learns nothing\n");
  CHECK(run.out.find('\r') == std::string::npos);  // no bar in a batch log
}

TEST_CASE("run.json tells what was asked for, done and reached") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter({"train", "run.yaml", "--no-plots", "--set", "training.epochs=30"}).code == 0);
  const auto record = sinter.json("results/run.json");
  CHECK(record["status"] == "completed");
  CHECK(record["name"] == "trial");
  CHECK(record["seed"] == 7);
  CHECK(record["device"] == "openmp");
  CHECK(record["device_info"]["requested"] == "openmp");
  CHECK(record["device_info"]["concurrency"] == 4);
  CHECK(record["device_info"]["fallback"].is_null());
  CHECK(record["precision"] == "float32");
  CHECK(record["fusion"] == "epochs");
  CHECK(record["epochs"] == 30);
  CHECK(record["metrics"]["train"]["loss"] == 0.25);
  CHECK(record["metrics"]["test"]["accuracy"] == 0.5);
  CHECK(record["metrics"]["test"]["confusion"] == test::Json{{1, 1}, {1, 1}});
  CHECK_FALSE(record["metrics"].contains("validation"));
  CHECK(record["steady_state"] == test::Json{{"launches", 7},
                                             {"fences", 0},
                                             {"copies", 0},
                                             {"copied_bytes", 0},
                                             {"allocations", 0},
                                             {"waits", 0},
                                             {"steps", 30}});
  CHECK(record["ranks"] == 1);
  const auto model = load_model(sinter.file("results/model.h5"));
  CHECK(record["parameters"]["count"] == 3);
  CHECK(record["parameters"]["xxh64"] == fmt::format("{:016x}", parameter_hash(model)));
  CHECK(record["time"]["training_s"] == 0.03);
  CHECK(record["time"]["steps_per_s"] == 1000.0);
  CHECK(record["time"]["samples_per_s"] == 4000.0);
  CHECK(record["checkpoints"]["seconds"] == 0.25);
  CHECK(record["time"]["total_s"] > 0.0);
  CHECK(record["peak_memory_bytes"] > 1'000'000);
  CHECK(record["versions"]["sinter"] == SINTER_VERSION);
  CHECK(record["versions"]["kokkos"] == "0.0.0");
  CHECK(record["plan"]["batch"] == 4);
  CHECK(record["warnings"] == test::Json{"the fake backend learns nothing"});
}

TEST_CASE("every field of the record is documented") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter({"train", "run.yaml", "--no-plots"}).code == 0);
  const auto page = contents(SINTER_SOURCE_DIR "/docs/run-record.md");
  const auto record = sinter.json("results/run.json").flatten();
  std::string missing;
  for (const auto& [pointer, value] : record.items()) {
    for (std::istringstream parts(pointer.substr(1)); !parts.eof();) {
      std::string part;
      std::getline(parts, part, '/');
      const bool index = part.find_first_not_of("0123456789") == part.npos;
      const bool known = page.find("`" + part + "`") != page.npos || page.find("." + part + "`") != page.npos ||
                         page.find("`" + part + ".") != page.npos;
      if (!index && !known) missing += part + " ";
    }
  }
  CHECK(missing.empty());
}

TEST_CASE("the tables in the output folder hold one row a log point, label and row of data") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter({"train", "run.yaml", "--no-plots", "--set", "training.epochs=2"}).code == 0);
  CHECK(contents(sinter.file("results/metrics.csv")) ==
        "epoch,step,running_loss,validation_loss,learning_rate,elapsed_s\n1,1,1,,0.01,0.001000\n2,2,0.5,,0.01,0."
        "002000\n");
  CHECK(contents(sinter.file("results/kernels.csv")) ==
        "kind,label,count,bytes\nlaunch,\"fake::step, \"\"quoted\"\"\",14,0\n");
  const auto predictions = contents(sinter.file("results/predictions.csv"));
  CHECK(std::count(predictions.begin(), predictions.end(), '\n') == 5);
  CHECK(predictions.find(",0.5\n") != std::string::npos);  // the mean of 0, 1, 1, 0
  const auto map = contents(sinter.file("results/decision_map.csv"));
  CHECK(std::count(map.begin(), map.end(), '\n') == 1 + 101 * 101);
  CHECK(contents(sinter.file("results/effective.yaml")).find("epochs: 2\n") != std::string::npos);
}

TEST_CASE("quiet prints nothing when all goes well") {
  Program sinter;
  put_run_file(sinter);
  const auto run = sinter({"train", "run.yaml", "--quiet", "--no-plots"});
  CHECK(run.code == 0);
  CHECK(run.out.empty());
  CHECK(run.err.empty());
}

TEST_CASE("json prints the record and nothing else") {
  Program sinter;
  put_run_file(sinter);
  const auto run = sinter({"train", "run.yaml", "--json", "--no-plots", "--output", "elsewhere"});
  CHECK(run.code == 0);
  CHECK(run.out == contents(sinter.file("elsewhere/run.json")));
  CHECK(test::Json::parse(run.out)["status"] == "completed");
  CHECK_FALSE(test::fs::exists(sinter.file("results")));
}

TEST_CASE("a second run replaces the files of the first and touches nothing else") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter({"train", "run.yaml", "--no-plots"}).code == 0);
  test::put(sinter.file("results/notes.txt"), "mine");
  // Three features: no decision map, so that of the first run must go.
  test::put(sinter.file("three.csv"), "a,b,c,y\n1,2,3,1\n2,3,4,3\n4,5,6,2\n");
  test::put(sinter.file("run.yaml"),
            "run: {name: second, output: results}\ndevice: {space: openmp}\ndata: {path: three.csv, targets: [y]}\n"
            "model: {type: linear_regression}\ntraining: {epochs: 3}\n");
  const auto run = sinter({"train", "run.yaml", "--no-plots"});
  INFO(run.err);
  REQUIRE(run.code == 0);
  CHECK(contents(sinter.file("results/notes.txt")) == "mine");
  CHECK_FALSE(test::fs::exists(sinter.file("results/decision_map.csv")));
  CHECK_FALSE(test::fs::exists(sinter.file("results/decision_points.csv")));
  CHECK(sinter.json("results/run.json")["name"] == "second");
  CHECK(contents(sinter.file("results/predictions.csv")) ==
        "a,b,c,actual_y,predicted_y\n1,2,3,1,2\n2,3,4,3,2\n4,5,6,2,2\n");
}

TEST_CASE("a Python that lacks matplotlib costs the plots and a hint, not the run") {
  Program sinter;
  put_run_file(sinter);
  sinter.environment["SINTER_PYTHON"] = "/does/not/exist";
  const auto run = sinter({"train", "run.yaml"});
  CHECK(run.code == 0);
  CHECK(run.complains("sinter: warning: no plots: no Python with matplotlib (/does/not/exist: "));
  CHECK(run.complains("; install it, or name one in SINTER_PYTHON\n"));
  CHECK(test::names_in(sinter.file("results")) == all_but_plots);
}

TEST_CASE("plots are drawn where there is a matplotlib") {
  Program sinter;
  put_run_file(sinter);
  const auto run = sinter({"train", "run.yaml"});
  REQUIRE(run.code == 0);
  if (run.complains("no Python with matplotlib")) SKIP("no matplotlib here");
  INFO(run.err);
  for (const auto* name : {"loss.png", "predicted_actual.png", "decision_map.png"}) {
    const auto image = contents(sinter.file(std::string("results/") + name));
    CHECK(image.starts_with("\x89PNG"));
    CHECK(image.size() > 5000);
  }
}

TEST_CASE("a fallback that is allowed is taken, said and recorded") {
  Program sinter;
  put_run_file(sinter, "", "{space: serial, allow_fallback: true}");
  const auto run = sinter({"train", "run.yaml", "--no-plots"});
  CHECK(run.code == 0);
  CHECK(
      run.complains("sinter: warning: space 'serial' is not built: it needs a Kokkos with Serial; falling back to "
                    "'openmp', as allowed\n"));
  CHECK(run.says("  device     openmp (asked for: serial): Fake processor"));
  const auto record = sinter.json("results/run.json");
  CHECK(record["device"] == "openmp");
  CHECK(record["device_info"]["requested"] == "serial");
  CHECK(record["device_info"]["fallback"] == "space 'serial' is not built: it needs a Kokkos with Serial");
}
