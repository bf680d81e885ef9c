// Columns between physical units and those of a network: x' = (x - shift) scale and back, evaluated in double.
#pragma once

#include <cstdint>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter::fused {

/// x' = (x - shift) scale, a column each; null pointers: as it is. [columns] on the device.
struct Normalizer {
  const double* shift = nullptr;
  const double* scale = nullptr;
  KOKKOS_INLINE_FUNCTION double operator()(double value, std::int64_t column) const {
    return scale == nullptr ? value : (value - shift[column]) * scale[column];
  }
};

/// x = x' / scale + shift, a column each; null pointers: as it is.
struct Denormalizer {
  const double* shift = nullptr;
  const double* scale = nullptr;
  KOKKOS_INLINE_FUNCTION double operator()(double value, std::int64_t column) const {
    return scale == nullptr ? value : value / scale[column] + shift[column];
  }
};

}  // namespace sinter::fused
