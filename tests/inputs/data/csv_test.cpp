#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>

#include <sinter/inputs/data/csv_records.hpp>
#include <sinter/inputs/data/dataset.hpp>
#include <sinter/inputs/data/formats.hpp>

#include "../support.hpp"

using namespace sinter;
using sinter::inputs::detail::open_csv;
using sinter::inputs::detail::RandomAccessFile;
using sinter::test::error_text;

namespace {

DataSpec spec_of(const std::string& path, std::vector<ColumnRef> targets) {
  DataSpec spec;
  spec.path = path;
  spec.targets = std::move(targets);
  return spec;
}

const ColumnRef y{"y", -1};

Dataset load(const std::string& text, DataSpec spec = spec_of("", {y})) {
  const test::ScratchFolder folder;
  spec.path = folder.write("t.csv", text);
  return load_dataset(spec);
}

std::unique_ptr<DataSource> open_blocks(const std::string& text, std::size_t block, const DataSpec& spec) {
  return open_csv(spec, RandomAccessFile::in_memory("t.csv", text), block);
}

struct Rows {
  std::vector<double> features, targets;

  friend bool operator==(const Rows&, const Rows&) = default;
};

Rows read_rows(DataSource& source, std::int64_t first, std::int64_t count) {
  const auto numbers = [&](const std::vector<std::string>& names) {
    return std::vector<double>(static_cast<std::size_t>(count) * names.size());
  };
  Rows rows{numbers(source.feature_names()), numbers(source.target_names())};
  source.read(first, count, rows.features.data(), rows.targets.data());
  return rows;
}

/// Block sizes that put a border at every byte of a text, and one that holds it whole.
std::vector<std::size_t> block_sizes(const std::string& text) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 1; size <= std::min<std::size_t>(text.size(), 64) + 1; ++size) sizes.push_back(size);
  sizes.push_back(text.size() + 1);
  return sizes;
}

/// The error for a file of that content, without the folder in front. It is the same for blocks of any size.
std::string refused(const std::string& text, DataSpec spec = spec_of("", {y})) {
  for (const auto block : block_sizes(text)) {
    const auto error = error_text<DataError>([&] {
      const auto source = open_blocks(text, block, spec);
      read_rows(*source, 0, source->rows());
    });
    const auto whole = error_text<DataError>([&] { load(text, spec); });
    INFO(block);
    CHECK(whole.ends_with("/" + error));
  }
  const auto error = error_text<DataError>([&] { load(text, std::move(spec)); });
  const auto name = error.find("t.csv");
  return name == std::string::npos ? error : error.substr(name);
}

/// Rows of all forms of records: one of y = 2 k, note, x = k for each k.
std::string mixed_records(int count) {
  std::string text = "\xEF\xBB\xBFy,\"the \"\"note\"\"\",x\r\n";
  for (int k = 0; k < count; ++k) {
    const std::string notes[] = {"plain", "\"a, b\"", "\"two\nlines\"", "\"\"\"\"", "\"\r\n\"\"\"", "", "in\"side"};
    const std::string ends[] = {"\n", "\r\n", "\n\n", "\r\n\r\n"};
    const auto x = k % 3 == 0 ? fmt::format("\"{}\"", k) : fmt::format(" {}", k);
    text += fmt::format("{},{},{}{}", 2 * k, notes[k % 7], x, k + 1 == count ? "" : ends[k % 4]);
  }
  return text;
}

}  // namespace

TEST_CASE("a CSV file with a header gives named columns") {
  const auto data = load("a,b,y\n1,2,3\n4,5,6\n");
  CHECK(data.feature_names == std::vector<std::string>{"a", "b"});
  CHECK(data.target_names == std::vector<std::string>{"y"});
  CHECK(data.train.rows == 2);
  CHECK(data.train.features == std::vector<double>{1, 2, 4, 5});
  CHECK(data.train.targets == std::vector<double>{3, 6});
}

TEST_CASE("columns are chosen by name or index, in the order asked for, and others may hold text") {
  auto spec = spec_of("", {{"", 1}});
  spec.features = {{"c", -1}, {"a", -1}};
  const auto data = load("a,b,c,comment\n1,2,3,\"hello, world\"\n4,5,6,none\n", spec);
  CHECK(data.feature_names == std::vector<std::string>{"c", "a"});
  CHECK(data.train.features == std::vector<double>{3, 1, 6, 4});
  CHECK(data.train.targets == std::vector<double>{2, 5});
}

