// Rows of a data set on the host on their way to a device that does not hold it: in the order of their batches, normalised,
// into memory that the device copies from. A kernel of the host's processors; the same arithmetic as normalize_columns.
#pragma once

#include <cstdint>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/normalization.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::fused {

/// Features or targets.
template <class In, class Real>
struct StagedColumns {
  const In* from = nullptr;  ///< in: [data rows, columns], physical units
  Real* to = nullptr;        ///< out: [staged rows, columns], as the network wants them
  std::int64_t columns = 0;
  Normalizer normalize;

  KOKKOS_INLINE_FUNCTION void copy(std::int64_t row, std::int64_t place) const {
    const In* const source = from + row * columns;
    Real* const target = to + place * columns;
    for (std::int64_t j = 0; j < columns; ++j)
      target[j] = static_cast<Real>(normalize(static_cast<double>(source[j]), j));
  }
};

template <class In, class Real>
struct StageBatches {
  StagedColumns<In, Real> X, T;
  BatchOrder order;  ///< of the first batch

  /// A slot of a batch.
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const std::int64_t slots = order.own_chunks(), batch = index / slots, slot = index % slots;
    BatchOrder of_batch = order;
    of_batch.step += batch;
    // All batches before the last of an epoch are full.
    const std::int64_t first = batch * order.own_rows(), end = of_batch.chunk_begin(slot + 1);
    const SlotOrder rows(of_batch, slot);
    constexpr int width = 8;
    std::int64_t row[width];
    for (std::int64_t place = of_batch.chunk_begin(slot); place < end; place += width) {
      const int count = rows.rows(place, row);
      for (int l = 0; l < count; ++l) {
        X.copy(row[l], first + place + l);
        T.copy(row[l], first + place + l);
      }
    }
  }
};

/// A row each.
template <class In, class Real>
struct StageRange {
  StagedColumns<In, Real> X, T;
  std::int64_t first;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t place) const {
    X.copy(first + place, place);
    T.copy(first + place, place);
  }
};

/// The rows of `batches` batches of one epoch from `order`'s on, one batch behind the other, each in the order of its places.
/// `exec`: of the host; all pointers are to its memory. 1 launch.
template <Space Host, class In, class Real>
void stage_batches(const typename Host::Execution& exec, const StagedColumns<In, Real>& X,
                   const StagedColumns<In, Real>& T, const BatchOrder& order, std::int64_t batches) {
  static LaunchLabel label("sinter::stream::stage_batches");
  using Policy = Kokkos::RangePolicy<typename Host::Execution, Kokkos::IndexType<std::int64_t>>;
  launch(label, Policy(exec, 0, batches * order.own_chunks()), StageBatches<In, Real>{X, T, order});
}

/// Rows [first, first + count) as they stand. 1 launch.
template <Space Host, class In, class Real>
void stage_range(const typename Host::Execution& exec, const StagedColumns<In, Real>& X,
                 const StagedColumns<In, Real>& T, std::int64_t first, std::int64_t count) {
  static LaunchLabel label("sinter::stream::stage_range");
  using Policy = Kokkos::RangePolicy<typename Host::Execution, Kokkos::IndexType<std::int64_t>>;
  launch(label, Policy(exec, 0, count), StageRange<In, Real>{X, T, first});
}

}  // namespace sinter::fused
