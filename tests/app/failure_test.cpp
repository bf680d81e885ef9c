// What goes wrong ends with one clear error and its exit code; what was there before is not damaged.
#include "program.hpp"

#include <sinter/models/io/model_file.hpp>

using namespace sinter;
using test::contents;
using test::Program;

TEST_CASE("a wrong command line is said to be that") {
  Program sinter;
  const auto says = [&](const std::vector<std::string>& arguments, const std::string& text) {
    const auto run = sinter(arguments);
    INFO(run.err);
    CHECK(run.code == 2);
    CHECK(run.complains("sinter: error: "));
    CHECK(run.complains(text));
    CHECK(run.out.empty());
  };
  says({}, "A subcommand is required");
  says({"trian", "run.yaml"}, "unknown command 'trian'; allowed: train, predict, plan, bench, info, study\n");
  says({"train"}, "RUN.yaml is required");
  says({"train", "run.yaml", "--fast"}, "--fast");
  says({"train", "run.yaml", "--quiet", "--json"}, "--quiet excludes --json");
  says({"train", "a.yaml", "b.yaml"}, "b.yaml");
  says({"predict", "model.h5"}, "--data is required");
  says({"predict", "model.h5", "--data", "x.csv", "--threads", "-1"}, "--threads");
  says({"predict", "model.h5", "--data", "x.csv", "--threads", "two"},
       "--threads: 'two'; expected a whole number >= 0\n");
  says({"study", "compare", "a", "b", "--threshold", "3%"},
       "--threshold: '3%'; expected a share >= 0, such as 0.03 for 3 %\n");
  says({"train", "run.yaml", "--output", ""}, "--output: must not be empty");
  says({"info", "--output", "x.json"}, "--output requires --measure");
}

TEST_CASE("help and version are no errors") {
  Program sinter;
  CHECK(sinter({"--version"}).out == "sinter " SINTER_VERSION "\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"},
                                                                     {"train", "--help"},
                                                                     {"predict", "-h"},
                                                                     {"plan", "--help"},
                                                                     {"bench", "--help"},
                                                                     {"info", "--help"}}) {
    const auto run = sinter(arguments);
    CHECK(run.code == 0);
    CHECK(run.says("Example"));
    CHECK(run.err.empty());
  }
}

TEST_CASE("tasks of srun that cannot find each other are refused, before each of them trains alone into one folder") {
  Program sinter;
  put_run_file(sinter);
  sinter.environment = {{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "2"}, {"SLURM_PROCID", "1"}};
  const auto run = sinter({"train", "run.yaml", "--output", "out"});
  INFO(run.err);
#ifdef SINTER_MPI
  CHECK(run.code == 3);
  if (sinter({"info"}).says("  Open MPI")) {
    CHECK(run.complains("sinter: error: srun started 2 processes, but Open MPI v"));
    CHECK(
        run.complains(" cannot find the others: it wants srun --mpi=pmix, or SLURM_MPI_TYPE=pmix in the environment"));
  }
#else
  CHECK(run.code == 6);
  CHECK(
      run.complains("sinter: error: the launcher started 2 processes, but this build has no MPI (docs/ranks.md): start "
                    "one process\n"));
#endif
  CHECK_FALSE(test::fs::exists(sinter.file("out")));
  sinter.environment["SLURM_STEP_NUM_TASKS"] = "1";
  CHECK(sinter({"train", "run.yaml", "--output", "out"}).code == 0);
}

TEST_CASE("a missing run file, a wrong one and wrong data have their own exit codes") {
  Program sinter;
  auto run = sinter({"train", "none.yaml"});
  CHECK(run.code == 8);
  CHECK(run.complains("none.yaml"));
  put_run_file(sinter, "surprise: 1\n");
  run = sinter({"train", "run.yaml"});
  CHECK(run.code == 3);
  CHECK(run.complains("run.yaml:6:1: "));
  CHECK(run.complains("surprise"));
  put_run_file(sinter);
  run = sinter({"train", "run.yaml", "--set", "data={path: none.csv, targets: [y]}"});
  CHECK(run.code != 0);
  CHECK(run.complains("none.csv"));
}

