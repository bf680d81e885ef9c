// The sum over chunks of products of tiles by a team of a device: the stages of a product run on across the ends of chunks,
// where a thread's sums go to the fixed tree.
#pragma once

#include <cstdint>

#include <sinter/kernels/tile/device_blocks.hpp>
#include <sinter/kernels/tile/epilogue.hpp>
#include <sinter/kernels/tile/tree.hpp>

namespace sinter::tile {

template <class Real, int Threads, int Depth>
class DeviceChunkSums {
  using Blocks = DeviceBlocks<Real, Threads, Depth>;
  static constexpr int side = Blocks::side, tall = Blocks::tall, small = Blocks::small, large = Blocks::large;
  struct Nothing {};

 public:
  template <class A, class B>
  struct Problem : Blocks::template Problem<A, B, Nothing, Nothing> {
    const int* bounds;
    int chunks;
    Real* C;
    std::int64_t ld;
    Real* sums;
  };

  /// DeviceProduct::sum_of_chunks().
  template <class Team, class A, class B>
  KOKKOS_FORCEINLINE_FUNCTION static void run(const Team& team, const Problem<A, B>& problem) {
    if (Blocks::whole_packs(problem.a, problem.b, problem.m_count, problem.n_count, 0) &&
        Store<Real>{problem.C, problem.ld}.whole(problem.n_count)) {
      block_of<true>(team, problem);
    } else {
      block_of<false>(team, problem);
    }
  }

 private:
  template <bool Whole, class Team, class ProblemOf>
  KOKKOS_FORCEINLINE_FUNCTION static void block_of(const Team& team, const ProblemOf& problem) {
    if constexpr (Whole && large > small) {
      if (problem.n_count > side * small) {
        block_of_chunks<Whole, tall, large, side>(team, problem, 0);
        return;
      }
    }
    block_of_chunks<Whole, tall, small, side>(team, problem, 0);
    if constexpr (!Whole && large > small) {
      if (problem.n_count > side * small) block_of_chunks<Whole, tall, small, side>(team, problem, side * small);
    }
  }

  /// Chunk sums that wait for their neighbours in the tree, one a level: a stack in memory of the thread.
  template <int Count>
  struct Pending {
    static constexpr int levels = 8;
    static_assert((1 << (levels - 1)) >= max_leaves);
    Real value[levels][Count];

    /// `sum` is chunk `index` of a power of two `chunks`: adds it to what waits for it. The last one stays where it is.
    KOKKOS_FORCEINLINE_FUNCTION void take(int index, int chunks, Real* sum) {
      int level = 0;
#pragma unroll 1
      for (; (index >> level & 1) != 0; ++level) {
#pragma unroll
        for (int i = 0; i < Count; ++i) sum[i] = value[level][i] + sum[i];
      }
      if (index + 1 == chunks) return;
#pragma unroll
      for (int i = 0; i < Count; ++i) {
        value[level][i] = sum[i];
        sum[i] = 0;
      }
    }
  };

  /// The block of columns from n0 on.
  template <bool Whole, int TM, int TN, int Side, class Team, class ProblemOf>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION static void block_of_chunks(const Team& team, const ProblemOf& problem,
                                                                        int n0) {
    using Block = typename Blocks::template Outputs<Whole, TM, TN, Side>;
    const int* const bounds = problem.bounds;
#ifdef __CUDA_ARCH__
    __builtin_assume(__isShared(bounds));
#endif
    const int thread = team.team_rank(), chunks = problem.chunks;
    Block outputs;
    outputs.clear();
    Pending<TM * TN> pending;
    const bool has_outputs = outputs.m_first(thread) < problem.m_count &&
                             n0 + outputs.n_first(thread) < problem.n_count;
    const bool has_sum = problem.sums != nullptr && thread < Block::n && n0 + thread < problem.n_count;
    Real sum = 0;
    Pending<1> pending_sum;
    int chunk = 0, row = bounds[0];
    const auto close_chunks = [&] {  // those that end at this row, empty ones too
      for (; chunk < chunks && row == bounds[chunk + 1]; ++chunk) {
        if (has_outputs) pending.take(chunk, chunks, &outputs.sum[0][0]);
        if (has_sum) pending_sum.take(chunk, chunks, &sum);
      }
    };
    close_chunks();
    Blocks::template for_stages<Block>(team, problem, 0, n0, row, [&](const Real* stage, int steps) {
      const Real* const of_b = stage + Blocks::template b_begin<Block>;
#pragma unroll 1
      for (int from = 0; from < steps;) {
        const int of_chunk = from + bounds[chunk + 1] - row, to = of_chunk < steps ? of_chunk : steps;
        if (has_outputs) outputs.multiply(thread, stage, from, to);
        if (has_sum) {
#pragma unroll 4
          for (int k = from; k < to; ++k) sum += of_b[k * Blocks::template pitch<Block::n> + thread];
        }
        row += to - from;
        from = to;
        close_chunks();
      }
    });
    if (has_sum) problem.sums[n0 + thread] = sum;
    outputs.end(thread, problem.m_count, problem.n_count, 0, n0, Store<Real>{problem.C, problem.ld});
  }
};

}  // namespace sinter::tile
