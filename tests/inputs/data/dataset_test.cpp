#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>

#include <sinter/inputs/data/dataset.hpp>

#include "../support.hpp"

using namespace sinter;
using sinter::test::error_text;

namespace {

/// Rows (k, 10 k) for k = 0 .. count - 1.
std::string numbered(int count) {
  std::string text = "a,y\n";
  for (int k = 0; k < count; ++k) text += fmt::format("{},{}\n", k, 10 * k);
  return text;
}

DataSpec spec_of(const std::string& path) {
  DataSpec spec;
  spec.path = path;
  spec.targets = {{"y", -1}};
  return spec;
}

}  // namespace

TEST_CASE("rows set aside are chosen by seed, each row lands in one part, order is kept") {
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.write("t.csv", numbered(20)));
  spec.test_fraction = 0.25;
  spec.validation_fraction = 0.1;
  const auto data = load_dataset(spec);
  CHECK(data.test.rows == 5);
  CHECK(data.validation.rows == 2);
  CHECK(data.train.rows == 13);
  std::set<double> seen;
  for (const auto* set : {&data.train, &data.validation, &data.test}) {
    CHECK(std::is_sorted(set->features.begin(), set->features.end()));
    for (std::size_t row = 0; row < set->features.size(); ++row) {
      CHECK(set->targets[row] == 10 * set->features[row]);
      seen.insert(set->features[row]);
    }
  }
  CHECK(seen.size() == 20);
  CHECK(load_dataset(spec).test.features == data.test.features);
  spec.seed = 2;
  CHECK(load_dataset(spec).test.features != data.test.features);
}

TEST_CASE("rows set aside and a rank's rows are those of the whole, in files of any length") {
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.write("t.csv", numbered(1000)));
  spec.test_fraction = 0.2;
  spec.validation_fraction = 0.1;
  const auto whole = load_dataset(spec);
  CHECK(whole.test.rows == 200);
  CHECK(whole.validation.rows == 100);
  const auto numbers = [](const std::vector<double>& values, std::ptrdiff_t first, std::ptrdiff_t count) {
    return std::vector<double>(values.begin() + first, values.begin() + first + count);
  };
  for (const auto first : {0, 1, 333, 699}) {
    const auto count = std::min(200, 700 - first);
    const auto part = load_dataset(spec, [&](const Dataset& known) {
      CHECK(known.training_rows == 700);
      return RowRange{first, count};
    });
    CHECK(part.first_row == first);
    CHECK(part.train.features == numbers(whole.train.features, first, count));
    CHECK(part.train.targets == numbers(whole.train.targets, first, count));
    CHECK(part.validation.features == whole.validation.features);
    CHECK(part.test.targets == whole.test.targets);
  }
  std::vector<double> all;
  for (const auto* set : {&whole.train, &whole.validation, &whole.test}) {
    CHECK(std::is_sorted(set->features.begin(), set->features.end()));
    for (std::size_t row = 0; row < set->features.size(); ++row) CHECK(set->targets[row] == 10 * set->features[row]);
    all.insert(all.end(), set->features.begin(), set->features.end());
  }
  std::sort(all.begin(), all.end());
  for (std::size_t row = 0; row < 1000; ++row) REQUIRE(all[row] == static_cast<double>(row));
}

TEST_CASE("test and validation sets may be files of their own") {
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.write("t.csv", numbered(3)));
  spec.test = folder.write("test.csv", "y,other,a\n70,0,7\n");
  spec.validation = folder.write("validation.csv", "a,y\n8,80\n9,90\n");
  spec.features = {{"a", -1}};
  const auto data = load_dataset(spec);
  CHECK(data.train.rows == 3);
  CHECK(data.test.features == std::vector<double>{7});
  CHECK(data.validation.targets == std::vector<double>{80, 90});
  const auto view = data.view(data.validation);
  CHECK(view.features.rows == 2);
  CHECK(view.features.columns == 1);
  CHECK(view.targets.data[1] == 90);
}

TEST_CASE("class indices become columns of 0 and 1") {
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.write("t.csv", "a,y\n1,2\n2,0\n"));
  spec.one_hot = 3;
  const auto data = load_dataset(spec);
  CHECK(data.target_names == std::vector<std::string>{"y=0", "y=1", "y=2"});
  CHECK(data.train.targets == std::vector<double>{0, 0, 1, 1, 0, 0});
  spec.one_hot = 2;
  CHECK(error_text<DataError>([&] { load_dataset(spec); }) ==
        spec.path + ": row 0 (from 0), column 'y': 2 is no class index; allowed by data.one_hot: 0 to 1");
  spec.targets.push_back({"a", -1});
  spec.features = {{"a", -1}};
  CHECK(error_text<DataError>([&] { load_dataset(spec); }) == spec.path + ": column 0 ('a') is chosen twice");
}

