// Files in this folder were written by NumPy 2; malformed ones are made of them here.
#include <catch2/catch_test_macros.hpp>

#include <filesystem>

#include <fmt/format.h>

#include <sinter/inputs/data/dataset.hpp>
#include <sinter/inputs/data/npy_table.hpp>

#include "../support.hpp"

using namespace sinter;
using sinter::inputs::detail::NpyTable;
using sinter::inputs::detail::RandomAccessFile;
using sinter::test::error_text;

namespace {

const std::string folder_of_files = SINTER_SOURCE_DIR "/tests/inputs/data/";

DataSpec spec_of(const std::string& path, std::vector<ColumnRef> targets = {}) {
  DataSpec spec;
  spec.path = path;
  spec.targets = std::move(targets);
  return spec;
}

const std::vector<double> x{-1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5};
const std::vector<double> y{0, 1, 2, 0, 1, 2};

std::string refused(const std::string& name, const std::string& bytes, std::vector<ColumnRef> targets) {
  const test::ScratchFolder folder;
  const auto path = folder.write(name, bytes);
  const auto error = error_text<DataError>([&] { load_dataset(spec_of(path, std::move(targets))); });
  return error.starts_with(path) ? error.substr(path.size()) : error;
}

std::string refused_npy(const std::string& bytes) { return refused("t.npy", bytes, {{"", 1}}); }
std::string refused_npz(const std::string& bytes) { return refused("t.npz", bytes, {}); }

/// An NPY file of version 1 with that header.
std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += version;
  bytes += '\0';
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  if (version > 1) bytes += std::string(2, '\0');
  return bytes + header + data;
}

/// A table of `rows` x `columns` float32 numbers 0, 1, ... in row-major order, in a file of either order.
std::string counted(std::int64_t rows, std::int64_t columns, bool fortran) {
  std::string data;
  for (std::int64_t k = 0; k < rows * columns; ++k) {
    const auto value = static_cast<float>(fortran ? k % rows * columns + k / rows : k);
    data.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return npy(fmt::format("{{'descr': '<f4', 'fortran_order': {}, 'shape': ({}, {}), }}", fortran ? "True" : "False",
                         rows, columns),
             data);
}

std::vector<double> read_rows(NpyTable& table, std::int64_t first, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count * table.columns()));
  table.read(first, count, values.data());
  return values;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("NPY arrays of floats and bytes, in C and Fortran order, give columns by index") {
  for (const auto* name : {"c_order_f4.npy", "fortran_f8.npy"}) {
    const auto data = load_dataset(spec_of(folder_of_files + name, {{"", 2}}));
    INFO(name);
    CHECK(data.feature_names == std::vector<std::string>{"column0", "column1"});
    CHECK(data.train.features == x);
    CHECK(data.train.targets == y);
  }
  CHECK(load_dataset(spec_of(folder_of_files + "u1.npy", {{"", 1}})).train.targets ==
        std::vector<double>{255, 254, 253, 252, 251, 250});
}

TEST_CASE("NPY versions 2 and 3 have longer header lengths") {
  const std::string header = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }";
  const test::ScratchFolder folder;
  for (const char version : {1, 2, 3}) {
    const auto path = folder.write("v.npy", npy(header, "\x01\x02\x03\xff", version));
    CHECK(load_dataset(spec_of(path, {{"", 1}})).train.targets == std::vector<double>{2, -1});
  }
}

TEST_CASE("NPZ archives, stored and deflated, hold arrays x and y, and a test set beside them") {
  const auto stored = load_dataset(spec_of(folder_of_files + "stored.npz"));
  CHECK(stored.feature_names == std::vector<std::string>{"x0", "x1"});
  CHECK(stored.target_names == std::vector<std::string>{"y"});
  CHECK(stored.train.features == x);
  CHECK(stored.train.targets == y);
  CHECK(stored.test.empty());
  const auto deflated = load_dataset(spec_of(folder_of_files + "deflated.npz"));
  CHECK(deflated.train.features == x);
  CHECK(deflated.test.features == std::vector<double>{-1, -0.5, 0, 0.5});
  CHECK(deflated.test.targets == std::vector<double>{0, 1});
}

TEST_CASE("NPZ arrays are chosen by name") {
  auto spec = spec_of(folder_of_files + "stored.npz", {{"x", -1}});
  spec.features = {{"y", -1}};
  CHECK(load_dataset(spec).train.features == y);
}