TEST_CASE("a file without a header is recognised, or told") {
  const auto data = load("1,2\n3,4\n", spec_of("", {{"", 1}}));
  CHECK(data.feature_names == std::vector<std::string>{"column0"});
  CHECK(data.train.rows == 2);
  auto forced = spec_of("", {{"2", -1}});
  forced.header = CsvHeader::yes;
  CHECK(load("1,2\n3,4\n", forced).train.targets == std::vector<double>{4});
}

TEST_CASE("quotes, CRLF, byte order mark, blank lines, blanks and signs are understood") {
  const auto data = load("\xEF\xBB\xBF\"a \"\"x\"\"\",\"b,\nc\",y\r\n\r\n\"1.5\", +2 ,-3e-1\r\n4,5,6");
  CHECK(data.feature_names == std::vector<std::string>{"a \"x\"", "b,\nc"});
  CHECK(data.train.features == std::vector<double>{1.5, 2, 4, 5});
  CHECK(data.train.targets == std::vector<double>{-0.3, 6});
}

TEST_CASE("delimiters are a tab in .tsv files and what the run file says elsewhere") {
  const test::ScratchFolder folder;
  CHECK(load_dataset(spec_of(folder.write("t.tsv", "a\ty\n1\t2\n"), {y})).train.targets == std::vector<double>{2});
  auto spec = spec_of("", {y});
  spec.delimiter = ";";
  CHECK(load("a;y\n1;2\n", spec).train.features == std::vector<double>{1});
}

TEST_CASE("malformed CSV files are refused with line, column and name") {
  CHECK(refused("") == "t.csv: empty; expected records of numbers");
  CHECK(refused("\n\n") == "t.csv: empty; expected records of numbers");
  CHECK(refused("a,y\n") == "t.csv: only a header, no records");
  CHECK(refused("a,y\n1,2\n3\n") == "t.csv:3:1: a record of 1 fields, but the first record has 2");
  CHECK(refused("a,y\n1,2\n3,4,5\n") == "t.csv:3:1: a record of 3 fields, but the first record has 2");
  CHECK(refused("a,y\n1,2\n3,abc\n") == "t.csv:3:3: column 'y': 'abc' is not a finite number");
  CHECK(refused("a,y\n1,2\n,4\n") == "t.csv:3:1: column 'a' is empty; expected a number");
  CHECK(refused("a,y\n1,nan\n") == "t.csv:2:3: column 'y': 'nan' is not a finite number");
  CHECK(refused("a,y\n1,-inf\n") == "t.csv:2:3: column 'y': '-inf' is not a finite number");
  CHECK(refused("a,y\n1e999,2\n") == "t.csv:2:1: column 'a': '1e999' is not a finite number");
  CHECK(refused("a,y\n1,2,5\n") == "t.csv:2:1: a record of 3 fields, but the first record has 2");
  CHECK(refused("a,y\n\"1,2\n3,4\n") == "t.csv:2:1: a quoted field that does not end");
  CHECK(refused("a,y\n\"1\"x,2\n") == "t.csv:2:4: 'x' after a closing quote; expected ',' or the end of the line");
  CHECK(refused("a,z\n1,2\n") == "t.csv: no column 'y'; it has: a, z");
  CHECK(refused("age,price\n1,2\n", spec_of("", {{"prize", -1}})) ==
        "t.csv: no column 'prize'; it has: age, price; did you mean 'price'?");
  CHECK(refused("a,y\n1,2\n", spec_of("", {{"", 2}})) == "t.csv: no column 2; its 2 columns are counted from 0");
  CHECK(refused("1,2\n3,4\n") == "t.csv: no column 'y'; its 2 columns have no names and are chosen by index from 0");
  CHECK(refused("y,y\n1,2\n") == "t.csv: more than one column is named 'y'; choose it by index from 0");
  CHECK(refused("a,y\n1,2\n", spec_of("", {y, {"", 1}})) == "t.csv: column 1 ('y') is chosen twice");
  CHECK(refused("y\n1\n") == "t.csv: no column is left for the features; it has: y");
  CHECK(refused("caf\xe9,y\n1,2\n") == "t.csv:1:1: a column name that is not UTF-8");
  CHECK(refused(std::string("a,y\n1,\0\n", 8)) == "t.csv: not a text file: byte 0x00 at offset 6");
}