TEST_CASE("what only the data or the machine refuse names the place of the key") {
  Program sinter;
  put_run_file(sinter);
  const auto refuses = [&](const std::vector<std::string>& settings, int code, const std::string& text) {
    std::vector<std::string> arguments{"train", "run.yaml"};
    for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    const auto run = sinter(arguments);
    INFO(run.err);
    CHECK(run.code == code);
    CHECK(run.err.starts_with("sinter: error: " + text));
  };
  const std::string wide = "model.hidden=[3000]";
  refuses({wide, "training.fusion=step"}, 3,
          "--set training.fusion=step: step cannot serve this problem: 3000 wide; level step takes at most 2048\n");
  refuses(
      {wide, "ensemble.members=2"}, 3,
      "--set ensemble.members=2: a team trains each member by itself, at level epochs, and epochs cannot serve this "
      "problem: 3000 wide; level epochs takes at most 2048\n");
  refuses({"device.space=cuda"}, 6, "--set device.space=cuda: space 'cuda' is not built: ");
  put_run_file(sinter, "ensemble: {members: 2}\n", "{space: openmp, threads: 1000000}");
  refuses({}, 3, "run.yaml:2:34: device.threads: 1000000; allowed: 0 to ");
  refuses({wide, "device.threads=1"}, 3, "run.yaml:6:21: ensemble.members: a team trains each member by itself, ");
  put_run_file(sinter, "", "{space: cuda}");
  refuses({}, 6, "run.yaml:2:17: device.space: space 'cuda' is not built: ");
  refuses({"device.space=openmp", "model.inputs=3"}, 3, "--set model.inputs=3: 3, but the data have 2 features: ");
}

TEST_CASE("json prints a record of a failure too") {
  Program sinter;
  const auto early = sinter({"train", "none.yaml", "--json"});
  CHECK(early.code == 8);
  CHECK(test::Json::parse(early.out)["status"] == "failed");
  CHECK(test::Json::parse(early.out)["error"]["kind"] == "io");
  put_run_file(sinter);
  sinter.environment["FAKE_FAIL"] = "train";
  const auto late = sinter({"train", "run.yaml", "--json"});
  CHECK(late.code == 7);
  CHECK(late.out == contents(sinter.file("results/run.json")));
}

TEST_CASE("a failed training is recorded, and the model of an earlier run stays") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter({"train", "run.yaml", "--no-plots"}).code == 0);
  const auto model = contents(sinter.file("results/model.h5"));
  sinter.environment["FAKE_FAIL"] = "train";
  const auto run = sinter({"train", "run.yaml", "--no-plots"});
  CHECK(run.code == 7);
  CHECK(run.err.ends_with("sinter: error: step 2: the loss is not finite (nan)\n"));
  const auto record = sinter.json("results/run.json");
  CHECK(record["status"] == "failed");
  CHECK(record["error"] == test::Json{{"kind", "numeric"}, {"message", "step 2: the loss is not finite (nan)"}});
  CHECK(record["device"] == "openmp");
  CHECK(contents(sinter.file("results/model.h5")) == model);
  CHECK(contents(sinter.file("results/metrics.csv")).ends_with("2,2,0.5,,0.01,0.002000\n"));
}