TEST_CASE("malformed NPY files are refused") {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  const std::string data(16, '\0');
  CHECK(refused_npy("") == ": empty; expected a NumPy array");
  CHECK(refused_npy("hello, this is no array") == ": not a NumPy array (NPY)");
  CHECK(refused_npy(npy(good, data, 9)) == ": NPY version 9; allowed: 1, 2, 3");
  CHECK(refused_npy(npy(good, data).substr(0, 30)) == ": truncated within its NPY header");
  CHECK(refused_npy(npy(good, data.substr(1))) == ": shape 2 x 2 of 4-byte numbers does not fit its 15 bytes of data");
  CHECK(refused_npy(npy(replaced(good, "(2, 2)", "(9000000000000000000, 9000000000000000000)"), data)) ==
        ": shape 9000000000000000000 x 9000000000000000000 of 4-byte numbers does not fit its 16 bytes of data");
  CHECK(refused_npy(npy(replaced(good, "(2, 2)", "(-2, 2)"), data)) == ": damaged NPY header: extent '-2'");
  CHECK(refused_npy(npy(replaced(good, "(2, 2)", "(2, 2"), data)) == ": damaged NPY header: shape");
  CHECK(refused_npy(npy(replaced(good, "(2, 2)", "(2, 2, 1)"), data)) ==
        ": 3 axes; allowed: 1 (rows) or 2 (rows and columns)");
  CHECK(refused_npy(npy(replaced(good, "(2, 2)", "()"), data)) ==
        ": 0 axes; allowed: 1 (rows) or 2 (rows and columns)");
  CHECK(refused_npy(npy(replaced(good, "(2, 2)", "(0, 2)"), "")) == ": empty: shape 0 x 2");
  CHECK(refused_npy(npy(replaced(good, "<f4", ">f4"), data)) ==
        ": element type >f4; allowed: <f4, <f8, |i1, <i2, <i4, <i8, |u1, <u2, <u4, <u8, |b1");
  CHECK(refused_npy(npy(replaced(good, "'<f4'", "[('a', '<f4')]"), data)) ==
        ": element type a record; allowed: <f4, <f8, |i1, <i2, <i4, <i8, |u1, <u2, <u4, <u8, |b1");
  CHECK(refused_npy(npy(replaced(good, "shape", "shade"), data)) == ": damaged NPY header: no 'shape'");
  CHECK(refused_npy(npy(good, std::string("\0\0\xc0\x7f", 4) + data.substr(4))) ==
        ": row 0 (from 0), column 'column0': nan is not a finite number");
}

TEST_CASE("malformed NPZ archives are refused") {
  const auto good = test::contents(folder_of_files + "deflated.npz");
  const auto stored = test::contents(folder_of_files + "stored.npz");
  CHECK(refused_npz("") == ": empty; expected a NumPy archive");
  CHECK(refused_npz("\x1f\x8b rubbish") == ": not a NumPy archive (NPZ)");
  CHECK(refused_npz(good.substr(0, good.size() / 2)) == ": truncated: its directory is missing");
  auto flipped = stored;
  flipped[stored.find("NUMPY") + 130] ^= 1;
  CHECK(refused_npz(flipped) == ": array 'x': its checksum does not match");
  auto broken = good;
  broken[good.find("x.npy") + 40] ^= 0x55;
  CHECK(refused_npz(broken).starts_with(": array 'x': "));
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.write("t.npz", stored), {{"label", -1}});
  CHECK(error_text<DataError>([&] { load_dataset(spec); }) == spec.path + ": no array 'label'; it holds: x, y");
  spec.targets = {{"", 0}};
  CHECK(error_text<DataError>([&] { load_dataset(spec); }) ==
        spec.path + ": array 0: arrays of this format are chosen by name, not by index");
}

TEST_CASE("no truncation and no flipped bit of an archive does worse than an error") {
  const auto good = test::contents(folder_of_files + "deflated.npz");
  const test::ScratchFolder folder;
  int refusals = 0;
  const auto tried = [&](const std::string& bytes) {
    const auto path = folder.write("t.npz", bytes);
    try {
      load_dataset(spec_of(path));
    } catch (const DataError&) {
      ++refusals;
    }
  };
  for (std::size_t length = 0; length < good.size(); length += 7) tried(good.substr(0, length));
  for (std::size_t at = 0; at < good.size(); at += 3) {
    auto bytes = good;
    bytes[at] ^= static_cast<char>(1U << (at % 8));
    tried(bytes);
  }
  CHECK(refusals > 100);
}

