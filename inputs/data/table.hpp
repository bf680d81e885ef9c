// Tables of numbers that formats open, and the DataSource that picks features and targets out of one or several of
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sinter/inputs/data/source.hpp>

namespace sinter::inputs::detail {

/// Numbers in rows and columns; ranges of rows are read as doubles.
class Table {
 public:
  virtual ~Table() = default;
  [[nodiscard]] virtual std::int64_t rows() const = 0;
  [[nodiscard]] virtual std::int64_t columns() const = 0;
  /// Rows first_row .. first_row + count - 1, row-major [count, columns()].
  virtual void read(std::int64_t first_row, std::int64_t count, double* out) = 0;
};

/// A table in memory, row-major.
class MemoryTable : public Table {
 public:
  MemoryTable(std::int64_t columns, std::vector<double> values) : columns_(columns), values_(std::move(values)) {}
  [[nodiscard]] std::int64_t rows() const override { return static_cast<std::int64_t>(values_.size()) / columns_; }
  [[nodiscard]] std::int64_t columns() const override { return columns_; }
  void read(std::int64_t first_row, std::int64_t count, double* out) override;

 private:
  std::int64_t columns_;
  std::vector<double> values_;
};

/// Columns picked from a table, with their names.
struct Pick {
  std::shared_ptr<Table> table;
  std::vector<std::int64_t> columns;
  std::vector<std::string> names;
};

/// All columns of a table, named `name` where there is one, else name0, name1, ...
Pick pick_all(std::shared_ptr<Table> table, const std::string& name);

/// Throws DataError, beginning with `path`, where the tables differ in rows.
std::unique_ptr<DataSource> make_source(const std::string& path, std::vector<Pick> features, std::vector<Pick> targets);

/// Columns of one table by the rules of DataSpec: features default to what is no target. `names` are those of all
/// columns; `unnamed` says that they were made up. Throws DataError for one that is missing, ambiguous or chosen twice.
struct ColumnChoice {
  std::vector<std::int64_t> features, targets;
};
ColumnChoice choose_columns(const DataSpec& spec, const std::string& path, const std::vector<std::string>& names,
                            bool unnamed);

/// The arrays of an NPZ or HDF5 file by the rules of DataSpec: x and y by default, x_test and y_test beside them for
/// the test part. `open` gives the table of a name, or null where there is none; `known` are the names that there are,
/// for messages.
template <class Open>
std::unique_ptr<DataSource> open_arrays(const DataSpec& spec, const std::string& path, DataPart part, const Open& open,
                                        const std::vector<std::string>& known);

[[noreturn]] void fail_missing_array(const std::string& path, const std::string& name,
                                     const std::vector<std::string>& known);
[[noreturn]] void fail_array_by_index(const std::string& path, std::int64_t index);

template <class Open>
std::unique_ptr<DataSource> open_arrays(const DataSpec& spec, const std::string& path, DataPart part, const Open& open,
                                        const std::vector<std::string>& known) {
  const auto pick = [&](const std::vector<ColumnRef>& chosen, const char* fallback) {
    const auto names = chosen.empty() ? std::vector<ColumnRef>{{fallback, -1}} : chosen;
    std::vector<Pick> picks;
    for (const auto& ref : names) {
      if (ref.index >= 0) fail_array_by_index(path, ref.index);
      auto table = open(part == DataPart::test ? ref.name + "_test" : ref.name);
      if (!table && part == DataPart::test) return std::vector<Pick>{};
      if (!table) fail_missing_array(path, ref.name, known);
      picks.push_back(pick_all(std::move(table), ref.name));
    }
    return picks;
  };
  auto features = pick(spec.features, "x");
  auto targets = spec.features_only ? std::vector<Pick>{} : pick(spec.targets, "y");
  // Where arrays were chosen, an x_test beside them need not belong to the choice; where they were not, half a test set
  // is a mistake.
  const bool chosen = !spec.features.empty() || !spec.targets.empty();
  if (part == DataPart::test && (chosen ? features.empty() || targets.empty() : features.empty() && targets.empty()))
    return nullptr;
  if (features.empty() || (targets.empty() && !spec.features_only)) {
    fail_missing_array(path, (features.empty() ? "the test set's features" : "the test set's targets"), known);
  }
  return make_source(path, std::move(features), std::move(targets));
}

}  // namespace sinter::inputs::detail
