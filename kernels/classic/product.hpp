// The products of level `none`, counted as one launch each: OpenBLAS on a host space where the build found it (the fair
// baseline there), KokkosBlas::gemm everywhere else. Row-major matrices.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include <KokkosBlas3_gemm.hpp>

#include <sinter/kernels/classic/host_blas.hpp>
#include <sinter/runtime/ledger.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::classic {

/// Does OpenBLAS make the products of this space? Not those of Kokkos::Threads, whose threads would meet OpenBLAS' own.
template <Space S>
constexpr bool uses_host_blas() {
  bool fits = false;
#ifdef KOKKOS_ENABLE_OPENMP
  fits = fits || std::is_same_v<typename S::Execution, Kokkos::OpenMP>;
#endif
#ifdef KOKKOS_ENABLE_SERIAL
  fits = fits || std::is_same_v<typename S::Execution, Kokkos::Serial>;
#endif
  return host_blas::built && S::host_accessible && fits;
}

namespace detail {

/// The memory is reached through the execution space's own memory space, which is the same memory for every space that
/// Sinter has.
template <Space S, class Real>
void kokkos_product(const typename S::Execution& exec, char transpose_a, char transpose_b, const Real* A, const Real* B,
                    Real* C, std::int64_t m, std::int64_t n, std::int64_t k) {
  using Memory = typename S::Execution::memory_space;
  using Device = Kokkos::Device<typename S::Execution, Memory>;
  using In = Kokkos::View<const Real**, Kokkos::LayoutRight, Device, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  using Out = Kokkos::View<Real**, Kokkos::LayoutRight, Device, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  const auto view = [](const Real* data, std::int64_t rows, std::int64_t columns) {
    return In(data, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns));
  };
  const In a = transpose_a == 'T' ? view(A, k, m) : view(A, m, k);
  const In b = transpose_b == 'T' ? view(B, n, k) : view(B, k, n);
  KokkosBlas::gemm(exec, &transpose_a, &transpose_b, Real(1), a, b, Real(0),
                   Out(C, static_cast<std::size_t>(m), static_cast<std::size_t>(n)));
}

}  // namespace detail

/// What makes the products of this space.
template <Space S>
std::string product_library() {
  if constexpr (uses_host_blas<S>()) {
    return host_blas::description();
  } else {
    return "KokkosBlas";
  }
}

/// C [m, n] = op(A) op(B) with op transposing where its flag is 'T'; all row-major and contiguous.
template <Space S, class Real>
void product(const typename S::Execution& exec, char transpose_a, char transpose_b, const Real* A, const Real* B,
             Real* C, std::int64_t m, std::int64_t n, std::int64_t k) {
  static LaunchLabel label(uses_host_blas<S>() ? "OpenBLAS::gemm" : "KokkosBlas::gemm");
  label.count();
  if constexpr (uses_host_blas<S>()) {
    // Kokkos::OpenMP and Kokkos::Serial have done a launch when it returns: there is nothing to wait for.
    host_blas::gemm(exec.concurrency(), transpose_a == 'T', transpose_b == 'T', A, B, C, m, n, k);
  } else {
    detail::kokkos_product<S>(exec, transpose_a, transpose_b, A, B, C, m, n, k);
  }
}

}  // namespace sinter::classic
