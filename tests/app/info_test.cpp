// sinter info and sinter plan.
#include "program.hpp"

using namespace sinter;
using test::Program;

TEST_CASE("info lists spaces, modules, names and optional features") {
  Program sinter;
  const auto run = sinter({"info"});
  CHECK(run.code == 0);
  CHECK(run.says("sinter " SINTER_VERSION " on "));
  CHECK(run.says("  cuda     -        not built: it needs a Kokkos with CUDA and an NVIDIA GPU\n"));
  CHECK(run.says("  openmp   usable   float32 by libsinter_fake_module.so\n"));
  CHECK(run.says("  optimizers       sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw\n"));
#ifdef SINTER_MPI
  CHECK(run.says("  mpi    yes  "));
  CHECK(run.says("; from device memory: "));
#else
  CHECK(run.says("  mpi    no   "));
#endif
}

TEST_CASE("info opens no module") {
  Program sinter;
  test::put(sinter.file("rubbish.so"), "no shared object");
  sinter.add_module("fake", R"(["openmp"])", "[]", "[]", sinter.file("rubbish.so").string());
  CHECK(sinter({"info"}).code == 0);
}

TEST_CASE("info in JSON says the same") {
  Program sinter;
  test::put(sinter.modules() / "other.so", "");
  sinter.add_module("other", R"(["serial"])", "[]", R"(["quantum"])", "other.so");
  test::put(sinter.modules() / "broken.json", "{\"module\": ");
  const auto run = sinter({"info", "--json"});
  CHECK(run.code == 0);
  const auto info = test::Json::parse(run.out);
  const auto space = [&](const std::string& name) {
    for (const auto& entry : info["spaces"]) {
      if (entry["name"] == name) return entry;
    }
    return test::Json();
  };
  CHECK(space("openmp")["usable"] == true);
  CHECK(space("openmp")["precisions"] == test::Json{"float32"});
  CHECK(space("serial")["built"] == true);
  CHECK(space("serial")["usable"] == false);
  CHECK(space("serial")["problem"] == "other.json: this processor lacks quantum");
  CHECK(space("cuda")["built"] == false);
  CHECK(info["modules"].size() == 3);
  CHECK(info["modules"][0]["problem"].get<std::string>().starts_with("bad manifest: "));
  CHECK(info["names"]["losses"][0] == "mse");
#ifdef SINTER_MPI
  CHECK(info["features"]["mpi"]["available"] == true);
  for (const std::string value : {"0", "1"}) {
    sinter.environment["SINTER_GPU_AWARE_MPI"] = value;
    const auto mpi = test::Json::parse(sinter({"info", "--json"}).out)["features"]["mpi"];
    CHECK(mpi["device_memory"] == (value == "1"));
    CHECK(mpi["device_memory_source"] == "SINTER_GPU_AWARE_MPI=" + value);
  }
  sinter.environment["SINTER_GPU_AWARE_MPI"] = "yes";
  const auto wrong = sinter({"info"});
  CHECK(wrong.code == 3);
  CHECK(
      wrong.complains("the environment's SINTER_GPU_AWARE_MPI is 'yes'; allowed: 0 (MPI takes host memory only), 1 "));
#else
  CHECK(info["features"]["mpi"]["available"] == false);
#endif
}

TEST_CASE("measured peaks are kept by space and give the plan its predicted times") {
  Program sinter(Program::Modules::fake, R"(["openmp", "serial"])");
  put_run_file(sinter);
  const auto before = sinter({"plan", "run.yaml"});
  CHECK(before.says("no predicted times: "));
  const auto run = sinter({"info", "--measure", "--space", "serial"});
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.says("multiply-add float32  100 GFLOP/s\n"));
  CHECK(sinter({"info", "--measure", "--space", "openmp", "--quiet"}).code == 0);
  const auto profile = sinter.json("config/sinter/machine.json");
  CHECK(profile["machine_profile"] == 2);
  CHECK(profile["spaces"]["serial"]["triad_gb_s"] == 10.0);
  CHECK(profile["spaces"]["openmp"]["fma_gflops"]["float64"] == 50.0);
  const auto after = sinter({"plan", "run.yaml"});
  CHECK(after.says("predicted for Fake processor with the peaks in "));
  CHECK(after.says("  predicted "));
  test::put(sinter.file("config/sinter/machine.json"), "{}");
  const auto broken = sinter({"plan", "run.yaml"});
  CHECK(broken.code == 8);
  CHECK(broken.complains("machine.json' is no machine profile: "));
}

TEST_CASE("plan prints the choice and why, without a module") {
  Program sinter;
  test::fs::remove(sinter.modules() / "fake.json");
  put_run_file(sinter);
  const auto run = sinter({"plan", "run.yaml"});
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.says("plan for trial: mlp 2-4-1, 17 parameters, float32, 4 training rows\n"));
  CHECK(run.says("  batches of 4, 1 step an epoch, each batch in 1 chunk\n"));
  CHECK(run.says("  for openmp (host)\n"));
  CHECK(run.says("  epochs *"));
  CHECK(run.says("; * chosen\n"));
  CHECK(run.says("  none: one launch an operation"));
  const auto asked = sinter({"plan", "run.yaml", "--set", "training.fusion=none"});
  CHECK(asked.says("* chosen, as the run file asks"));
  const auto json = test::Json::parse(sinter({"plan", "run.yaml", "--json"}).out);
  CHECK(json["plan"]["level"] == "epochs");
  CHECK(json["plan"]["kind"] == "host");
  CHECK(json["plan"]["chosen"]["launches"] == 1);
  CHECK(json["plan"]["others"].size() == 3);
  // 17 parameters in float, of one chunk: read twice, the sums written and read.
  CHECK(json["plan"]["chosen"]["inner_bytes"] == 4 * 4 * 17);
  CHECK(json["fusion"] == "auto");
  CHECK(json["model"] == test::Json{{"type", "mlp"}, {"widths", {2, 4, 1}}});
  CHECK(json["parameters"] == 17);
}

