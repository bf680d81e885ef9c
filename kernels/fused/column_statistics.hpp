// Statistics of the columns of a data set, and normalisation with them, on the device. Blocks of 256 rows are
// summarised in row order (Welford 1962) and merged in block order (Chan, Golub & LeVeque 1979), in double: the same
// bits for any number of threads.
#pragma once

#include <cstdint>

#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::fused {

struct ColumnSummary {
  double count = 0, mean = 0, m2 = 0;  ///< m2: sum of squared deviations from the mean
  double min = 0, max = 0;
};

inline constexpr std::int64_t statistics_block = 256;

/// `s` becomes the summary of its values and those of `next`, one of which may be of none.
KOKKOS_INLINE_FUNCTION void merge(ColumnSummary& s, const ColumnSummary& next) {
  if (next.count == 0) return;
  if (s.count == 0) {
    s = next;
    return;
  }
  const double count = s.count + next.count, delta = next.mean - s.mean;
  s.mean += delta * (next.count / count);
  s.m2 += next.m2 + delta * delta * (s.count * next.count / count);
  s.count = count;
  s.min = next.min < s.min ? next.min : s.min;
  s.max = next.max > s.max ? next.max : s.max;
}

template <Space S, class In>
struct SummarizeBlocks {
  const In* data;  ///< in: [rows, columns]
  std::int64_t rows, columns;
  ColumnSummary* partial;  ///< out: [blocks, columns]

  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const std::int64_t block = index / columns, column = index % columns;
    const std::int64_t begin = block * statistics_block;
    const std::int64_t end = begin + statistics_block < rows ? begin + statistics_block : rows;
    ColumnSummary s;
    s.min = s.max = static_cast<double>(data[begin * columns + column]);
    for (std::int64_t r = begin; r < end; ++r) {
      const auto value = static_cast<double>(data[r * columns + column]);
      s.count += 1;
      const double delta = value - s.mean;
      s.mean += delta / s.count;
      s.m2 += delta * (value - s.mean);
      s.min = value < s.min ? value : s.min;
      s.max = value > s.max ? value : s.max;
    }
    partial[index] = s;
  }
};

template <Space S>
struct MergeBlocks {
  const ColumnSummary* partial;  ///< in: [blocks, columns]
  std::int64_t blocks, columns;
  ColumnSummary* total;  ///< out: [columns]

  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t column) const {
    ColumnSummary s = partial[column];
    for (std::int64_t b = 1; b < blocks; ++b) merge(s, partial[b * columns + column]);
    total[column] = s;
  }
};

/// data [rows, columns], partial [ceil(rows / 256), columns], total [columns], all on the device. Asynchronous; 2
/// launches.
template <Space S, class In>
void column_statistics(const typename S::Execution& exec, const In* data, std::int64_t rows, std::int64_t columns,
                       ColumnSummary* partial, ColumnSummary* total) {
  static LaunchLabel summarize("sinter::data::summarize"), merge("sinter::data::merge");
  using Policy = Kokkos::RangePolicy<typename S::Execution, Kokkos::IndexType<std::int64_t>>;
  const std::int64_t blocks = (rows + statistics_block - 1) / statistics_block;
  launch(summarize, Policy(exec, 0, blocks * columns), SummarizeBlocks<S, In>{data, rows, columns, partial});
  launch(merge, Policy(exec, 0, columns), MergeBlocks<S>{partial, blocks, columns, total});
}

template <Space S, class In, class Real>
struct NormalizeColumns {
  const In* data;  ///< in: [rows, columns], physical units
  Real* out;       ///< out: [rows, columns]
  std::int64_t columns;
  const double* shift;  ///< [columns], or null for none
  const double* scale;

  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const auto value = static_cast<double>(data[index]);
    const std::int64_t column = index % columns;
    out[index] = static_cast<Real>(shift == nullptr ? value : (value - shift[column]) * scale[column]);
  }
};

/// out = (data - shift) * scale, evaluated in double and rounded once. Asynchronous; 1 launch.
template <Space S, class In, class Real>
void normalize_columns(const typename S::Execution& exec, const In* data, Real* out, std::int64_t rows,
                       std::int64_t columns, const double* shift, const double* scale) {
  static LaunchLabel label("sinter::data::normalize");
  using Policy = Kokkos::RangePolicy<typename S::Execution, Kokkos::IndexType<std::int64_t>>;
  launch(label, Policy(exec, 0, rows * columns), NormalizeColumns<S, In, Real>{data, out, columns, shift, scale});
}

}  // namespace sinter::fused
