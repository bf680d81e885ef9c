// Where rows come from. A DataSource is one opened file or generator; a format is one file in this folder and one line
// in sources.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sinter/inputs/data/data_spec.hpp>

namespace sinter {

/// Rows of features and targets, read in ranges so that a rank need not read those of others. Not thread-safe.
class DataSource {
 public:
  virtual ~DataSource() = default;
  [[nodiscard]] virtual std::int64_t rows() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& feature_names() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& target_names() const = 0;
  /// Rows first_row .. first_row + count - 1 into row-major `features` [count, feature_names().size()] and `targets`
  /// [count, target_names().size()]. Throws DataError where a value is no number, with its place.
  virtual void read(std::int64_t first_row, std::int64_t count, double* features, double* targets) = 0;
};

/// Some formats (JSON, NPZ, HDF5) and the generators hold a test set beside the training set.
enum class DataPart { training, test };

struct DataFormat {
  std::string_view name;
  std::string_view extensions;  ///< separated by blanks
  std::string_view description;
  bool picks_columns;  ///< features and targets are columns of one table, and targets must be named
  /// Null for a test part that the file does not hold. Throws DataError or IoError.
  std::unique_ptr<DataSource> (*open)(const DataSpec& spec, const std::string& path, DataPart part);
};

struct DataGenerator {
  std::string_view name;
  std::string_view description;
  std::unique_ptr<DataSource> (*open)(std::uint64_t seed, DataPart part);
};

std::span<const DataFormat> data_formats();
std::span<const DataGenerator> data_generators();

/// "csv (.csv .tsv .txt), npy (.npy), ...", for messages.
std::string formats_text();

/// Whether a text can separate the fields of a CSV file, and what can.
bool can_delimit(std::string_view text);
inline constexpr std::string_view allowed_delimiters =
    "one character, no quote, letter, digit, '.', '+', '-' or end of line";

/// The format of a path: as `spec.format` says, else by extension; null where neither tells.
const DataFormat* format_of(const DataSpec& spec);

}  // namespace sinter
