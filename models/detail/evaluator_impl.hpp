// Definitions of Evaluator, for the sources that instantiate it (models/instances).
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include <sinter/kernels/fused/metrics.hpp>
#include <sinter/kernels/fused/network_forward.hpp>
#include <sinter/models/evaluator.hpp>
#include <sinter/runtime/workspace.hpp>

namespace sinter {
namespace detail {

inline fused::Decision decision_of(Activation output) {
  return output == Activation::sigmoid   ? fused::Decision::threshold
         : output == Activation::softmax ? fused::Decision::largest
                                         : fused::Decision::none;
}

inline std::int64_t classes_of(const ModelSpec& spec) {
  switch (decision_of(spec.layers.back().activation)) {
    case fused::Decision::threshold: return 2;
    case fused::Decision::largest: return spec.outputs();
    case fused::Decision::none: break;
  }
  return 0;
}

/// accuracy, and precision, recall and f1 of class 1 (two classes) or as means over the classes; 0 where a ratio is 0 /
/// 0.
inline void add_classification(Metrics& metrics, const std::vector<std::int64_t>& confusion, std::int64_t classes) {
  const auto at = [&](std::int64_t actual, std::int64_t predicted) {
    return static_cast<double>(confusion[static_cast<std::size_t>(actual * classes + predicted)]);
  };
  const auto ratio = [](double part, double whole) { return whole > 0 ? part / whole : 0.0; };
  double all = 0, right = 0, precision = 0, recall = 0, f1 = 0;
  const std::int64_t first = classes == 2 ? 1 : 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    double actual = 0, predicted = 0;
    for (std::int64_t other = 0; other < classes; ++other) {
      actual += at(c, other);
      predicted += at(other, c);
    }
    all += actual;
    right += at(c, c);
    if (c < first) continue;
    const double p = ratio(at(c, c), predicted), r = ratio(at(c, c), actual);
    precision += p;
    recall += r;
    f1 += ratio(2 * p * r, p + r);
  }
  const auto count = static_cast<double>(classes - first);
  metrics.emplace_back("accuracy", ratio(right, all));
  metrics.emplace_back("precision", precision / count);
  metrics.emplace_back("recall", recall / count);
  metrics.emplace_back("f1", f1 / count);
}

/// Counts of this process' rows, added up over the ranks that share the set.
inline std::vector<std::int64_t> sum_over_ranks(const SetShare& share, const std::int64_t* own, std::size_t count) {
  std::vector<std::int64_t> total(own, own + count);
  if (share.communicator == nullptr) return total;
  const auto size = static_cast<std::size_t>(share.communicator->size());
  std::vector<std::int64_t> all(size * count);
  std::copy(total.begin(), total.end(),
            all.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(share.communicator->rank()) * count));
  const std::vector<std::int64_t> bytes(size, static_cast<std::int64_t>(count * sizeof(std::int64_t)));
  share.communicator->wait(share.communicator->all_gather(all.data(), bytes));
  for (std::size_t i = 0; i < count; ++i) {
    total[i] = 0;
    for (std::size_t r = 0; r < size; ++r) total[i] += all[r * count + i];
  }
  return total;
}

}  // namespace detail

template <Space S, class Real>
struct Evaluator<S, Real>::Memory {
  Workspace<S> arena;
  Vector<S, fused::TileLayer> layers;
  Slot<Real> Z, work;
  Slot<fused::MetricSums> partial;
  Vector<S, fused::MetricSums> total;  ///< of each shard
  Vector<S, std::int64_t> confusion;
};

template <Space S, class Real>
Evaluator<S, Real>::Evaluator(const Execution& exec, const Network<S, Real>& network, std::int64_t rows)
    : network_(network),
      rows_(std::clamp<std::int64_t>(rows, 1, block_rows)),
      memory_(std::make_shared<Memory>()) {
  check_inference(network.spec(), detail::precision_of<Real>(), device_kind<S>);
  auto& m = *memory_;
  m.layers = fused::forward_layers<S>(exec, network.layout());
  for (auto* slot : {&m.Z, &m.work}) *slot = m.arena.template add<Real>(rows_ * network.layout().outputs());
  m.partial = m.arena.template add<fused::MetricSums>((rows_ + fused::statistics_block - 1) / fused::statistics_block);
  m.arena.allocate(exec);
  const auto classes = static_cast<std::size_t>(detail::classes_of(network.spec()));
  m.total = Vector<S, fused::MetricSums>(Kokkos::view_alloc(exec, std::string("sinter::metrics::sums")),
                                         static_cast<std::size_t>(tile::max_leaves));
  m.confusion = Vector<S, std::int64_t>(Kokkos::view_alloc(exec, std::string("sinter::metrics::confusion")),
                                        classes * classes);
}

