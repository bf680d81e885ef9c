// Activations by name at run time: one value, an array of lanes, or a span. The choice is made outside the loops, which
// a host compiler then vectorises; every form gives the same bits. Softmax is no element-wise operation: it counts as
// identity here, and row_output() and row_loss() in loss.hpp do it for a whole row.
//
// `v` below is what the derivative is computed from: the pre-activation z where derivative_from_input(kind), else the
// output a.
#pragma once

#include <cstdint>

#include <sinter/kernels/catalog/costs.hpp>
#include <sinter/kernels/catalog/ops.hpp>
#include <sinter/kernels/ops/activations/elu.hpp>
#include <sinter/kernels/ops/activations/gelu.hpp>
#include <sinter/kernels/ops/activations/identity.hpp>
#include <sinter/kernels/ops/activations/leaky_relu.hpp>
#include <sinter/kernels/ops/activations/relu.hpp>
#include <sinter/kernels/ops/activations/sigmoid.hpp>
#include <sinter/kernels/ops/activations/silu.hpp>
#include <sinter/kernels/ops/activations/sin.hpp>
#include <sinter/kernels/ops/activations/softplus.hpp>
#include <sinter/kernels/ops/activations/tanh.hpp>
#include <sinter/kernels/ops/simd.hpp>

namespace sinter {

/// f(Type{}), with the type that implements `kind`: the one place where a run-time activation becomes a compile-time
/// one.
template <class Function>
KOKKOS_FORCEINLINE_FUNCTION constexpr decltype(auto) with_activation(Activation kind, const Function& f) {
  switch (kind) {
#define SINTER_ACTIVATION(name, Type, ...) \
  case Activation::name:                   \
    return f(Type{});
#include <sinter/kernels/catalog/activations.def>
#undef SINTER_ACTIVATION
    case Activation::softmax: break;
  }
  return f(Identity{});
}

KOKKOS_FORCEINLINE_FUNCTION constexpr bool derivative_from_input(Activation kind) {
  return with_activation(kind, [](auto type) { return decltype(type)::derivative_from_input; });
}

// What cost models read in the catalogue is what the kernels do.
#define SINTER_ACTIVATION(name, Type, ...) \
  static_assert(Type::derivative_from_input == cost_of(Activation::name).derivative_from_input);
#include <sinter/kernels/catalog/activations.def>
#undef SINTER_ACTIVATION

/// f(z).
template <class Real>
KOKKOS_INLINE_FUNCTION Real activate(Activation kind, Real alpha, Real z) {
  return with_activation(kind, [=](auto type) { return decltype(type)::value(z, alpha); });
}

/// f'(v).
template <class Real>
KOKKOS_INLINE_FUNCTION Real activation_derivative(Activation kind, Real alpha, Real v) {
  return with_activation(kind, [=](auto type) { return decltype(type)::derivative(v, alpha); });
}

/// v = f(v), element by element.
template <int N, class Real>
KOKKOS_INLINE_FUNCTION void activate_lanes(Activation kind, Real alpha, Real (&v)[N]) {
  Real* const values = v;
  with_activation(kind, [=](auto type) {
    SINTER_SIMD
    for (int i = 0; i < N; ++i) values[i] = decltype(type)::value(values[i], alpha);
  });
}

/// d = d f'(v), element by element; v and d are different arrays.
template <int N, class Real>
KOKKOS_INLINE_FUNCTION void multiply_by_derivative_lanes(Activation kind, Real alpha, const Real (&v)[N],
                                                         Real (&d)[N]) {
  const Real* const from = v;
  Real* const product = d;
  with_activation(kind, [=](auto type) {
    SINTER_SIMD
    for (int i = 0; i < N; ++i) product[i] *= decltype(type)::derivative(from[i], alpha);
  });
}

/// a[i] = f(z[i]) for i < count; a may be z, but must not overlap it otherwise.
template <class Real>
KOKKOS_INLINE_FUNCTION void activate_span(Activation kind, Real alpha, const Real* z, Real* a, std::int64_t count) {
  with_activation(kind, [=](auto type) {
    SINTER_SIMD
    for (std::int64_t i = 0; i < count; ++i) a[i] = decltype(type)::value(z[i], alpha);
  });
}

/// d[i] = d[i] f'(v[i]) for i < count; v and d do not overlap.
template <class Real>
KOKKOS_INLINE_FUNCTION void multiply_by_derivative_span(Activation kind, Real alpha, const Real* v, Real* d,
                                                        std::int64_t count) {
  with_activation(kind, [=](auto type) {
    SINTER_SIMD
    for (std::int64_t i = 0; i < count; ++i) d[i] *= decltype(type)::derivative(v[i], alpha);
  });
}

}  // namespace sinter
