// The products of level `none`: KokkosBlas::gemm on row-major matrices, counted as one launch each.
#pragma once

#include <cstdint>

#include <KokkosBlas3_gemm.hpp>

#include <sinter/runtime/ledger.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::classic {

/// C [m, n] = op(A) op(B) with op transposing where its flag is 'T'; all row-major and contiguous. The memory is
/// reached through the execution space's own memory space, which is the same memory for every space that Sinter has.
template <Space S, class Real>
void product(const typename S::Execution& exec, char transpose_a, char transpose_b, const Real* A, const Real* B,
             Real* C, std::int64_t m, std::int64_t n, std::int64_t k) {
  using Memory = typename S::Execution::memory_space;
  using Device = Kokkos::Device<typename S::Execution, Memory>;
  using In = Kokkos::View<const Real**, Kokkos::LayoutRight, Device, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  using Out = Kokkos::View<Real**, Kokkos::LayoutRight, Device, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  static LaunchLabel label("KokkosBlas::gemm");
  label.count();
  const auto view = [](const Real* data, std::int64_t rows, std::int64_t columns) {
    return In(data, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns));
  };
  const In a = transpose_a == 'T' ? view(A, k, m) : view(A, m, k);
  const In b = transpose_b == 'T' ? view(B, n, k) : view(B, k, n);
  KokkosBlas::gemm(exec, &transpose_a, &transpose_b, Real(1), a, b, Real(0),
                   Out(C, static_cast<std::size_t>(m), static_cast<std::size_t>(n)));
}

}  // namespace sinter::classic
