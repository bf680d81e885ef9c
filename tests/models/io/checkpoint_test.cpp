// A checkpoint comes back bit for bit; damage anywhere is found; a good one is never lost to a bad one.
#include <csignal>
#include <cstring>
#include <limits>
#include <memory>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <sinter/models/io/archive.hpp>
#include <sinter/models/io/checkpoint_folder.hpp>

#include "patterns.hpp"
#include "support/scratch_folder.hpp"

using namespace sinter;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
namespace fs = std::filesystem;

namespace {

Checkpoint example(std::int64_t steps = 11, Precision precision = Precision::float32) {
  Checkpoint checkpoint;
  auto& state = checkpoint.training;
  state.model = test::pattern_model(precision);
  const auto parameters = state.model.spec.parameter_count();
  state.optimizer = Optimizer::adamw;
  state.optimizer_state = {test::pattern("", precision, {parameters}), test::pattern("", precision, {parameters})};
  state.seed = 18446744073709551615U;
  state.level = Fusion::step;
  state.training_rows = 25;
  state.batch = 7;
  state.chunks = 2;
  state.steps_per_epoch = 4;
  state.steps_done = steps;
  state.epoch_loss = 0.1;
  state.step_loss = 1.0 / 3.0;
  state.best_epoch = 2;
  state.best_loss = 5e-324;
  state.best_parameters = test::pattern("", precision, {parameters});
  state.training_s = 12.5;
  checkpoint.log = {{1, 9, 4, 0.5, std::nullopt, 0.01, 0.25}, {2, 9, 8, 0.25, 1e300, 0.005, 0.5}};
  checkpoint.run_file = "run: {name: \"µ\"}\n" + std::string(200'000, '#');
  checkpoint.data_hash = 0xfedcba9876543210U;
  return checkpoint;
}

/// Of an ensemble of three.
Checkpoint ensemble_example(Precision precision = Precision::float32) {
  auto checkpoint = example(11, precision);
  auto& state = checkpoint.training;
  const auto parameters = state.model.spec.parameter_count();
  for (auto& array : state.optimizer_state) array = test::pattern("", precision, {3, parameters});
  state.level = Fusion::epochs;
  state.best_epoch = 0;
  state.best_parameters = {};
  state.member_parameters = test::pattern("", precision, {3, parameters});
  state.members = {{18446744073709551615U, Optimizer::adamw, 0.1, 1.0 / 3.0, 0},
                   {0, Optimizer::adamw, std::numeric_limits<double>::quiet_NaN(), 2, 9},
                   {5, Optimizer::sgd, -0.0, 5e-324, 0}};
  return checkpoint;
}

auto says(const std::string& text) { return MessageMatches(ContainsSubstring(text)); }

/// Names of the files in a folder, sorted by number.
std::vector<std::string> names(const CheckpointFolder& folder) {
  std::vector<std::string> all;
  for (const auto& file : folder.files()) all.push_back(file.filename().string());
  return all;
}

void none_damaged(const fs::path&, std::string_view) { FAIL(); }

std::int64_t steps_of(const std::optional<CheckpointFolder::Found>& found) {
  return found ? found->checkpoint.training.steps_done : -1;
}

}  // namespace

TEST_CASE("a checkpoint comes back bit for bit") {
  const test::ScratchFolder folder;
  for (const auto precision : {Precision::float32, Precision::float64}) {
    const auto saved = example(11, precision);
    const auto bytes = save_checkpoint(saved, folder / "c.h5");
    CHECK(bytes == fs::file_size(folder / "c.h5"));
    const auto back = load_checkpoint(folder / "c.h5");
    const auto &before = saved.training, &after = back.training;
    CHECK(after.model.spec == before.model.spec);
    CHECK(parameter_hash(after.model) == parameter_hash(before.model));
    CHECK(after.model.normalization.features.scale == before.model.normalization.features.scale);
    CHECK(after.optimizer == before.optimizer);
    REQUIRE(after.optimizer_state.size() == 2);
    CHECK(after.optimizer_state[1].bytes == before.optimizer_state[1].bytes);
    CHECK(after.seed == before.seed);
    CHECK(after.level == before.level);
    CHECK(after.training_rows == 25);
    CHECK(after.batch == 7);
    CHECK(after.chunks == 2);
    CHECK(after.steps_per_epoch == 4);
    CHECK(after.steps_done == 11);
    CHECK(after.epochs_done() == 2);
    CHECK(after.phase == TrainingPhase::running);
    CHECK(after.epoch_loss == before.epoch_loss);
    CHECK(after.step_loss == before.step_loss);
    CHECK(after.best_epoch == 2);
    CHECK(after.best_loss == before.best_loss);
    CHECK(after.best_parameters.bytes == before.best_parameters.bytes);
    CHECK(after.training_s == 12.5);
    REQUIRE(back.log.size() == 2);
    CHECK(back.log[0].step == 4);
    CHECK_FALSE(back.log[0].validation_loss);
    CHECK(back.log[1].validation_loss == 1e300);
    CHECK(back.log[1].elapsed_s == 0.5);
    CHECK(back.run_file == saved.run_file);
    CHECK(back.data_hash == saved.data_hash);
  }
}

TEST_CASE("a checkpoint of an ensemble comes back bit for bit, and only it has the newer format") {
  const test::ScratchFolder folder;
  for (const auto precision : {Precision::float32, Precision::float64}) {
    const auto saved = ensemble_example(precision);
    save_checkpoint(saved, folder / "c.h5");
    CHECK(test::contents(folder / "c.h5").find("kind: checkpoint\nformat: 2\n") < 512);
    const auto back = load_checkpoint(folder / "c.h5");
    const auto &before = saved.training, &after = back.training;
    CHECK(parameter_hash(after.model) == parameter_hash(before.model));
    CHECK(after.member_parameters.bytes == before.member_parameters.bytes);
    REQUIRE(after.optimizer_state.size() == 2);
    CHECK(after.optimizer_state[1].bytes == before.optimizer_state[1].bytes);
    REQUIRE(after.members.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto &a = before.members[i], &b = after.members[i];
      CHECK(a.seed == b.seed);
      CHECK(a.optimizer == b.optimizer);
      CHECK(std::memcmp(&a.epoch_loss, &b.epoch_loss, sizeof(double)) == 0);
      CHECK(a.step_loss == b.step_loss);
      CHECK(a.nonfinite_step == b.nonfinite_step);
    }
  }
  save_checkpoint(example(), folder / "c.h5");
  CHECK(test::contents(folder / "c.h5").find("kind: checkpoint\nformat: 1\n") < 512);
  CHECK(load_checkpoint(folder / "c.h5").training.members.empty());
}

TEST_CASE("a checkpoint of an ensemble whose parts do not fit is refused") {
  const test::ScratchFolder folder;
  const auto refuses = [&](const auto& change, const std::string& text) {
    auto wrong = ensemble_example();
    change(wrong.training);
    save_checkpoint(wrong, folder / "c.h5");
    CHECK_THROWS_MATCHES(load_checkpoint(folder / "c.h5"), IoError, says(text));
  };
  refuses([](TrainingState& state) { state.members.pop_back(); },
          "c.h5': 'ensemble/parameters' is float32 [3, 17]; the model needs float32 [2, 17]");
  refuses([](TrainingState& state) { state.optimizer_state[0] = test::pattern("", Precision::float32, {17}); },
          "c.h5': 'optimizer/state0' is float32 [17]; the model needs float32 [3, 17]");
}

TEST_CASE("a checkpoint without states, best model and log comes back so") {
  const test::ScratchFolder folder;
  auto saved = example(0);
  saved.training.optimizer_state.clear();
  saved.training.best_epoch = 0;
  saved.training.best_loss = std::numeric_limits<double>::infinity();
  saved.training.phase = TrainingPhase::stopped_early;
  saved.log.clear();
  save_checkpoint(saved, folder / "c.h5");
  const auto back = load_checkpoint(folder / "c.h5");
  CHECK(back.training.optimizer_state.empty());
  CHECK(back.training.best_epoch == 0);
  CHECK(back.training.best_loss == saved.training.best_loss);
  CHECK(back.training.phase == TrainingPhase::stopped_early);
  CHECK(back.log.empty());
}

TEST_CASE("a checkpoint whose parts do not fit its model is refused") {
  const test::ScratchFolder folder;
  auto wrong = example();
  wrong.training.optimizer_state[1].shape = {3};
  wrong.training.optimizer_state[1].bytes.resize(12);
  save_checkpoint(wrong, folder / "c.h5");
  CHECK_THROWS_MATCHES(load_checkpoint(folder / "c.h5"), IoError,
                       says("c.h5': 'optimizer/state1' is float32 [3]; the model needs float32 [17]"));
}

TEST_CASE("a byte changed or cut off anywhere in a checkpoint makes resuming take the one before, and says why") {
  const test::ScratchFolder scratch;
  const CheckpointFolder folder(scratch / "checkpoints", 3);
  folder.open();
  auto small = example(1);
  small.run_file = "run: {}\n";
  REQUIRE(folder.write(small).path.filename() == "checkpoint-000001.h5");
  small.training.steps_done = 2;
  const auto second = folder.write(small).path;
  const auto good = test::contents(second);
  std::size_t tried = 0, found = 0;
  const auto damage = [&](const std::string& bytes, std::string_view text) {
    test::put(second, bytes);
    std::string warning;
    const auto newest = folder.newest([&](const fs::path&, std::string_view each) { warning += each; });
    ++tried;
    if (steps_of(newest) == 1 && warning.starts_with("cannot read '" + second.string() + "': ") &&
        warning.find(text) != warning.npos)
      ++found;
  };
  for (std::size_t place = 0; place < good.size(); place += place < 512 ? 7 : 97) {
    auto bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 0x20);
    damage(bad, "");
    if (place > 0) damage(good.substr(0, place), "truncated");
  }
  damage("", "the file is empty");
  damage(good + "x", "damaged");
  CHECK(found == tried);
  test::put(second, good);
  CHECK(steps_of(folder.newest(none_damaged)) == 2);
}

