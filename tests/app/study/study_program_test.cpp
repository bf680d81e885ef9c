// sinter study: the program with a custom launcher that stands in for `sinter bench` (fake_bench.sh), so that points run,
// fail, hang and get slower as told.
#include "../program.hpp"

using namespace sinter;
using test::contents;
using test::Json;
using test::Program;
using test::put;

namespace {

/// study.yaml with two threads and two widths. `environment` tells the fake what to do.
void put_study(const Program& sinter, const std::string& environment = "FAKE_NONE: 0",
               const std::string& keys = "kind: strong", const std::string& axes = "threads: [1, 2], width: [16, 64]",
               const std::string& name = "study.yaml") {
  put(sinter.file(name),
      "study: {output: out, " + keys +
          "}\nrun: {device: {space: openmp}, data: {generator: xor}, model: {type: mlp, hidden: [16]}, "
          "training: {batch: 64}}\naxes: {" +
          axes +
          "}\nlauncher: {type: custom, arguments: [sh, " SINTER_SOURCE_DIR
          "/tests/app/study/fake_bench.sh, \"{ranks}\"], environment: {" +
          environment + "}}\n");
}

std::size_t lines_of(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

}  // namespace

TEST_CASE("a study measures every point and leaves tables and a record") {
  Program sinter;
  put_study(sinter);
  const auto run = sinter({"study", "study.yaml", "--no-plots"});
  INFO(run.err << run.out);
  REQUIRE(run.code == 0);
  CHECK(run.err.empty());
  CHECK(run.says("study study: strong, 4 points of 5 processes\n"));
  CHECK(run.says("   1/20  threads="));
  CHECK(run.says("  20/20  threads="));
  CHECK(run.says(" left\n"));
  CHECK(run.says("results in out\n"));
  CHECK(test::names_in(sinter.file("out")) ==
        std::vector<std::string>{"results.jsonl", "run.yaml", "study.csv", "study.json", "study.md"});
  const auto record = sinter.json("out/study.json");
  CHECK(record["status"] == "completed");
  CHECK(record["missing"] == 0);
  CHECK(record["errors"].empty());
  CHECK(record["host"]["cpus"] > 0);
  CHECK(record["versions"] ==
        Json{{"kokkos", "9.9"}, {"compiler", "CC 1.2"}, {"mpi", nullptr}, {"modules", "libfake.so"}});
  REQUIRE(record["points"].size() == 4);
  CHECK(record["points"][0]["module"] == "libfake.so");
  const auto& point = record["points"][3];
  CHECK(point["label"] == "threads=2 width=64");
  CHECK(point["seconds"]["values"] == 5);
  CHECK(point["seconds"]["coverage"] == 0.9375);
  CHECK(point["parameter_hash"] == "00c0ffee64");
  CHECK(point["command"].get<std::string>().find(" 1 env OMP_NUM_THREADS=2 FAKE_NONE=0 ") != std::string::npos);
  const double alone = 6.0 * 64 * (2 * 64 + 64 * 64 + 64) / 40e9;  // the fake's products on one thread; 5 % are serial
  CHECK(std::abs(point["speed_up"]["median"].get<double>() - (2e-6 + alone) / (2e-6 + alone * (0.05 + 0.475))) < 1e-3);
  const auto table = contents(sinter.file("out/study.csv"));
  CHECK(lines_of(table) == 21);
  CHECK(table.starts_with("point,threads,width,repetition,status,exit,signal,started,elapsed_s,step_s,low,high,"));
  const auto page = contents(sinter.file("out/study.md"));
  CHECK(page.find("\n- built with: Kokkos 9.9; compiler CC 1.2; module libfake.so\n") != std::string::npos);
  CHECK(page.find("**width=64**") != std::string::npos);
  CHECK(page.find(
            "**Amdahl, width=64**: too few points to fit: 2 different numbers of workers, at least 3 are needed.") !=
        std::string::npos);
}

TEST_CASE("the order of measurements is shuffled, and the same for the same seed") {
  const auto order = [](const std::string& seed) {
    Program sinter;
    put_study(sinter, "FAKE_NONE: 0", "kind: strong, seed: " + seed);
    REQUIRE(sinter({"study", "study.yaml", "--no-plots", "--quiet"}).code == 0);
    const auto text = contents(sinter.file("out/results.jsonl"));
    std::string points;  // each with its repetition
    for (std::size_t at = 0; (at = text.find("{\"point\":", at)) != text.npos; ++at)
      points += text.substr(at, text.find(",\"status\"", at) - at);
    return points;
  };
  const auto one = order("1");
  CHECK(order("1") == one);
  CHECK(order("2") != one);
}

TEST_CASE("a launcher that is not there is named before anything is written") {
  Program sinter;
  put_study(sinter, "A: b c", "kind: weak", "ranks: [1, 2]");
  sinter.environment["PATH"] = "/nowhere";
  const auto run = sinter({"study", "study.yaml", "--set", "launcher={type: mpirun}"});
  CHECK(run.code == 3);
  CHECK(
      run.complains("launcher.type: mpirun: no program 'mpirun' is on the PATH; allowed: a launcher that is there, or "
                    "none"));
  CHECK_FALSE(test::fs::exists(sinter.file("out")));
}

TEST_CASE("points whose ranks cannot share their batch are refused before anything is measured") {
  Program sinter;
  test::fs::create_directory(sinter.file("bin"));
  put(sinter.file("bin/mpirun"), "#!/bin/sh\nexit 1\n");
  test::fs::permissions(sinter.file("bin/mpirun"), test::fs::perms::owner_all);
  sinter.environment["PATH"] = sinter.file("bin").string() + ":/usr/bin:/bin";
  const auto refuses = [&](const std::string& keys, const std::string& rows, const std::string& text) {
    put(sinter.file("data.csv"), "x,y\n");
    for (int row = 0; row < 200; ++row)
      put(sinter.file("data.csv"), contents(sinter.file("data.csv")) + std::to_string(row) + ",1\n");
    put(sinter.file("study.yaml"),
        "study: {output: out, " + keys +
            "}\nrun: {device: {space: openmp}, data: {path: data.csv, targets: [y]}, model: {type: mlp, hidden: [16]}, "
            "training: {fusion: layer, batch: " +
            rows + "}}\naxes: {ranks: [1, 2, 3]}\nlauncher: mpirun\n");
    const auto run = sinter({"study", "study.yaml", "--no-plots"});
    INFO(run.err);
    CHECK(run.code == 3);
    CHECK(run.complains("sinter: error: study: the point " + text));
    CHECK_FALSE(test::fs::exists(sinter.file("out")));
  };
  refuses("kind: strong", "64",
          "ranks=3: 3 ranks: a batch of 64 rows is cut into 2 chunks here, so that at most 2 ranks can share it; a "
          "larger training.batch has more\n");
  refuses("kind: weak", "96", "ranks=3: a batch of 288 rows is more than the 200 training rows of the data\n");
}

TEST_CASE("a dry run lists the points with whole commands and writes nothing") {
  Program sinter;
  put_study(sinter, "A: b c", "kind: weak", "ranks: [1, 2]");
  const auto run = sinter({"study", "study.yaml", "--dry-run", "--set",
                           "launcher={type: mpirun, arguments: [--oversubscribe], binding: close}"});
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.says("# ranks=2\nmpirun -n 2 --oversubscribe env OMP_PROC_BIND=close OMP_PLACES=cores "));
  CHECK(run.says("/bin/sinter bench out/run.yaml --set training.batch=128 --json\n"));
  CHECK_FALSE(test::fs::exists(sinter.file("out")));
  const auto slurm = sinter(
      {"study", "study.yaml", "--dry-run", "--json", "--set", "launcher=srun", "--set", "axes.threads=[3]"});
  const auto record = Json::parse(slurm.out);
  CHECK(record["studies"][0]["points"][1]["command"].get<std::string>().starts_with(
      "srun -n 2 -c 3 env OMP_NUM_THREADS=3 "));
}