TEST_CASE("plan counts all members of an ensemble, and no level that ensembles have not") {
  Program sinter;
  put_run_file(sinter);
  const auto plan = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"plan", "run.yaml", "--machine", "h100-sxm"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return sinter(arguments);
  };
  const auto one = test::Json::parse(plan({"--json", "--set", "training.fusion=epochs"}).out);
  const auto many = test::Json::parse(plan({"--json", "--set", "ensemble.members=6"}).out);
  CHECK(one["plan"]["members"] == 1);
  CHECK(many["plan"]["members"] == 6);
  CHECK(many["plan"]["level"] == "epochs");
  CHECK(many["plan"]["others"].empty());
  CHECK(many["predicted"].size() == 1);
  for (const auto* of_all : {"flops", "element_flops", "compulsory_bytes", "inner_bytes", "workspace_bytes"})
    CHECK(many["plan"]["chosen"][of_all] == 6 * one["plan"]["chosen"][of_all].get<double>());
  for (const auto* of_each : {"launches", "steps_per_launch", "scratch_bytes"})
    CHECK(many["plan"]["chosen"][of_each] == one["plan"]["chosen"][of_each]);
  const auto report = plan({"--set", "ensemble.members=6"});
  CHECK(report.says("  an ensemble of 6 such networks, all of them in each launch\n"));
  CHECK(report.says("ensembles have this level alone"));
  CHECK_FALSE(report.says("as the run file asks"));
}

TEST_CASE("plan tells what the members of an ensemble have of their own, and counts the states that they keep") {
  Program sinter;
  put_run_file(sinter);
  const auto plan = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"plan", "run.yaml", "--machine", "h100-sxm", "--set"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return sinter(arguments);
  };
  const std::string mixed = "ensemble={members: 3, optimizer: [sgd, adam, sgd], learning_rate: [0.1, 0.01, 0.5]}";
  CHECK(plan({mixed}).says(
      "  each has its own seed, optimizer, learning_rate; sgd or adam, learning rate 0.01 to 0.5, "));
  const auto costs = [&](const std::vector<std::string>& more) {
    auto arguments = more;
    arguments.emplace_back("--json");
    return test::Json::parse(plan(arguments).out);
  };
  const auto sgd = costs({"ensemble={members: 1, optimizer: [sgd]}"}),
             adam = costs({"ensemble={members: 1, optimizer: [adam]}"}), all = costs({mixed});
  const auto of = [](const test::Json& record, const char* cost) {
    return record["plan"]["chosen"][cost].get<double>();
  };
  for (const auto* sum : {"flops", "element_flops", "compulsory_bytes"})
    CHECK(of(all, sum) == 2 * of(sgd, sum) + of(adam, sum));
  CHECK(of(all, "workspace_bytes") == 3 * of(adam, "workspace_bytes"));
  CHECK(of(sgd, "compulsory_bytes") < of(adam, "compulsory_bytes"));
  CHECK(all["predicted_step_s"] <=
        costs({"ensemble.members=3", "--set", "training.optimizer=adam"})["predicted_step_s"]);
}

TEST_CASE("plan takes a shipped machine, or a profile's file, and plans for its kind of device") {
  Program sinter;
  put_run_file(sinter);
  const auto plan = [&](const std::string& machine, const std::string& fusion = "auto") {
    return sinter({"plan", "run.yaml", "--machine", machine, "--set", "training.fusion=" + fusion, "--json"});
  };
  for (const std::string name : {"h100-sxm", "a100-sxm-80gb", "epyc-9654", "xeon-8480"}) {
    const auto run = plan(name);
    INFO(name << run.err);
    REQUIRE(run.code == 0);
    const auto json = test::Json::parse(run.out);
    CHECK(json["plan"]["kind"] == (name.find("00-sxm") != std::string::npos ? "accelerator" : "host"));
    CHECK(json["predicted"].size() == 4);
    CHECK(json["predicted"]["layer"]["bound"] == "latency");
    CHECK(json["predicted"]["epochs"]["step_s"] < json["predicted"]["none"]["step_s"]);
    CHECK(json["predicted_step_s"] == json["predicted"]["epochs"]["step_s"]);
  }
  REQUIRE(sinter({"info", "--measure", "--space", "openmp", "--output", "mine.json", "--quiet"}).code == 0);
  const auto mine = test::Json::parse(plan("mine.json").out);
  CHECK(mine["machine"]["name"] == "Fake processor");
  const auto unknown = plan("h200");
  CHECK(unknown.code == 8);
  CHECK(unknown.err ==
        "sinter: error: --machine: 'h200' is no file and no shipped machine; shipped: a100-sxm-80gb, "
        "epyc-9654, h100-sxm, xeon-8480\n");
}

TEST_CASE("plan lists a level that cannot serve a network, with the reason, and refuses it where it is asked for") {
  Program sinter;
  put_run_file(sinter);
  const auto run = sinter({"plan", "run.yaml", "--set", "model.hidden=[4000]"});
  CHECK(run.code == 0);
  CHECK(run.says("  layer *"));
  CHECK(run.says("  step: 4000 wide; level step takes at most 2048\n"));
  const auto asked = sinter({"plan", "run.yaml", "--set", "model.hidden=[4000]", "--set", "training.fusion=step"});
  CHECK(asked.code == 3);
  CHECK(asked.complains(
      "training.fusion=step: step cannot serve this problem: 4000 wide; level step takes at most 2048"));
}
