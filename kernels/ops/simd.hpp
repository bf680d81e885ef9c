// SINTER_SIMD before a loop without dependences between its iterations lets a host compiler work on whole vectors. A
// GPU thread is one lane already. `row_lanes` is how many elements are worth handling together: a vector's length
// there, one here. SINTER_OUT_OF_LINE before a function keeps a device compiler from inlining it: what is called once a
// step, beside loops that need the registers; a host compiler decides by itself.
#pragma once

#include <Kokkos_Macros.hpp>

#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__) || defined(__SYCL_DEVICE_ONLY__)
#define SINTER_SIMD
#elif defined(_OPENMP)
#define SINTER_SIMD _Pragma("omp simd")
#elif defined(__clang__)
#define SINTER_SIMD _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define SINTER_SIMD _Pragma("GCC ivdep")
#else
#define SINTER_SIMD
#endif

#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__)
#define SINTER_OUT_OF_LINE __noinline__
#else
#define SINTER_OUT_OF_LINE
#endif

namespace sinter {

#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__) || defined(__SYCL_DEVICE_ONLY__)
template <class Real>
inline constexpr int row_lanes = 1;
#else
template <class Real>
inline constexpr int row_lanes = 64 / static_cast<int>(sizeof(Real));
#endif

}  // namespace sinter