TEST_CASE("points that fail are recorded with their last words, and the study goes on") {
  struct Case {
    const char* misbehaviour;
    const char* message;
    std::size_t lines;  // of the results: what the program refused once, with a code of its own, is not asked again
  };
  for (const auto& [misbehaviour, message, lines] : {
           Case{"FAKE_EXIT: 6",
                "exit status 6: sinter: error: first line\nsinter: error: the space 'cuda' is not built", 7},
           Case{"FAKE_EXIT: 70",
                "exit status 70: sinter: error: first line\nsinter: error: the space 'cuda' is not built", 11},
           Case{"FAKE_SIGNAL: 11", "ended by signal 11", 11},
           Case{"FAKE_TEXT: 1", "the program did not print its record: ", 11},
           Case{"FAKE_RANKS: 3",
                "asked for 1 rank, the program ran with 3: was it built with MPI, and does the launcher belong to that "
                "MPI?",
                11},
           Case{"FAKE_SLEEP: 60", "ended by the time limit after ", 3},
       }) {
    INFO(misbehaviour);
    Program sinter;
    const bool sleeps = std::string_view(misbehaviour) == "FAKE_SLEEP: 60";
    put_study(sinter, std::string(misbehaviour) + ", FAKE_AT: threads=2",
              sleeps ? "kind: strong, repetitions: 1, time_limit: 2" : "kind: strong", "threads: [1, 2]");
    const auto run = sinter({"study", "study.yaml", "--no-plots"});
    INFO(run.err << run.out);
    CHECK(run.code == 10);
    CHECK(run.complains("sinter: warning: threads=2: "));
    const auto record = sinter.json("out/study.json");
    CHECK(record["failed_points"] == 1);
    CHECK(record["points"][0]["seconds"]["values"] > 0);
    CHECK(record["points"][1]["seconds"].is_null());
    CHECK(record["points"][1]["failures"][0].get<std::string>().starts_with(message));
    CHECK(contents(sinter.file("out/study.md")).find("\n## Failures\n\n- threads=2, ") != std::string::npos);
    CHECK(lines_of(contents(sinter.file("out/results.jsonl"))) == lines);
  }
}

