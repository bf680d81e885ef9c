// Compiled once for each instruction set under test: all elementary functions on one fixed grid, folded into a hash of
// their bits. Only forced-inline functions are used here, so that no code for one instruction set is shared with
// another's.
#include <cstdint>
#include <initializer_list>

#include <sinter/kernels/ops/math.hpp>
#include <sinter/kernels/ops/simd.hpp>

#ifndef SINTER_BASELINE_FUNCTION
#error "the build names the function"
#endif

namespace {

constexpr int count = 4096;

template <class Real, class Function>
__attribute__((always_inline)) inline std::uint64_t fold(std::uint64_t hash, Real step, Function function) {
  Real y[count];
  SINTER_SIMD
  for (int i = 0; i < count; ++i) y[i] = function(static_cast<Real>(i - count / 3) * step);
  for (const Real value : y) {
    // The sign and payload of NaN are the machine's.
    const std::uint64_t bits = value == value ? std::uint64_t{sinter::math::detail::to_bits(value)} : 1;
    hash = (hash ^ bits) * 0x100000001b3u;
  }
  return hash;
}

template <class Real>
__attribute__((always_inline)) inline std::uint64_t all(std::uint64_t hash) {
  namespace math = sinter::math;
  for (const Real step : {Real(0.0013), Real(0.37)}) {
    hash = fold(hash, step, [](Real x) { return math::exp(x); });
    hash = fold(hash, step, [](Real x) { return math::expm1(x); });
    hash = fold(hash, step, [](Real x) { return math::log(x); });
    hash = fold(hash, step, [](Real x) { return math::log1p(x); });
    hash = fold(hash, step, [](Real x) { return math::tanh(x); });
    hash = fold(hash, step, [](Real x) { return math::sigmoid(x); });
    hash = fold(hash, step, [](Real x) { return math::softplus(x); });
    hash = fold(hash, step, [](Real x) { return math::sin(x); });
    hash = fold(hash, step, [](Real x) { return math::cos(x); });
    hash = fold(hash, step, [](Real x) { return math::normal_distribution(x).cdf; });
  }
  return hash;
}

}  // namespace

std::uint64_t SINTER_BASELINE_FUNCTION() { return all<double>(all<float>(0xcbf29ce484222325u)); }
