// CSV files as data: the first record may name the columns, the others hold numbers, with blanks around them or not.
// Opening looks through the file once, in blocks, and notes where some of the records start; numbers are parsed when
// their rows are read. The grammar is that of csv_records.hpp.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <sinter/inputs/data/csv_records.hpp>
#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/table.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

/// The number in a field, or NaN where there is none.
double number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  return good ? value : std::numeric_limits<double>::quiet_NaN();
}

class CsvSource : public DataSource {
 public:
  CsvSource(const DataSpec& spec, CsvRecords records) : records_(std::move(records)) {
    const auto& path = records_.file().name();
    if (!records_.next(fields_)) throw DataError(fmt::format("{}: empty; expected records of numbers", path));
    width_ = fields_.size();
    const bool numbers = std::all_of(fields_.begin(), fields_.end(),
                                     [](const CsvField& f) { return std::isfinite(number(f.text)); });
    const bool header = spec.header == CsvHeader::yes || (spec.header == CsvHeader::automatic && !numbers);
    std::vector<std::string> names;
    for (const auto& field : fields_) names.push_back(header ? name_of(field) : fmt::format("column{}", names.size()));
    if (!header) count_row();
    for (std::size_t width = 0; records_.skip(width);) {
      if (width != width_) {
        records_.fail(records_.mark().offset,
                      fmt::format("a record of {} fields, but the first record has {}", width, width_));
      }
      count_row();
    }
    if (rows_ == 0) throw DataError(fmt::format("{}: only a header, no records", path));
    next_row_ = rows_;
    columns_ = choose_columns(spec, path, names, !header);
    for (const auto column : columns_.features) feature_names_.push_back(names[static_cast<std::size_t>(column)]);
    for (const auto column : columns_.targets) target_names_.push_back(names[static_cast<std::size_t>(column)]);
  }
  [[nodiscard]] std::int64_t rows() const override { return rows_; }
  [[nodiscard]] const std::vector<std::string>& feature_names() const override { return feature_names_; }
  [[nodiscard]] const std::vector<std::string>& target_names() const override { return target_names_; }
  void read(std::int64_t first_row, std::int64_t count, double* features, double* targets) override {
    if (count > 0) go_to(first_row);
    for (std::int64_t row = 0; row < count; ++row) {
      if (!records_.next(fields_) || fields_.size() != width_) records_.file().fail_changed();
      ++next_row_;
      for (std::size_t k = 0; k < feature_names_.size(); ++k)
        *features++ = checked_number(columns_.features[k], feature_names_[k]);
      for (std::size_t k = 0; k < target_names_.size(); ++k)
        *targets++ = checked_number(columns_.targets[k], target_names_[k]);
    }
  }

 private:
  /// The start of every so many rows is noted: a quarter byte a row in memory, and few records to skip after a jump.
  static constexpr std::int64_t stride = 64;

  void count_row() {
    if (rows_++ % stride == 0) marks_.push_back(records_.mark());
  }

  /// Makes a row the next one, from where the records stand or from the mark before it.
  void go_to(std::int64_t row) {
    if (row < next_row_ || row / stride > next_row_ / stride) {
      records_.go_to(marks_[static_cast<std::size_t>(row / stride)]);
      next_row_ = row / stride * stride;
    }
    for (std::size_t width = 0; next_row_ < row; ++next_row_) {
      if (!records_.skip(width)) records_.file().fail_changed();
    }
  }

  [[nodiscard]] double checked_number(std::int64_t index, std::string_view column) const {
    const auto& field = fields_[static_cast<std::size_t>(index)];
    const double value = number(field.text);
    if (std::isfinite(value)) return value;
    const bool blank = field.text.find_first_not_of(" \t") == std::string_view::npos;
    constexpr std::size_t shown = 40;
    records_.fail(field.offset,
                  blank ? fmt::format("column '{}' is empty; expected a number", column)
                        : fmt::format("column '{}': '{}' is not a finite number", column, field.text.substr(0, shown)));
  }

  [[nodiscard]] std::string name_of(const CsvField& field) const {
    if (first_invalid_utf8(field.text) != std::string::npos)
      records_.fail(field.offset, "a column name that is not UTF-8");
    std::string name;
    for (std::size_t k = 0; k < field.text.size(); ++k) {
      name += field.text[k];
      if (field.text[k] == '"') ++k;  // "" within quotes
    }
    const auto from = name.find_first_not_of(" \t");
    return from == std::string::npos ? "" : name.substr(from, name.find_last_not_of(" \t") - from + 1);
  }

  CsvRecords records_;
  std::size_t width_ = 0;  ///< fields of a record
  std::int64_t rows_ = 0;
  std::vector<CsvRecords::Mark> marks_;  ///< of the rows 0, stride, 2 stride, ...
  std::int64_t next_row_ = 0;            ///< the row that the next record is
  std::vector<CsvField> fields_;
  ColumnChoice columns_;
  std::vector<std::string> feature_names_, target_names_;
};

}  // namespace

std::unique_ptr<DataSource> open_csv(const DataSpec& spec, const std::string& path, DataPart part) {
  if (part == DataPart::test) return nullptr;
  return open_csv(spec, RandomAccessFile(path), CsvRecords::default_block);
}

std::unique_ptr<DataSource> open_csv(const DataSpec& spec, RandomAccessFile file, std::size_t block) {
  const char fallback = file.name().ends_with(".tsv") ? '\t' : ',';
  const char delimiter = spec.delimiter.empty() ? fallback : spec.delimiter.front();
  return std::make_unique<CsvSource>(spec, CsvRecords(std::move(file), delimiter, block));
}

}  // namespace sinter::inputs::detail