TEST_CASE("the newest checkpoints stay, numbers go on, and other files are not touched") {
  const test::ScratchFolder scratch;
  const CheckpointFolder folder(scratch / "a/checkpoints", 2);
  CHECK(folder.files().empty());
  CHECK_FALSE(folder.newest(none_damaged));
  folder.open();
  for (const auto* name : {"checkpoint-x.h5", "checkpoint-.h5", "checkpoint-000099.h5.bak", "notes.txt"})
    test::put(folder.path() / name, "mine");
  const auto of = [&](pid_t process) { return folder.path() / fmt::format(".checkpoint-000007.h5.{}.tmp", process); };
  const pid_t ended = ::fork(), lives = ::getppid();
  if (ended == 0) ::_exit(0);
  ::waitpid(ended, nullptr, 0);
  for (const auto process : {ended, lives}) test::put(of(process), "half");
  for (std::int64_t step = 1; step <= 3; ++step) CHECK(folder.write(example(step)).bytes > 0);
  CHECK(names(folder) == std::vector<std::string>{"checkpoint-000003.h5", "checkpoint-000002.h5"});
  CHECK(test::contents(folder.path() / "checkpoint-000099.h5.bak") == "mine");
  // A later run keeps one only; it counts on, beyond six digits too.
  test::put(folder.path() / "checkpoint-1234567.h5", "damaged");
  const CheckpointFolder later(folder.path(), 1);
  later.open();
  CHECK_FALSE(fs::exists(of(ended)));
  CHECK(test::contents(of(lives)) == "half");  // it may be about to rename this
  (void)later.write(example(9));
  CHECK(names(later) == std::vector<std::string>{"checkpoint-1234568.h5"});
  CHECK(steps_of(later.newest(none_damaged)) == 9);
}