TEST_CASE("blocks of any size give the same rows, whole and in ranges") {
  constexpr int count = 140;  // more than two strides of the index
  const auto text = mixed_records(count);
  auto spec = spec_of("", {y});
  spec.features = {{"x", -1}};
  std::mt19937 random(1);
  for (const auto block : block_sizes(text)) {
    INFO(block);
    const auto source = open_blocks(text, block, spec);
    REQUIRE(source->rows() == count);
    const auto all = read_rows(*source, 0, count);
    for (int k = 0; k < count; ++k) {
      REQUIRE(all.features[static_cast<std::size_t>(k)] == k);
      REQUIRE(all.targets[static_cast<std::size_t>(k)] == 2 * k);
    }
    const auto matches = [&](std::int64_t first, std::int64_t size) {
      const auto rows = read_rows(*source, first, size);
      return std::equal(rows.features.begin(), rows.features.end(), all.features.begin() + first) &&
             std::equal(rows.targets.begin(), rows.targets.end(), all.targets.begin() + first);
    };
    for (std::int64_t row = 0; row < count; ++row) REQUIRE(matches(row, 1));
    for (std::int64_t row = count - 1; row >= 0; --row) REQUIRE(matches(row, 1));
    for (int k = 0; k < 50; ++k) {
      const auto first = std::uniform_int_distribution<std::int64_t>(0, count)(random);
      REQUIRE(matches(first, std::uniform_int_distribution<std::int64_t>(0, count - first)(random)));
    }
  }
}

TEST_CASE("a wrong number is told with its line wherever its row is read from") {
  auto text = mixed_records(139) + "\n1,\"two\nlines\",\"3x\"\n4,,5\n";
  const auto bad = text.find("3x");
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
  auto spec = spec_of("", {y});
  spec.features = {{"x", -1}};
  const auto expected = fmt::format("t.csv:{}:9: column 'x': '3x' is not a finite number", line);
  CHECK(refused(text, spec) == expected);
  for (const auto block : block_sizes(text)) {
    const auto source = open_blocks(text, block, spec);
    INFO(block);
    CHECK(error_text<DataError>([&] { read_rows(*source, 139, 1); }) == expected);
    CHECK(read_rows(*source, 140, 1) == Rows{{5}, {4}});
    CHECK(error_text<DataError>([&] { read_rows(*source, 100, 40); }) == expected);
    CHECK(read_rows(*source, 138, 1) == Rows{{138}, {276}});
  }
}

TEST_CASE("a closing quote that is missing does not fill the memory") {
  using inputs::detail::CsvRecords;
  const std::string text = "a,y\n1,2\n3,\"4\n" + std::string(1000, '5');
  const auto error_of = [&](std::size_t longest) {
    return error_text<DataError>([&] {
      CsvRecords records(RandomAccessFile::in_memory("t.csv", text), ',', 8, longest);
      for (std::size_t fields = 0; records.skip(fields);) {}
    });
  };
  CHECK(error_of(100) == "t.csv:3:1: a record of more than 100 bytes; is a closing quote missing?");
  CHECK(error_of(2000) == "t.csv:3:3: a quoted field that does not end");
}

TEST_CASE("a CSV file that changes between opening and reading is refused") {
  const test::ScratchFolder folder;
  std::string text = "a,y\n";
  for (int k = 0; k < 1000; ++k) text += fmt::format("{:04},{:04}\n", k, k);
  const auto path = folder.write("t.csv", text);
  const auto spec = spec_of(path, {y});
  const auto source = open_csv(spec, RandomAccessFile(path), 100);
  CHECK(read_rows(*source, 10, 1) == Rows{{10}, {10}});
  const auto refusal = [&] { return error_text<IoError>([&] { read_rows(*source, 500, 1); }); };
  const auto time = std::filesystem::last_write_time(path);
  SECTION("truncated") { std::filesystem::resize_file(path, 4 + 10 * 20); }
  SECTION("longer") { std::ofstream(path, std::ios::app) << "1,2\n"; }
  SECTION("with other records, of the same size and time") {
    folder.write("t.csv", std::string(text.size(), '\n'));
    std::filesystem::last_write_time(path, time);
  }
  SECTION("with wider records, of the same size and time") {
    std::replace(text.begin(), text.end(), '0', ',');
    folder.write("t.csv", text);
    std::filesystem::last_write_time(path, time);
  }
  CHECK(refusal() == path + ": was changed while it was being read");
}

TEST_CASE("a CSV file may come through a pipe") {
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.path("t.csv"), {y});
  REQUIRE(::mkfifo(spec.path.c_str(), 0600) == 0);
  std::thread writer([&] { std::ofstream(spec.path) << "a,y\n1,2\n3,4\n5,6\n7,8\n"; });
  spec.test_fraction = 0.25;
  const auto data = load_dataset(spec);
  writer.join();
  CHECK(data.train.rows == 3);
  CHECK(data.test.targets[0] == data.test.features[0] + 1);
}