TEST_CASE("features alone are read for predictions, by name where the table has the names") {
  const test::ScratchFolder folder;
  const auto named = spec_of(folder.write("n.csv", "y,b,a,note\n1,2,3,x\n4,5,6,z\n"));
  DataSpec spec;
  spec.path = named.path;
  CHECK(load_features(spec, {"a", "b"}, 2).features == std::vector<double>{3, 2, 6, 5});
  spec.path = folder.write("m.csv", "9,2,3\n8,5,6\n");
  CHECK(load_features(spec, {"column2", "column1"}, 2).features == std::vector<double>{3, 2, 6, 5});
  spec.path = folder.write("u.csv", "1,2\n3,4\n");
  CHECK(load_features(spec, {"a", "b"}, 2).features == std::vector<double>{1, 2, 3, 4});
  CHECK(error_text<DataError>([&] {
          load_features(spec, {"a", "b", "c"}, 3);
        }) == spec.path + ": 2 columns, but the model has 3 inputs (a, b, c)");
  spec.path = folder.write("other.csv", "a,c\n1,2\n");
  CHECK(error_text<DataError>([&] {
          load_features(spec, {"a", "b"}, 2);
        }) == spec.path +
                  ": no column 'b', a feature of the model; it has: a, c. Choose the features, in the model's order "
                  "(a, b), by name or index");
  CHECK(load_features(spec, {"x0", "x1"}, 2).features == std::vector<double>{1, 2});
  spec.features = {{"a", -1}, {"c", -1}};
  CHECK(load_features(spec, {"a", "b"}, 2).features == std::vector<double>{1, 2});
  spec.features.clear();
  spec.path = folder.write("x.json", R"({"m": 1, "n": 2, "x": [5, 6]})");
  CHECK(load_features(spec, {"a", "b"}, 2).features == std::vector<double>{5, 6});
  spec.path = SINTER_SOURCE_DIR "/tests/inputs/data/stored.npz";
  CHECK(load_features(spec, {"x0", "x1"}, 2).rows == 6);
}

TEST_CASE("features for predictions may come through a pipe, which is opened once") {
  const test::ScratchFolder folder;
  DataSpec spec;
  spec.path = folder.path("t.csv");
  REQUIRE(::mkfifo(spec.path.c_str(), 0600) == 0);
  std::thread writer([&] { std::ofstream(spec.path) << "b,note,a\n1,x,2\n3,y,4\n"; });
  const auto set = load_features(spec, {"a", "b"}, 2);
  writer.join();
  CHECK(set.features == std::vector<double>{2, 1, 4, 3});
}

TEST_CASE("data sets that leave nothing to train on or do not fit together are refused") {
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.write("t.csv", numbered(3)));
  const auto refused = [&] { return error_text<DataError>([&] { load_dataset(spec); }).substr(spec.path.size()); };
  spec.test_fraction = 0.1;
  CHECK(refused() == ": data.test_fraction 0.1 of 3 rows leaves no test row");
  spec.test_fraction = 0.4;
  spec.validation_fraction = 0.1;
  CHECK(refused() == ": data.validation_fraction 0.1 of 3 rows leaves no validation row");
  spec.validation_fraction = 0.7;
  CHECK(refused() == ": 1 test rows and 2 validation rows of 3 leave nothing to train on");
  spec.validation_fraction.reset();
  spec.test_fraction.reset();
  spec.test = folder.write("test.csv", "a,b,y\n1,2,3\n");
  CHECK(error_text<DataError>([&] { load_dataset(spec); }) ==
        spec.test + ": 2 features and 1 targets, but the training set has 1 and 1");
  spec.path = folder.write("t.json",
                           R"({"m": 1, "n": 1, "m_test": 1, "x": [1], "y": [1], "x_test": [1], "y_test": [1]})");
  CHECK(refused() == ": holds a test set of its own; leave out data.test and data.test_fraction");
}

TEST_CASE("files that are not there, or are no files, are refused with the key that names them") {
  const test::ScratchFolder folder;
  auto spec = spec_of(folder.path("missing.csv"));
  CHECK(error_text<IoError>([&] { load_dataset(spec); }) == spec.path + ": no such file (data.path)");
  std::filesystem::create_directory(folder.path("folder.csv"));
  spec.path = folder.path("folder.csv");
  CHECK(error_text<IoError>([&] { load_dataset(spec); }) == spec.path + ": is a folder, not a file (data.path)");
  spec.path = folder.write("t.csv", numbered(3));
  spec.test = folder.path("missing.csv");
  CHECK(error_text<IoError>([&] { load_dataset(spec); }) == spec.test + ": no such file (data.test)");
}
