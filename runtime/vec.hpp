// A vector register of the host, for the register-blocked products: load, store, broadcast and an explicit fused
// multiply-add, and a transpose of as many registers as there are lanes. AVX-512, AVX2+FMA and NEON by intrinsics;
// elsewhere a plain array of one cache-line half, left to the compiler. The bits do not depend on the width: every lane
// is an independent chain.
#pragma once

#include <cmath>

#if !defined(__CUDA_ARCH__) && !defined(__HIP_DEVICE_COMPILE__)
#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__))
#include <immintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif
#endif

namespace sinter {

/// The portable form. A device's compiler reads what is for the host too, with single lanes (kernels/ops/simd.hpp).
template <class Real>
struct Vec {
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__)
  static constexpr int width = 1;
#else
  static constexpr int width = static_cast<int>(32 / sizeof(Real));
#endif
  static constexpr int registers = 16;  ///< that the processor has of them
  Real lane[width];

  static Vec broadcast(Real value) {
    Vec v;
    for (auto& lane : v.lane) lane = value;
    return v;
  }
  static Vec load(const Real* from) {
    Vec v;
    for (int l = 0; l < width; ++l) v.lane[l] = from[l];
    return v;
  }
  /// The first `count` lanes; the others are zero and their addresses are not touched.
  static Vec load(const Real* from, int count) {
    Vec v = broadcast(Real(0));
    for (int l = 0; l < count; ++l) v.lane[l] = from[l];
    return v;
  }
  void store(Real* to) const {
    for (int l = 0; l < width; ++l) to[l] = lane[l];
  }
  /// The first `count` lanes; nothing else is touched.
  void store(Real* to, int count) const {
    for (int l = 0; l < count; ++l) to[l] = lane[l];
  }
  /// (a0, b0, a1, b1, ...) in `low`, and so on in `high`.
  static void interleave(const Vec& a, const Vec& b, Vec& low, Vec& high) {
    for (int l = 0; l < width / 2; ++l) {
      low.lane[2 * l] = a.lane[l];
      low.lane[2 * l + 1] = b.lane[l];
      high.lane[2 * l] = a.lane[width / 2 + l];
      high.lane[2 * l + 1] = b.lane[width / 2 + l];
    }
  }
  static Vec fma(const Vec& a, const Vec& b, const Vec& c) {
    Vec v;
    for (int l = 0; l < width; ++l) v.lane[l] = std::fma(a.lane[l], b.lane[l], c.lane[l]);
    return v;
  }
};

#if !defined(__CUDA_ARCH__) && !defined(__HIP_DEVICE_COMPILE__)
#if defined(__AVX512F__)

template <>
struct Vec<float> {
  static constexpr int width = 16, registers = 32;
  __m512 value;
  static Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }
  static Vec load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static Vec load(const float* from, int count) {
    return {_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), from)};
  }
  void store(float* to) const { _mm512_storeu_ps(to, value); }
  void store(float* to, int count) const {
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1u), value);
  }
  static void interleave(Vec a, Vec b, Vec& low, Vec& high) {
    const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    low.value = _mm512_permutex2var_ps(a.value, first, b.value);
    high.value = _mm512_permutex2var_ps(a.value, _mm512_add_epi32(first, _mm512_set1_epi32(8)), b.value);
  }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.value, b.value, c.value)}; }
};

template <>
struct Vec<double> {
  static constexpr int width = 8, registers = 32;
  __m512d value;
  static Vec broadcast(double x) { return {_mm512_set1_pd(x)}; }
  static Vec load(const double* from) { return {_mm512_loadu_pd(from)}; }
  static Vec load(const double* from, int count) {
    return {_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1u), from)};
  }
  void store(double* to) const { _mm512_storeu_pd(to, value); }
  void store(double* to, int count) const {
    _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1u << count) - 1u), value);
  }
  static void interleave(Vec a, Vec b, Vec& low, Vec& high) {
    const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    low.value = _mm512_permutex2var_pd(a.value, first, b.value);
    high.value = _mm512_permutex2var_pd(a.value, _mm512_add_epi64(first, _mm512_set1_epi64(4)), b.value);
  }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_pd(a.value, b.value, c.value)}; }
};

#elif defined(__AVX2__) && defined(__FMA__)

