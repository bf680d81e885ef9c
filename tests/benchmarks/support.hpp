// What benchmarks share: data, the work of an iteration as rates beside the peaks that this process measures
// (runtime/peaks.hpp), and pieces of kernels run by as many teams as keep the whole device busy.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <sinter/runtime/base/names.hpp>
#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/peaks.hpp>
#include <sinter/runtime/team_policy.hpp>
#include <sinter/runtime/tensor.hpp>

#include "support/spaces.hpp"

namespace sinter::bench {

/// Defined by each program.
void register_benchmarks();

template <class Real>
constexpr const char* name_of() {
  return sizeof(Real) == 4 ? "float32" : "float64";
}

/// f(Pair<Space, Real>{}) for every built pair.
template <class F>
void each_pair(const F& f) {
  std::apply([&](auto... pair) { (f(pair), ...); }, test::Pairs{});
}

/// "tile/forward/openmp/float32/width:64", timed by the wall clock: an iteration ends with a fence.
template <class Pair, class F>
void add(const std::string& what, const std::string& size, const F& f) {
  const auto name = fmt::format("{}/{}/{}{}{}", what, Pair::Space::name, name_of<typename Pair::Real>(),
                                size.empty() ? "" : "/", size);
  benchmark::RegisterBenchmark(name.c_str(), f)->UseRealTime();
}

/// Of all threads together.
struct Peaks {
  double flops = 0, bytes = 0;  ///< in a second
};

/// Measured when it is first asked for.
template <Space S, class Real>
const Peaks& peaks_of(const typename S::Execution& exec) {
  static const Peaks measured{peaks::fma_gflops<S, Real>(exec) * 1e9, peaks::triad_gb_s<S>(exec) * 1e9};
  return measured;
}

/// What an iteration does; 0: not told.
struct Work {
  double flops = 0;  ///< of products, an FMA counts two
  double bytes = 0;  ///< each operand read and each result written once
  double elements = 0;
};

/// The benchmark's loop: iteration(), each with a fence of its own, timed as a whole. Counters: GFLOP/s and GB/s with
/// their fractions of the peaks, elements/s, and the time of an element in FLOPs of the peak.
template <Space S, class Real, class Iteration>
void time_iterations(benchmark::State& state, const typename S::Execution& exec, const Work& work,
                     const Iteration& iteration) {
  const auto& peaks = peaks_of<S, Real>(exec);
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (auto _ : state) {
    iteration();
    wait_for(exec, "sinter::bench: end of an iteration");
  }
  const auto iterations = static_cast<double>(state.iterations());
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count() / iterations;
  const auto rate = [&](const std::string& name, const std::string& fraction, double amount, double peak) {
    if (amount == 0) return;
    state.counters[name] = amount / seconds * 1e-9;
    state.counters[fraction] = amount / seconds / peak;
  };
  rate("GFLOP/s", "of_fma", work.flops, peaks.flops);
  rate("GB/s", "of_triad", work.bytes, peaks.bytes);
  if (work.elements == 0) return;
  state.counters["Gelements/s"] = work.elements / seconds * 1e-9;
  state.counters["FLOPs_an_element"] = seconds * peaks.flops / work.elements;
}

/// Values in [low, high) without structure, the same in every process.
template <Space S, class Real>
Vector<S, Real> filled(const typename S::Execution& exec, std::int64_t count, double low = -1, double high = 1) {
  const auto data = make_vector<S, Real>(exec, "bench::data", count);
  const HostMirror<Vector<S, Real>> mirror(data);
  std::uint64_t state = 0x9E3779B97F4A7C15u;
  for (std::int64_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    mirror.host()(i) = static_cast<Real>(low + (high - low) * static_cast<double>(state >> 11) * 0x1p-53);
  }
  mirror.push(exec);
  wait_for(exec, "bench: data before their host image goes");
  return data;
}

/// Teams that keep the device busy: a thread each on a host, several a multiprocessor on an accelerator.
template <Space S>
int team_count(const typename S::Execution& exec) {
  return S::kernels_on_host ? exec.concurrency() : 4 * (exec.concurrency() / 1024 + 1);
}

/// A piece of a kernel, piece(team, scratch), done `repeats` times by each team.
template <Space S, class Piece>
struct Repeated {
  using Member = typename Kokkos::TeamPolicy<typename S::Execution>::member_type;
  Piece piece;
  int repeats;
  std::size_t scratch_bytes;

  KOKKOS_INLINE_FUNCTION void operator()(const Member& team) const {
    void* const scratch = scratch_bytes == 0 ? nullptr : team.team_scratch(1).get_shmem_aligned(scratch_bytes, 64);
    for (int r = 0; r < repeats; ++r) {
      piece(team, scratch);
      barrier(team);  // the next one may write what slower threads still read
    }
  }
};

/// Times `piece` by all teams, `repeats` times in a launch; `each`: the work of one team's piece.
template <Space S, class Real, class Piece>
void time_piece(benchmark::State& state, const typename S::Execution& exec, const Piece& piece, int team_size,
                std::size_t scratch_bytes, const Work& each) {
  static LaunchLabel label("sinter::bench");
  const int teams = team_count<S>(exec);
  // Launches of about 10^7 operations by each team: some hundred microseconds, beside which a launch is little.
  const double size = each.flops + each.bytes + each.elements * 10;
  const int repeats = size > 1e7 ? 1 : static_cast<int>(1e7 / size) + 1;
  const auto policy = team_policy<S>(exec, teams, team_size, 1, scratch_bytes == 0 ? 0 : scratch_bytes + 64);
  const double times = static_cast<double>(teams) * repeats;
  time_iterations<S, Real>(state, exec, {each.flops * times, each.bytes * times, each.elements * times}, [&] {
    launch(label, policy, Repeated<S, Piece>{piece, repeats, scratch_bytes});
  });
}

}  // namespace sinter::bench
