// A NumPy array (NPY format, versions 1 to 3) as a table: one or two axes, C or Fortran order, little-endian floats and
// integers. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <string>

#include <sinter/inputs/data/table.hpp>

namespace sinter::inputs::detail {

class NpyTable : public Table {
 public:
  /// `bytes` is a whole NPY file; `what` names it in messages. Throws DataError for what it cannot serve.
  NpyTable(std::string what, std::string bytes);
  [[nodiscard]] std::int64_t rows() const override { return rows_; }
  [[nodiscard]] std::int64_t columns() const override { return columns_; }
  void read(std::int64_t first_row, std::int64_t count, double* out) override;

 private:
  std::string what_;
  std::string bytes_;
  std::size_t data_ = 0;  ///< where the numbers start
  char kind_ = 'f';       ///< f, i, u or b, as in descr
  int size_ = 8;          ///< bytes of a number
  bool fortran_ = false;
  std::int64_t rows_ = 0, columns_ = 1;
};

}  // namespace sinter::inputs::detail