TEST_CASE("studies over ranks say which MPI joined them") {
  Program sinter;
  put_study(sinter, "FAKE_NONE: 0", "kind: sweep, repetitions: 1", "ranks: [1, 2]");
  CHECK(sinter({"study", "study.yaml", "--no-plots"}).code == 0);
  CHECK(sinter.json("out/study.json")["versions"]["mpi"] == "Fake MPI 3");
}

TEST_CASE("what failed is measured again only when asked, and counts no longer then") {
  Program sinter;
  put_study(sinter, "FAKE_NONE: 0", "kind: strong, repetitions: 2", "threads: [1, 2]");
  REQUIRE(sinter({"study", "study.yaml", "--no-plots"}).code == 0);
  // Two failures written as an earlier run would have.
  auto results = contents(sinter.file("out/results.jsonl"));
  results = results.substr(0, results.find('\n') + 1);
  for (const char* point : {"threads=1", "threads=2"})
    results +=
        R"({"point":")" + std::string(point) +
        R"(","repetition":1,"status":"failed","exit":6,"signal":0,"message":"no","started":"","elapsed_s":1,"record":null})"
        "\n";
  put(sinter.file("out/results.jsonl"), results);
  CHECK(sinter({"study", "study.yaml", "--no-plots"}).code == 0);  // the second repetitions were missing, and are good
  CHECK(lines_of(contents(sinter.file("out/results.jsonl"))) == 5);
  CHECK(sinter.json("out/study.json")["points"][0]["failures"] == Json{"exit status 6: no"});
  CHECK(sinter({"study", "study.yaml", "--no-plots", "--retry"}).code == 0);
  CHECK(lines_of(contents(sinter.file("out/results.jsonl"))) == 7);
  CHECK(sinter.json("out/study.json")["points"][0]["failures"].empty());
}

TEST_CASE("other bits for the same problem are an error") {
  Program sinter;
  put_study(sinter, "FAKE_HASH: ffff, FAKE_AT: threads=2");
  const auto run = sinter({"study", "study.yaml", "--no-plots"});
  CHECK(run.code == 1);
  CHECK(
      run.complains("sinter: error: the parameters of threads=2 width=16 (repetition 1: ffff16) are not those of "
                    "threads=1 width=16 (repetition 1: 00c0ffee16)\n"));
  CHECK(sinter.json("out/study.json")["errors"].size() == 2);
  CHECK(contents(sinter.file("out/study.md")).find("**Error: the parameters of threads=2 width=64 ") !=
        std::string::npos);
}

