// Several ranks of the real program under the real mpirun: what they print and write, what they refuse, how they stop,
// and what becomes of a job that loses one.
#include "program.hpp"

#include <fmt/format.h>

#include <sinter/models/io/checkpoint_folder.hpp>

using namespace sinter;
using test::Program;

namespace {

/// Starts the program by mpirun; the rest is as of Program.
class Ranks {
 public:
  Ranks() : program(Program::Modules::built) {
    program.environment = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"},
                           {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"},
                           {"OMPI_MCA_rmaps_base_oversubscribe", "1"},
                           {"OMPI_MCA_hwloc_base_binding_policy", "none"},
                           {"OMPI_MCA_mpi_yield_when_idle", "1"},
                           {"OMPI_MCA_btl_vader_single_copy_mechanism", "none"}};
    // 900 rows of two features and two targets that depend on them.
    std::string rows = "a,b,sum,product\n";
    for (int r = 0; r < 900; ++r) {
      const double a = r % 30 / 15.0 - 1, b = r / 30 / 15.0 - 1;
      rows += fmt::format("{},{},{},{}\n", a, b, a + b, a * b);
    }
    test::put(program.file("data.csv"), rows);
    test::put(program.file("run.yaml"), R"(
device: {space: openmp, threads: 1}
data: {path: data.csv, targets: [sum, product], test_fraction: 0.1, validation_fraction: 0.1, normalize: {targets: zscore}}
model: {type: mlp, hidden: [24, 24], activation: tanh}
training: {epochs: 40, batch: 256, fusion: step, optimizer: adam}
)");
  }

  test::Outcome operator()(int ranks, const std::vector<std::string>& arguments) {
    start(ranks, arguments);
    return program.wait();
  }
  void start(int ranks, const std::vector<std::string>& arguments) {
    std::vector<std::string> all;
    if (ranks > 1) all = {SINTER_MPIEXEC, "-n", std::to_string(ranks)};
    program.start(arguments, all);
  }
  test::Outcome train(int ranks, const std::string& output, const std::vector<std::string>& settings = {}) {
    return (*this)(ranks, arguments(output, settings));
  }
  static std::vector<std::string> arguments(const std::string& output, const std::vector<std::string>& settings) {
    std::vector<std::string> all{"train", "run.yaml", "--no-plots", "--output", output};
    for (const auto& setting : settings) all.insert(all.end(), {"--set", setting});
    return all;
  }
  /// Starts two ranks of a long run, and returns them, rank 0 first, when both have trained for a moment.
  std::vector<pid_t> start_long(const std::string& output, const std::vector<std::string>& settings) {
    start(2, arguments(output, settings));
    std::vector<pid_t> all;
    program.wait_until([&] {
      all = program.launched();
      return all.size() >= 2 && test::fs::exists(program.file(output + "/metrics.csv"));
    });
    return all;
  }
  /// What goes on from `step` with two ranks has, so many steps later, the bits of one process that nothing stopped.
  void goes_on(const std::string& output, const std::vector<std::string>& settings, std::int64_t step) {
    constexpr std::int64_t more = 50;
    auto rest = settings;
    rest.push_back(fmt::format("run.stop_after_steps={}", more));
    const auto run = train(2, output, rest);
    INFO(run.err << run.out);
    REQUIRE(run.code == 75);
    const auto record = program.json(output + "/run.json");
    REQUIRE(record["resumed_from"].is_object());
    CHECK(record["resumed_from"]["step"] == step);
    CHECK(record["steps"] == step + more);
    auto whole = settings;
    whole.push_back(fmt::format("run.stop_after_steps={}", step + more));
    REQUIRE(train(1, output + "-whole", whole).code == 75);
    CHECK(program.json(output + "-whole/run.json")["steps"] == step + more);
    CHECK(hash(output) == hash(output + "-whole"));
  }
  [[nodiscard]] std::string hash(const std::string& output) const {
    return program.json(output + "/run.json")["parameters"]["xxh64"];
  }

  Program program;
};

}  // namespace

