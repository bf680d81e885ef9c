// The product of tiles by a team of a device: blocks of A and B are staged in scratch, the next stage on its way while
// the team multiplies the one that is there. The definition that it keeps is in product.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/tile/device_blocks.hpp>
#include <sinter/kernels/tile/device_chunk_sums.hpp>
#include <sinter/kernels/tile/epilogue.hpp>
#include <sinter/kernels/tile/operand.hpp>
#include <sinter/kernels/tile/start.hpp>

namespace sinter::tile {

/// Products of a device team of Threads, 16 along n: blocks of 64 x 64 outputs for narrow products and, in float, 64 x 128
/// for wider ones, so that an operand that was read is used more often. The choice changes no bit. With 128 threads one has
/// twice as many outputs and takes half the loads for each, but needs more registers than a kernel has to spare that does
/// much else. Depth is how far a stage goes along k. All threads of the team call it, with the same arguments; `scratch` is
/// the team's, at level 0. A smaller team may call run() too, which then stages nothing.
template <class Real, int Threads = 256, int Depth = 8>
struct DeviceProduct : DeviceBlocks<Real, Threads, Depth> {
  using Blocks = DeviceBlocks<Real, Threads, Depth>;
  using Blocks::team_size, Blocks::width;

  template <class Team, class A, class B, class Start, class Epilogue>
  KOKKOS_INLINE_FUNCTION static void run(const Team& team, void* scratch, std::int64_t m_count, std::int64_t n_count,
                                         std::int64_t k_count, const A& a, const B& b, const Start& start,
                                         const Epilogue& epilogue) {
    if (team.team_size() < team_size || (m_count * n_count <= team_size * width && k_count <= longest_direct)) {
      direct(team, static_cast<int>(m_count), static_cast<int>(n_count), static_cast<int>(k_count), a, b, start,
             epilogue);
      return;
    }
    const typename Blocks::template Problem<A, B, Start, Epilogue> problem{static_cast<Real*>(scratch),
                                                                           static_cast<int>(m_count),
                                                                           static_cast<int>(n_count),
                                                                           static_cast<int>(k_count),
                                                                           a,
                                                                           b,
                                                                           start,
                                                                           epilogue};
    if (Blocks::whole_packs(a, b, m_count, n_count, k_count) && whole_packs(start) && epilogue.whole(n_count)) {
      blocks_of<true>(team, problem);
    } else {
      blocks_of<false>(team, problem);
    }
  }

  /// C(m, n) = the sum in the fixed tree over the chunks c in [0, chunks) of the chains over k from bounds[c] to
  /// bounds[c + 1]; `chunks` is a power of two, up to max_leaves, and C has block_m x block_n elements at most. Where `sums`
  /// is not null, sums[n] is the same of B(k, n) alone. `bounds` [chunks + 1] lies in scratch, written before a barrier.
  template <class Team, class A, class B>
  KOKKOS_INLINE_FUNCTION static void sum_of_chunks(const Team& team, void* scratch, std::int64_t m_count,
                                                   std::int64_t n_count, const A& a, const B& b, const int* bounds,
                                                   int chunks, Real* C, std::int64_t ld, Real* sums) {
    using Sums = DeviceChunkSums<Real, Threads, Depth>;
    const typename Sums::template Problem<A, B> problem{{static_cast<Real*>(scratch),
                                                         static_cast<int>(m_count),
                                                         static_cast<int>(n_count),
                                                         bounds[chunks],
                                                         a,
                                                         b,
                                                         {},
                                                         {}},
                                                        bounds,
                                                        chunks,
                                                        C,
                                                        ld,
                                                        sums};
    Sums::run(team, problem);
  }

 private:
  using Blocks::side, Blocks::tall, Blocks::small, Blocks::large, Blocks::has_low, Blocks::low_m;
  template <bool Whole, int TM, int TN, int Side>
  using Outputs = typename Blocks::template Outputs<Whole, TM, TN, Side>;