TEST_CASE("an interrupted study ends its process, keeps what it has, and goes on with the rest") {
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    INFO(signal);
    Program sinter;
    put_study(sinter, "FAKE_SLEEP: 600, FAKE_AT: width=64");
    sinter.start({"study", "study.yaml", "--no-plots"});
    sinter.wait_until([&] { return !contents(sinter.file("sleeping.txt")).empty(); });
    sinter.send(signal);
    const auto run = sinter.wait();
    INFO(run.err << run.out);
    const auto child = std::stoi(contents(sinter.file("sleeping.txt")));
    const auto before = contents(sinter.file("out/results.jsonl"));
    if (signal == SIGKILL) {
      CHECK(run.code == 137);
      sinter.wait_until([&] { return ::kill(child, 0) != 0; });  // the system ended it
      ::kill(-child, SIGKILL);                                   // and what it had started itself
    } else {
      CHECK(run.code == 75);
      CHECK(run.complains(": stopping the study; Ctrl-C ends at once\n"));
      CHECK(run.says(" measurements are missing; the same command goes on with them\n"));
      CHECK(sinter.json("out/study.json")["status"] == "interrupted");
      CHECK(::kill(child, 0) != 0);
    }
    CHECK(before.find("\"failed\"") == std::string::npos);
    // The fake sleeps no longer; what it is told is part of the study, so the file has to say so itself.
    auto file = contents(sinter.file("out/results.jsonl"));
    file.replace(file.find("\"600\""), 5, "\"0\"");
    put(sinter.file("out/results.jsonl"), file + "{\"poi");  // and a line was cut off
    put_study(sinter, "FAKE_SLEEP: 0, FAKE_AT: width=64");
    const auto rest = sinter({"study", "study.yaml", "--no-plots"});
    INFO(rest.err << rest.out);
    CHECK(rest.code == 0);
    CHECK(rest.complains("sinter: warning: an unfinished line at the end of results.jsonl was dropped\n"));
    const auto record = sinter.json("out/study.json");
    CHECK(record["status"] == "completed");
    CHECK(record["missing"] == 0);
    CHECK(lines_of(contents(sinter.file("out/results.jsonl"))) == (signal == SIGKILL ? 21 : 22));  // one of the stop
  }
}

TEST_CASE("a point that hangs does not hold up a study that is started again and again") {
  Program sinter;
  put_study(sinter, "FAKE_SLEEP: 600, FAKE_AT: width=64", "kind: sweep, repetitions: 3", "width: [16, 64]");
  int code = 75, stops = 0;
  for (; code == 75 && stops < 5; ++stops) {
    sinter.start({"study", "study.yaml", "--no-plots"});
    if (stops < 2) {
      sinter.wait_until([&] { return std::cmp_equal(lines_of(contents(sinter.file("sleeping.txt"))), stops + 1); });
      sinter.send(SIGTERM);
    }
    code = sinter.wait().code;
  }
  CHECK(code == 10);
  CHECK(stops <= 3);
  const auto record = sinter.json("out/study.json");
  CHECK(record["status"] == "completed");
  CHECK(record["points"][0]["seconds"]["values"] == 3);
  CHECK(record["points"][1]["seconds"].is_null());
  REQUIRE(record["points"][1]["failures"].size() == 1);
  CHECK(record["points"][1]["failures"][0].get<std::string>().starts_with("interrupted twice, after "));
  // Interrupted again when asked for once more, it is not given up at once.
  sinter.start({"study", "study.yaml", "--no-plots", "--retry"});
  sinter.wait_until([&] { return lines_of(contents(sinter.file("sleeping.txt"))) == 3; });
  sinter.send(SIGTERM);
  CHECK(sinter.wait().code == 75);
}

