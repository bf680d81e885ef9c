// CSV by RFC 4180: fields may stand in double quotes, "" within them is a quote, records end with LF or CRLF. Also: a
// byte order mark is skipped, blank lines are, blanks around a number are. No comments. Opening finds the records;
// numbers are parsed when read.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/table.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

struct Field {
  std::string_view text;  ///< without its quotes, but with "" in it
  std::size_t offset = 0;
};

class CsvText {
 public:
  CsvText(std::string path, std::string text, char delimiter)
      : path_(std::move(path)),
        text_(std::move(text)),
        delimiter_(delimiter) {}

  [[nodiscard]] std::size_t start() const { return text_.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

  /// Reads the record at `at` into `fields` and moves on to the next; false at the end. Blank lines are skipped;
  /// `begin` is where the record starts.
  bool next(std::size_t& at, std::size_t& begin, std::vector<Field>& fields) const {
    while (at < text_.size() &&
           (text_[at] == '\n' || (text_[at] == '\r' && at + 1 < text_.size() && text_[at + 1] == '\n')))
      ++at;
    if (at >= text_.size()) return false;
    begin = at;
    fields.clear();
    while (true) {
      fields.push_back(field(at));
      if (at < text_.size() && text_[at] == delimiter_) {
        ++at;
        continue;
      }
      if (at < text_.size() && text_[at] == '\r') ++at;
      if (at < text_.size()) ++at;  // the end of line
      return true;
    }
  }

  [[noreturn]] void fail(std::size_t offset, std::string_view message) const {
    const auto before = std::string_view(text_).substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    throw DataError(fmt::format("{}:{}:{}: {}", path_, line, offset - line_start + 1, message));
  }

  /// The number in a field, or NaN where there is none.
  [[nodiscard]] static double number(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
    return good ? value : std::numeric_limits<double>::quiet_NaN();
  }

  [[nodiscard]] double checked_number(const Field& field, std::string_view column) const {
    const double value = number(field.text);
    if (std::isfinite(value)) return value;
    const bool blank = field.text.find_first_not_of(" \t") == std::string_view::npos;
    constexpr std::size_t shown = 40;
    fail(field.offset,
         blank ? fmt::format("column '{}' is empty; expected a number", column)
               : fmt::format("column '{}': '{}' is not a finite number", column, field.text.substr(0, shown)));
  }

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

 private:
  Field field(std::size_t& at) const {
    if (at < text_.size() && text_[at] == '"') {
      const auto opening = at++;
      const auto begin = at;
      while (true) {
        at = text_.find('"', at);
        if (at == std::string::npos) fail(opening, "a quoted field that does not end");
        if (at + 1 >= text_.size() || text_[at + 1] != '"') break;
        at += 2;
      }
      const Field result{std::string_view(text_).substr(begin, at - begin), begin};
      ++at;
      const auto rest = std::string_view(text_).substr(at);
      const bool ends = rest.empty() || rest[0] == delimiter_ || rest[0] == '\n' || rest == "\r" ||
                        rest.starts_with("\r\n");
      if (!ends)
        fail(at,
             fmt::format("'{}' after a closing quote; expected '{}' or the end of the line", text_[at], delimiter_));
      return result;
    }
    const auto begin = at;
    while (at < text_.size() && text_[at] != delimiter_ && text_[at] != '\n') ++at;
    auto end = at;
    if (at < text_.size() && text_[at] == '\n' && end > begin && text_[end - 1] == '\r') --end;
    if (at == text_.size() && end > begin && text_[end - 1] == '\r') --end;
    return {std::string_view(text_).substr(begin, end - begin), begin};
  }

  std::string path_;
  std::string text_;
  char delimiter_;
};

class CsvSource : public DataSource {
 public:
  CsvSource(const DataSpec& spec, CsvText csv) : csv_(std::move(csv)) {
    const auto& path = csv_.path();
    if (const auto zero = csv_.text().find('\0'); zero != std::string::npos) {
      throw DataError(fmt::format("{}: not a text file: byte 0x00 at offset {}", path, zero));
    }
    std::size_t at = csv_.start(), begin = 0;
    std::vector<Field> fields;
    if (!csv_.next(at, begin, fields)) throw DataError(fmt::format("{}: empty; expected records of numbers", path));
    const auto width = fields.size();
    const bool numbers = std::all_of(fields.begin(), fields.end(),
                                     [](const Field& f) { return std::isfinite(CsvText::number(f.text)); });
    const bool header = spec.header == CsvHeader::yes || (spec.header == CsvHeader::automatic && !numbers);
    std::vector<std::string> names;
    for (const auto& field : fields) names.push_back(header ? name_of(field) : fmt::format("column{}", names.size()));
    if (!header) starts_.push_back(begin);
    while (csv_.next(at, begin, fields)) {
      if (fields.size() != width) {
        csv_.fail(begin, fmt::format("a record of {} fields, but the first record has {}", fields.size(), width));
      }
      starts_.push_back(begin);
    }
    if (starts_.empty()) throw DataError(fmt::format("{}: only a header, no records", path));
    columns_ = choose_columns(spec, path, names, !header);
    for (const auto column : columns_.features) feature_names_.push_back(names[static_cast<std::size_t>(column)]);
    for (const auto column : columns_.targets) target_names_.push_back(names[static_cast<std::size_t>(column)]);
  }
  [[nodiscard]] std::int64_t rows() const override { return static_cast<std::int64_t>(starts_.size()); }
  [[nodiscard]] const std::vector<std::string>& feature_names() const override { return feature_names_; }
  [[nodiscard]] const std::vector<std::string>& target_names() const override { return target_names_; }
  void read(std::int64_t first_row, std::int64_t count, double* features, double* targets) override {
    std::vector<Field> fields;
    for (auto row = first_row; row < first_row + count; ++row) {
      std::size_t at = starts_[static_cast<std::size_t>(row)], begin = 0;
      csv_.next(at, begin, fields);
      for (std::size_t k = 0; k < feature_names_.size(); ++k) {
        *features++ = csv_.checked_number(fields[static_cast<std::size_t>(columns_.features[k])], feature_names_[k]);
      }
      for (std::size_t k = 0; k < target_names_.size(); ++k) {
        *targets++ = csv_.checked_number(fields[static_cast<std::size_t>(columns_.targets[k])], target_names_[k]);
      }
    }
  }

 private:
  [[nodiscard]] std::string name_of(const Field& field) const {
    if (first_invalid_utf8(field.text) != std::string::npos) csv_.fail(field.offset, "a column name that is not UTF-8");
    std::string name;
    for (std::size_t k = 0; k < field.text.size(); ++k) {
      name += field.text[k];
      if (field.text[k] == '"') ++k;  // "" within quotes
    }
    const auto from = name.find_first_not_of(" \t");
    return from == std::string::npos ? "" : name.substr(from, name.find_last_not_of(" \t") - from + 1);
  }

  CsvText csv_;
  std::vector<std::size_t> starts_;  ///< of the records, the header apart
  ColumnChoice columns_;
  std::vector<std::string> feature_names_, target_names_;
};

}  // namespace

std::unique_ptr<DataSource> open_csv(const DataSpec& spec, const std::string& path, DataPart part) {
  if (part == DataPart::test) return nullptr;
  const char fallback = path.ends_with(".tsv") ? '\t' : ',';
  const char delimiter = spec.delimiter.empty() ? fallback : spec.delimiter.front();
  return std::make_unique<CsvSource>(
      spec, CsvText(path, read_file(path, std::numeric_limits<std::uint64_t>::max()), delimiter));
}

}  // namespace sinter::inputs::detail
