// Element-wise operations on a host, on any number of elements: whole vectors in a loop, what is left of them in lanes.
// A loop over a number that is known only at run time ends with single elements, which costs a tiny network more than
// all its vectors. The same bits.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/ops/optimizer.hpp>
#include <sinter/runtime/vec.hpp>

namespace sinter::host {

/// to[l] = from[l] for l < count, zero in the other lanes; their addresses are not touched.
template <int N, class Real>
inline void load_lanes(const Real* from, std::int64_t count, Real (&to)[N]) {
  using V = Vec<Real>;
  static_assert(N % V::width == 0);
  for (int l = 0; l < N; l += V::width) {
    const std::int64_t left = count - l;
    (left >= V::width ? V::load(from + l) : V::load(from + l, left > 0 ? static_cast<int>(left) : 0)).store(to + l);
  }
}

/// to[l] = from[l] for l < count.
template <int N, class Real>
inline void store_lanes(const Real (&from)[N], std::int64_t count, Real* to) {
  using V = Vec<Real>;
  static_assert(N % V::width == 0);
  for (int l = 0; l < N && l < count; l += V::width) {
    if (count - l >= V::width) {
      V::load(from + l).store(to + l);
    } else {
      V::load(from + l).store(to + l, static_cast<int>(count - l));
    }
  }
}

/// activate_span(): a may be z.
template <class Real>
inline void activate(Activation kind, Real alpha, const Real* z, Real* a, std::int64_t count) {
  constexpr int width = row_lanes<Real>;
  const std::int64_t whole = count / width * width, rest = count - whole;
  if (whole > 0) activate_span(kind, alpha, z, a, whole);
  if (rest == 0) return;
  alignas(64) Real value[width];
  load_lanes(z + whole, rest, value);
  activate_lanes(kind, alpha, value);
  store_lanes(value, rest, a + whole);
}

/// multiply_by_derivative_span().
template <class Real>
inline void multiply_by_derivative(Activation kind, Real alpha, const Real* v, Real* d, std::int64_t count) {
  constexpr int width = row_lanes<Real>;
  const std::int64_t whole = count / width * width, rest = count - whole;
  if (whole > 0) multiply_by_derivative_span(kind, alpha, v, d, whole);
  if (rest == 0) return;
  alignas(64) Real from[width], product[width];
  load_lanes(v + whole, rest, from);
  load_lanes(d + whole, rest, product);
  multiply_by_derivative_lanes(kind, alpha, from, product);
  store_lanes(product, rest, d + whole);
}

/// apply_optimizer_span().
template <class Real>
inline void apply_optimizer(const OptimizerStep<Real>& step, bool decay, Real* w, const Real* g, Real* s0, Real* s1,
                            std::int64_t count) {
  constexpr int width = row_lanes<Real>;
  const std::int64_t whole = count / width * width, rest = count - whole;
  if (whole > 0) apply_optimizer_span(step, decay, w, g, s0, s1, whole);
  if (rest == 0) return;
  alignas(64) Real weight[width], gradient[width], first[width] = {}, second[width] = {};
  load_lanes(w + whole, rest, weight);
  load_lanes(g + whole, rest, gradient);
  if (s0 != nullptr) load_lanes(s0 + whole, rest, first);
  if (s1 != nullptr) load_lanes(s1 + whole, rest, second);
  sinter::apply_optimizer_lanes(step, decay, weight, gradient, first, second);
  store_lanes(weight, rest, w + whole);
  if (s0 != nullptr) store_lanes(first, rest, s0 + whole);
  if (s1 != nullptr) store_lanes(second, rest, s1 + whole);
}

}  // namespace sinter::host