TEST_CASE("a second Ctrl-C ends the study and its process at once") {
  Program sinter;
  put(sinter.file("deaf.sh"), "trap '' TERM; echo $$ > sleeping.txt; sleep 600 & wait; wait\n");
  put_study(sinter);
  sinter.start({"study", "study.yaml", "--set", "launcher.arguments=[sh, deaf.sh]"});
  sinter.wait_until([&] { return !contents(sinter.file("sleeping.txt")).empty(); });
  const auto child = std::stoi(contents(sinter.file("sleeping.txt")));
  sinter.send(SIGINT);
  sinter.wait_until([&] { return contents(sinter.file("err.txt")).find("Ctrl-C ends at once") != std::string::npos; });
  sinter.send(SIGINT);
  CHECK(sinter.wait().code == 130);
  sinter.wait_until([&] { return ::kill(child, 0) != 0; });
}

TEST_CASE("a folder with another study's measurements is refused") {
  Program sinter;
  put_study(sinter, "FAKE_NONE: 0", "kind: sweep, repetitions: 1", "width: [16]");
  REQUIRE(sinter({"study", "study.yaml", "--no-plots"}).code == 0);
  const auto run = sinter({"study", "study.yaml", "--set", "set.training.epochs=3"});
  CHECK(run.code == 3);
  CHECK(run.err ==
        "sinter: error: 'out/results.jsonl' holds measurements of another study: 'set' differs; choose another output "
        "folder, or remove this one\n");
  // More points and repetitions are the same study.
  CHECK(sinter({"study", "study.yaml", "--no-plots", "--set", "axes.width=[16, 64]", "--set", "study.repetitions=2"})
            .code == 0);
  CHECK(lines_of(contents(sinter.file("out/results.jsonl"))) == 5);
}

TEST_CASE("trainings are measured until their validation loss is below the target") {
  Program sinter;
  put(sinter.file("data.csv"), "x,y\n1,2\n2,4\n3,6\n4,8\n5,10\n6,12\n");
  put(sinter.file("study.yaml"),
      "study: {kind: time_to_target, target: 0.1, output: out, repetitions: 2}\n"
      "run: {device: {space: openmp}, data: {path: data.csv, targets: [y], validation_fraction: 0.5}, model: {type: "
      "linear_regression}, training: {epochs: 50, optimizer: sgd}}\naxes: {batch: [1, 3], training.epochs: [5, 50]}\n");
  const auto run = sinter({"study", "study.yaml"});
  INFO(run.err << run.out);
  CHECK(run.code == 10);
  const auto record = sinter.json("out/study.json");
  CHECK(record["points"][0]["failures"][0] == "the validation loss did not come below 0.1");
  const auto& reached = record["points"][1];
  CHECK(reached["epoch"] == 11);  // the fake's loss is 1 / epoch, and 1 / 10 is not below
  CHECK(reached["seconds"]["median"] == 0.011);
  CHECK(reached["launches_per_step"] == 7);
  CHECK(reached["module"] == "libsinter_fake_module.so");
  CHECK(record["versions"]["kokkos"] == "0.0.0");
  CHECK(test::fs::exists(sinter.file("out/runs/batch=1_training.epochs=50_2/metrics.csv")));
  CHECK(contents(sinter.file("out/study.csv"))
            .starts_with("point,batch,training.epochs,repetition,status,exit,signal,started,elapsed_s,target_s,"));
  if (run.complains("no Python with matplotlib")) return;  // the plots' own test says so
  CHECK_FALSE(run.complains("no plots"));
  CHECK(contents(sinter.file("out/time_to_target.png")).starts_with("\x89PNG\r\n\x1a\n"));
  CHECK(contents(sinter.file("out/study.md")).find("time_to_target.png") != std::string::npos);
}

