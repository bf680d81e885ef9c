// A NumPy array (NPY format, versions 1 to 3) as a table: one or two axes, C or Fortran order, little-endian floats and
// integers. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <sinter/inputs/data/table.hpp>
#include <sinter/inputs/random_access_file.hpp>

namespace sinter::inputs::detail {

class NpyTable : public Table {
 public:
  static constexpr std::size_t default_block = std::size_t{1} << 20;

  /// `file` is an NPY file; `what` names it in messages. Its header is read now, its numbers in blocks of about `block`
  /// bytes when rows are read. Throws DataError for what it cannot serve, IoError.
  NpyTable(std::string what, RandomAccessFile file, std::size_t block = default_block);
  [[nodiscard]] std::int64_t rows() const override { return rows_; }
  [[nodiscard]] std::int64_t columns() const override { return columns_; }
  void read(std::int64_t first_row, std::int64_t count, double* out) override;

 private:
  /// Widens `count` numbers to out[0], out[stride], ...
  using Widen = void (*)(const char* from, std::int64_t count, double* out, std::int64_t stride);

  static Widen widen_of(char kind, int size);
  void load(std::int64_t first_row);

  RandomAccessFile file_;
  std::uint64_t data_ = 0;  ///< where the numbers start
  int size_ = 8;            ///< bytes of a number
  Widen widen_ = nullptr;
  bool fortran_ = false;
  std::int64_t rows_ = 0, columns_ = 1;

  /// Rows that were read last, as in the file: [row, column], in Fortran order [column, row].
  std::string window_;
  std::int64_t most_rows_ = 1, window_first_ = 0, window_rows_ = 0;
};

}  // namespace sinter::inputs::detail
