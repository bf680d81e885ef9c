// The seam to OpenBLAS, which level `none` takes for its products on host spaces. Plain pointers, so that no BLAS header
// is seen above; `built` says whether this build has it.
#pragma once

#include <cstdint>
#include <string>

namespace sinter::classic::host_blas {

#ifdef SINTER_HOST_BLAS
inline constexpr bool built = true;
#else
inline constexpr bool built = false;
#endif

/// C [m, n] = op(A) op(B), row-major and contiguous, by `threads` threads of OpenMP. Returns when it is done.
void gemm(int threads, bool transpose_a, bool transpose_b, const float* A, const float* B, float* C, std::int64_t m,
          std::int64_t n, std::int64_t k);
void gemm(int threads, bool transpose_a, bool transpose_b, const double* A, const double* B, double* C, std::int64_t m,
          std::int64_t n, std::int64_t k);

/// "OpenBLAS 0.3.21 for Zen, OpenMP": what was loaded, and the processor that it took its kernels for.
std::string description();

}  // namespace sinter::classic::host_blas