TEST_CASE("NPY arrays of either order are read in any ranges, with blocks of any size") {
  constexpr std::int64_t rows = 23, columns = 3;
  for (const bool fortran : {false, true}) {
    for (const std::size_t block : {1, 4, 12, 13, 60, 100, 276, 5000}) {
      INFO(fortran << ' ' << block);
      NpyTable table("t", RandomAccessFile::in_memory("t", counted(rows, columns, fortran)), block);
      REQUIRE(table.rows() == rows);
      REQUIRE(table.columns() == columns);
      for (std::int64_t first = 0; first <= rows; ++first) {
        for (std::int64_t count = 0; count <= rows - first; ++count) {
          std::vector<double> expected;
          for (auto k = first * columns; k < (first + count) * columns; ++k) expected.push_back(static_cast<double>(k));
          REQUIRE(read_rows(table, first, count) == expected);
        }
      }
      for (auto row = rows - 1; row >= 0; --row)
        REQUIRE(read_rows(table, row, 1).front() == static_cast<double>(row * columns));
    }
  }
}

TEST_CASE("a rank reads its rows of an NPY array that no memory holds") {
  constexpr std::int64_t rows = std::int64_t{1} << 37, columns = 4;  // 2 TiB of zeros, a hole
  const test::ScratchFolder folder;
  for (const bool fortran : {false, true}) {
    auto bytes = npy(fmt::format("{{'descr': '<f4', 'fortran_order': {}, 'shape': ({}, {}), }}",
                                 fortran ? "True" : "False", rows, columns),
                     "");
    const auto start = bytes.size();
    const auto path = folder.write("t.npy", bytes);
    std::error_code code;
    std::filesystem::resize_file(path, start + rows * columns * 4, code);
    if (code) SKIP("the file system of temporary files holds no file of 2 TiB");
    constexpr std::int64_t first = rows / 2 + 5;
    {
      const float value = 7;
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(start) + (fortran ? 3 * rows + first + 1 : (first + 1) * columns + 3) * 4);
      file.write(reinterpret_cast<const char*>(&value), sizeof value);
    }
    const auto data = load_dataset(spec_of(path, {{"", 3}}), [&](const Dataset& known) {
      CHECK(known.training_rows == rows);
      return RowRange{first, 3};
    });
    CHECK(data.train.targets == std::vector<double>{0, 7, 0});
    CHECK(data.train.features == std::vector<double>(9, 0.0));
  }
}

TEST_CASE("an NPY file that changes between opening and reading is refused") {
  const test::ScratchFolder folder;
  const auto path = folder.write("t.npy", counted(100, 3, false));
  NpyTable table(path, RandomAccessFile(path), 120);
  CHECK(read_rows(table, 5, 1) == std::vector<double>{15, 16, 17});
  std::filesystem::resize_file(path, 500);
  CHECK(error_text<IoError>([&] { read_rows(table, 50, 1); }) == path + ": was changed while it was being read");
}

TEST_CASE("columns of a large NPY array go to features and targets, also where rows are set aside") {
  constexpr std::int64_t rows = 500000, columns = 3;  // more numbers than are widened at once
  std::string data(rows * columns, '\0');
  const auto value = [](std::size_t row, std::size_t column) { return static_cast<double>((row * 5 + column) % 127); };
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column)
      data[row * columns + column] = static_cast<char>(value(row, column));
  }
  const test::ScratchFolder folder;
  auto spec = spec_of(
      folder.write(
          "t.npy",
          npy(fmt::format("{{'descr': '|i1', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns), data)),
      {{"", 1}});
  const auto whole = load_dataset(spec).train;
  bool right = whole.rows == rows;
  for (std::size_t row = 0; row < rows && right; ++row) {
    right = whole.features[2 * row] == value(row, 0) && whole.features[2 * row + 1] == value(row, 2) &&
            whole.targets[row] == value(row, 1);
  }
  CHECK(right);
  spec.validation_fraction = 0.5;
  const auto parts = load_dataset(spec);
  for (const auto* set : {&parts.train, &parts.validation}) {
    bool together = set->rows == rows / 2;
    for (std::size_t row = 0; row < rows / 2 && together; ++row) {
      const auto first = static_cast<std::size_t>(set->features[2 * row]);
      together = set->targets[row] == value(0, first + 1) && set->features[2 * row + 1] == value(0, first + 2);
    }
    CHECK(together);
  }
}
