#include <catch2/catch_test_macros.hpp>

#include <hdf5.h>

#include <limits>

#include <sinter/inputs/data/dataset.hpp>
#include <sinter/inputs/data/source.hpp>

#include "../support.hpp"

using namespace sinter;
using sinter::test::error_text;

namespace {

/// Writes one dataset of `values` in the given type on disk.
void put(hid_t file, const char* name, std::vector<hsize_t> shape, hid_t type, const std::vector<double>& values) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  const hid_t set = H5Dcreate2(file, name, type, space, links, H5P_DEFAULT, H5P_DEFAULT);
  if (!values.empty()) H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(set);
  H5Pclose(links);
  H5Sclose(space);
}

/// A file with x [3, 2], y [3], x_test [1, 2], y_test [1], group/z [3], and some that cannot be used.
std::string make_file(const test::ScratchFolder& folder) {
  const auto path = folder.path("t.h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put(file, "x", {3, 2}, H5T_IEEE_F32LE, {1, 2, 3, 4, 5, 6});
  put(file, "y", {3}, H5T_STD_I16BE, {7, -8, 9});
  put(file, "x_test", {1, 2}, H5T_IEEE_F64LE, {10, 11});
  put(file, "y_test", {1}, H5T_IEEE_F64BE, {12});
  put(file, "group/z", {3}, H5T_IEEE_F64LE, {0.5, 1.5, 2.5});
  put(file, "short", {2}, H5T_IEEE_F64LE, {1, 2});
  put(file, "cube", {1, 1, 1}, H5T_IEEE_F64LE, {1});
  put(file, "empty", {0, 2}, H5T_IEEE_F64LE, {});
  put(file, "holed", {3}, H5T_IEEE_F64LE, {1, std::numeric_limits<double>::quiet_NaN(), 3});
  const hid_t text = H5Tcopy(H5T_C_S1);
  put(file, "text", {3}, text, {});
  H5Tclose(text);
  H5Fclose(file);
  return path;
}

DataSpec spec_of(const std::string& path, const std::string& features, const std::string& targets) {
  DataSpec spec;
  spec.path = path;
  if (!features.empty()) spec.features = {{features, -1}};
  if (!targets.empty()) spec.targets = {{targets, -1}};
  return spec;
}

}  // namespace

TEST_CASE("HDF5 datasets x and y are read with their test set, whatever their number type") {
  const test::ScratchFolder folder;
  const auto data = load_dataset(spec_of(make_file(folder), "", ""));
  CHECK(data.feature_names == std::vector<std::string>{"x0", "x1"});
  CHECK(data.train.features == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(data.train.targets == std::vector<double>{7, -8, 9});
  CHECK(data.test.features == std::vector<double>{10, 11});
  CHECK(data.test.targets == std::vector<double>{12});
}

TEST_CASE("HDF5 datasets are chosen by path, several side by side") {
  const test::ScratchFolder folder;
  auto spec = spec_of(make_file(folder), "x", "group/z");
  spec.features.push_back({"y", -1});
  const auto data = load_dataset(spec);
  CHECK(data.feature_names == std::vector<std::string>{"x0", "x1", "y"});
  CHECK(data.train.features == std::vector<double>{1, 2, 7, 3, 4, -8, 5, 6, 9});
  CHECK(data.target_names == std::vector<std::string>{"group/z"});
  CHECK(data.train.targets == std::vector<double>{0.5, 1.5, 2.5});
}

TEST_CASE("a range of rows is read as a hyperslab") {
  const test::ScratchFolder folder;
  const auto spec = spec_of(make_file(folder), "", "");
  const auto source = format_of(spec)->open(spec, spec.path, DataPart::training);
  std::vector<double> features(2), targets(1);
  source->read(1, 1, features.data(), targets.data());
  CHECK(features == std::vector<double>{3, 4});
  CHECK(targets == std::vector<double>{-8});
}

TEST_CASE("more rows than are read at once arrive whole") {
  const test::ScratchFolder folder;
  const auto path = folder.path("long.h5");
  constexpr std::size_t rows = (1U << 20) + 3;
  std::vector<double> values(rows);
  for (std::size_t row = 0; row < rows; ++row) values[row] = static_cast<double>(row);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put(file, "x", {rows}, H5T_IEEE_F64LE, values);
  put(file, "y", {rows}, H5T_STD_I32LE, values);
  H5Fclose(file);
  const auto data = load_dataset(spec_of(path, "", ""));
  CHECK((data.train.features == values));
  CHECK((data.train.targets == values));
}

TEST_CASE("malformed HDF5 data are refused") {
  const test::ScratchFolder folder;
  const auto path = make_file(folder);
  const auto refused = [&](const std::string& features, const std::string& targets) {
    return error_text<DataError>([&] { load_dataset(spec_of(path, features, targets)); }).substr(path.size());
  };
  CHECK(refused("x", "yy") ==
        ": no array 'yy'; it holds: cube, empty, group, holed, short, text, x, x_test, y, y_test; did you mean 'y'?");
  CHECK(refused("nowhere/z", "y").starts_with(": no array 'nowhere/z'; it holds: "));
  CHECK(refused("x", "group") == ": array 'group': cannot be opened as a dataset");
  CHECK(refused("x", "text") == ": array 'text': its elements are no numbers");
  CHECK(refused("x", "cube") == ": array 'cube': 3 axes; allowed: 1 (rows) or 2 (rows and columns)");
  CHECK(refused("empty", "y") == ": array 'empty': empty: shape 0 x 2");
  CHECK(refused("x", "short") == ": 'short' has 2 rows, but 'x0' has 3");
  CHECK(refused("x", "holed") == ": row 1 (from 0), column 'holed': nan is not a finite number");
  const auto rubbish = folder.write("rubbish.h5", "this is no HDF5 file");
  CHECK(error_text<DataError>([&] { load_dataset(spec_of(rubbish, "", "")); }) ==
        rubbish + ": not an HDF5 file, or damaged");
  const auto truncated = folder.write("truncated.h5", test::contents(path).substr(0, 2000));
  CHECK(error_text<DataError>([&] { load_dataset(spec_of(truncated, "", "")); }) ==
        truncated + ": not an HDF5 file, or damaged");
}

TEST_CASE("an extent beyond the machine's memory is refused before anything is allocated") {
  const test::ScratchFolder folder;
  const auto path = folder.path("huge.h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t shape[1] = {hsize_t{1} << 50}, chunk[1] = {1024};
  const hid_t space = H5Screate_simple(1, shape, nullptr);
  const hid_t options = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(options, 1, chunk);
  for (const char* name : {"x", "y"})
    H5Dclose(H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, options, H5P_DEFAULT));
  H5Pclose(options);
  H5Sclose(space);
  H5Fclose(file);
  CHECK(error_text<DataError>([&] { load_dataset(spec_of(path, "", "")); }) ==
        path + ": 1.8e+07 GB are needed, more than the memory of this machine");
}
