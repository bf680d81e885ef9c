#include <catch2/catch_test_macros.hpp>

#include <sinter/inputs/data/dataset.hpp>

#include "../support.hpp"

using namespace sinter;
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
  const test::TempFolder folder;
  spec.path = folder.write("t.csv", text);
  return load_dataset(spec);
}

/// The error for a file of that content, without the folder in front.
std::string refused(const std::string& text, DataSpec spec = spec_of("", {y})) {
  const auto error = error_text<DataError>([&] { load(text, std::move(spec)); });
  const auto name = error.find("t.csv");
  return name == std::string::npos ? error : error.substr(name);
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
  const test::TempFolder folder;
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
