// Data on their way into training: statistics, the normalisation that follows from them, and the normalised copy where
// one is needed.
#pragma once

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include <sinter/kernels/fused/column_statistics.hpp>
#include <sinter/models/trainer.hpp>

namespace sinter::detail {

/// Statistics of the columns of a set of which `data` is this process' share, on the host: 2 launches a shard, 1 fence
/// and 1 small copy. Throws DataError for non-finite values, on all ranks.
template <Space S, class In>
std::vector<fused::ColumnSummary> summarize(const typename S::Execution& exec, const MatrixRef<S, const In>& data,
                                            const SetShare& share, std::string_view what) {
  const auto columns = static_cast<std::int64_t>(data.extent(1));
  const auto shards = static_cast<std::int64_t>(share.own_shards());
  const std::int64_t blocks = (share.rows() + fused::statistics_block - 1) / fused::statistics_block;
  const auto partial = make_vector<S, fused::ColumnSummary>(exec, "sinter::data::partial", blocks * columns);
  const Vector<S, fused::ColumnSummary> totals(Kokkos::view_alloc(exec, std::string("sinter::data::summary")),
                                               static_cast<std::size_t>(shards * columns));
  for (std::size_t s = 0; s < share.own_shards(); ++s) {
    const std::int64_t rows = share.begins[s + 1] - share.begins[s];
    if (rows == 0) continue;  // a summary of no values
    fused::column_statistics<S>(exec, data.data() + share.begins[s] * columns, rows, columns, partial.data(),
                                totals.data() + static_cast<std::int64_t>(s) * columns);
  }
  const HostMirror<Vector<S, fused::ColumnSummary>> mirror(totals);
  mirror.pull(exec);
  const auto width = static_cast<std::size_t>(columns);
  const auto all = share.gathered(
      std::vector<fused::ColumnSummary>(mirror.host().data(), mirror.host().data() + shards * columns), width);
  std::vector<fused::ColumnSummary> summary(width);
  for (std::size_t i = 0; i < all.size(); ++i) fused::merge(summary[i % width], all[i]);
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

/// Rows in physical units of this process, on the device or (those of a training set alone) on the host.
template <Space S, class In>
struct SetRows {
  RawSet<S, In> device;
  HostRows<S, In> host;  ///< of no rows: they are on the device

  [[nodiscard]] bool streamed() const { return host.X.extent(0) > 0; }
  [[nodiscard]] std::int64_t count() const {
    return static_cast<std::int64_t>(streamed() ? host.X.extent(0) : device.X.extent(0));
  }
};

struct SetStatistics {
  std::vector<fused::ColumnSummary> features, targets;
};

/// Checks the shapes too. `name` is for messages.
template <Space S, class In>
SetStatistics set_statistics(const typename S::Execution& exec, const SetRows<S, In>& rows, const SetShare& share,
                             const ModelSpec& model, const char* name) {
  const auto features = fmt::format("{} features", name), targets = fmt::format("{} targets", name);
  const auto of = [&]<Space Where>(const typename Where::Execution& where, const MatrixRef<Where, const In>& X,
                                   const MatrixRef<Where, const In>& T) -> SetStatistics {
    check_shape(X, features, share.rows(), model.inputs);
    check_shape(T, targets, share.rows(), model.outputs());
    return {summarize<Where, In>(where, X, share, features), summarize<Where, In>(where, T, share, targets)};
  };
  if (rows.streamed())
    return of.template operator()<HostSpaceBeside<S>>(host_instance<S>(exec), rows.host.X, rows.host.T);
  return of.template operator()<S>(exec, rows.device.X, rows.device.T);
}

inline double variation_of(const std::vector<fused::ColumnSummary>& columns) {
  double sum = 0;
  for (const auto& column : columns) sum += column.m2;
  return sum;
}

/// The set as the network wants it; without its rows where they are streamed.
template <Space S, class Real, class In>
DeviceSet<S, Real> device_set_of(const typename S::Execution& exec, const Network<S, Real>& network,
                                 const SetRows<S, In>& rows, const SetStatistics& statistics, const SetShare& share,
                                 const std::string& name) {
  DeviceSet<S, Real> set;
  set.rows = rows.count();
  set.share = share;
  set.target_variation = variation_of(statistics.targets);
  if (rows.streamed()) return set;
  set.X = prepared<S, Real, In>(exec, rows.device.X, network.feature_shift(), network.feature_scale(),
                                "sinter::data::" + name + "_features");
  set.T = prepared<S, Real, In>(exec, rows.device.T, network.target_shift(), network.target_scale(),
                                "sinter::data::" + name + "_targets");
  return set;
}

/// `raw`: a set that all ranks hold and evaluate together.
template <Space S, class Real, class In>
DeviceSet<S, Real> device_set(const typename S::Execution& exec, const Network<S, Real>& network,
                              const RawSet<S, In>& raw, const char* name, Communicator& communicator) {
  const auto rows = static_cast<std::int64_t>(raw.X.extent(0));
  if (rows == 0) return {};
  check_shape(raw.T, fmt::format("{} targets", name), rows, network.spec().outputs());
  std::int64_t first = 0;
  const SetShare share = SetShare::of_evaluation(rows, communicator, first);
  const auto part = [&](const MatrixRef<S, const In>& whole) {
    const auto columns = whole.extent(1);
    return MatrixRef<S, const In>(whole.data() + first * static_cast<std::int64_t>(columns),
                                  static_cast<std::size_t>(share.rows()), columns);
  };
  const SetRows<S, In> own{{part(raw.X), part(raw.T)}, {}};
  return device_set_of(exec, network, own, set_statistics(exec, own, share, network.spec(), name), share, name);
}

}  // namespace sinter::detail