TEST_CASE("a checkpoint that cannot be read or is newer is not taken for a damaged one") {
  const test::ScratchFolder scratch;
  const CheckpointFolder folder(scratch / "checkpoints", 2);
  folder.open();
  (void)folder.write(example(1));
  const auto second = folder.path() / "checkpoint-000002.h5";
  const auto refuses = [&](const std::string& text) {
    CHECK_THROWS_MATCHES(folder.newest(none_damaged), IoError, says("cannot read '" + second.string() + "': " + text));
    fs::remove_all(second);
  };
  fs::create_directory(second);
  refuses("Is a directory");
  fs::create_symlink(second, second);
  refuses("Too many levels of symbolic links");
  write_archive({"checkpoint", checkpoint_format + 1, {}}, second);
  refuses(fmt::format("format version {}, written by Sinter ", checkpoint_format + 1));
  write_archive({"model", 1, {}}, second);
  refuses("a model file of Sinter, not a checkpoint file");
  write_archive({"checkpoint", checkpoint_format, {}}, second);  // as it was written, but not by any Sinter known
  refuses("'model");
  CHECK(steps_of(folder.newest(none_damaged)) == 1);

  // What a damaged header says of kind and version means nothing.
  for (const auto& [kind, format] : {std::pair("checkpoint", checkpoint_format + 1), std::pair("model", 1)}) {
    auto bytes = archive_bytes({kind, format, {}});
    bytes[600] = static_cast<char>(bytes[600] ^ 1);
    test::put(second, bytes);
    std::string warning;
    CHECK(steps_of(folder.newest([&](const fs::path&, std::string_view each) { warning += each; })) == 1);
    CHECK(warning.find("the file is damaged: xxh64") != warning.npos);
  }
}

