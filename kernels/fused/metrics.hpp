// Sums from which metrics follow, over predictions and targets in physical units, on the device: blocks of 256 rows in
// row order, blocks merged in order by one thread; double and integer accumulators. One small record is all that is
// fetched.
#pragma once

#include <cstdint>

#include <sinter/kernels/fused/column_statistics.hpp>
#include <sinter/kernels/fused/normalization.hpp>
#include <sinter/kernels/ops/loss.hpp>

namespace sinter::fused {

struct MetricSums {
  double rows = 0;
  double loss = 0;      ///< sum of row losses, in the units trained in
  double squared = 0;   ///< sum of (p - t)^2
  double absolute = 0;  ///< sum of |p - t|
  double largest = 0;   ///< max |p - t|
};

/// The larger of two; a NaN counts as larger than anything, so that it is not lost.
KOKKOS_FORCEINLINE_FUNCTION double larger(double a, double b) { return a >= b || a != a ? a : b; }

/// `s` becomes the sums over its rows and those of `next`.
KOKKOS_INLINE_FUNCTION void add(MetricSums& s, const MetricSums& next) {
  s.rows += next.rows;
  s.loss += next.loss;
  s.squared += next.squared;
  s.absolute += next.absolute;
  s.largest = larger(s.largest, next.largest);
}

/// Which decision a classifier's row of outputs means.
enum class Decision : std::uint8_t {
  none,       ///< regression
  threshold,  ///< each output by itself: class 1 where it is at least 0.5
  largest,    ///< the largest of the outputs
};

template <Space S, class Real>
struct MetricArgs {
  LossSettings loss;
  Activation activation = Activation::identity;
  Real alpha = 0;
  const Real* Z = nullptr;        ///< in: [rows, outputs], before the last activation
  const Real* targets = nullptr;  ///< in: [rows, outputs], normalised as trained
  Real* work = nullptr;           ///< work: [rows, outputs]
  std::int64_t rows = 0, outputs = 0, classes = 0;
  Denormalizer denormalize;
  Decision decision = Decision::none;
  MetricSums* partial = nullptr;  ///< work: [blocks]
  MetricSums* total = nullptr;    ///< in/out: added to, so that a long set may come in pieces
  std::int64_t* confusion =
      nullptr;  ///< in/out: [classes, classes], actual by predicted; integers, so that atomics are exact
};

template <Space S, class Real>
struct MetricBlocks {
  MetricArgs<S, Real> args;

  KOKKOS_INLINE_FUNCTION void count(std::int64_t actual, std::int64_t predicted) const {
    if (actual >= 0 && actual < args.classes)
      Kokkos::atomic_add(args.confusion + actual * args.classes + predicted, std::int64_t{1});
  }

  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t block) const {
    const std::int64_t begin = block * statistics_block;
    const std::int64_t end = begin + statistics_block < args.rows ? begin + statistics_block : args.rows;
    const auto loss = make_loss_args<Real>(args.loss, 1, args.outputs);
    MetricSums s;
    for (std::int64_t r = begin; r < end; ++r) {
      const Real* z = args.Z + r * args.outputs;
      const Real* t = args.targets + r * args.outputs;
      Real* p = args.work + r * args.outputs;
      s.rows += 1;
      s.loss += row_loss(loss, args.activation, args.alpha, z, t, static_cast<int>(args.outputs), p);
      row_output(args.activation, args.alpha, z, p, static_cast<int>(args.outputs));
      std::int64_t actual = 0, predicted = 0;
      for (std::int64_t j = 0; j < args.outputs; ++j) {
        const double value = args.denormalize(static_cast<double>(p[j]), j),
                     want = args.denormalize(static_cast<double>(t[j]), j);
        const double error = value - want, size = error < 0 ? -error : error;
        s.squared += error * error;
        s.absolute += size;
        s.largest = larger(s.largest, size);
        if (t[j] > t[actual]) actual = j;
        if (p[j] > p[predicted]) predicted = j;
        if (args.decision == Decision::threshold) count(want >= 0.5 ? 1 : 0, value >= 0.5 ? 1 : 0);
      }
      if (args.decision == Decision::largest) count(actual, predicted);
    }
    args.partial[block] = s;
  }
};

template <Space S, class Real>
struct MetricMerge {
  MetricArgs<S, Real> args;
  std::int64_t blocks;
  KOKKOS_INLINE_FUNCTION void operator()(const int) const {
    MetricSums s = *args.total;
    for (std::int64_t b = 0; b < blocks; ++b) add(s, args.partial[b]);
    *args.total = s;
  }
};

/// Adds the sums of `rows` rows to *total and the decisions to the confusion matrix. Asynchronous on `exec`; 2
/// launches.
template <Space S, class Real>
void metrics(const typename S::Execution& exec, const MetricArgs<S, Real>& args) {
  static LaunchLabel blocks_label("sinter::metrics::blocks"), merge_label("sinter::metrics::merge");
  using Policy = Kokkos::RangePolicy<typename S::Execution, Kokkos::IndexType<std::int64_t>>;
  const std::int64_t blocks = (args.rows + statistics_block - 1) / statistics_block;
  launch(blocks_label, Policy(exec, 0, blocks), MetricBlocks<S, Real>{args});
  launch(merge_label, Kokkos::RangePolicy<typename S::Execution>(exec, 0, 1), MetricMerge<S, Real>{args, blocks});
}

}  // namespace sinter::fused
