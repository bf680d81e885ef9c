#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <filesystem>
#include <thread>

#include <sys/stat.h>

#include <sinter/inputs/random_access_file.hpp>

#include "support.hpp"

using namespace sinter;
using sinter::inputs::detail::RandomAccessFile;
using sinter::test::error_text;

namespace {

std::string part(const RandomAccessFile& file, std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '?');
  file.read(offset, count, bytes.data());
  return bytes;
}

std::string refused(const RandomAccessFile& file) {
  return error_text<IoError>([&] { part(file, 0, 1); });
}

}  // namespace

TEST_CASE("parts of a file are read in any order") {
  const test::ScratchFolder folder;
  const RandomAccessFile file(folder.write("t", "0123456789"));
  CHECK(file.size() == 10);
  CHECK(part(file, 7, 3) == "789");
  CHECK(part(file, 0, 10) == "0123456789");
  CHECK(part(file, 4, 0).empty());
  const auto held = RandomAccessFile::in_memory("t", "0123456789");
  CHECK(held.size() == 10);
  CHECK(part(held, 7, 3) == "789");
}

TEST_CASE("a file that changes while it is open is refused, one that is replaced is read on") {
  const test::ScratchFolder folder;
  const auto path = folder.write("t", "0123456789");
  const auto changed = path + ": was changed while it was being read";
  const RandomAccessFile file(path);
  CHECK(part(file, 0, 1) == "0");

  folder.write("new", "abcdefghij");
  std::filesystem::rename(folder.path("new"), path);
  CHECK(part(file, 0, 1) == "0");

  SECTION("longer") {
    const RandomAccessFile other(path);
    std::ofstream(path, std::ios::app) << "k";
    CHECK(refused(other) == changed);
  }
  SECTION("shorter") {
    const RandomAccessFile other(path);
    std::filesystem::resize_file(path, 5);
    CHECK(refused(other) == changed);
    CHECK(error_text<IoError>([&] { part(other, 5, 5); }) == changed);
  }
  SECTION("of the same size") {
    const RandomAccessFile other(path);
    folder.write("t", "ABCDEFGHIJ");
    std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::nanoseconds(1000));
    CHECK(refused(other) == changed);
  }
}

TEST_CASE("a pipe is read once and held") {
  const test::ScratchFolder folder;
  const auto path = folder.path("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const std::string bytes(200000, 'x');  // more than a pipe holds
  std::thread writer([&] { std::ofstream(path) << bytes << "end"; });
  const RandomAccessFile file(path);
  writer.join();
  CHECK(file.size() == bytes.size() + 3);
  CHECK(part(file, bytes.size(), 3) == "end");
  CHECK(part(file, 0, 1) == "x");
}

TEST_CASE("files that cannot be opened are refused") {
  const test::ScratchFolder folder;
  const auto error_of = [&](const std::string& name) {
    return error_text<IoError>([&] { RandomAccessFile{folder.path(name)}; }).substr(folder.path(name).size());
  };
  CHECK(error_of("missing") == ": no such file");
  std::filesystem::create_directory(folder.path("folder"));
  CHECK(error_of("folder") == ": is a folder, not a file");
}
