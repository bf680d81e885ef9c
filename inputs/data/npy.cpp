#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/npy_table.hpp>
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
void widen(const char* from, std::int64_t count, double* out, std::int64_t stride) {
  for (std::int64_t k = 0; k < count; ++k) {
    T value;
    std::memcpy(&value, from + static_cast<std::size_t>(k) * sizeof(T), sizeof(T));
    out[k * stride] = static_cast<double>(value);
  }
}

}  // namespace

NpyTable::Widen NpyTable::widen_of(char kind, int size) {
  if (kind == 'f') return size == 4 ? widen<float> : size == 8 ? widen<double> : nullptr;
  if (kind == 'b') return size == 1 ? widen<std::uint8_t> : nullptr;
  const bool is_signed = kind == 'i';
  if (!is_signed && kind != 'u') return nullptr;
  switch (size) {
    case 1: return is_signed ? Widen{widen<std::int8_t>} : widen<std::uint8_t>;
    case 2: return is_signed ? Widen{widen<std::int16_t>} : widen<std::uint16_t>;
    case 4: return is_signed ? Widen{widen<std::int32_t>} : widen<std::uint32_t>;
    case 8: return is_signed ? Widen{widen<std::int64_t>} : widen<std::uint64_t>;
    default: return nullptr;
  }
}

NpyTable::NpyTable(std::string what, RandomAccessFile file, std::size_t block) : file_(std::move(file)) {
  if (file_.size() == 0) throw DataError(fmt::format("{}: empty; expected a NumPy array", what));
  std::array<char, 12> prefix{};
  file_.read(0, std::min<std::uint64_t>(prefix.size(), file_.size()), prefix.data());
  if (file_.size() < prefix.size() || !std::string_view(prefix.data(), prefix.size()).starts_with("\x93NUMPY"))
    throw DataError(fmt::format("{}: not a NumPy array (NPY)", what));
  const auto version = static_cast<unsigned char>(prefix[6]);
  if (version < 1 || version > 3) throw DataError(fmt::format("{}: NPY version {}; allowed: 1, 2, 3", what, version));
  std::uint32_t length = 0;
  std::memcpy(&length, prefix.data() + 8, version == 1 ? 2 : 4);
  const std::uint64_t start = version == 1 ? 10 : 12;
  if (length > file_.size() - start) throw DataError(fmt::format("{}: truncated within its NPY header", what));
  std::string header(length, '\0');
  file_.read(start, header.size(), header.data());
  data_ = start + length;

  const auto descr = entry(header, "descr", what);
  const auto quote = descr.find('\'', 1);
  const auto type = descr.starts_with('\'') && quote != std::string_view::npos ? descr.substr(1, quote - 1)
                                                                               : std::string_view("a record");
  if (type.size() == 3) {
    size_ = type[2] - '0';
    if (type[0] == '<' || (type[0] == '|' && size_ == 1)) widen_ = widen_of(type[1], size_);
  }
  if (widen_ == nullptr) {
    throw DataError(
        fmt::format("{}: element type {}; allowed: <f4, <f8, |i1, <i2, <i4, <i8, |u1, <u2, <u4, <u8, |b1", what, type));
  }
  fortran_ = entry(header, "fortran_order", what).starts_with("True");
  const auto shape = parse_shape(entry(header, "shape", what), what);
  if (shape.empty() || shape.size() > 2) {
    throw DataError(fmt::format("{}: {} axes; allowed: 1 (rows) or 2 (rows and columns)", what, shape.size()));
  }
  rows_ = shape[0];
  columns_ = shape.size() == 2 ? shape[1] : 1;
  if (rows_ == 0 || columns_ == 0) throw DataError(fmt::format("{}: empty: shape {} x {}", what, rows_, columns_));
  const auto bytes = static_cast<std::int64_t>(file_.size() - data_);
  const auto held = bytes / size_;
  if (rows_ > held || columns_ > held / rows_ || rows_ * columns_ * size_ != bytes) {
    throw DataError(fmt::format("{}: shape {} x {} of {}-byte numbers does not fit its {} bytes of data", what, rows_,
                                columns_, size_, bytes));
  }
  // In Fortran order at least a page of each column, which is read alone.
  const auto block_bytes = static_cast<std::int64_t>(block);
  const auto least = fortran_ ? std::min<std::int64_t>(block_bytes, 4096) / size_ : 1;
  most_rows_ = std::min(rows_, std::max({block_bytes / (columns_ * size_), least, std::int64_t{1}}));
}

/// The rows from `first_row` on become the window.
void NpyTable::load(std::int64_t first_row) {
  window_rows_ = 0;  // until all is there
  const auto rows = std::min(most_rows_, rows_ - first_row);
  window_.resize(static_cast<std::size_t>(most_rows_ * columns_ * size_));
  const auto ranges = fortran_ ? columns_ : 1;
  const auto count = static_cast<std::size_t>((fortran_ ? rows : rows * columns_) * size_);
  for (std::int64_t k = 0; k < ranges; ++k) {
    const auto from = fortran_ ? k * rows_ + first_row : first_row * columns_;
    file_.read(data_ + static_cast<std::uint64_t>(from * size_), count,
               window_.data() + static_cast<std::size_t>(k) * count);
  }
  window_first_ = first_row;
  window_rows_ = rows;
}

void NpyTable::read(std::int64_t first_row, std::int64_t count, double* out) {
  const auto end = first_row + count;
  for (auto row = first_row; row < end;) {
    if (row < window_first_ || row >= window_first_ + window_rows_) load(row);
    const auto skipped = row - window_first_, rows = std::min(end - row, window_rows_ - skipped);
    const auto number = [&](std::int64_t index) { return window_.data() + static_cast<std::size_t>(index * size_); };
    if (fortran_) {
      for (std::int64_t column = 0; column < columns_; ++column)
        widen_(number(column * window_rows_ + skipped), rows, out + column, columns_);
    } else {
      widen_(number(skipped * columns_), rows * columns_, out, 1);
    }
    row += rows;
    out += rows * columns_;
  }
}

std::unique_ptr<DataSource> open_npy(const DataSpec& spec, const std::string& path, DataPart part) {
  if (part == DataPart::test) return nullptr;
  const auto table = std::make_shared<NpyTable>(path, RandomAccessFile(path));
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
