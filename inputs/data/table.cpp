#include <sinter/inputs/data/table.hpp>

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include <sinter/inputs/nearest.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

class TableSource : public DataSource {
 public:
  TableSource(const std::string& path, std::vector<Pick> features, std::vector<Pick> targets)
      : features_(std::move(features)),
        targets_(std::move(targets)) {
    rows_ = features_.front().table->rows();
    for (const auto* side : {&features_, &targets_}) {
      for (const auto& pick : *side) {
        auto& names = side == &features_ ? feature_names_ : target_names_;
        names.insert(names.end(), pick.names.begin(), pick.names.end());
        most_columns_ = std::max(most_columns_, pick.table->columns());
        if (pick.table->rows() != rows_) {
          throw DataError(fmt::format("{}: '{}' has {} rows, but '{}' has {}", path, pick.names.front(),
                                      pick.table->rows(), feature_names_.front(), rows_));
        }
      }
    }
  }
  [[nodiscard]] std::int64_t rows() const override { return rows_; }
  [[nodiscard]] const std::vector<std::string>& feature_names() const override { return feature_names_; }
  [[nodiscard]] const std::vector<std::string>& target_names() const override { return target_names_; }
  void read(std::int64_t first_row, std::int64_t count, double* features, double* targets) override {
    // In ranges of about a million numbers of a table, because all its columns are read before some are picked.
    constexpr std::int64_t numbers = std::int64_t{1} << 20;
    const auto most = std::max<std::int64_t>(1, numbers / most_columns_);
    for (std::int64_t done = 0; done < count; done += most) {
      held_ = nullptr;
      const auto rows = std::min(most, count - done), row = first_row + done;
      read_side(features_, feature_names_.size(), row, rows, features + done * std::ssize(feature_names_));
      read_side(targets_, target_names_.size(), row, rows, targets + done * std::ssize(target_names_));
    }
  }

 private:
  void read_side(const std::vector<Pick>& side, std::size_t width, std::int64_t first_row, std::int64_t count,
                 double* out) {
    for (const auto& pick : side) {
      const auto columns = pick.table->columns();
      if (pick.table.get() != held_) {
        block_.resize(static_cast<std::size_t>(count * columns));
        pick.table->read(first_row, count, block_.data());
        held_ = pick.table.get();
      }
      for (std::int64_t row = 0; row < count; ++row) {
        for (std::size_t k = 0; k < pick.columns.size(); ++k) {
          out[static_cast<std::size_t>(row) * width + k] =
              block_[static_cast<std::size_t>(row * columns + pick.columns[k])];
        }
      }
      out += pick.columns.size();
    }
  }

  std::vector<Pick> features_, targets_;
  std::vector<std::string> feature_names_, target_names_;
  std::int64_t rows_ = 0, most_columns_ = 1;
  std::vector<double> block_;    ///< rows of one table
  const Table* held_ = nullptr;  ///< which: features and targets often are columns of the same
};

std::int64_t find_column(const ColumnRef& ref, const std::string& path, const std::vector<std::string>& names,
                         bool unnamed) {
  const auto count = static_cast<std::int64_t>(names.size());
  if (ref.index >= 0) {
    if (ref.index < count) return ref.index;
    throw DataError(fmt::format("{}: no column {}; its {} columns are counted from 0", path, ref.index, count));
  }
  if (unnamed) {
    throw DataError(fmt::format("{}: no column '{}'; its {} columns have no names and are chosen by index from 0", path,
                                ref.name, count));
  }
  const auto it = std::find(names.begin(), names.end(), ref.name);
  if (it == names.end()) {
    throw DataError(
        fmt::format("{}: no column '{}'; it has: {}{}", path, ref.name, join(names), did_you_mean(ref.name, names)));
  }
  if (std::find(it + 1, names.end(), ref.name) != names.end()) {
    throw DataError(fmt::format("{}: more than one column is named '{}'; choose it by index from 0", path, ref.name));
  }
  return it - names.begin();
}

}  // namespace

void MemoryTable::read(std::int64_t first_row, std::int64_t count, double* out) {
  std::copy_n(values_.begin() + first_row * columns_, count * columns_, out);
}

Pick pick_all(std::shared_ptr<Table> table, const std::string& name) {
  Pick pick;
  pick.columns.resize(static_cast<std::size_t>(table->columns()));
  std::iota(pick.columns.begin(), pick.columns.end(), std::int64_t{0});
  for (const auto column : pick.columns)
    pick.names.push_back(pick.columns.size() == 1 ? name : fmt::format("{}{}", name, column));
  pick.table = std::move(table);
  return pick;
}

std::unique_ptr<DataSource> make_source(const std::string& path, std::vector<Pick> features,
                                        std::vector<Pick> targets) {
  return std::make_unique<TableSource>(path, std::move(features), std::move(targets));
}

ColumnChoice choose_columns(const DataSpec& spec, const std::string& path, const std::vector<std::string>& names,
                            bool unnamed) {
  ColumnChoice choice;
  std::vector<bool> taken(names.size(), false);
  const auto take = [&](const std::vector<ColumnRef>& refs, std::vector<std::int64_t>& columns) {
    for (const auto& ref : refs) {
      const auto column = find_column(ref, path, names, unnamed);
      if (taken[static_cast<std::size_t>(column)]) {
        throw DataError(
            fmt::format("{}: column {} ('{}') is chosen twice", path, column, names[static_cast<std::size_t>(column)]));
      }
      taken[static_cast<std::size_t>(column)] = true;
      columns.push_back(column);
    }
  };
  auto features = spec.features;
  const auto once = [&](const std::string& name) { return std::count(names.begin(), names.end(), name) == 1; };
  if (features.empty() && std::all_of(spec.preferred.begin(), spec.preferred.end(), once)) {
    // By index: names that were made up cannot be asked for.
    for (const auto& name : spec.preferred)
      features.push_back({"", std::find(names.begin(), names.end(), name) - names.begin()});
  }
  take(spec.targets, choice.targets);
  take(features, choice.features);
  if (features.empty()) {
    for (std::size_t column = 0; column < names.size(); ++column) {
      if (!taken[column]) choice.features.push_back(static_cast<std::int64_t>(column));
    }
  }
  if (choice.features.empty())
    throw DataError(fmt::format("{}: no column is left for the features; it has: {}", path, join(names)));
  if (choice.targets.empty() && !spec.features_only)
    throw DataError(fmt::format("{}: no target column is chosen; it has: {}", path, join(names)));
  return choice;
}

void fail_missing_array(const std::string& path, const std::string& name, const std::vector<std::string>& known) {
  throw DataError(fmt::format("{}: no array '{}'; it holds: {}{}", path, name, known.empty() ? "nothing" : join(known),
                              did_you_mean(name, known)));
}

void fail_array_by_index(const std::string& path, std::int64_t index) {
  throw DataError(fmt::format("{}: array {}: arrays of this format are chosen by name, not by index", path, index));
}

}  // namespace sinter::inputs::detail
