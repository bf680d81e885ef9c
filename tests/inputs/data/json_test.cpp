#include <catch2/catch_test_macros.hpp>

#include <sinter/inputs/data/dataset.hpp>

#include "../support.hpp"

using namespace sinter;
using sinter::test::error_text;

namespace {

Dataset load(const std::string& text) {
  const test::ScratchFolder folder;
  DataSpec spec;
  spec.path = folder.write("t.json", text);
  return load_dataset(spec);
}

std::string refused(const std::string& text) {
  const auto error = error_text<DataError>([&] { load(text); });
  const auto name = error.find("t.json");
  return name == std::string::npos ? error : error.substr(name);
}

}  // namespace

TEST_CASE("JSON holds row-major training and test sets") {
  const auto data = load(
      R"({"m": 2, "n": 3, "m_test": 1, "x": [1, 2, 3, 4.5, 5, 6], "y": [0, 1], "x_test": [7, 8, -9], "y_test": [1]})");
  CHECK(data.feature_names == std::vector<std::string>{"x0", "x1", "x2"});
  CHECK(data.target_names == std::vector<std::string>{"y"});
  CHECK(data.train.features == std::vector<double>{1, 2, 3, 4.5, 5, 6});
  CHECK(data.train.targets == std::vector<double>{0, 1});
  CHECK(data.test.features == std::vector<double>{7, 8, -9});
  CHECK(data.test.targets == std::vector<double>{1});
}

TEST_CASE("JSON may hold several targets, and no test set") {
  const auto data = load(R"({"m": 2, "n": 1, "x": [1, 2], "y": [1, 2, 3, 4]})");
  CHECK(data.target_names == std::vector<std::string>{"y0", "y1"});
  CHECK(data.test.empty());
  CHECK(load(R"({"m": 1, "n": 1, "m_test": 0, "x": [1], "y": [1], "x_test": [], "y_test": []})").test.empty());
}

TEST_CASE("malformed JSON files are refused") {
  CHECK(refused("") == "t.json: empty; expected an object with the fields m, n, x and y");
  CHECK(refused("[1, 2]") == "t.json: expected an object with the fields m, n, x and y, found an array");
  CHECK(refused("3") == "t.json: expected an object with the fields m, n, x and y, found a number");
  CHECK(refused("{\"m\": 2,\n\"n\": 1, \"x\": [1, 2") == "t.json:2:18: not valid JSON: it ends too early");
  CHECK(refused("{\"m\": 2,\n\"n\": 1, \"x\": [1, NaN]}") == "t.json:2:18: not valid JSON near '1, N'");
  CHECK(refused(std::string("\x00\x01\x02\xff", 4)).starts_with("t.json:1:1: not valid JSON near '"));
  CHECK(refused(R"({"m": 1, "n": 1, "x": [1e999], "y": [1]})") ==
        "t.json:1:28: 1e999 is beyond what double precision holds");
  CHECK(refused(R"({"n": 1, "x": [1], "y": [1]})") == "t.json: field 'm' is missing");
  CHECK(refused(R"({"m": 1, "n": 1, "x": [1]})") == "t.json: field 'y' is missing");
  CHECK(refused(R"({"m": 1, "n": 1, "x": [1], "y": [1], "xtest": [1]})") ==
        "t.json: unknown field 'xtest'; allowed: m, n, x, y, m_test, x_test, y_test; did you mean 'x_test'?");
  CHECK(refused(R"({"m": 1, "n": 1, "x": [1], "x": [2], "y": [1]})") == "t.json: repeated field 'x'");
  CHECK(refused(R"({"m": 2, "n": 2, "x": [1, 2, 3], "y": [1, 2]})") ==
        "t.json: x holds 3 numbers; m = 2 and n = 2 need 2 x 2");
  CHECK(refused(R"({"m": 2, "n": 1, "x": [1, 2], "y": [1, 2, 3]})") ==
        "t.json: y holds 3 numbers; m = 2 needs 2 or a multiple");
  CHECK(refused(R"({"m": 1000000000000000000, "n": 1000000000000000000, "x": [1], "y": [1]})") ==
        "t.json: x holds 1 numbers; m = 1000000000000000000 and n = 1000000000000000000 need 1000000000000000000 x "
        "1000000000000000000");
  CHECK(refused(R"({"m": 1e18, "n": 1, "x": [1], "y": [1]})") ==
        "t.json: m: 1e+18 is not a count; allowed: integers >= 0");
  CHECK(refused(R"({"m": -1, "n": 1, "x": [1], "y": [1]})") == "t.json: m: -1 is not a count; allowed: integers >= 0");
  CHECK(refused(R"({"m": 0, "n": 1, "x": [], "y": []})") == "t.json: m is 0; allowed: >= 1");
  CHECK(refused(R"({"m": "2", "n": 1})") == "t.json: m: expected an integer, found a text");
  CHECK(refused(R"({"m": 1, "n": 1, "x": [null], "y": [1]})") == "t.json: x[0]: expected a number, found null");
  CHECK(refused(R"({"m": 1, "n": 2, "x": [[1, 2]], "y": [1]})") == "t.json: x[0]: expected a number, found an array");
  CHECK(refused(R"({"m": 1, "n": 1, "x": 5, "y": [1]})") == "t.json: x: expected an array of numbers, found a number");
  CHECK(refused(R"({"m": 1, "n": 1, "x": {"a": 1}, "y": [1]})") ==
        "t.json: x: expected an array of numbers, found an object");
  CHECK(refused(R"({"m": 1, "n": 1, "x": [1], "y": [1], "x_test": [1], "y_test": [1]})") ==
        "t.json: x_test or y_test is given, but field 'm_test' is missing");
  CHECK(refused(R"({"m": 1, "n": 1, "x": [1], "y": [1], "m_test": 1, "x_test": [1]})") ==
        "t.json: field 'y_test' is missing");
}
