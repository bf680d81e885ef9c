// Evaluation of a network on the device: predictions in physical units in one launch, and metrics in blocks of rows.
// Batch-invariant.
#pragma once

#include <memory>
#include <type_traits>

#include <sinter/kernels/fused/metrics.hpp>
#include <sinter/models/network.hpp>
#include <sinter/models/set_share.hpp>
#include <sinter/models/spec/report.hpp>

namespace sinter {

/// Rows of features [.., inputs] and targets [.., outputs] on the device.
template <class Real>
struct RowsOnDevice {
  const Real* X = nullptr;
  const Real* T = nullptr;
};

/// A data set that is not on the device as a whole.
template <Space S, class Real>
class RowFeed {
 public:
  static constexpr std::int64_t piece_rows = 4096;  ///< the most that are asked for at once
  virtual ~RowFeed() = default;
  /// Rows [begin, begin + count), for kernels on `exec`; they stay until the next call.
  virtual RowsOnDevice<Real> rows(const typename S::Execution& exec, std::int64_t begin, std::int64_t count) = 0;
};

/// A data set on the device, or the share of it that this process holds, normalised as the network wants it. X [rows,
/// inputs], T [rows, outputs].
template <Space S, class Real>
struct DeviceSet {
  Matrix<S, const Real> X, T;
  std::int64_t rows = 0;
  SetShare share;
  double target_variation = 0;  ///< sum of squared deviations of the targets from their column means, physical units
  RowFeed<S, Real>* feed = nullptr;  ///< brings the rows instead of X and T

  [[nodiscard]] bool empty() const { return share.all_rows == 0; }
  /// At most RowFeed::piece_rows rows.
  [[nodiscard]] RowsOnDevice<Real> piece(const typename S::Execution& exec, std::int64_t begin,
                                         std::int64_t count) const {
    if (feed != nullptr) return feed->rows(exec, begin, count);
    return {X.data() + begin * static_cast<std::int64_t>(X.extent(1)),
            T.data() + begin * static_cast<std::int64_t>(T.extent(1))};
  }
};

template <Space S, class Real>
class Evaluator {
 public:
  using Execution = typename S::Execution;
  static constexpr std::int64_t block_rows = RowFeed<S, Real>::piece_rows;

  /// For sets of about `rows` rows; its memory holds the outputs of at most min(rows, block_rows). The network must
  /// outlive it. Throws ConfigError where a layer is too wide (check_inference() of models/plan/plan.hpp).
  Evaluator(const Execution& exec, const Network<S, Real>& network, std::int64_t rows);

  /// Y = network(X) in physical units, for any number of rows. X [rows, inputs], Y [rows, outputs], apart. Asynchronous;
  /// 1 launch, 0 fences, 0 copies, 0 allocations. Both Real, or both double: `predict<double>`. Throws ShapeError.
  template <class In = Real, class Out = In>
  void predict(const Execution& exec, const std::type_identity_t<MatrixRef<S, const In>>& X,
               const std::type_identity_t<MatrixRef<S, Out>>& Y);

  /// The mean loss of a normalised set; all ranks call it together where the set is shared. 1 fence and 1 small copy (none on host spaces).
  double loss(const Execution& exec, const DeviceSet<S, Real>& set, const LossSettings& loss);
  /// Loss and metrics of a normalised set. 1 fence and 2 small copies (none on host spaces).
  SetReport report(const Execution& exec, const DeviceSet<S, Real>& set, const LossSettings& loss);

 private:
  struct Memory;
  /// Outputs in physical units of X in physical units; `raw`: Z of the last layer of X in the network's units.
  template <class In, class Out>
  void forward(const Execution& exec, const In* X, std::int64_t rows, Out* Y, bool raw);
  void accumulate(const Execution& exec, const DeviceSet<S, Real>& set, const LossSettings& loss);
  fused::MetricSums sums(const Execution& exec, const DeviceSet<S, Real>& set, const LossSettings& loss);

  const Network<S, Real>& network_;
  std::int64_t rows_;
  std::shared_ptr<Memory> memory_;
};

}  // namespace sinter