TEST_CASE("ranks write what one process writes, once, with the same bits") {
  Ranks ranks;
  REQUIRE(ranks.train(1, "one").code == 0);
  const auto one = ranks.program.json("one/run.json");
  CHECK(one["ranks"] == 1);
  CHECK(one["steady_state"]["waits"] == 0);
  for (const int count : {2, 3}) {
    CAPTURE(count);
    const auto output = "of" + std::to_string(count);
    const auto run = ranks.train(count, output);
    INFO(run.err);
    REQUIRE(run.code == 0);
    CHECK(run.says(fmt::format("ranks      {0}, {0} of them on this node", count)));
    CHECK(run.says("fusion     step, with an exchange between the ranks in every step"));
    CHECK(run.out.find("completed after 40 epochs") == run.out.rfind("completed after 40 epochs"));
    CHECK(run.out.find('\r') == run.out.npos);  // no progress bar into a file
    const auto record = ranks.program.json(output + "/run.json");
    CHECK(record["ranks"] == count);
    CHECK(record["exchange"]["memory"] == "host memory");
    CHECK(record["exchange"]["mpi_takes_device_memory"].is_boolean());
    CHECK(record["parameters"]["xxh64"] == one["parameters"]["xxh64"]);
    CHECK(record["metrics"] == one["metrics"]);
    CHECK(record["data"] == one["data"]);
    CHECK(record["steady_state"]["launches"] == 2);
    CHECK(record["steady_state"]["fences"] == 0);
    CHECK(record["steady_state"]["waits"] > 0);
    CHECK(test::contents(ranks.program.file(output + "/predictions.csv")) ==
          test::contents(ranks.program.file("one/predictions.csv")));
    CHECK(test::names_in(ranks.program.file(output)) == test::names_in(ranks.program.file("one")));
  }
}

TEST_CASE("predictions of shared training rows are whole") {
  Ranks ranks;
  test::put(ranks.program.file("run.yaml"), R"(
device: {space: openmp, threads: 1}
data: {path: data.csv, features: [a, b, sum], targets: [product]}
model: {type: mlp, hidden: [8], activation: tanh}
training: {epochs: 3, batch: 256}
)");
  REQUIRE(ranks.train(1, "one", {"training.fusion=layer"}).code == 0);
  REQUIRE(ranks.train(2, "two", {"training.fusion=layer"}).code == 0);
  const auto predictions = test::contents(ranks.program.file("two/predictions.csv"));
  CHECK(std::count(predictions.begin(), predictions.end(), '\n') == 901);
  CHECK(predictions == test::contents(ranks.program.file("one/predictions.csv")));
}

TEST_CASE("a run goes on from its checkpoint with another number of ranks, to the same bits") {
  Ranks ranks;
  REQUIRE(ranks.train(1, "whole").code == 0);
  const std::vector<std::string> slice{"checkpoint={resume: auto, every_steps: 20}", "run.stop_after_steps=50"};
  int stopped = 0;
  for (const int count : {2, 1, 3, 2}) {
    const auto run = ranks.train(count, "slices", slice);
    INFO(run.err);
    if (run.code == 0) break;
    REQUIRE(run.code == 75);
    ++stopped;
  }
  CHECK(stopped == 2);
  CHECK(ranks.hash("slices") == ranks.hash("whole"));
  CHECK(ranks.program.json("slices/run.json")["metrics"] == ranks.program.json("whole/run.json")["metrics"]);
}

TEST_CASE("a signal that one rank gets stops all of them with a checkpoint, from which they go on to the same bits") {
  Ranks ranks;
  const std::vector<std::string> settings{"training.epochs=2000000", "checkpoint.resume=auto"};
  ::kill(ranks.start_long("long", settings)[1], SIGUSR1);
  const auto run = ranks.program.wait();
  INFO(run.err);
  CHECK(run.code == 75);
  const auto record = ranks.program.json("long/run.json");
  CHECK(record["status"] == "interrupted");
  CHECK(record["stopped_by"] == "SIGUSR1");
  CHECK(record["checkpoints"]["written"] == 1);
  CHECK(record["checkpoints"]["last_step"] == record["steps"]);
  ranks.goes_on("long", settings, record["steps"]);
}

