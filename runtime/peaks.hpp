// The peaks of a machine, measured: a register-resident FMA loop, the triad a = b + s c through memory, and an empty
// launch. Peaks only ever feed predicted times and reports; no choice that affects a result depends on them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>
#include <sinter/runtime/tensor.hpp>
#include <sinter/runtime/vec.hpp>

namespace sinter::peaks {

/// Each index runs independent chains of `steps` fused multiply-adds: on a host twelve vectors, enough to cover the
/// latency of an FMA (4 cycles, 2 a cycle) and few enough to stay in registers; on a device eight scalars a thread.
template <Space S, class Real>
struct FmaLoop {
  using Lane = std::conditional_t<S::kernels_on_host, Vec<Real>, Real>;
  static constexpr int chains = S::kernels_on_host ? 12 : 8;
  static constexpr double flops_per_step = 2.0 * chains * static_cast<double>(sizeof(Lane) / sizeof(Real));
  VectorRef<S, Real> out;
  int steps;

  KOKKOS_FUNCTION void operator()(const std::int64_t index) const {
    const Real scale = Real(0.999) + Real(index) * Real(1e-9), shift = Real(1e-3);
    if constexpr (S::kernels_on_host) {
      Lane value[chains];
      for (int c = 0; c < chains; ++c) value[c] = Lane::broadcast(Real(0.5) + Real(c) * Real(1e-3));
      const Lane scales = Lane::broadcast(scale), shifts = Lane::broadcast(shift);
      for (int step = 0; step < steps; ++step) {
#pragma GCC unroll 12
        for (int c = 0; c < chains; ++c) value[c] = Lane::fma(value[c], scales, shifts);
      }
      Real lanes[Lane::width];
      Real sum = 0;
      for (int c = 0; c < chains; ++c) {
        value[c].store(lanes);
        for (const Real lane : lanes) sum += lane;
      }
      out(index) = sum;
    } else {
      Real value[chains];
      for (int c = 0; c < chains; ++c) value[c] = Real(0.5) + Real(c) * Real(1e-3);
      for (int step = 0; step < steps; ++step) {
        for (int c = 0; c < chains; ++c) value[c] = Kokkos::fma(value[c], scale, shift);
      }
      Real sum = 0;
      for (int c = 0; c < chains; ++c) sum += value[c];
      out(index) = sum;
    }
  }
};

template <Space S, class Real>
struct Triad {
  VectorRef<S, Real> a;
  VectorRef<S, const Real> b, c;
  KOKKOS_FUNCTION void operator()(const std::int64_t i) const { a(i) = b(i) + Real(3) * c(i); }
};

struct EmptyKernel {
  KOKKOS_FUNCTION void operator()(int) const {}
};

namespace detail {
/// Smallest of `repetitions` timings of `work`, each with a fence of its own, in seconds: the peak, not the typical.
template <class Execution, class Work>
double best_seconds(const Execution& exec, int repetitions, Work work) {
  double best = 1e300;
  for (int r = 0; r < repetitions; ++r) {
    Kokkos::Timer timer;
    work();
    wait_for(exec, "sinter::peaks");
    best = std::min(best, timer.seconds());
  }
  return best;
}
}  // namespace detail

/// GFLOP/s of the FMA loop with every hardware thread busy.
template <Space S, class Real>
double fma_gflops(const typename S::Execution& exec) {
  using Loop = FmaLoop<S, Real>;
  static LaunchLabel label("sinter::peaks::fma");
  const std::int64_t indices = S::kernels_on_host ? exec.concurrency() : std::int64_t{exec.concurrency()} * 4;
  const int steps = S::kernels_on_host ? 1000000 : 4000;
  const auto out = make_vector<S, Real>(exec, "sinter::peaks::out", indices);
  using Policy =
      Kokkos::RangePolicy<typename S::Execution, Kokkos::Schedule<Kokkos::Static>, Kokkos::IndexType<std::int64_t>>;
  const double seconds = detail::best_seconds(exec, 8, [&] {
    launch(label, Policy(exec, 0, indices), Loop{out, steps});
  });
  return Loop::flops_per_step * static_cast<double>(steps) * static_cast<double>(indices) / seconds * 1e-9;
}

/// GB/s of the triad over three arrays, 64 MiB each on a host and 512 MiB on a device (beyond its cache, and long beside a
/// launch), counted as three streams.
template <Space S>
double triad_gb_s(const typename S::Execution& exec) {
  using Real = double;
  static LaunchLabel label("sinter::peaks::triad");
  constexpr std::int64_t bytes = std::int64_t{S::kernels_on_host ? 64 : 512} << 20;
  constexpr std::int64_t count = bytes / static_cast<std::int64_t>(sizeof(Real));
  const auto zero = [&](const char* name) {
    return Vector<S, Real>(Kokkos::view_alloc(exec, std::string(name)), count);
  };
  const Vector<S, Real> a = zero("sinter::peaks::a"), b = zero("sinter::peaks::b"), c = zero("sinter::peaks::c");
  using Policy =
      Kokkos::RangePolicy<typename S::Execution, Kokkos::Schedule<Kokkos::Static>, Kokkos::IndexType<std::int64_t>>;
  const double seconds = detail::best_seconds(exec, 10, [&] {
    launch(label, Policy(exec, 0, count), Triad<S, Real>{a, b, c});
  });
  return 3.0 * static_cast<double>(count) * sizeof(Real) / seconds * 1e-9;
}

/// Microseconds of an empty launch with its wait, median of 101.
template <Space S>
double launch_us(const typename S::Execution& exec) {
  static LaunchLabel label("sinter::peaks::empty");
  std::vector<double> times;
  for (int r = 0; r < 101; ++r) {
    times.push_back(detail::best_seconds(exec, 1, [&] {
      launch(label, Kokkos::RangePolicy<typename S::Execution>(exec, 0, exec.concurrency()), EmptyKernel{});
    }));
  }
  std::nth_element(times.begin(), times.begin() + 50, times.end());
  return times[50] * 1e6;
}

}  // namespace sinter::peaks