  template <class Start>
  KOKKOS_FORCEINLINE_FUNCTION static bool whole_packs(const Start& start) {
    return detail::holds_packs(start.template row<Real>(0), start.stride());
  }
  // Blocks of one kind are enough where single elements are moved.
  template <bool Whole, class Team, class ProblemOf>
  KOKKOS_FORCEINLINE_FUNCTION static void blocks_of(const Team& team, const ProblemOf& problem) {
    if constexpr (Whole && large > small) {
      if (has_low && problem.m_count <= low_m && problem.n_count > side * small) {
        blocks<Whole, small, small, has_low ? 2 * side : side>(team, problem);
        return;
      }
      if (problem.n_count > side * small) {
        blocks<Whole, tall, large, side>(team, problem);
        return;
      }
    }
    blocks<Whole, tall, small, side>(team, problem);
  }
  static constexpr std::int64_t longest_direct = 64;

  /// Without scratch and barriers, a pack of outputs a thread at a time: for products that are too small to gain by stages.
  template <class Team, class A, class B, class Start, class Epilogue>
  KOKKOS_FORCEINLINE_FUNCTION static void direct(const Team& team, int m_count, int n_count, int k_count, const A& a,
                                                 const B& b, const Start& start, const Epilogue& epilogue) {
    const int packs = (n_count + width - 1) / width;
    const bool whole = B::outer_contiguous && detail::holds_packs(b.base, b.ld);
    for (int task = team.team_rank(); task < m_count * packs; task += team.team_size()) {
      const int m = task / packs, n = (task - m * packs) * width;
      const int count = n_count - n < width ? n_count - n : width;
      const Real* const first = start.template row<Real>(m);
      Pack<Real> sum{};
      if (first != nullptr) sum = load_pack(first + n, count, false);
#pragma unroll 4
      for (int k = 0; k < k_count; ++k) {
        const Real x = a(m, k);
        Pack<Real> y;
        if constexpr (B::outer_contiguous) {
          y = load_pack(b.at(n, k), count, whole);
        } else {
#pragma unroll
          for (int l = 0; l < width; ++l) y.lane[l] = l < count ? b(k, n + l) : Real(0);
        }
#pragma unroll
        for (int l = 0; l < width; ++l) sum.lane[l] = Kokkos::fma(x, y.lane[l], sum.lane[l]);
      }
      epilogue.finish(OnePlace{m, n, count}, sum.lane);
    }
  }

  struct OnePlace {
    static constexpr bool whole = false;
    int m, n, count;
    static constexpr int packs = 1;
    template <class Function>
    KOKKOS_FORCEINLINE_FUNCTION void with(int /*p*/, const Function& f) const {
      f(m, n, 0, count);
    }
  };

  template <bool Whole, int TM, int TN, int Side, class Team, class ProblemOf>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION static void blocks(const Team& team, const ProblemOf& problem) {
#pragma unroll 1
    for (int m0 = 0; m0 < problem.m_count; m0 += Outputs<Whole, TM, TN, Side>::m) {
#pragma unroll 1
      for (int n0 = 0; n0 < problem.n_count; n0 += Outputs<Whole, TM, TN, Side>::n) {
        Outputs<Whole, TM, TN, Side> outputs;
        outputs.begin(team.team_rank(), problem, m0, n0);
        if (problem.k_count > 0) multiply(team, problem, m0, n0, outputs);
        outputs.end(team.team_rank(), problem.m_count, problem.n_count, m0, n0, problem.epilogue);
      }
    }
  }

  template <bool Whole, int TM, int TN, int Side, class Team, class ProblemOf>
  KOKKOS_FORCEINLINE_FUNCTION static void multiply(const Team& team, const ProblemOf& problem, int m0, int n0,
                                                   Outputs<Whole, TM, TN, Side>& outputs) {
    const int thread = team.team_rank();
    const bool has_outputs = m0 + outputs.m_first(thread) < problem.m_count &&
                             n0 + outputs.n_first(thread) < problem.n_count;
    Blocks::template for_stages<Outputs<Whole, TM, TN, Side>>(team, problem, m0, n0, 0,
                                                              [&](const Real* stage, int steps) {
                                                                if (has_outputs)
                                                                  outputs.multiply(thread, stage, 0, steps);
                                                              });
  }
};

}  // namespace sinter::tile
