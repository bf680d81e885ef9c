// Named values come back as they were, and no damaged byte passes unseen.
#include <cstring>

#include <hdf5.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/models/io/archive.hpp>

#include "support/scratch_folder.hpp"

using namespace sinter;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

NamedArray floats(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  NamedArray array{"", Precision::float32, std::move(shape), {}};
  array.bytes.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

Archive example() {
  Archive archive{"trial", 3, {}};
  archive.values["count"] = std::int64_t{-5};
  archive.values["rate"] = 0.1;
  archive.values["deep/er/text"] = std::string("Größe\n\"quoted\"");
  archive.values["deep/empty"] = std::string();
  archive.values["deep/names"] = std::vector<std::string>{"a", "", "µ"};
  archive.values["no_names"] = std::vector<std::string>{};
  archive.values["deep/array"] = floats({2, 2}, {1.5F, -0.0F, 3e-45F, std::numeric_limits<float>::infinity()});
  archive.values["nothing"] = floats({0, 4}, {});
  return archive;
}

auto says(const std::string& text) { return MessageMatches(ContainsSubstring(text)); }

}  // namespace

TEST_CASE("every kind of value comes back as it was") {
  const test::ScratchFolder folder;
  const auto path = folder / "values.h5";
  write_archive(example(), path);
  const auto back = read_archive(path, "trial", 3);
  CHECK(back.kind == "trial");
  CHECK(back.format == 3);
  CHECK(back.values.size() == example().values.size());
  CHECK(back.get<std::int64_t>("count") == -5);
  CHECK(back.get<double>("rate") == 0.1);
  CHECK(back.get<std::string>("deep/er/text") == "Größe\n\"quoted\"");
  CHECK(back.get<std::string>("deep/empty").empty());
  CHECK(back.get<std::vector<std::string>>("deep/names") == std::vector<std::string>{"a", "", "µ"});
  CHECK(back.get<std::vector<std::string>>("no_names").empty());
  const auto archive = example();
  for (const auto* name : {"deep/array", "nothing"}) {
    const auto& expected = archive.get<NamedArray>(name);
    const auto& array = back.get<NamedArray>(name);
    CHECK(array.name == name);
    CHECK(array.precision == expected.precision);
    CHECK(array.shape == expected.shape);
    CHECK(array.bytes == expected.bytes);
  }
}

TEST_CASE("the same values give the same bytes") { CHECK(archive_bytes(example()) == archive_bytes(example())); }

TEST_CASE("a missing value and one of another type are told apart") {
  const auto archive = example();
  CHECK_THROWS_MATCHES(archive.get<double>("speed"), IoError, says("'speed' is missing"));
  CHECK_THROWS_MATCHES(archive.get<double>("count"), IoError, says("'count' has an unexpected type"));
}

TEST_CASE("an array whose bytes do not fit its shape is refused") {
  Archive archive{"trial", 1, {}};
  archive.values["array"] = floats({3}, {1, 2});
  CHECK_THROWS_MATCHES(archive_bytes(archive), ShapeError, says("array 'array' holds 8 bytes; its shape asks for 12"));
}

TEST_CASE("HDF5 reads an archive without Sinter") {
  const test::ScratchFolder folder;
  write_archive(example(), folder / "values.h5");
  const auto file = H5Fopen((folder / "values.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  REQUIRE(file >= 0);
  const auto set = H5Dopen2(file, "deep/array", H5P_DEFAULT);
  REQUIRE(set >= 0);
  float values[4] = {};
  CHECK(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  CHECK(values[0] == 1.5F);
  H5Dclose(set);
  H5Fclose(file);
}

TEST_CASE("a byte changed anywhere is found") {
  const test::ScratchFolder folder;
  const auto good = archive_bytes(example());
  std::size_t unseen = 0;
  // All of the header and, a prime apart, all of the rest.
  for (std::size_t place = 0; place < good.size(); place += place < 512 ? 1 : 37) {
    auto bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 0x10);
    test::put(folder / "bad.h5", bad);
    try {
      (void)read_archive(folder / "bad.h5", "trial", 3);
      ++unseen;
    } catch (const IoError& error) {
      if (!std::string_view(error.what()).starts_with("cannot read '" + (folder / "bad.h5").string() + "': ")) ++unseen;
    }
  }
  CHECK(unseen == 0);
}

TEST_CASE("a file cut anywhere is found and said to be truncated") {
  const test::ScratchFolder folder;
  const auto good = archive_bytes(example());
  std::size_t unseen = 0;
  for (std::size_t size = 1; size < good.size(); size += size < 600 ? 1 : 211) {
    test::put(folder / "cut.h5", std::string_view(good).substr(0, size));
    try {
      (void)read_archive(folder / "cut.h5", "trial", 3);
      ++unseen;
    } catch (const IoError& error) {
      if (std::string_view(error.what()).find("the file is truncated: ") == std::string_view::npos) ++unseen;
    }
  }
  CHECK(unseen == 0);
}

TEST_CASE("what is no archive, another kind or newer is said to be that") {
  const test::ScratchFolder folder;
  const auto path = folder / "file.h5";
  const auto reading = [&](const std::string& bytes) {
    test::put(path, bytes);
    return [&] { return read_archive(path, "trial", 3); };
  };
  const auto good = archive_bytes(example());
  auto newer = example();
  newer.format = 4;
  CHECK_THROWS_MATCHES(reading("")(), IoError, says("the file is empty"));
  CHECK_THROWS_MATCHES(reading("x,y\n1,2\n")(), IoError, says("not a trial file of Sinter"));
  CHECK_THROWS_MATCHES(reading(good.substr(512))(), IoError, says("an HDF5 file, but not a trial file of Sinter"));
  CHECK_THROWS_MATCHES(reading(good + "tail")(), IoError, says("the file is damaged: "));
  CHECK_THROWS_MATCHES(reading(archive_bytes(newer))(), IoError, says("format version 4, written by Sinter "));
  CHECK_THROWS_MATCHES(reading(archive_bytes(newer))(), IoError, says("which reads up to version 3"));
  test::put(path, good);
  CHECK_THROWS_MATCHES(read_archive(path, "model", 3), IoError, says("a trial file of Sinter, not a model file"));
  CHECK_THROWS_MATCHES(read_archive(folder / "none", "trial", 3), IoError, says("No such file or directory"));
  CHECK_THROWS_MATCHES(read_archive(folder.path(), "trial", 3), IoError, says("Is a directory"));
}

TEST_CASE("the application's own HDF5 error handler is left in place") {
  const test::ScratchFolder folder;
  H5E_auto2_t before = nullptr, after = nullptr;
  void* data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  write_archive(example(), folder / "values.h5");
  (void)read_archive(folder / "values.h5", "trial", 3);
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  CHECK(before == after);
}