TEST_CASE("the plots of every kind of study are drawn") {
  struct Case {
    const char *keys, *axes;
    std::vector<std::string> plots;
  };
  Program sinter;
  for (const auto& [keys, axes, plots] : {
           Case{"kind: strong, repetitions: 1",
                "ranks: [1, 2, 4, 8], width: [16, 64]",
                {"efficiency", "extrapolation", "roofline", "speed_up", "step_time"}},
           Case{"kind: weak, repetitions: 5",
                "ranks: [1, 2, 3, 4]",
                {"efficiency", "extrapolation", "roofline", "speed_up", "step_time"}},
           Case{"kind: strong, repetitions: 1",
                "threads: [1, 2, 4]",
                {"efficiency", "extrapolation", "roofline", "speed_up", "step_time"}},
           Case{"kind: sweep, repetitions: 1, same_bits: false",
                "fusion: [layer, step], precision: [float32, float64]",
                {"roofline", "step_time"}},
       }) {
    INFO(keys << "; " << axes);
    test::fs::remove_all(sinter.file("out"));
    put_study(sinter, "FAKE_JITTER: 0.01", keys, axes);
    const auto run = sinter({"study", "study.yaml", "--quiet"});
    INFO(run.err);
    if (run.complains("no Python with matplotlib")) {
      if (std::getenv("CI") != nullptr) FAIL("no matplotlib, which scripts/bootstrap provides");
      SKIP("no matplotlib here");
    }
    REQUIRE(run.code == 0);
    CHECK_FALSE(run.complains("no plots"));
    std::vector<std::string> names;
    for (const auto& name : test::names_in(sinter.file("out")))
      if (name.ends_with(".png")) names.push_back(name.substr(0, name.size() - 4));
    CHECK(names == plots);
    const auto page = contents(sinter.file("out/study.md"));
    for (const auto& name : plots) {
      INFO(name);
      const auto png = contents(sinter.file("out/" + name + ".png"));
      CHECK(png.starts_with("\x89PNG\r\n\x1a\n"));
      CHECK(png.size() > 8000);
      const auto svg = contents(sinter.file("out/" + name + ".svg"));
      CHECK(svg.find("<svg ") < 1000);
      CHECK(svg.ends_with("</svg>\n"));
      CHECK(svg.size() > 8000);
      CHECK(page.find(name + ".png") != std::string::npos);
    }
  }
}

TEST_CASE("a plot that fails is told, and costs the study nothing else") {
  Program sinter;
  put_study(sinter, "FAKE_NONE: 0", "kind: sweep, repetitions: 1", "width: [16]");
  const auto script = sinter.modules().parent_path().parent_path().parent_path() / "share/sinter/sinter_study_plot.py";
  test::fs::remove(script);
  put(script, "raise SystemExit('the ink is dry')\n");
  const auto run = sinter({"study", "study.yaml"});
  INFO(run.err);
  CHECK(run.code == 0);
  if (run.complains("no Python with matplotlib")) SKIP("no matplotlib here");
  CHECK(run.complains("sinter: warning: no plots: sinter_study_plot.py failed: the ink is dry\n"));
  CHECK(test::fs::exists(sinter.file("out/study.md")));
}

TEST_CASE("comparing two studies tells slower and faster points by exit code and table") {
  Program sinter;
  for (const auto& [name, factor] : {std::pair("a", "1"), std::pair("b", "1.5"), std::pair("c", "0.5")}) {
    put_study(sinter, std::string("FAKE_JITTER: 0.01, FAKE_AT: width=64, FAKE_FACTOR: ") + factor, "kind: sweep",
              "width: [16, 64]");
    REQUIRE(sinter({"study", "study.yaml", "--no-plots", "--quiet", "--output", name}).code == 0);
  }
  const auto slower = sinter({"study", "compare", "a", "b"});
  CHECK(slower.code == 1);
  CHECK(slower.complains("sinter: warning: the studies differ in: launcher\n"));
  CHECK(slower.says("SLOWER\n"));
  CHECK(slower.says("1 slower, 0 faster, 1 the same within noise or 3 %; 0 not judged\n"));
  const auto faster = sinter({"study", "compare", "a/study.json", "c", "--json"});
  CHECK(faster.code == 0);
  const auto record = Json::parse(faster.out);
  CHECK(record["faster"] == 1);
  CHECK(record["points"][1]["verdict"] == "faster");
  CHECK(sinter({"study", "compare", "a", "b", "--threshold", "0.9", "--quiet"}).code == 0);
  const auto missing = sinter({"study", "compare", "a", "nowhere"});
  CHECK(missing.code == 8);
  CHECK(missing.complains("nowhere"));
}

