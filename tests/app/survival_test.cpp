// The real program, killed or told to stop at random moments, again and again, until its run is done: the bits are those
// of a run that nothing disturbed. SINTER_TEST_KILLS says how often each is tried (2).
#include "program.hpp"

#include <random>

#include <fmt/format.h>

#include <sinter/models/io/checkpoint_folder.hpp>
#include <sinter/models/io/model_file.hpp>

using namespace sinter;
using test::contents;
using test::Program;

namespace {

int repetitions() {
  const char* text = std::getenv("SINTER_TEST_KILLS");
  return text != nullptr ? std::atoi(text) : 2;
}

std::vector<std::string> job(const std::string& level, int threads) {
  std::vector<std::string> arguments{"train", SINTER_SOURCE_DIR "/inputs/uat.yaml", "--no-plots", "--output",
                                     "results"};
  for (const auto& setting :
       {"training.batch=8", "training.epochs=1500", "training.schedule={type: cosine, unit: step}",
        "training.early_stopping.patience=1400", "checkpoint={every_steps: 300, keep: 2, resume: auto}"})
    arguments.insert(arguments.end(), {"--set", setting});
  arguments.insert(arguments.end(), {"--set", "training.fusion=" + level});
  arguments.insert(arguments.end(), {"--set", fmt::format("device.threads={}", threads)});
  return arguments;
}

/// All that must be the same: the model, and the log without its times.
std::string outcome(const Program& sinter) {
  auto text = contents(sinter.file("results/model.h5"));
  const auto metrics = contents(sinter.file("results/metrics.csv"));
  for (std::size_t line = 0; line < metrics.size(); line = metrics.find('\n', line) + 1) {
    const auto end = metrics.find('\n', line);
    text += metrics.substr(line, metrics.rfind(',', end) - line) + "\n";
  }
  return text;
}

void survive(int signal) {
  std::mt19937 random(static_cast<unsigned>(signal));
  int interrupted = 0, resumed = 0;  // repetitions
  for (const auto* level : {"layer", "epochs"}) {
    Program whole(Program::Modules::built);
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(whole(job(level, 1)).code == 0);
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
    const auto expected = outcome(whole);
    for (int repetition = 0; repetition < repetitions(); ++repetition) {
      Program sinter(Program::Modules::built);
      int stops = 0;
      for (int attempt = 0;; ++attempt) {
        REQUIRE(attempt < 50);
        sinter.start(job(level, 1 + attempt % 2));
        // The first stop comes early, so that a program that is quicker than the whole run was does not escape it.
        const double latest = attempt == 0 ? 0.5 : 1.0;
        std::this_thread::sleep_for(duration * std::uniform_real_distribution<double>(0.1, latest)(random));
        sinter.send(signal);
        const auto run = sinter.wait();
        INFO(level << ", attempt " << attempt << ": " << run.code << "\n" << run.err << run.out);
        // A signal that comes before the program listens ends it, as any program.
        REQUIRE((run.code == 0 || run.code == 75 || run.code == 128 + signal));
        const CheckpointFolder folder(sinter.file("results/checkpoints"), 2);
        for (const auto& file : folder.files()) CHECK_NOTHROW(load_checkpoint(file));
        if (run.code == 0) break;
        ++stops;
      }
      INFO(level << ", stopped " << stops << " times");
      CHECK(outcome(sinter) == expected);
      if (stops > 0) ++interrupted;
      if (sinter.json("results/run.json")["resumed_from"].is_object()) ++resumed;
    }
  }
  CHECK(interrupted > 0);  // else nothing above says anything
  CHECK(resumed > 0);
}

}  // namespace

TEST_CASE("a run that is killed at any moment goes on to the same bits") { survive(SIGKILL); }
TEST_CASE("a run that is told to stop at any moment goes on to the same bits") { survive(SIGTERM); }

TEST_CASE("slices by steps end with the same bits, whatever the threads and the level") {
  Program whole(Program::Modules::built);
  REQUIRE(whole(job("step", 2)).code == 0);
  Program sinter(Program::Modules::built);
  int code = 75, slices = 0;
  for (; code == 75; ++slices) {
    const char* levels[] = {"layer", "step", "epochs"};
    auto slice = job(levels[slices % 3], 1 + slices % 2);
    slice.insert(slice.end(), {"--set", "run.stop_after_steps=1777"});
    code = sinter(slice).code;
  }
  CHECK(code == 0);
  CHECK(slices == 4);  // of 6000 steps
  CHECK(outcome(sinter) == outcome(whole));
}
