// Which data a run uses: a file or a generator, its columns, and how rows are set aside for validation and test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sinter/runtime/base/names.hpp>

namespace sinter {

/// Whether the first record of a CSV file names its columns. `automatic`: it does when one of its fields is no number.
enum class CsvHeader : std::uint8_t { automatic, yes, no };

template <>
struct Names<CsvHeader> {
  static constexpr std::pair<CsvHeader, std::string_view> list[] = {
      {CsvHeader::automatic, "auto"},
      {CsvHeader::yes, "true"},
      {CsvHeader::no, "false"},
  };
};

/// A column (CSV, NPY) or an array (NPZ, HDF5), by name or by index from 0.
struct ColumnRef {
  std::string name;  ///< used where index < 0
  std::int64_t index = -1;

  friend bool operator==(const ColumnRef&, const ColumnRef&) = default;
};

struct DataSpec {
  std::string path;                 ///< absolute; empty where a generator is used
  std::string generator;            ///< a name of data_generators(), or empty
  std::string format = "auto";      ///< a name of data_formats(); auto: by the path's extension
  std::vector<ColumnRef> features;  ///< empty: every column that is no target (CSV, NPY), array x (NPZ, HDF5)
  std::vector<ColumnRef> targets;   ///< empty: the last column (CSV, NPY), array y (NPZ, HDF5)
  CsvHeader header = CsvHeader::automatic;
  std::string delimiter;                      ///< of CSV: one character; empty: a tab for .tsv, else a comma
  std::string test;                           ///< absolute path of a test set in the same format
  std::optional<double> test_fraction;        ///< in (0, 1): share of the rows set aside for the test
  std::string validation;                     ///< absolute path of a validation set in the same format
  std::optional<double> validation_fraction;  ///< in (0, 1)
  std::uint64_t seed = 1;                     ///< of generators and splits
  std::optional<std::int64_t> one_hot;  ///< >= 2: the one target is a class index, to be expanded into so many columns

  // Not of run files: see load_features().
  bool features_only = false;  ///< no targets are looked for
  /// The features where `features` is empty and a table has all these names, each once.
  std::vector<std::string> preferred;

  friend bool operator==(const DataSpec&, const DataSpec&) = default;
};

}  // namespace sinter
