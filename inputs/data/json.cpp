// JSON: {"m": rows, "n": features, "x": [m n numbers], "y": [m numbers, or a multiple], "m_test": ..., "x_test": ...,
// "y_test": ...}, row-major. Read event by event, without a tree in between, so that repeated fields are seen and large
// files stay small.
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/table.hpp>
#include <sinter/inputs/nearest.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

class JsonFields : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonFields(const std::string& path, const std::string& text) : path_(path), text_(text) {}

  std::map<std::string, std::int64_t> counts_;
  std::map<std::string, std::vector<double>> arrays_;

  bool key(std::string& name) override {
    static const std::vector<std::string> known{"m", "n", "x", "y", "m_test", "x_test", "y_test"};
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      fail(fmt::format("unknown field '{}'; allowed: {}{}", name, join(known), did_you_mean(name, known)));
    }
    if (counts_.contains(name) || arrays_.contains(name)) fail(fmt::format("repeated field '{}'", name));
    field_ = name;
    return true;
  }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value), value); }
  bool number_unsigned(number_unsigned_t value) override {
    const bool fits = value <= static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return number(static_cast<double>(value), fits ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt);
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) fail(fmt::format("{}: {} is not a finite number", place(), text));
    return number(value, std::nullopt);
  }
  bool start_object(std::size_t) override { return depth_++ == 0 ? true : refuse("an object"); }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override {
    if (field_.empty()) fail("expected an object with the fields m, n, x and y, found an array");
    if (is_count() || in_array_) refuse("an array");
    in_array_ = true;
    arrays_[field_];
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a truth value"); }
  bool string(string_t&) override { return refuse("a text"); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& error) override {
    const auto offset = position == 0 ? 0 : std::min(position, text_.size()) - 1;
    const auto before = std::string_view(text_).substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    constexpr int out_of_range = 406;
    const bool huge = error.id == out_of_range;
    throw DataError(fmt::format("{}:{}:{}: {}", path_, line, offset - start + 1,
                                huge ? fmt::format("{} is beyond what double precision holds", token)
                                : offset + 1 >= text_.size()
                                    ? "not valid JSON: it ends too early"
                                    : fmt::format("not valid JSON near '{}'", printable(token))));
  }

 private:
  const std::string& path_;
  const std::string& text_;
  std::string field_;
  int depth_ = 0;
  bool in_array_ = false;

  [[noreturn]] void fail(std::string_view message) const { throw DataError(fmt::format("{}: {}", path_, message)); }
  [[nodiscard]] bool is_count() const { return field_ == "m" || field_ == "n" || field_ == "m_test"; }
  [[nodiscard]] std::string place() const {
    if (field_.empty()) return "top";
    return in_array_ ? fmt::format("{}[{}]", field_, arrays_.at(field_).size()) : field_;
  }
  bool refuse(std::string_view what) const {
    if (field_.empty()) fail(fmt::format("expected an object with the fields m, n, x and y, found {}", what));
    fail(fmt::format("{}: expected {}, found {}", place(),
                     is_count()  ? "an integer"
                     : in_array_ ? "a number"
                                 : "an array of numbers",
                     what));
  }
  bool number(double value, std::optional<std::int64_t> integer) {
    if (in_array_) {
      arrays_[field_].push_back(value);
      return true;
    }
    if (field_.empty() || !is_count()) return refuse("a number");
    if (!integer || *integer < 0) fail(fmt::format("{}: {} is not a count; allowed: integers >= 0", field_, value));
    counts_[field_] = *integer;
    return true;
  }
  static std::string printable(const std::string& token) {
    std::string text;
    for (const char c : token.substr(token.size() > 20 ? token.size() - 20 : 0))
      text += c >= 0x20 && c < 0x7F ? c : '?';
    return text;
  }
};

/// The array `name` of `rows` rows as a table, after a check that it divides into them.
std::shared_ptr<Table> table_of(JsonFields& fields, const std::string& path, const std::string& name,
                                const std::string& rows_name, std::optional<std::int64_t> columns) {
  const auto rows = fields.counts_.at(rows_name);
  const auto it = fields.arrays_.find(name);
  if (it == fields.arrays_.end()) throw DataError(fmt::format("{}: field '{}' is missing", path, name));
  const auto length = static_cast<std::int64_t>(it->second.size());
  const auto fits = rows >= 1 && length >= rows && length % rows == 0 && (!columns || length / rows == *columns);
  if (!fits) {
    throw DataError(columns ? fmt::format("{}: {} holds {} numbers; {} = {} and n = {} need {} x {}", path, name,
                                          length, rows_name, rows, *columns, rows, *columns)
                            : fmt::format("{}: {} holds {} numbers; {} = {} needs {} or a multiple", path, name, length,
                                          rows_name, rows, rows));
  }
  return std::make_shared<MemoryTable>(length / rows, std::move(it->second));
}

}  // namespace

std::unique_ptr<DataSource> open_json(const DataSpec& spec, const std::string& path, DataPart part) {
  const auto text = read_file(path, std::numeric_limits<std::uint64_t>::max());
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw DataError(fmt::format("{}: empty; expected an object with the fields m, n, x and y", path));
  }
  JsonFields fields(path, text);
  nlohmann::json::sax_parse(text, &fields);
  for (const auto* name : {"m", "n"}) {
    if (!fields.counts_.contains(name)) throw DataError(fmt::format("{}: field '{}' is missing", path, name));
    if (fields.counts_[name] == 0) throw DataError(fmt::format("{}: {} is 0; allowed: >= 1", path, name));
  }
  const bool has_test = fields.counts_.contains("m_test") && fields.counts_["m_test"] > 0;
  const bool tests_given = fields.arrays_.contains("x_test") || fields.arrays_.contains("y_test");
  if (!has_test && tests_given && !fields.counts_.contains("m_test")) {
    throw DataError(fmt::format("{}: x_test or y_test is given, but field 'm_test' is missing", path));
  }
  if (part == DataPart::test && !has_test) return nullptr;
  const std::string suffix = part == DataPart::test ? "_test" : "";
  auto x = table_of(fields, path, "x" + suffix, "m" + suffix, fields.counts_["n"]);
  if (spec.features_only) return make_source(path, {pick_all(std::move(x), "x")}, {});
  auto y = table_of(fields, path, "y" + suffix, "m" + suffix, std::nullopt);
  return make_source(path, {pick_all(std::move(x), "x")}, {pick_all(std::move(y), "y")});
}

}  // namespace sinter::inputs::detail
