// sinter bench, with a backend whose times are known: a millisecond a launch, a thousandth more in every repetition.
#include <sinter/app/host_facts.hpp>

#include "program.hpp"

using namespace sinter;
using test::Program;

TEST_CASE("bench of a run file prints the record that studies read") {
  Program sinter;
  put_run_file(sinter);
  const auto run = sinter({"bench", "run.yaml", "--set", "training.fusion=layer", "--repetitions", "9", "--json"});
  INFO(run.err);
  REQUIRE(run.code == 0);
  const auto record = test::Json::parse(run.out);
  CHECK(record["name"] == "trial");
  CHECK(record["space"] == "openmp");
  CHECK(record["threads"] == 4);
  CHECK(record["ranks"] == 1);
  CHECK(record["precision"] == "float32");
  CHECK(record["level"] == "layer");
  CHECK(record["mode"] == "training");
  CHECK(record["batch"] == 4);
  CHECK(record["training_rows"] == 4);
  CHECK(record["parameters"] == 17);
  CHECK(record["flops_per_step"] == 6.0 * 4 * 12);
  CHECK(record["bytes_per_step"] > 0);
  CHECK(record["launches_per_step"] == 5);
  for (const auto* none : {"fences_per_step", "copies_per_step", "allocations_per_step"}) CHECK(record[none] == 0);
  CHECK(record["first_step_s"] == 0.01);
  CHECK(record["step_s"]["repetitions"].size() == 9);
  CHECK(record["step_s"]["median"] == 0.005 * 1.004);
  CHECK(record["step_s"]["low"] == 0.005 * 1.001);  // the second of nine
  CHECK(record["step_s"]["high"] == 0.005 * 1.007);
  CHECK(record["samples_per_s"] == 4 / (0.005 * 1.004));
  CHECK(record["gflops"] == 288 / (0.005 * 1.004) * 1e-9);
  CHECK(record["peaks"] == test::Json{{"fma_gflops", 100}, {"triad_gb_s", 10}, {"launch_us", 2}});
  CHECK(record["fraction_of_peak"] == 288 / (0.005 * 1.004) * 1e-9 / 100);
  CHECK(record["bound"] == "latency");
  CHECK(record["parameter_hash"] == "0000000000000abc");
  CHECK(record["peak_memory_bytes"] > 0);
  CHECK(record["predicted_step_s"] > 10e-6);
  CHECK(record["sinter"] == SINTER_VERSION);
  CHECK(record["host"]["cpus"] > 0);
  CHECK_FALSE(record["commit"].get<std::string>().empty());
  CHECK(record["device"]["products_of_level_none"] == "FakeBlas 1.0");
}

TEST_CASE("bench without a run file writes the table of what was asked for") {
  Program sinter;
  const auto run = sinter({"bench", "--quick", "--rows", "2-4-1 xor", "--rows", "b4095", "--rows", "16-(64x4)-4 b4096",
                           "--repetitions", "3", "--output", "table"});
  INFO(run.err << run.out);
  REQUIRE(run.code == 0);
  CHECK(test::names_in(sinter.file("table")) == std::vector<std::string>{"bench.csv", "bench.json", "bench.md"});
  const auto summary = sinter.json("table/bench.json");
  const auto record = [&](const std::string& name) {
    for (const auto& r : summary["records"]) {
      if (r["name"] == name) return r;
    }
    FAIL("no " << name);
    return test::Json();
  };
  CHECK(summary["records"].size() == 5 + 4 + 6);  // xor has level epochs, the first wide network one thread
  CHECK(summary["precision"] == "float32");
  CHECK(summary["start_up_s"]["median"] > 0);
  CHECK(summary["peaks"].size() == 2);
  CHECK(record("2-4-1 xor training step")["level"] == "step");
  CHECK(record("2-4-1 xor training step")["speed_over_none"] > 1);  // fewer launches
  CHECK(record("16-(64x4)-4 b4096 training step")["first_step_over_steady"] > 1.9);
  CHECK(record("16-(64x4)-4 b4095 training step")["flops_rate_over_padded"] == 4095.0 / 4096);
  CHECK(record("16-(64x4)-4 b4096 inference, 1 thread")["threads"] == 1);
  CHECK(record("16-(64x4)-4 b4096 inference, 1 thread")["speed_up_by_threads"] == 1.0);
  CHECK(run.says("  1/15 16-(64x4)-4 b4096 training none "));
  CHECK(run.says("| 2-4-1 xor | "));
  const auto csv = test::contents(sinter.file("table/bench.csv"));
  CHECK(csv.starts_with("name,network,mode,level,space,threads,"));
  CHECK(csv.find("\n2-4-1 xor training epochs,2-4-1 xor,training,epochs,openmp,4,float32,4,4,17,") != csv.npos);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 16);
}

TEST_CASE("the table shows the level that auto takes, and one that is faster beside it") {
  const auto level_of = [](const std::string& network, const std::vector<std::string>& levels) {
    Program sinter;
    std::vector<std::string> arguments{"bench", "--quick", "--repetitions", "3"};
    for (const auto& level : levels) {
      arguments.emplace_back("--rows");
      arguments.push_back(network + " training " + level);
    }
    const auto run = sinter(arguments);
    INFO(run.err << run.out);
    REQUIRE(run.code == 0);
    const auto table = test::contents(sinter.file("runs/bench/bench.md"));
    const auto begin = table.find("\n| " + network + " | ") + network.size() + 6;
    return table.substr(begin, table.find(" |", begin) - begin);
  };
  CHECK(level_of("2-4-1 xor", {"none", "step", "epochs"}) == "epochs");  // step takes as long, says the backend
  CHECK(level_of("256-(1024x3)-64 b2048", {"none", "layer", "step"}) == "layer (step: 1.001 ms)");
  CHECK(level_of("256-(1024x3)-64 b2048", {"none", "step"}) == "step (`auto` takes layer)");
}

