// Checkpoints of a run with the fake backend: when they are written, which one a run goes on from, and what is refused.
#include "program.hpp"

#include <fmt/format.h>

#include <sinter/models/io/archive.hpp>
#include <sinter/models/io/checkpoint_folder.hpp>

using namespace sinter;
using test::contents;
using test::Program;

namespace {

/// train run.yaml with so many epochs, and more arguments.
std::vector<std::string> train(int epochs, const std::vector<std::string>& settings = {}) {
  std::vector<std::string> arguments{"train", "run.yaml", "--no-plots", "--set",
                                     "training.epochs=" + std::to_string(epochs)};
  for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  return arguments;
}

std::vector<std::string> checkpoints(const Program& sinter) {
  return test::names_in(sinter.file("results/checkpoints"));
}

const std::string at = "results/checkpoints/checkpoint-00000";

}  // namespace

TEST_CASE("checkpoints are written every few steps and at the end, and the newest are kept") {
  Program sinter;
  put_run_file(sinter);
  const auto run = sinter(train(10, {"checkpoint={every_steps: 3, keep: 3}"}));
  INFO(run.err);
  REQUIRE(run.code == 0);
  CHECK(checkpoints(sinter) ==
        std::vector<std::string>{"checkpoint-000002.h5", "checkpoint-000003.h5", "checkpoint-000004.h5"});
  CHECK(run.says("  checkpoint of step 3 written: checkpoint-000001.h5, "));
  CHECK_FALSE(run.says("checkpoint of step 6"));  // one line in half a minute
  const auto last = load_checkpoint(sinter.file(at + "4.h5"));
  CHECK(last.training.phase == TrainingPhase::completed);
  CHECK(last.log.size() == 10);
  CHECK(last.run_file == contents(sinter.file("results/effective.yaml")));
  const auto record = sinter.json("results/run.json");
  CHECK(record["checkpoints"]["written"] == 4);
  CHECK(record["checkpoints"]["last"] == "checkpoint-000004.h5");
  CHECK(record["checkpoints"]["last_step"] == 10);
  CHECK(record["checkpoints"]["bytes"] == test::fs::file_size(sinter.file(at + "4.h5")));
  CHECK(record["resumed_from"].is_null());
}

TEST_CASE("keep: 0 writes none and leaves what is there") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(5)).code == 0);
  const auto run = sinter(train(6, {"checkpoint.keep=0", "run.stop_after_steps=2"}));
  CHECK(run.code == 11);  // not 75, by which a batch script would start it again
  CHECK(run.says("stopped by run.stop_after_steps; checkpoint.keep is 0, so that nothing can go on from here"));
  CHECK(checkpoints(sinter) == std::vector<std::string>{"checkpoint-000001.h5"});
}

TEST_CASE("a run in slices goes on where the last one stopped, and its tables are whole") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(9)).code == 0);
  const auto whole = contents(sinter.file("results/metrics.csv"));
  test::fs::remove_all(sinter.file("results"));
  const auto slice = train(9, {"checkpoint.resume=auto", "run.stop_after_steps=4"});
  auto run = sinter(slice);
  CHECK(run.code == 75);
  CHECK(run.says("no checkpoint to go on from in 'results/checkpoints': beginning anew\n"));
  CHECK(run.says("stopped by run.stop_after_steps; --set checkpoint.resume=auto goes on from step 4\n"));
  CHECK(sinter.json("results/run.json")["stopped_by"] == "run.stop_after_steps");
  run = sinter(slice);
  CHECK(run.code == 75);
  CHECK(run.says("going on from '" + at + "1.h5': step 4, 4 of 9 epochs\n"));
  CHECK(sinter.json("results/run.json")["resumed_from"] ==
        test::Json{{"file", at + "1.h5"}, {"step", 4}, {"epoch", 4}, {"changed", test::Json::array()}});
  CHECK(sinter.json("results/run.json")["steps"] == 8);
  CHECK(sinter(slice).code == 0);  // one step is left
  CHECK(contents(sinter.file("results/metrics.csv")) == whole);
  CHECK(sinter(slice).code == 0);  // and now none
  CHECK(sinter.json("results/run.json")["status"] == "completed");
  CHECK(sinter.json("results/run.json")["checkpoints"]["written"] == 0);
}

