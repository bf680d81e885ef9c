#include <sinter/kernels/classic/host_blas.hpp>

#include <sstream>

#include <cblas.h>

namespace sinter::classic::host_blas {
namespace {

/// One pool of threads: OpenBLAS takes the one that the caller's space has.
void use_threads(int threads) {
  if (openblas_get_num_threads() != threads) openblas_set_num_threads(threads);
}

constexpr CBLAS_TRANSPOSE flag(bool transpose) { return transpose ? CblasTrans : CblasNoTrans; }

}  // namespace

void gemm(int threads, bool transpose_a, bool transpose_b, const float* A, const float* B, float* C, std::int64_t m,
          std::int64_t n, std::int64_t k) {
  use_threads(threads);
  const auto rows = static_cast<blasint>(m), columns = static_cast<blasint>(n), depth = static_cast<blasint>(k);
  cblas_sgemm(CblasRowMajor, flag(transpose_a), flag(transpose_b), rows, columns, depth, 1.0F, A,
              transpose_a ? rows : depth, B, transpose_b ? depth : columns, 0.0F, C, columns);
}

void gemm(int threads, bool transpose_a, bool transpose_b, const double* A, const double* B, double* C, std::int64_t m,
          std::int64_t n, std::int64_t k) {
  use_threads(threads);
  const auto rows = static_cast<blasint>(m), columns = static_cast<blasint>(n), depth = static_cast<blasint>(k);
  cblas_dgemm(CblasRowMajor, flag(transpose_a), flag(transpose_b), rows, columns, depth, 1.0, A,
              transpose_a ? rows : depth, B, transpose_b ? depth : columns, 0.0, C, columns);
}

std::string description() {
  std::istringstream config(openblas_get_config());
  std::string name, version;
  config >> name >> version;  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
  const char* threading[] = {"no threads", "its own threads", "OpenMP"};
  const int parallel = openblas_get_parallel();
  return name + " " + version + " for " + openblas_get_corename() + ", " +
         threading[parallel >= 0 && parallel <= 2 ? parallel : 0];
}

}  // namespace sinter::classic::host_blas
