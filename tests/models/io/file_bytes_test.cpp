// Files are replaced in one step, and every failure leaves what was there and says why.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>

#include "support/scratch_folder.hpp"

using namespace sinter;
using Catch::Matchers::Message;
namespace fs = std::filesystem;

TEST_CASE("written bytes are read back, zeros and all") {
  const test::ScratchFolder folder;
  const std::string bytes("a\0b\xff\n", 5);
  write_file(folder / "file", bytes);
  CHECK(read_file(folder / "file") == bytes);
  const std::string large(3'000'000, 'x');
  write_file(folder / "file", large);
  CHECK(read_file(folder / "file") == large);
  write_file(folder / "file", "");
  CHECK(read_file(folder / "file").empty());
}

TEST_CASE("a write leaves no temporary file behind") {
  const test::ScratchFolder folder;
  write_file(folder / "file", "one");
  write_file(folder / "file", "two");
  fs::create_directory(folder / "taken");
  CHECK_THROWS_AS(write_file(folder / "taken", "three"), IoError);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("a write that fails names the file and the reason") {
  const test::ScratchFolder folder;
  test::put(folder / "file", "old");
  const auto text = [](const fs::path& path, const std::string& reason) {
    return "cannot write '" + path.string() + "': " + reason;
  };
  CHECK_THROWS_MATCHES(write_file(folder.path(), "x"), IoError, Message(text(folder.path(), "Is a directory")));
  CHECK_THROWS_MATCHES(write_file(folder / "none/file", "x"), IoError,
                       Message(text(folder / "none/file", "No such file or directory")));
  CHECK_THROWS_MATCHES(write_file(folder / "file/below", "x"), IoError,
                       Message(text(folder / "file/below", "Not a directory")));
  CHECK_THROWS_MATCHES(write_file("/dev/full", "x"), IoError, Message(text("/dev/full", "No space left on device")));
  CHECK(test::contents(folder / "file") == "old");
}

TEST_CASE("a read that fails names the file and the reason") {
  const test::ScratchFolder folder;
  const auto none = folder / "none";
  CHECK_THROWS_MATCHES(read_file(none), IoError,
                       Message("cannot read '" + none.string() + "': No such file or directory"));
  CHECK_THROWS_MATCHES(read_file(folder.path()), IoError,
                       Message("cannot read '" + folder.path().string() + "': Is a directory"));
}

TEST_CASE("a device is written to, not replaced") {
  write_file("/dev/null", "gone");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a symbolic link stays one and its file is replaced") {
  const test::ScratchFolder folder;
  test::put(folder / "file", "old");
  fs::create_symlink("file", folder / "link");
  write_file(folder / "link", "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(test::contents(folder / "file") == "new");
}