template <>
struct Vec<float> {
  static constexpr int width = 8, registers = 16;
  __m256 value;
  static Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static Vec load(const float* from) { return {_mm256_loadu_ps(from)}; }
  static __m256i mask(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Vec load(const float* from, int count) { return {_mm256_maskload_ps(from, mask(count))}; }
  void store(float* to) const { _mm256_storeu_ps(to, value); }
  void store(float* to, int count) const { _mm256_maskstore_ps(to, mask(count), value); }
  static void interleave(Vec a, Vec b, Vec& low, Vec& high) {
    const __m256 even = _mm256_unpacklo_ps(a.value, b.value), odd = _mm256_unpackhi_ps(a.value, b.value);
    low.value = _mm256_permute2f128_ps(even, odd, 0x20);
    high.value = _mm256_permute2f128_ps(even, odd, 0x31);
  }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.value, b.value, c.value)}; }
};

template <>
struct Vec<double> {
  static constexpr int width = 4, registers = 16;
  __m256d value;
  static Vec broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static Vec load(const double* from) { return {_mm256_loadu_pd(from)}; }
  static __m256i mask(int count) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
  }
  static Vec load(const double* from, int count) { return {_mm256_maskload_pd(from, mask(count))}; }
  void store(double* to) const { _mm256_storeu_pd(to, value); }
  void store(double* to, int count) const { _mm256_maskstore_pd(to, mask(count), value); }
  static void interleave(Vec a, Vec b, Vec& low, Vec& high) {
    const __m256d even = _mm256_unpacklo_pd(a.value, b.value), odd = _mm256_unpackhi_pd(a.value, b.value);
    low.value = _mm256_permute2f128_pd(even, odd, 0x20);
    high.value = _mm256_permute2f128_pd(even, odd, 0x31);
  }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_pd(a.value, b.value, c.value)}; }
};

#elif defined(__ARM_NEON) && defined(__aarch64__)

template <>
struct Vec<float> {
  static constexpr int width = 4, registers = 32;
  float32x4_t value;
  static Vec broadcast(float x) { return {vdupq_n_f32(x)}; }
  static Vec load(const float* from) { return {vld1q_f32(from)}; }
  static Vec load(const float* from, int count) {
    float lanes[width] = {};
    for (int l = 0; l < count; ++l) lanes[l] = from[l];
    return load(lanes);
  }
  void store(float* to) const { vst1q_f32(to, value); }
  void store(float* to, int count) const {
    float lanes[width];
    store(lanes);
    for (int l = 0; l < count; ++l) to[l] = lanes[l];
  }
  static void interleave(Vec a, Vec b, Vec& low, Vec& high) {
    low.value = vzip1q_f32(a.value, b.value);
    high.value = vzip2q_f32(a.value, b.value);
  }
  static Vec fma(Vec a, Vec b, Vec c) { return {vfmaq_f32(c.value, a.value, b.value)}; }
};

template <>
struct Vec<double> {
  static constexpr int width = 2, registers = 32;
  float64x2_t value;
  static Vec broadcast(double x) { return {vdupq_n_f64(x)}; }
  static Vec load(const double* from) { return {vld1q_f64(from)}; }
  static Vec load(const double* from, int count) {
    double lanes[width] = {};
    for (int l = 0; l < count; ++l) lanes[l] = from[l];
    return load(lanes);
  }
  void store(double* to) const { vst1q_f64(to, value); }
  void store(double* to, int count) const {
    double lanes[width];
    store(lanes);
    for (int l = 0; l < count; ++l) to[l] = lanes[l];
  }
  static void interleave(Vec a, Vec b, Vec& low, Vec& high) {
    low.value = vzip1q_f64(a.value, b.value);
    high.value = vzip2q_f64(a.value, b.value);
  }
  static Vec fma(Vec a, Vec b, Vec c) { return {vfmaq_f64(c.value, a.value, b.value)}; }
};

#endif
#endif

/// Transposes a square of `width` registers: each pass rotates the binary number (row, lane) by one bit.
template <class Real>
inline void transpose(Vec<Real> (&rows)[Vec<Real>::width]) {
  constexpr int width = Vec<Real>::width;
  Vec<Real> turned[width];
#pragma GCC unroll 4
  for (int pass = 1; pass < width; pass *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < width / 2; ++i)
      Vec<Real>::interleave(rows[i], rows[i + width / 2], turned[2 * i], turned[2 * i + 1]);
#pragma GCC unroll 16
    for (int i = 0; i < width; ++i) rows[i] = turned[i];
  }
}

}  // namespace sinter