TEST_CASE("a damaged checkpoint that is set aside is neither counted nor removed, and its number is not used again") {
  const test::ScratchFolder scratch;
  const CheckpointFolder folder(scratch / "checkpoints", 1);
  folder.open();
  (void)folder.write(example(1));
  const auto second = folder.path() / "checkpoint-000002.h5";
  test::put(second, "x");
  CHECK(folder.set_aside(second) == folder.path() / "checkpoint-000002.h5.damaged");
  CHECK(names(folder) == std::vector<std::string>{"checkpoint-000001.h5"});
  for (const std::int64_t step : {2, 3}) (void)folder.write(example(step));
  CHECK(names(folder) == std::vector<std::string>{"checkpoint-000004.h5"});
  CHECK(test::contents(folder.path() / "checkpoint-000002.h5.damaged") == "x");
  CHECK_THROWS_MATCHES(folder.set_aside(second), IoError, says("cannot rename '" + second.string() + "' to '"));
}

TEST_CASE("a disk that fills up in the middle of a checkpoint costs that one only") {
  const test::ScratchFolder scratch;
  const CheckpointFolder folder(scratch / "checkpoints", 1);
  folder.open();
  (void)folder.write(example(1));
  const auto size = fs::file_size(folder.files().front());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  for (const auto room : {std::uintmax_t{0}, std::uintmax_t{1}, std::uintmax_t{600}, size / 2, size - 1}) {
    const rlimit limit{room, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::string text;
    try {
      (void)folder.write(example(2));
    } catch (const IoError& error) {
      text = error.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK(text == "cannot write '" + (folder.path() / "checkpoint-000002.h5").string() + "': File too large");
    CHECK(names(folder) == std::vector<std::string>{"checkpoint-000001.h5"});
    CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
    CHECK(steps_of(folder.newest(none_damaged)) == 1);
  }
  ::signal(SIGXFSZ, handler);
}

TEST_CASE("a full or read-only file system costs the new checkpoint only") {
  const test::ScratchFolder scratch;
  const auto* place = scratch.path().c_str();
  if (::mount("tmpfs", place, "tmpfs", 0, "size=1m") != 0) SKIP("no right to mount a small tmpfs");
  const std::unique_ptr<const char, int (*)(const char*)> mounted(place, ::umount);
  const CheckpointFolder folder(scratch / "checkpoints", 2);
  folder.open();
  (void)folder.write(example(1));
  test::put(scratch / "filler", std::string(1 << 20, 'x'));
  CHECK_THROWS_MATCHES(folder.write(example(2)), IoError, says("checkpoint-000002.h5': No space left on device"));
  CHECK(steps_of(folder.newest(none_damaged)) == 1);
  fs::remove(scratch / "filler");
  (void)folder.write(example(3));
  REQUIRE(::mount("tmpfs", place, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m") == 0);
  CHECK_THROWS_MATCHES(folder.write(example(4)), IoError, says("checkpoint-000003.h5': Read-only file system"));
  CHECK_THROWS_MATCHES(folder.open(), IoError, says("Read-only file system"));
  CHECK(steps_of(folder.newest(none_damaged)) == 3);
}

TEST_CASE("a folder that cannot be written, or is none, is said to be that") {
  const test::ScratchFolder scratch;
  test::put(scratch / "file", "x");
  CHECK_THROWS_MATCHES(CheckpointFolder(scratch / "file", 1).open(), IoError, says("file'"));
  CHECK_THROWS_MATCHES(CheckpointFolder(scratch / "file/checkpoints", 1).open(), IoError, says("Not a directory"));
  CHECK_THROWS_MATCHES(CheckpointFolder(scratch / "file", 1).newest(none_damaged), IoError,
                       says("cannot read the folder '" + (scratch / "file").string() + "': Not a directory"));
  const CheckpointFolder gone(scratch / "gone", 1);
  CHECK_THROWS_MATCHES(gone.write(example()), IoError, says("No such file or directory"));
}

TEST_CASE("a read-only folder costs the new checkpoint only") {
  const test::ScratchFolder scratch;
  const CheckpointFolder folder(scratch / "checkpoints", 1);
  folder.open();
  (void)folder.write(example(1));
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  std::string text;
  try {
    (void)folder.write(example(2));
  } catch (const IoError& error) {
    text = error.what();
  }
  fs::permissions(folder.path(), fs::perms::owner_all);
  if (text.empty()) SKIP("permission bits do not bind this user");
  CHECK(text.find("checkpoint-000002.h5': Permission denied") != text.npos);
  CHECK(steps_of(folder.newest(none_damaged)) == 1);
}

TEST_CASE("a checkpoint is not taken for a model, and tells its kind to people") {
  const test::ScratchFolder folder;
  save_checkpoint(example(), folder / "c.h5");
  CHECK(test::contents(folder / "c.h5").find("kind: checkpoint\n") < 512);
  CHECK_THROWS_MATCHES(read_archive(folder / "c.h5", "model", 1), IoError,
                       says("a checkpoint file of Sinter, not a model file"));
}
