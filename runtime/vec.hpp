// A vector register of the host, for the register-blocked products: load, store, broadcast and an explicit fused
// multiply-add. AVX-512, AVX2+FMA and NEON by intrinsics; elsewhere a plain array of one cache-line half, left to the
// compiler. The bits do not depend on the width: every lane is an independent chain.
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

/// The portable form.
template <class Real>
struct Vec {
  static constexpr int width = static_cast<int>(32 / sizeof(Real));
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
  static constexpr int width = 16;
  __m512 value;
  static Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }
  static Vec load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static Vec load(const float* from, int count) {
    return {_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), from)};
  }
  void store(float* to) const { _mm512_storeu_ps(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.value, b.value, c.value)}; }
};

template <>
struct Vec<double> {
  static constexpr int width = 8;
  __m512d value;
  static Vec broadcast(double x) { return {_mm512_set1_pd(x)}; }
  static Vec load(const double* from) { return {_mm512_loadu_pd(from)}; }
  static Vec load(const double* from, int count) {
    return {_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1u), from)};
  }
  void store(double* to) const { _mm512_storeu_pd(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_pd(a.value, b.value, c.value)}; }
};

#elif defined(__AVX2__) && defined(__FMA__)

template <>
struct Vec<float> {
  static constexpr int width = 8;
  __m256 value;
  static Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static Vec load(const float* from) { return {_mm256_loadu_ps(from)}; }
  static Vec load(const float* from, int count) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return {_mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lanes))};
  }
  void store(float* to) const { _mm256_storeu_ps(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.value, b.value, c.value)}; }
};

template <>
struct Vec<double> {
  static constexpr int width = 4;
  __m256d value;
  static Vec broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static Vec load(const double* from) { return {_mm256_loadu_pd(from)}; }
  static Vec load(const double* from, int count) {
    const __m256i lanes = _mm256_setr_epi64x(0, 1, 2, 3);
    return {_mm256_maskload_pd(from, _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), lanes))};
  }
  void store(double* to) const { _mm256_storeu_pd(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_pd(a.value, b.value, c.value)}; }
};

#elif defined(__ARM_NEON) && defined(__aarch64__)

template <>
struct Vec<float> {
  static constexpr int width = 4;
  float32x4_t value;
  static Vec broadcast(float x) { return {vdupq_n_f32(x)}; }
  static Vec load(const float* from) { return {vld1q_f32(from)}; }
  static Vec load(const float* from, int count) {
    float lanes[width] = {};
    for (int l = 0; l < count; ++l) lanes[l] = from[l];
    return load(lanes);
  }
  void store(float* to) const { vst1q_f32(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return {vfmaq_f32(c.value, a.value, b.value)}; }
};

template <>
struct Vec<double> {
  static constexpr int width = 2;
  float64x2_t value;
  static Vec broadcast(double x) { return {vdupq_n_f64(x)}; }
  static Vec load(const double* from) { return {vld1q_f64(from)}; }
  static Vec load(const double* from, int count) {
    double lanes[width] = {};
    for (int l = 0; l < count; ++l) lanes[l] = from[l];
    return load(lanes);
  }
  void store(double* to) const { vst1q_f64(to, value); }
  static Vec fma(Vec a, Vec b, Vec c) { return {vfmaq_f64(c.value, a.value, b.value)}; }
};

#endif
#endif

}  // namespace sinter
