// The outputs of a network in physical units: last activation (softmax included, over a row), then the normalisation of
// targets undone. Z [rows, outputs] in Real, Y [rows, outputs] in double or Real, row-major; one launch.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/loss.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::fused {

/// x = x' / scale + shift, a column each; null pointers: as it is.
struct Denormalize {
  const double* shift = nullptr;
  const double* scale = nullptr;
  KOKKOS_INLINE_FUNCTION double operator()(double value, std::int64_t column) const {
    return scale == nullptr ? value : value / scale[column] + shift[column];
  }
};

template <Space S, class Real, class Out>
struct Output {
  Real* Z;  ///< in; holds the activations afterwards
  Out* Y;   ///< out; may be Z where the types agree
  std::int64_t outputs;
  Activation activation;
  Real alpha;
  Denormalize denormalize;

  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t r) const {
    Real* const row = Z + r * outputs;
    row_output(activation, alpha, row, row, static_cast<int>(outputs));
    for (std::int64_t j = 0; j < outputs; ++j)
      Y[r * outputs + j] = static_cast<Out>(denormalize(static_cast<double>(row[j]), j));
  }
};

/// Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations.
template <Space S, class Real, class Out>
void output(const typename S::Execution& exec, Real* Z, Out* Y, std::int64_t rows, std::int64_t outputs,
            Activation activation, Real alpha, const Denormalize& denormalize) {
  static LaunchLabel label("sinter::layer::output");
  using Policy = Kokkos::RangePolicy<typename S::Execution, Kokkos::IndexType<std::int64_t>>;
  launch(label, Policy(exec, 0, rows), Output<S, Real, Out>{Z, Y, outputs, activation, alpha, denormalize});
}

}  // namespace sinter::fused