TEST_CASE("the ensemble of the table is compared with one of its networks") {
  Program sinter;
  const auto run = sinter({"bench", "--quick", "--rows", "2-16-16-1 uat training epochs", "--repetitions", "3"});
  INFO(run.err << run.out);
  REQUIRE(run.code == 0);
  const auto records = sinter.json("runs/bench/bench.json")["records"];
  REQUIRE(records.size() == 2);
  CHECK(records[0]["members"] == 1);
  CHECK_FALSE(records[0].contains("member_rate_over_single"));
  CHECK(records[1]["name"] == "1024 x 2-16-16-1 uat training epochs");
  CHECK(records[1]["members"] == 1024);
  CHECK(records[1]["member_rate_over_single"] == 1024);  // as fast as one, says the backend
  CHECK(records[1]["member_rate_over_single_and_thread"] == 256);
  CHECK(records[1]["predicted_step_s"] > 100 * records[0]["predicted_step_s"].get<double>());
  CHECK(run.says("## Ensembles"));
}

TEST_CASE("what cannot be timed honestly is refused") {
  Program sinter;
  put_run_file(sinter);
  const auto refuses = [&](int code, const std::vector<std::string>& arguments, const std::string& text) {
    const auto run = sinter(arguments);
    INFO(run.err);
    CHECK(run.code == code);
    CHECK(run.complains(text));
    sinter.environment.clear();
  };
  refuses(2, {"bench", "run.yaml", "--rows", "xor"}, "RUN.yaml excludes --rows");
  refuses(2, {"bench", "--mode", "inference"}, "--mode requires RUN.yaml");
  refuses(2, {"bench", "run.yaml", "--repetitions", "0"}, "--repetitions");
  refuses(2, {"bench", "run.yaml", "--mode", "both"}, "--mode: 'both'; allowed: training, inference\n");
  refuses(2, {"bench", "--precision", "float16"}, "--precision: 'float16'; allowed: float32, float64\n");
  refuses(2, {"bench", "--quick", "--rows", "none such"},
          "--rows: no row has one of these in its name; names are like '");
  refuses(2, {"bench", "--case", "none such"}, "--case: no measurement of the table is named 'none such'\n");
  refuses(6, {"bench", "run.yaml", "--set", "device.space=serial", "--set", "device.allow_fallback=true"}, "'serial'");
  sinter.environment["FAKE_FAIL"] = "measure";
  refuses(7, {"bench", "run.yaml"}, "sinter: error: measure: the loss was not finite at step 3\n");
  sinter.environment["FAKE_FAIL"] = "measure";
  refuses(7, {"bench", "--quick", "--rows", "xor training step"},
          "sinter: error: 2-4-1 xor training step: measure: the loss was not finite at step 3\n");
  sinter.environment["FAKE_FAIL"] = "level";
  refuses(1, {"bench", "run.yaml", "--set", "training.fusion=step"}, "level step was asked for, and none was timed\n");
  CHECK_FALSE(test::fs::exists(sinter.file("runs/bench/bench.json")));
}

TEST_CASE("settings that slow OpenBLAS down are taken away, with a warning") {
  Program sinter;
  put_run_file(sinter);
  sinter.environment["OPENBLAS_CORETYPE"] = "Prescott";
  const auto run = sinter({"bench", "run.yaml"});
  CHECK(run.code == 0);
  CHECK(run.complains("OPENBLAS_CORETYPE is ignored"));
}

TEST_CASE("an OpenBLAS that does not know the processor is told what code to take for the table") {
  Program sinter;
  sinter.environment["FAKE_OPENBLAS"] = "Prescott";
  const auto run = sinter({"bench", "--quick", "--rows", "2-4-1 xor training none", "--repetitions", "3"});
  INFO(run.err << run.out);
  REQUIRE(run.code == 0);
  const auto features = app::cpu_features();
  const auto has = [&](const char* feature) { return features.contains(feature); };
  const auto expected = has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl") ? "SkylakeX"
                        : has("avx2") && has("fma")                                             ? "Haswell"
                                                                                                : "";
  const auto summary = sinter.json("runs/bench/bench.json");
  CHECK(summary["openblas_told"] == expected);
  const std::string taken = *expected == 0 ? "Prescott" : expected;
  CHECK(summary["device"]["products_of_level_none"] == "OpenBLAS 1.0 for " + taken + ", OpenMP");
  CHECK(run.says(*expected == 0 ? "`none` is slower than it could be" : "was told what code to take for it"));

  sinter.environment["FAKE_OPENBLAS"] = "Zen";
  REQUIRE(sinter({"bench", "--quick", "--rows", "2-4-1 xor training none", "--repetitions", "3"}).code == 0);
  CHECK(sinter.json("runs/bench/bench.json")["openblas_told"] == "");
}

TEST_CASE("bench of a run file warns of an OpenBLAS that does not know the processor, at level none alone") {
  Program sinter;
  put_run_file(sinter);
  sinter.environment["FAKE_OPENBLAS"] = "Prescott";
  CHECK(sinter({"bench", "run.yaml", "--set", "training.fusion=none"}).complains("it does not know this processor"));
  CHECK_FALSE(sinter({"bench", "run.yaml", "--set", "training.fusion=layer"}).complains("know this processor"));
}
