// Tensors: Kokkos Views with a label, row-major layout (LayoutRight) and the space in the type; checked shapes at every
// public entry. [batch, features] for data, [fan_in, fan_out] for weights.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <sinter/runtime/spaces.hpp>

namespace sinter {

template <Space S, class T>
using Vector = Kokkos::View<T*, Kokkos::LayoutRight, typename S::Device>;
template <Space S, class T>
using Matrix = Kokkos::View<T**, Kokkos::LayoutRight, typename S::Device>;

/// The canonical unmanaged form that kernels and public entries take; converts from every View of the same space and
/// layout.
template <Space S, class T>
using VectorRef = Kokkos::View<T*, Kokkos::LayoutRight, typename S::Device, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
template <Space S, class T>
using MatrixRef = Kokkos::View<T**, Kokkos::LayoutRight, typename S::Device, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// Allocates without initialising. 1 allocation, 0 launches.
template <Space S, class T>
Vector<S, T> make_vector(const typename S::Execution& exec, const std::string& label, std::int64_t extent) {
  return Vector<S, T>(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, label), static_cast<std::size_t>(extent));
}
template <Space S, class T>
Matrix<S, T> make_matrix(const typename S::Execution& exec, const std::string& label, std::int64_t rows,
                         std::int64_t columns) {
  return Matrix<S, T>(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, label), static_cast<std::size_t>(rows),
                      static_cast<std::size_t>(columns));
}

namespace detail {
[[noreturn]] void shape_error(std::string_view what, const std::int64_t* have, const std::int64_t* want, int rank);
}

/// Throws ShapeError "what: shape [3, 4], expected [3, 5]" unless the extents agree; a wanted extent of -1 allows any.
template <class View, class... Extents>
void check_shape(const View& view, std::string_view what, Extents... wanted) {
  static_assert(View::rank() == sizeof...(Extents), "as many extents as the View has dimensions");
  const std::array<std::int64_t, sizeof...(Extents)> want{static_cast<std::int64_t>(wanted)...};
  std::array<std::int64_t, sizeof...(Extents)> have{};
  bool good = true;
  for (std::size_t d = 0; d < want.size(); ++d) {
    have[d] = static_cast<std::int64_t>(view.extent(d));
    good = good && (want[d] < 0 || want[d] == have[d]);
  }
  if (!good) detail::shape_error(what, have.data(), want.data(), static_cast<int>(want.size()));
}

}  // namespace sinter