template <Space S, class Real>
template <class In, class Out>
void Evaluator<S, Real>::forward(const Execution& exec, const In* X, std::int64_t rows, Out* Y, bool raw) {
  fused::NetworkForwardArgs<Real, In, Out> args;
  const auto& layout = network_.layout();
  args.shape = fused::forward_shape<S>(layout, fused::forward_rows<S, Real>(layout, rows, exec.concurrency()),
                                       memory_->layers.data());
  args.X = X;
  args.Y = Y;
  args.raw = raw;
  if (!raw) {
    args.features = {network_.feature_shift(), network_.feature_scale()};
    args.targets = {network_.target_shift(), network_.target_scale()};
  }
  args.rows = rows;
  args.parameters = network_.parameters().data();
  args.parameter_count = layout.parameters;
  fused::network_forward<S>(exec, args);
}

template <Space S, class Real>
template <class In, class Out>
void Evaluator<S, Real>::predict(const Execution& exec, const std::type_identity_t<MatrixRef<S, const In>>& X,
                                 const std::type_identity_t<MatrixRef<S, Out>>& Y) {
  const auto& spec = network_.spec();
  check_shape(X, "predict: X", -1, spec.inputs);
  check_shape(Y, "predict: Y", X.extent(0), spec.outputs());
  forward(exec, X.data(), static_cast<std::int64_t>(X.extent(0)), Y.data(), false);
}

template <Space S, class Real>
void Evaluator<S, Real>::accumulate(const Execution& exec, const DeviceSet<S, Real>& set, const LossSettings& loss) {
  const auto& spec = network_.spec();
  auto& m = *memory_;
  fill(exec, m.total, fused::MetricSums{});
  if (m.confusion.extent(0) > 0) fill(exec, m.confusion, std::int64_t{0});
  const auto piece = [&](std::size_t shard, std::int64_t begin, std::int64_t rows) {
    fused::MetricArgs<S, Real> args;
    args.rows = rows;
    Real* const Z = m.arena.at(m.Z);
    const auto on_device = set.piece(exec, begin, rows);
    forward(exec, on_device.X, args.rows, Z, true);
    args.loss = loss;
    args.activation = spec.layers.back().activation;
    args.alpha = static_cast<Real>(spec.layers.back().alpha);
    args.Z = Z;
    args.targets = on_device.T;
    args.work = m.arena.at(m.work);
    args.outputs = spec.outputs();
    args.classes = detail::classes_of(spec);
    args.denormalize = {network_.target_shift(), network_.target_scale()};
    args.decision = detail::decision_of(args.activation);
    args.partial = m.arena.at(m.partial);
    args.total = m.total.data() + shard;
    args.confusion = m.confusion.data();
    fused::metrics<S, Real>(exec, args);
  };
  for (std::size_t s = 0; s < set.share.own_shards(); ++s) {
    const std::int64_t end = set.share.begins[s + 1];
    for (std::int64_t begin = set.share.begins[s]; begin < end; begin += rows_)
      piece(s, begin, std::min(rows_, end - begin));
  }
}

/// Of the whole set, shard by shard.
template <Space S, class Real>
fused::MetricSums Evaluator<S, Real>::sums(const Execution& exec, const DeviceSet<S, Real>& set,
                                           const LossSettings& loss) {
  accumulate(exec, set, loss);
  const HostMirror<Vector<S, fused::MetricSums>> totals(memory_->total);
  totals.pull(exec);
  const auto* const own = totals.host().data();
  fused::MetricSums all;
  for (const auto& shard : set.share.gathered(std::vector<fused::MetricSums>(own, own + set.share.own_shards()), 1))
    fused::add(all, shard);
  return all;
}

template <Space S, class Real>
double Evaluator<S, Real>::loss(const Execution& exec, const DeviceSet<S, Real>& set, const LossSettings& loss) {
  return sums(exec, set, loss).loss /
         static_cast<double>(loss_terms(loss.type, set.share.all_rows, network_.spec().outputs()));
}

template <Space S, class Real>
SetReport Evaluator<S, Real>::report(const Execution& exec, const DeviceSet<S, Real>& set, const LossSettings& loss) {
  SetReport report;
  report.rows = set.share.all_rows;
  report.classes = detail::classes_of(network_.spec());
  const std::int64_t outputs = network_.spec().outputs();
  const fused::MetricSums s = sums(exec, set, loss);
  const double mean = s.loss / static_cast<double>(loss_terms(loss.type, set.share.all_rows, outputs));
  const double terms = s.rows * static_cast<double>(outputs);
  const double mse = s.squared / terms;
  report.metrics = {
      {"loss", mean}, {"mse", mse}, {"rmse", std::sqrt(mse)}, {"mae", s.absolute / terms}, {"max_error", s.largest}};
  if (report.classes == 0) {
    if (set.target_variation > 0) report.metrics.emplace_back("r2", 1.0 - s.squared / set.target_variation);
  } else {
    const HostMirror<Vector<S, std::int64_t>> confusion(memory_->confusion);
    confusion.pull(exec);
    const auto cells = static_cast<std::size_t>(report.classes * report.classes);
    report.confusion = detail::sum_over_ranks(set.share, confusion.host().data(), cells);
    detail::add_classification(report.metrics, report.confusion, report.classes);
  }
  return report;
}

}  // namespace sinter