TEST_CASE("auto passes over damaged checkpoints with a warning that names file and damage") {
  Program sinter;
  put_run_file(sinter);
  const std::vector<std::string> settings{"checkpoint={every_steps: 2, keep: 9, resume: auto}"};
  REQUIRE(sinter(train(6, settings)).code == 0);
  const auto good = contents(sinter.file(at + "3.h5"));
  test::put(sinter.file(at + "3.h5"), good.substr(0, good.size() / 2));
  auto bad = contents(sinter.file(at + "2.h5"));
  bad[700] = static_cast<char>(bad[700] ^ 1);
  test::put(sinter.file(at + "2.h5"), bad);
  auto run = sinter(train(6, settings));
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.complains("sinter: warning: cannot read '" + at + "3.h5': the file is truncated: "));
  CHECK(run.complains("sinter: warning: cannot read '" + at + "2.h5': the file is damaged: xxh64 "));
  CHECK(run.complains(": it is passed over\n"));
  CHECK(run.says("going on from '" + at + "1.h5': step 2, "));
  // They stay, whatever keep says, and the numbers go on.
  CHECK(run.complains("sinter: warning: '" + at + "3.h5' is kept as 'checkpoint-000003.h5.damaged'\n"));
  CHECK(contents(sinter.file(at + "2.h5.damaged")) == bad);
  CHECK(checkpoints(sinter) == std::vector<std::string>{"checkpoint-000001.h5", "checkpoint-000002.h5.damaged",
                                                        "checkpoint-000003.h5.damaged", "checkpoint-000004.h5",
                                                        "checkpoint-000005.h5"});

  test::fs::remove_all(sinter.file("results"));
  test::fs::create_directories(sinter.file("results/checkpoints"));
  test::put(sinter.file(at + "1.h5"), "");
  run = sinter(train(6, settings));
  CHECK(run.code == 0);
  CHECK(run.complains("cannot read '" + at + "1.h5': the file is empty: it is passed over\n"));
  CHECK(run.says("beginning anew\n"));
}

TEST_CASE("auto ends with an error at a checkpoint that it cannot read or that is newer, and removes none") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(6, {"run.stop_after_steps=2"})).code == 75);
  const auto second = sinter.file(at + "2.h5");
  const auto refuses = [&](const std::string& text) {
    const auto run = sinter(train(6, {"checkpoint={keep: 1, resume: auto}"}));
    INFO(run.err);
    CHECK(run.code == 8);
    CHECK(run.complains("sinter: error: cannot read '" + at + "2.h5': " + text));
    CHECK(run.complains("; nothing says that it is damaged, so that checkpoint.resume=auto takes no older one"));
    CHECK(checkpoints(sinter) == std::vector<std::string>{"checkpoint-000001.h5", "checkpoint-000002.h5"});
    test::fs::remove_all(second);
  };
  test::fs::create_directory(second);
  refuses("Is a directory;");
  test::fs::create_symlink(second, second);
  refuses("Too many levels of symbolic links;");
  write_archive({"checkpoint", checkpoint_format + 1, {}}, second);
  const auto newer = fmt::format("format version {}, written by Sinter ", checkpoint_format + 1);
  refuses(newer);

  write_archive({"checkpoint", checkpoint_format + 1, {}}, second);
  const auto run = sinter(train(6));
  CHECK(run.code == 0);
  CHECK(run.complains("sinter: warning: cannot read '" + at + "2.h5': " + newer));
  CHECK(run.complains("; this run begins anew and will replace it\n"));
}

TEST_CASE("a checkpoint that is named must be usable") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(6, {"run.stop_after_steps=2"})).code == 75);
  auto run = sinter(train(6, {"run.output=other", "checkpoint.resume=" + at + "1.h5"}));
  CHECK(run.code == 0);
  CHECK(run.says("going on from '" + at + "1.h5': step 2, "));
  CHECK(sinter.json("other/run.json")["epochs"] == 6);
  run = sinter(train(6, {"checkpoint.resume=none.h5"}));
  CHECK(run.code == 8);
  CHECK(run.err == "sinter: error: cannot read 'none.h5': No such file or directory\n");
  run = sinter(train(6, {"checkpoint.resume=results/model.h5"}));
  CHECK(run.code == 8);
  CHECK(run.complains("cannot read 'results/model.h5': a model file of Sinter, not a checkpoint file\n"));
}

