// Initial weights from counter-based random numbers: weight i of layer l is a function of (seed, l, i) alone. Normal
// deviates by Box & Muller (1958), in double with Sinter's own log and cos, rounded once to the storage type. One
// launch a layer, before training.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/math.hpp>
#include <sinter/kernels/random.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::fused {

/// normal: N(a, b^2); uniform: U(a, b); constant: a.
struct Distribution {
  enum class Kind : std::uint8_t { normal, uniform, constant } kind = Kind::constant;
  double a = 0, b = 0;
};

template <Space S, class Real>
struct Initialize {
  Real* W;
  Distribution distribution;
  std::uint64_t seed;
  std::uint32_t layer;

  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t i) const {
    if (distribution.kind == Distribution::Kind::constant) {
      W[i] = static_cast<Real>(distribution.a);
      return;
    }
    const auto words = random::draw(seed, random::Stream::initialize, layer, static_cast<std::uint64_t>(i));
    const double u = random::open_unit(words.word[0], words.word[1]);
    if (distribution.kind == Distribution::Kind::uniform) {
      W[i] = static_cast<Real>(distribution.a + (distribution.b - distribution.a) * u);
    } else {
      const double v = random::open_unit(words.word[2], words.word[3]);
      const double deviate = Kokkos::sqrt(-2.0 * math::log(u)) * math::cos(6.283185307179586 * v);
      W[i] = static_cast<Real>(distribution.a + distribution.b * deviate);
    }
  }
};

/// W[0 .. count) on the device. Asynchronous on `exec`; 1 launch, 0 fences, 0 copies, 0 allocations.
template <Space S, class Real>
void initialize(const typename S::Execution& exec, Real* W, std::int64_t count, const Distribution& distribution,
                std::uint64_t seed, std::uint32_t layer) {
  static LaunchLabel label("sinter::model::initialize");
  using Policy = Kokkos::RangePolicy<typename S::Execution, Kokkos::IndexType<std::int64_t>>;
  launch(label, Policy(exec, 0, count), Initialize<S, Real>{W, distribution, seed, layer});
}

}  // namespace sinter::fused
