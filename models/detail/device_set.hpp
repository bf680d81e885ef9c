// Data on their way into training: statistics, the normalisation that follows from them, and the normalised copy where
// one is needed.
#pragma once

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include <sinter/kernels/fused/column_statistics.hpp>
#include <sinter/models/trainer.hpp>

namespace sinter::detail {

/// Statistics of the columns of `data`, on the host: 2 launches, 1 fence and 1 small copy. Throws DataError for
/// non-finite values.
template <Space S, class In>
std::vector<fused::ColumnSummary> summarize(const typename S::Execution& exec, const MatrixRef<S, const In>& data,
                                            std::string_view what) {
  const auto rows = static_cast<std::int64_t>(data.extent(0)), columns = static_cast<std::int64_t>(data.extent(1));
  const std::int64_t blocks = (rows + fused::statistics_block - 1) / fused::statistics_block;
  const auto partial = make_vector<S, fused::ColumnSummary>(exec, "sinter::data::partial", blocks * columns);
  const auto total = make_vector<S, fused::ColumnSummary>(exec, "sinter::data::summary", columns);
  fused::column_statistics<S>(exec, data.data(), rows, columns, partial.data(), total.data());
  const HostMirror<Vector<S, fused::ColumnSummary>> mirror(total);
  mirror.pull(exec);
  std::vector<fused::ColumnSummary> summary(mirror.host().data(), mirror.host().data() + columns);
  for (std::size_t j = 0; j < summary.size(); ++j) {
    if (!std::isfinite(summary[j].mean) || !std::isfinite(summary[j].m2)) {
      throw DataError(fmt::format("{}: column {} holds a value that is not finite or too large", what, j));
    }
  }
  return summary;
}

/// The normalisation of that kind; a column without variance is only shifted, and `warn` is told its number.
template <class Warn>
ColumnNormalization normalization_of(Normalize kind, const std::vector<fused::ColumnSummary>& summary,
                                     const Warn& warn) {
  ColumnNormalization columns;
  columns.kind = kind;
  if (kind == Normalize::none) return columns;
  for (std::size_t j = 0; j < summary.size(); ++j) {
    const auto& s = summary[j];
    const bool varies = s.max > s.min;
    if (!varies) warn(j);
    const double spread = kind == Normalize::zscore ? std::sqrt(s.m2 / s.count) : s.max - s.min;
    columns.shift.push_back(kind == Normalize::minmax || !varies ? s.min : s.mean);
    columns.scale.push_back(varies && spread > 0 ? 1.0 / spread : 1.0);
  }
  return columns;
}

/// `data` as Real, normalised: the caller's own View where nothing is to do, else a new one (1 allocation, 1 launch).
template <Space S, class Real, class In>
Matrix<S, const Real> prepared(const typename S::Execution& exec, const MatrixRef<S, const In>& data,
                               const double* shift, const double* scale, const std::string& label) {
  if constexpr (std::is_same_v<In, Real>) {
    if (shift == nullptr) return Matrix<S, const Real>(data.data(), data.extent(0), data.extent(1));
  }
  const auto rows = static_cast<std::int64_t>(data.extent(0)), columns = static_cast<std::int64_t>(data.extent(1));
  const auto out = make_matrix<S, Real>(exec, label, rows, columns);
  fused::normalize_columns<S>(exec, data.data(), out.data(), rows, columns, shift, scale);
  return out;
}

template <Space S, class Real, class In>
DeviceSet<S, Real> device_set(const typename S::Execution& exec, const Network<S, Real>& network,
                              const RawSet<S, In>& raw, const char* name) {
  DeviceSet<S, Real> set;
  set.rows = static_cast<std::int64_t>(raw.X.extent(0));
  if (set.rows == 0) return set;
  check_shape(raw.X, fmt::format("{} features", name), set.rows, network.spec().inputs);
  check_shape(raw.T, fmt::format("{} targets", name), set.rows, network.spec().outputs());
  summarize<S, In>(exec, raw.X, fmt::format("{} features", name));
  for (const auto& column : summarize<S, In>(exec, raw.T, fmt::format("{} targets", name)))
    set.target_variation += column.m2;
  set.X = prepared<S, Real, In>(exec, raw.X, network.feature_shift(), network.feature_scale(),
                                fmt::format("sinter::data::{}_features", name));
  set.T = prepared<S, Real, In>(exec, raw.T, network.target_shift(), network.target_scale(),
                                fmt::format("sinter::data::{}_targets", name));
  return set;
}

}  // namespace sinter::detail
