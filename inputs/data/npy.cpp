#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/npy_table.hpp>
#include <sinter/inputs/text_file.hpp>
#include <sinter/runtime/base/errors.hpp>

namespace sinter::inputs::detail {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers in files are little-endian and are copied as they stand");

/// What follows 'key': in the header, a Python dictionary.
std::string_view entry(std::string_view header, std::string_view key, const std::string& what) {
  const auto at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) throw DataError(fmt::format("{}: damaged NPY header: no '{}'", what, key));
  header.remove_prefix(at + key.size() + 3);
  header.remove_prefix(std::min(header.size(), header.find_first_not_of(' ')));
  return header;
}

/// "(3, 4)" and "(3,)".
std::vector<std::int64_t> parse_shape(std::string_view text, const std::string& what) {
  const auto close = text.find(')');
  if (!text.starts_with('(') || close == std::string_view::npos)
    throw DataError(fmt::format("{}: damaged NPY header: shape", what));
  std::vector<std::int64_t> shape;
  for (auto inside = text.substr(1, close - 1); !inside.empty();) {
    const auto comma = std::min(inside.find(','), inside.size());
    auto number = inside.substr(0, comma);
    inside.remove_prefix(std::min(inside.size(), comma + 1));
    while (number.starts_with(' ')) number.remove_prefix(1);
    if (number.empty() && inside.empty()) break;
    std::int64_t extent = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), extent);
    if (error != std::errc() || end != number.data() + number.size() || extent < 0) {
      throw DataError(fmt::format("{}: damaged NPY header: extent '{}'", what, number));
    }
    shape.push_back(extent);
  }
  return shape;
}

template <class T>
double load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return static_cast<double>(value);
}

using Loader = double (*)(const char*);

Loader loader_of(char kind, int size) {
  if (kind == 'f') return size == 4 ? load<float> : size == 8 ? load<double> : nullptr;
  if (kind == 'b') return size == 1 ? load<std::uint8_t> : nullptr;
  const bool is_signed = kind == 'i';
  if (!is_signed && kind != 'u') return nullptr;
  switch (size) {
    case 1: return is_signed ? Loader{load<std::int8_t>} : load<std::uint8_t>;
    case 2: return is_signed ? Loader{load<std::int16_t>} : load<std::uint16_t>;
    case 4: return is_signed ? Loader{load<std::int32_t>} : load<std::uint32_t>;
    case 8: return is_signed ? Loader{load<std::int64_t>} : load<std::uint64_t>;
    default: return nullptr;
  }
}

}  // namespace

NpyTable::NpyTable(std::string what, std::string bytes) : what_(std::move(what)), bytes_(std::move(bytes)) {
  const std::string_view all = bytes_;
  if (all.empty()) throw DataError(fmt::format("{}: empty; expected a NumPy array", what_));
  if (all.size() < 12 || !all.starts_with("\x93NUMPY"))
    throw DataError(fmt::format("{}: not a NumPy array (NPY)", what_));
  const auto version = static_cast<unsigned char>(all[6]);
  if (version < 1 || version > 3) throw DataError(fmt::format("{}: NPY version {}; allowed: 1, 2, 3", what_, version));
  std::uint32_t length = 0;
  std::memcpy(&length, all.data() + 8, version == 1 ? 2 : 4);
  const std::size_t start = version == 1 ? 10 : 12;
  if (length > all.size() - start) throw DataError(fmt::format("{}: truncated within its NPY header", what_));
  const auto header = all.substr(start, length);
  data_ = start + length;

  const auto descr = entry(header, "descr", what_);
  const auto quote = descr.find('\'', 1);
  const auto type = descr.starts_with('\'') && quote != std::string_view::npos ? descr.substr(1, quote - 1)
                                                                               : std::string_view("a record");
  if (type.size() == 3) {
    kind_ = type[1];
    size_ = type[2] - '0';
  }
  const bool readable = type.size() == 3 && (type[0] == '<' || (type[0] == '|' && size_ == 1)) &&
                        loader_of(kind_, size_) != nullptr;
  if (!readable) {
    throw DataError(fmt::format("{}: element type {}; allowed: <f4, <f8, |i1, <i2, <i4, <i8, |u1, <u2, <u4, <u8, |b1",
                                what_, type));
  }
  fortran_ = entry(header, "fortran_order", what_).starts_with("True");
  const auto shape = parse_shape(entry(header, "shape", what_), what_);
  if (shape.empty() || shape.size() > 2) {
    throw DataError(fmt::format("{}: {} axes; allowed: 1 (rows) or 2 (rows and columns)", what_, shape.size()));
  }
  rows_ = shape[0];
  columns_ = shape.size() == 2 ? shape[1] : 1;
  if (rows_ == 0 || columns_ == 0) throw DataError(fmt::format("{}: empty: shape {} x {}", what_, rows_, columns_));
  const auto held = static_cast<std::int64_t>(bytes_.size() - data_) / size_;
  if (rows_ > held || columns_ > held / rows_ ||
      rows_ * columns_ * size_ != static_cast<std::int64_t>(bytes_.size() - data_)) {
    throw DataError(fmt::format("{}: shape {} x {} of {}-byte numbers does not fit its {} bytes of data", what_, rows_,
                                columns_, size_, bytes_.size() - data_));
  }
}

void NpyTable::read(std::int64_t first_row, std::int64_t count, double* out) {
  const auto value = loader_of(kind_, size_);
  for (auto row = first_row; row < first_row + count; ++row) {
    for (std::int64_t column = 0; column < columns_; ++column) {
      const auto index = fortran_ ? column * rows_ + row : row * columns_ + column;
      *out++ = value(bytes_.data() + data_ + static_cast<std::size_t>(index * size_));
    }
  }
}

std::unique_ptr<DataSource> open_npy(const DataSpec& spec, const std::string& path, DataPart part) {
  if (part == DataPart::test) return nullptr;
  const auto table = std::make_shared<NpyTable>(path, read_file(path, std::numeric_limits<std::uint64_t>::max()));
  const auto all = pick_all(table, "column");
  const auto choice = choose_columns(spec, path, all.names, true);
  const auto pick = [&](const std::vector<std::int64_t>& columns) {
    if (columns.empty()) return std::vector<Pick>{};
    Pick picked{table, columns, {}};
    for (const auto column : columns) picked.names.push_back(all.names[static_cast<std::size_t>(column)]);
    return std::vector<Pick>{picked};
  };
  return make_source(path, pick(choice.features), pick(choice.targets));
}

}  // namespace sinter::inputs::detail