TEST_CASE("a run that went on from a named checkpoint goes on, started again, from its own") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(9, {"run.stop_after_steps=2", "run.output=first"})).code == 75);
  const std::string named = "first/checkpoints/checkpoint-000001.h5";
  const auto slice = [&](const std::vector<std::string>& more = {}) {
    std::vector<std::string> settings{"checkpoint.resume=" + named, "run.stop_after_steps=3"};
    settings.insert(settings.end(), more.begin(), more.end());
    return sinter(train(9, settings));
  };
  auto run = slice();
  CHECK(run.code == 75);
  CHECK(run.says("going on from '" + named + "': step 2, "));
  CHECK(run.err.find("work left") == std::string::npos);
  test::fs::rename(sinter.file(named), sinter.file("kept.h5"));  // it is not needed again
  run = slice();
  CHECK(run.code == 75);
  CHECK(run.says("a run with these settings went on from '" + named + "' before and has work left\n"));
  CHECK(run.says("going on from '" + at + "1.h5': step 5, 5 of 9 epochs\n"));
  CHECK(sinter.json("results/run.json")["resumed_from"]["file"] == at + "1.h5");

  // Another run begins where it is told to, and says what it replaces.
  test::fs::rename(sinter.file("kept.h5"), sinter.file(named));
  run = slice({"training.log_every=2"});
  CHECK(run.says("going on from '" + named + "': step 2, "));
  CHECK(run.complains("sinter: warning: '" + at +
                      "2.h5' is of a run that has work left (step 8); this run goes on from '" + named +
                      "' and will replace it\n"));

  // What it left when it was done is nothing to go on from.
  run = sinter(train(9, {"checkpoint.resume=" + named}));
  CHECK(run.code == 0);
  run = sinter(train(9, {"checkpoint.resume=" + named}));
  CHECK(run.code == 0);
  CHECK(run.says("going on from '" + named + "': step 2, "));

  test::fs::create_directory(sinter.file(at + "9.h5"));
  run = slice();
  CHECK(run.code == 8);
  CHECK(run.complains("; nothing says that it is damaged, so that this run does not go back to '" + named + "'\n"));
}

TEST_CASE("a run told to go on from the newest checkpoint of its own folder does, without a warning") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(9, {"run.stop_after_steps=2"})).code == 75);
  const auto run = sinter(train(9, {"checkpoint.resume=" + at + "1.h5"}));
  CHECK(run.code == 0);
  CHECK(run.says("going on from '" + at + "1.h5': step 2, "));
  CHECK(run.err.find("work left") == std::string::npos);
}

TEST_CASE("a folder in place of a checkpoint is refused with the file that may be meant") {
  Program sinter;
  put_run_file(sinter, "checkpoint: {keep: 2,\n  resume: results/}\n");
  REQUIRE(sinter(train(6, {"checkpoint.resume=no"})).code == 0);
  auto run = sinter(train(6));
  CHECK(run.code == 3);
  CHECK(run.err ==
        "sinter: error: run.yaml:7:11: checkpoint.resume: 'results/' is a folder; allowed: no, auto, or the file of a "
        "checkpoint; did you mean '" +
            at + "1.h5'?\n");
  run = sinter(train(6, {"checkpoint.resume=./"}));
  CHECK(
      run.err ==
      "sinter: error: --set checkpoint.resume=./: './' is a folder; allowed: no, auto, or the file of a checkpoint\n");
}

TEST_CASE("fewer epochs than a checkpoint has are told, since its results stay") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(10)).code == 0);
  const auto run = sinter(train(4, {"checkpoint.resume=auto"}));
  CHECK(run.code == 0);
  CHECK(
      run.complains("sinter: warning: '" + at +
                    "1.h5' is of 10 epochs, more than training.epochs (4) asks for: nothing is left to train, and the "
                    "results are those after 10 epochs\n"));
  CHECK(run.says("going on from '" + at + "1.h5': step 10, 10 epochs\n"));
  CHECK_FALSE(sinter(train(10, {"checkpoint.resume=auto"})).complains("nothing is left"));
}