TEST_CASE("a comparison passes only where every point of the first study could be judged") {
  Program sinter;
  const auto measure = [&](const char* output, const char* environment, const char* axes,
                           const char* keys = "kind: sweep") {
    put_study(sinter, environment, keys, axes);
    return sinter({"study", "study.yaml", "--no-plots", "--quiet", "--output", output}).code;
  };
  REQUIRE(measure("a", "FAKE_NONE: 0", "width: [16, 64]") == 0);
  REQUIRE(measure("failed", "FAKE_EXIT: 70, FAKE_AT: width=64", "width: [16, 64]") == 10);
  REQUIRE(measure("fewer", "FAKE_NONE: 0", "width: [16]") == 0);
  REQUIRE(measure("once", "FAKE_NONE: 0", "width: [16, 64]", "kind: sweep, repetitions: 1") == 0);
  REQUIRE(measure("slower", "FAKE_FACTOR: 2, FAKE_AT: width=16", "width: [16]") == 0);
  const auto compare = [&](const char* before, const char* after, int code, const char* text) {
    const auto run = sinter({"study", "compare", before, after});
    INFO(run.out << run.err);
    CHECK(run.code == code);
    CHECK(run.says(text));
  };
  compare("a", "failed", 10, "; 1 not judged, 1 of them failed or missing in the second study\n");
  compare("a", "failed", 10, "undecided: failed in the second\n");
  compare("a", "fewer", 10, "; 1 not judged, 1 of them failed or missing in the second study\n");
  compare("fewer", "a", 0, "; 1 not judged\n");  // a point more is no loss
  compare("failed", "a", 0, "undecided: failed in the first\n");
  compare("a", "once", 10, "; 2 not judged\n");
  compare("a", "slower", 1, "1 slower, 0 faster, 0 the same within noise or 3 %; 1 not judged, 1 of them ");

  const auto complaint = [&](const std::string& record) {
    put(sinter.file("bad.json"), record);
    const auto run = sinter({"study", "compare", "a", "bad.json"});
    CHECK(run.code == 8);
    return run.err;
  };
  const std::string no_record = "sinter: error: 'bad.json' is not the record of a study: ";
  CHECK(complaint("rubbish") == no_record + "no JSON object\n");
  CHECK(complaint("{}") == no_record + "it has no 'study'\n");
  CHECK(complaint(R"({"study": 1})") == no_record + "it has no 'kind'\n");
  CHECK(complaint(R"({"study": 1, "kind": "sweep", "points": 3})") == no_record + "it has no list 'points'\n");
  CHECK(complaint(R"({"study": 1, "kind": "sweep", "points": [{"label": "a=1"}]})") ==
        no_record + "point 0 has no 'failures'\n");
  CHECK(complaint(R"({"study": 1, "kind": "sweep", "points": [{"label": "a=1", "seconds": {"median": "fast"},
        "parameter_hash": null, "failures": []}]})") == no_record + "point 0 has no 'median'\n");
}

TEST_CASE("wrong command lines of study are refused before anything runs") {
  Program sinter;
  put_study(sinter);
  CHECK(sinter({"study"}).code == 2);
  const auto twice = sinter({"study", "study.yaml", "study.yaml"});
  CHECK(twice.code == 2);
  CHECK(twice.complains("study.yaml: the folder 'out' is that of another study of this command"));
  put(sinter.file("bad.yaml"), "study: {kind: sweep}\n");
  CHECK(sinter({"study", "study.yaml", "bad.yaml"}).code == 3);
  CHECK_FALSE(test::fs::exists(sinter.file("out")));
}

TEST_CASE("the JSON result holds the records of all studies") {
  Program sinter;
  put_study(sinter, "FAKE_NONE: 0", "kind: sweep, repetitions: 1", "width: [16]");
  put_study(sinter, "FAKE_NONE: 0", "kind: sweep, repetitions: 1, name: other", "batch: [8]", "two.yaml");
  put(sinter.file("two.yaml"), contents(sinter.file("two.yaml")).replace(8, 11, "output: b"));
  const auto run = sinter({"study", "study.yaml", "two.yaml", "--no-plots", "--json"});
  INFO(run.err);
  const auto record = Json::parse(run.out);
  REQUIRE(record["studies"].size() == 2);
  CHECK(record["studies"][1]["name"] == "other");
}