TEST_CASE("ranks of which one is killed go on from their newest checkpoint to the same bits") {
  Ranks ranks;
  const std::vector<std::string> settings{"training.epochs=2000000", "training.log_every=1",
                                          "checkpoint={resume: auto, every_steps: 20, keep: 2}"};
  for (const std::size_t victim : {0U, 1U}) {  // the one that writes, and another
    CAPTURE(victim);
    const auto output = fmt::format("killed{}", victim);
    const CheckpointFolder folder(ranks.program.file(output + "/checkpoints"), 2);
    const auto all = ranks.start_long(output, settings);
    ranks.program.wait_until([&] { return folder.files().size() == 2; });
    ::kill(all[victim], SIGKILL);
    const auto run = ranks.program.wait();
    CHECK(run.code != 0);
    CHECK(run.code != 75);
    REQUIRE_FALSE(folder.files().empty());
    ranks.goes_on(output, settings, load_checkpoint(folder.files().front()).training.steps_done);
  }
}

TEST_CASE("a signal that comes before the ranks have found each other stops them with a checkpoint, too") {
  Ranks ranks;
  ranks.program.start(
      Ranks::arguments("early", {"training.epochs=2000000", "checkpoint.resume=auto"}),
      {SINTER_MPIEXEC, "-n", "2", "sh", "-c", "[ $OMPI_COMM_WORLD_RANK = 0 ] || sleep 3; exec \"$@\"", "sh"});
  std::vector<pid_t> first;  // it waits for the second in MPI_Init
  ranks.program.wait_until([&] {
    first = ranks.program.launched();
    return !first.empty();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  REQUIRE(ranks.program.launched().size() == 1);
  ::kill(first.front(), SIGUSR1);
  const auto run = ranks.program.wait();
  INFO(run.err);
  CHECK(run.code == 75);
  CHECK(run.complains("sinter: SIGUSR1: stopping after this step; Ctrl-C ends at once\n"));
  CHECK(ranks.program.json("early/run.json")["stopped_by"] == "SIGUSR1");
}

TEST_CASE("a job that loses a rank ends within seconds") {
  Ranks ranks;
  ranks.start(3, ranks.arguments("lost", {"training.epochs=100000000"}));
  std::vector<pid_t> all;
  ranks.program.wait_until([&] {
    all = ranks.program.launched();
    return all.size() >= 3 && test::fs::exists(ranks.program.file("lost/run.json"));
  });
  std::this_thread::sleep_for(std::chrono::seconds(1));
  ::kill(all[1], SIGKILL);
  const auto start = std::chrono::steady_clock::now();
  const auto run = ranks.program.wait();
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  CHECK(run.code != 0);
  CHECK((run.err + run.out).find("signal 9") != std::string::npos);  // mpirun tells rank and signal
}

TEST_CASE("what ranks cannot do is refused once, with what they can") {
  Ranks ranks;
  const auto refused = [&](int count, const std::vector<std::string>& settings, int code, const std::string& text) {
    const auto run = ranks.train(count, "refused", settings);
    INFO(run.err);
    CHECK(run.code == code);
    const auto at = run.err.find("sinter: error: " + text);
    CHECK(at != run.err.npos);
    CHECK(run.err.find("sinter: error: ", at + 1) == run.err.npos);
  };
  refused(5, {"training.batch=128"}, 3,
          "5 ranks: a batch of 128 rows is cut into 4 chunks here, so that at most 4 ranks can share it; a larger "
          "training.batch has more");
  refused(
      2, {"training.fusion=epochs"}, 3,
      "2 ranks: level epochs has one team train the whole network, which ranks cannot share; run it by one rank, or "
      "set training.fusion to step or layer");
  refused(2, {"training.epochs=none"}, 3, "--set training.epochs=none: 'none' is not an integer");
  ranks.program.environment["SINTER_GPU_AWARE_MPI"] = "yes";
  refused(2, {}, 3, "the environment's SINTER_GPU_AWARE_MPI is 'yes'; allowed: 0 (MPI takes host memory only), 1 ");
  ranks.program.environment.erase("SINTER_GPU_AWARE_MPI");
  refused(3, {"ensemble={members: 2}", "training.fusion=auto"}, 3,
          "3 ranks: an ensemble of 2 members can be shared by at most so many ranks");
}

TEST_CASE("ranks of srun are joined where PMIx connects them") {
  // mpirun connects its processes by PMIx too; without its own variable they look like a step of Slurm.
  Ranks ranks;
  REQUIRE(ranks.train(1, "one").code == 0);
  const std::vector<std::string> step{
      SINTER_MPIEXEC, "-n", "2", "env", "-u", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_ID=0", "SLURM_STEP_NUM_TASKS=2"};
  ranks.program.start(Ranks::arguments("step", {}), step);
  auto run = ranks.program.wait();
  INFO(run.err);
  REQUIRE(run.code == 0);
  CHECK(ranks.program.json("step/run.json")["ranks"] == 2);
  CHECK(ranks.hash("step") == ranks.hash("one"));

  ranks.program.start(Ranks::arguments("three", {}),
                      {SINTER_MPIEXEC, "-n", "1", "env", "-u", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE=3"});
  run = ranks.program.wait();
  INFO(run.err);
  CHECK(run.code == 3);
  CHECK(run.complains("sinter: error: the launcher started 3 processes, but MPI (Open MPI v"));
  CHECK(run.complains(") connects 1: it is the launcher of another MPI, or srun wants --mpi=pmix or --mpi=pmi2"));
  CHECK_FALSE(test::fs::exists(ranks.program.file("three")));
}

TEST_CASE("an error of one rank alone ends the job with its number") {
  Ranks ranks;
  // The last rows, which only the last rank reads, hold what is no number.
  auto rows = test::contents(ranks.program.file("data.csv"));
  test::put(ranks.program.file("data.csv"), rows + "0,0,0,oops\n");
  test::put(ranks.program.file("run.yaml"), R"(
device: {space: openmp, threads: 1}
data: {path: data.csv, targets: [sum, product]}
model: {type: mlp, hidden: [8], activation: tanh}
training: {epochs: 3, batch: 256, fusion: step}
)");
  const auto run = ranks.train(2, "broken");
  CHECK(run.code != 0);
  INFO(run.err);
  CHECK(run.complains("sinter: error: rank 1: "));
  CHECK(run.complains("'oops' is not a finite number"));
}

TEST_CASE("a stopped run whose results rank 0 cannot write has failed, whatever the other ranks would say") {
  Ranks ranks;
  test::fs::create_directories(ranks.program.file("full"));
  test::fs::create_symlink("/dev/full",
                           ranks.program.file("full/kernels.csv"));  // only rank 0 writes, after the last step
  // Which rank's code mpirun passes on is a matter of luck: each tells its own here, and that it ends well.
  ranks.program.start(Ranks::arguments("full", {"run.stop_after_steps=5"}),
                      {SINTER_MPIEXEC, "-n", "2", "sh", "-c", "\"$@\"; echo $? > code.$OMPI_COMM_WORLD_RANK", "sh"});
  const auto run = ranks.program.wait();
  INFO(run.err);
  CHECK(test::contents(ranks.program.file("code.0")) == "8\n");
  CHECK(test::contents(ranks.program.file("code.1")) == "8\n");  // 75 would have a batch script start it again
  CHECK(run.complains("sinter: error: cannot write 'full/kernels.csv': No space left on device\n"));
  CHECK(ranks.program.json("full/run.json")["status"] == "failed");
}

/// Of two ranks the first trains members that keep no state, the last those that keep most.
const std::vector<std::string> ensemble_settings{
    "ensemble={members: 5, optimizer: [sgd, sgd, momentum, adam, adam], clip_norm: [0, 0.1, 0, 0, 0.1]}",
    "training.fusion=auto"};

TEST_CASE("the members of an ensemble are shared by ranks, with the same bits") {
  Ranks ranks;
  const auto& settings = ensemble_settings;
  REQUIRE(ranks.train(1, "one", settings).code == 0);
  const auto run = ranks.train(3, "three", settings);
  INFO(run.err);
  REQUIRE(run.code == 0);
  for (const char* file : {"ensemble.csv", "predictions.csv"}) {
    CAPTURE(file);
    CHECK(test::contents(ranks.program.file(std::string("one/") + file)) ==
          test::contents(ranks.program.file(std::string("three/") + file)));
  }
  CHECK(ranks.hash("one") == ranks.hash("three"));
}

TEST_CASE("predictions are made, printed and written once") {
  Ranks ranks;
  REQUIRE(ranks.train(1, "one").code == 0);
  const std::vector<std::string> predict{"predict", "one/model.h5", "--data", "data.csv", "--threads", "1"};
  const auto alone = ranks(1, predict);
  REQUIRE(alone.code == 0);
  auto run = ranks(2, predict);
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.out == alone.out);
  auto into_file = predict;
  into_file.insert(into_file.end(), {"--output", "out.csv"});
  run = ranks(3, into_file);
  CHECK(run.code == 0);
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 1);
  CHECK(test::contents(ranks.program.file("out.csv")) == alone.out);
  into_file[3] = "none.csv";
  run = ranks(2, into_file);
  CHECK(run.code == 8);
  const auto at = run.err.find("sinter: error: ");
  CHECK(at != run.err.npos);
  CHECK(run.err.find("sinter: error: ", at + 1) == run.err.npos);
}

TEST_CASE("an ensemble that several ranks stop in goes on with another number of them to the same bits") {
  Ranks ranks;
  const auto& settings = ensemble_settings;
  REQUIRE(ranks.train(1, "whole", settings).code == 0);
  auto slices = settings;
  slices.insert(slices.end(), {"checkpoint={resume: auto, every_steps: 7}", "run.stop_after_steps=33"});
  for (const auto& counts : std::vector<std::vector<int>>{{2, 3, 1, 5}, {1, 2, 2, 1}}) {
    const auto output = fmt::format("slices{}", counts[0]);
    for (std::size_t slice = 0; slice < counts.size(); ++slice) {  // of 120 steps
      const auto run = ranks.train(counts[slice], output, slices);
      INFO(run.out << run.err);
      REQUIRE(run.code == (slice == 3 ? 0 : 75));
      CHECK(run.says("going on from '") == (slice > 0));
    }
    CHECK(ranks.program.json(output + "/run.json")["resumed_from"]["step"] == 99);
    for (const char* file : {"ensemble.csv", "predictions.csv"}) {
      CAPTURE(file);
      CHECK(test::contents(ranks.program.file("whole/" + std::string(file))) ==
            test::contents(ranks.program.file(output + "/" + file)));
    }
    CHECK(ranks.hash("whole") == ranks.hash(output));
  }
}

TEST_CASE("bench times a step of several ranks") {
  Ranks ranks;
  const auto run = ranks(2, {"bench", "run.yaml", "--quick", "--json"});
  INFO(run.err);
  REQUIRE(run.code == 0);
  const auto record = test::Json::parse(run.out);
  CHECK(record["ranks"] == 2);
  CHECK(record["launches_per_step"] == 2.0);
  CHECK(record["waits_per_step"] > 0);
  const auto one = test::Json::parse(ranks(1, {"bench", "run.yaml", "--quick", "--json"}).out);
  CHECK(record["parameter_hash"] == one["parameter_hash"]);
  CHECK(record["peak_memory_bytes"] > 0);
  // Threads that have to take turns are told.
  const auto cpus = static_cast<int>(std::thread::hardware_concurrency());
  const auto oversubscribed = [&](int count, int threads) {
    return test::Json::parse(ranks(count, {"bench", "run.yaml", "--quick", "--json", "--set",
                                           fmt::format("device.threads={}", threads)})
                                 .out)["oversubscribed"]
        .get<bool>();
  };
  CHECK_FALSE(oversubscribed(1, 1));
  CHECK(oversubscribed(1, cpus + 1));
  CHECK(oversubscribed(2, cpus));
}