TEST_CASE("a run that begins anew says so where an earlier one had work left") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(6, {"run.stop_after_steps=2"})).code == 75);
  auto run = sinter(train(6));
  CHECK(run.code == 0);
  CHECK(run.complains("sinter: warning: '" + at +
                      "1.h5' is of a run that has work left (step 2); this run begins anew "
                      "and will replace it (checkpoint.resume=auto goes on from it)\n"));
  run = sinter(train(6));
  CHECK(run.err.find("work left") == std::string::npos);
}

TEST_CASE("what may change is taken and told, what may not is refused with both values") {
  Program sinter;
  put_run_file(sinter);
  REQUIRE(sinter(train(6)).code == 0);
  auto run = sinter(train(8, {"checkpoint.resume=auto", "training.log_every=2", "device.threads=2"}));
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.says("  changed: training.epochs was 6, is 8\n"));
  CHECK(run.says("  changed: device.threads was 0, is 2\n"));
  CHECK(sinter.json("results/run.json")["resumed_from"]["changed"].size() == 3);
  CHECK(sinter.json("results/run.json")["epochs"] == 8);

  const auto effective = contents(sinter.file("results/effective.yaml"));
  const auto refuses = [&](int code, const std::vector<std::string>& settings, const std::string& text) {
    auto all = settings;
    all.emplace_back("checkpoint.resume=auto");
    const auto refused = sinter(train(9, all));
    INFO(refused.err);
    CHECK(refused.code == code);
    CHECK(refused.complains("sinter: error: " + text));
    CHECK(contents(sinter.file("results/effective.yaml")) == effective);
  };
  refuses(3, {"run.seed=8", "training.batch=2"},
          "cannot go on from '" + at + "2.h5' with another: run.seed was 7, is 8; training.batch was full, is 2\n");
  refuses(3, {"training.optimizer=adam"},
          "cannot go on from '" + at +
              "2.h5' with another: training.optimizer.type was sgd, is adam; "
              "training.optimizer.beta1 was not set, is 0.9; ");
  refuses(3, {"training.fusion=none"}, "'" + at + "2.h5': training cannot be resumed: fusion level was ");
  test::put(sinter.file("other.csv"), "x,y,xor\n0,0,1\n0,1,1\n1,0,1\n1,1,0\n");
  refuses(4, {"data={path: other.csv, targets: [xor]}"}, "cannot go on from '" + at + "2.h5' with other data: ");
  refuses(4, {"data={path: other.csv, targets: [xor]}"},
          "cannot go on from '" + at +
              "2.h5' with other data: the "
              "training and validation rows hash to ");
}

TEST_CASE("the data may have moved") {
  Program sinter;
  put_run_file(sinter);
  test::put(sinter.file("a.csv"), "x,y,z\n0,0,1\n0,1,1\n1,0,1\n1,1,0\n");
  REQUIRE(sinter(train(6, {"data={path: a.csv, targets: [z]}", "run.stop_after_steps=2"})).code == 75);
  test::fs::rename(sinter.file("a.csv"), sinter.file("b.csv"));
  const auto run = sinter(train(6, {"data={path: b.csv, targets: [z]}", "checkpoint.resume=auto"}));
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.says("  changed: data.path was "));
}

TEST_CASE("a checkpoint that cannot be written is a warning, unless it is the last") {
  Program sinter;
  put_run_file(sinter);
  sinter.file_size_limit = 4096;  // as where the disk is full: too little for a checkpoint
  const auto run = sinter(train(6, {"checkpoint.every_steps=2"}));
  INFO(run.err);
  CHECK(run.code == 8);
  CHECK(run.complains("sinter: warning: no checkpoint of step 2: cannot write '" + at + "1.h5': File too large\n"));
  sinter.file_size_limit = 0;
  REQUIRE(sinter(train(6, {"run.stop_after_steps=2"})).code == 75);
  test::fs::remove_all(sinter.file("results/checkpoints"));
  test::put(sinter.file("results/checkpoints"), "a file");
  const auto blocked = sinter(train(6));
  CHECK(blocked.code == 8);
  CHECK(blocked.complains("results/checkpoints"));
}