TEST_CASE("an output folder that cannot be written is found out before training") {
  Program sinter;
  sinter.environment["FAKE_FAIL"] = "train";  // would end with code 7
  put_run_file(sinter);
  test::put(sinter.file("taken"), "a file");
  const auto refuses = [&](const std::string& output, const std::string& text) {
    const auto run = sinter({"train", "run.yaml", "--output", output});
    INFO(run.err);
    CHECK(run.code == 8);
    CHECK(run.err == "sinter: error: cannot write into the output folder '" + output + "': " + text + "\n");
  };
  refuses("taken", "Not a directory");
  refuses("taken/below", "Not a directory");
  refuses("/proc/none", "No such file or directory");
  test::fs::create_directories(sinter.file("odd/model.h5"));
  refuses("odd", "'model.h5' in it is a folder");
  CHECK(contents(sinter.file("taken")) == "a file");
}

TEST_CASE("a disk that fills up leaves the earlier model") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter({"train", "run.yaml", "--no-plots"}).code == 0);
  sinter.file_size_limit = 8192;  // enough for the small files, too little for a model
  const auto run = sinter({"train", "run.yaml", "--no-plots", "--set", "run.seed=8"});
  CHECK(run.code == 8);
  CHECK(run.err.ends_with("sinter: error: cannot write 'results/model.h5': File too large\n"));
  CHECK(load_model(sinter.file("results/model.h5")).spec.inputs == 2);
  CHECK(sinter.json("results/run.json")["status"] == "failed");
  for (const auto& name : test::names_in(sinter.file("results"))) CHECK_FALSE(name.ends_with(".tmp"));
}

TEST_CASE("a report that cannot be printed is an error, but the results are there") {
  Program sinter;
  put_run_file(sinter);
  sinter.output = "/dev/full";
  const auto run = sinter({"train", "run.yaml", "--no-plots"});
  CHECK(run.code == 8);
  CHECK(run.complains("sinter: error: cannot write to standard output: No space left on device\n"));
  CHECK(sinter.json("results/run.json")["status"] == "completed");
}

TEST_CASE("a module that does not fit is refused with the reason") {
  Program sinter;
  put_run_file(sinter);
  const auto refuses = [&](int code, const std::string& text) {
    const auto run = sinter({"train", "run.yaml", "--no-plots"});
    INFO(run.err);
    CHECK(run.code == code);
    CHECK(run.complains(text));
    sinter.environment.clear();
  };
  sinter.environment["FAKE_FAIL"] = "initialize";
  refuses(6, "sinter: error: the fake device does not start\n");
  sinter.environment["FAKE_INTERFACE"] = "99";
  refuses(6, "libsinter_fake_module.so' has interface version 99; this program speaks " +
                 std::to_string(backend::interface_version) + "\n");
  sinter.environment["FAKE_VERSION"] = "9.9.9";
  refuses(6, "libsinter_fake_module.so' was built for Sinter 9.9.9; this is " SINTER_VERSION "\n");
  sinter.environment["FAKE_FAIL"] = "predict";
  refuses(1, "sinter: error: the fake backend was told to fail\n");
  sinter.add_module("fake", R"(["openmp"])", "[]", "[]",
                    (test::fs::path(SINTER_BUILD_DIR) / "tests/fake_modules/libsinter_empty_module.so").string());
  refuses(6, "libsinter_empty_module.so' has no symbol sinter_backend_entry\n");
  test::put(sinter.file("rubbish.so"), "no shared object");
  sinter.add_module("fake", R"(["openmp"])", "[]", "[]", sinter.file("rubbish.so").string());
  refuses(6, "rubbish.so' cannot be opened: ");
  sinter.add_module("fake", R"(["openmp"])", "[]", R"(["quantum"])");
  refuses(6,
          "space 'openmp' cannot be used here: fake.json: this processor lacks quantum; built: openmp; usable here: "
          "none\n");
  sinter.add_module("fake", R"(["openmp"])", "[]", "[]", "none.so");
  refuses(6, "none.so' is missing; built: openmp; usable here: none\n");
  test::fs::remove(sinter.modules() / "fake.json");
  refuses(6, "sinter: error: no backend module in '" + sinter.modules().string() +
                 "'; SINTER_MODULE_PATH names other folders\n");
}
