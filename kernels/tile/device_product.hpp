// The product of tiles by a team of a device: blocks of A and B are staged in scratch, the next stage on its way while
// the team multiplies the one that is there. A thread has up to 8 x 8 outputs in registers, for which it takes packs of
// 128 bits from scratch. The definition that it keeps is in product.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/ops/simd.hpp>
#include <sinter/kernels/tile/epilogue.hpp>
#include <sinter/kernels/tile/operand.hpp>
#include <sinter/kernels/tile/pack.hpp>
#include <sinter/kernels/tile/start.hpp>
#include <sinter/kernels/tile/tree.hpp>
#include <sinter/runtime/launch.hpp>

namespace sinter::tile {

/// Products of a device team of Threads, 16 along n: blocks of 64 x 64 outputs for narrow products and, in float, 64 x 128
/// for wider ones, so that an operand that was read is used more often. The choice changes no bit. With 128 threads one has
/// twice as many outputs and takes half the loads for each, but needs more registers than a kernel has to spare that does
/// much else. Depth is how far a stage goes along k. All threads of the team call it, with the same arguments; `scratch` is
/// the team's, at level 0. A smaller team may call run() too, which then stages nothing.
template <class Real, int Threads = 256, int Depth = 8>
struct DeviceProduct {
  static constexpr int side = 16, m_threads = Threads / side, depth = Depth;
  static constexpr int team_size = Threads;
  static constexpr int width = Pack<Real>::width;
  // Outputs of a thread along m, and along n for narrow and for wide products.
  static constexpr int tall = 64 / m_threads, small = 4, large = sizeof(Real) == 4 ? 8 : 4;
  // Steps along k whose loads may go under the products of others, as far as there are registers for them.
  static constexpr int steps_at_once = depth > 8 || Threads < 256 ? 2 : 1;
  // A product of few rows takes blocks of half as many by twice as many columns, so that all threads have outputs.
  static constexpr bool has_low = Threads == 256 && large > small;
  static constexpr int low_m = Threads / (2 * side) * small;
  /// The largest block that sum_of_chunks() takes.
  static constexpr int block_m = m_threads * tall, block_n = side * large;
  // A pack of padding a row keeps stores that transpose free of bank conflicts, and rows on multiples of a pack.
  template <int Block>
  static constexpr int pitch = Block + width;

  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t) {
    return 2 * sizeof(Real) * depth * (pitch<block_m> + pitch<block_n>);
  }

  template <class Team, class A, class B, class Start, class Epilogue>
  KOKKOS_INLINE_FUNCTION static void run(const Team& team, void* scratch, std::int64_t m_count, std::int64_t n_count,
                                         std::int64_t k_count, const A& a, const B& b, const Start& start,
                                         const Epilogue& epilogue) {
    if (team.team_size() < team_size || (m_count * n_count <= team_size * width && k_count <= longest_direct)) {
      direct(team, static_cast<int>(m_count), static_cast<int>(n_count), static_cast<int>(k_count), a, b, start,
             epilogue);
      return;
    }
    const Problem<A, B, Start, Epilogue> problem{static_cast<Real*>(scratch),
                                                 static_cast<int>(m_count),
                                                 static_cast<int>(n_count),
                                                 static_cast<int>(k_count),
                                                 a,
                                                 b,
                                                 start,
                                                 epilogue};
    if (whole_packs(a, b, m_count, n_count, k_count) && whole_packs(start) && epilogue.whole(n_count)) {
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
    const ChunkProblem<A, B> problem{{static_cast<Real*>(scratch),
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
    if (whole_packs(a, b, m_count, n_count, 0) && Store<Real>{C, ld}.whole(n_count)) {
      block_of<true>(team, problem);
    } else {
      block_of<false>(team, problem);
    }
  }

 private:
  // Everything that is read and written is read and written in whole packs, or nothing is: code for both at each place
  // would be twice as much, and a kernel that is short waits for its code as for its data.
  template <class A, class B>
  KOKKOS_FORCEINLINE_FUNCTION static bool whole_packs(const A& a, const B& b, std::int64_t m_count,
                                                      std::int64_t n_count, std::int64_t k_count) {
    return detail::holds_packs(a.base, a.ld) && (A::inner_contiguous ? k_count : m_count) % width == 0 &&
           detail::holds_packs(b.base, b.ld) && (B::outer_contiguous ? n_count : k_count) % width == 0;
  }
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

  // In memory while the product is at work: what is not needed between two barriers takes no register there.
  template <class A, class B, class Start, class Epilogue>
  struct Problem {
    Real* stages;
    int m_count, n_count, k_count;
    A a;
    B b;
    Start start;
    Epilogue epilogue;
  };

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

  struct Nothing {};
  template <class A, class B>
  struct ChunkProblem : Problem<A, B, Nothing, Nothing> {
    const int* bounds;
    int chunks;
    Real* C;
    std::int64_t ld;
    Real* sums;
  };

  template <bool Whole, int TM, int TN, int Side>
  struct Outputs;

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

  /// What a thread brings of one operand for a stage: packs along whichever index is contiguous. The outer index is m of A
  /// or n of B. Along k, the packs of a row go to successive threads; along the outer index, whole rows of the block.
  template <bool Whole, int Block, bool InnerContiguous>
  class Share {
   public:
    static constexpr int block = Block;
    static constexpr int packs = block * depth / width;
    static constexpr int rounds = (packs + team_size - 1) / team_size;

    /// Of the block that begins at `outer` of `outer_count`.
    template <class Operand>
    KOKKOS_FORCEINLINE_FUNCTION Share(const Operand& operand, int thread, int outer, int outer_count)
        : ld_(operand.ld),
          k_(k_of(thread)),
          outer_left_(outer_count - outer - outer_of(thread)) {
#pragma unroll
      for (int r = 0; r < rounds; ++r) {
        const int at = thread + r * team_size, place = outer + outer_of(at);
        from_[r] = operand.at(place < outer_count ? place : outer, k_of(at));
      }
    }

    /// The first stage begins at k.
    KOKKOS_FORCEINLINE_FUNCTION void skip(int k) {
#pragma unroll
      for (int r = 0; r < rounds; ++r) from_[r] += InnerContiguous ? k : k * ld_;
    }
    /// Of the next stage; `left`: what is left along k from its first on.
    KOKKOS_FORCEINLINE_FUNCTION void load(int left) {
#pragma unroll
      for (int r = 0; r < rounds; ++r) {
        const int outer_left = InnerContiguous ? outer_left_ - r * (team_size / (depth / width)) : outer_left_;
        const int inner_left = left - (InnerContiguous ? k_ : k_ + r * (team_size / (block / width)));
        if constexpr (Whole) {
          pack_[r] = Pack<Real>{};
          if (outer_left > 0 && inner_left > 0) pack_[r] = *reinterpret_cast<const Pack<Real>*>(from_[r]);
        } else {
          const int count = InnerContiguous ? (outer_left > 0 ? inner_left : 0) : (inner_left > 0 ? outer_left : 0);
          pack_[r] = load_pack(from_[r], count, false);
        }
      }
#pragma unroll
      for (int r = 0; r < rounds; ++r) from_[r] += InnerContiguous ? depth : depth * ld_;
    }
    KOKKOS_FORCEINLINE_FUNCTION void store(int thread, Real* stage) const {
#pragma unroll
      for (int r = 0; r < rounds; ++r) {
        const int at = thread + r * team_size;
        if (packs % team_size != 0 && at >= packs) return;
        Real* const to = stage + k_of(at) * pitch<Block> + outer_of(at);
        if constexpr (InnerContiguous) {
#pragma unroll
          for (int l = 0; l < width; ++l) to[l * pitch<Block>] = pack_[r].lane[l];
        } else {
          *reinterpret_cast<Pack<Real>*>(to) = pack_[r];
        }
      }
    }

   private:
    KOKKOS_FORCEINLINE_FUNCTION static constexpr int outer_of(int thread) {
      return InnerContiguous ? thread / (depth / width) : thread % (block / width) * width;
    }
    KOKKOS_FORCEINLINE_FUNCTION static constexpr int k_of(int thread) {
      return InnerContiguous ? thread % (depth / width) * width : thread / (block / width);
    }
    Pack<Real> pack_[rounds];
    const Real* from_[rounds];
    std::int64_t ld_;
    int k_, outer_left_;
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

  template <bool Whole, int TM, int TN, int Side, class Team, class A, class B, class Start, class Epilogue>
  KOKKOS_FORCEINLINE_FUNCTION static void multiply(const Team& team, const Problem<A, B, Start, Epilogue>& problem,
                                                   int m0, int n0, Outputs<Whole, TM, TN, Side>& outputs) {
    using Block = Outputs<Whole, TM, TN, Side>;
    using ShareOfA = Share<Whole, Block::m, A::inner_contiguous>;
    using ShareOfB = Share<Whole, Block::n, !B::outer_contiguous>;
    constexpr int b_stage = depth * pitch<Block::m>, stage_size = b_stage + depth * pitch<Block::n>;
    static_assert(stage_size <= depth * (pitch<block_m> + pitch<block_n>));
    Real* const stages = problem.stages;
#ifdef __CUDA_ARCH__
    __builtin_assume(__isShared(stages));  // for loads and stores of shared memory instead of generic ones
#endif
    const int thread = team.team_rank();
    const bool has_outputs = m0 + outputs.m_first(thread) < problem.m_count &&
                             n0 + outputs.n_first(thread) < problem.n_count;
    ShareOfA a_share(problem.a, thread, m0, problem.m_count);
    ShareOfB b_share(problem.b, thread, n0, problem.n_count);
    a_share.load(problem.k_count);
    b_share.load(problem.k_count);
    int stage = 0;
    a_share.store(thread, stages);
    b_share.store(thread, stages + b_stage);
    barrier(team);  // a stage is read by threads that did not write it
#pragma unroll 1
    for (int left = problem.k_count; left > 0; left -= depth) {
      const int next = stage_size - stage;
      if (left > depth) {
        a_share.load(left - depth);
        b_share.load(left - depth);
      }
      if (has_outputs) outputs.multiply(thread, stages + stage, 0, left < depth ? left : depth);
      if (left > depth) {
        a_share.store(thread, stages + next);
        b_share.store(thread, stages + next + b_stage);
      }
      barrier(team);  // the next stage is there, and nobody reads this one any more
      stage = next;
    }
  }

  /// The block of columns from n0 on. Stages run on across the ends of chunks, where a thread's sums go to the tree.
  template <bool Whole, int TM, int TN, int Side, class Team, class A, class B>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION static void block_of_chunks(const Team& team,
                                                                        const ChunkProblem<A, B>& problem, int n0) {
    using Block = Outputs<Whole, TM, TN, Side>;
    using ShareOfA = Share<Whole, Block::m, A::inner_contiguous>;
    using ShareOfB = Share<Whole, Block::n, !B::outer_contiguous>;
    constexpr int b_stage = depth * pitch<Block::m>, stage_size = b_stage + depth * pitch<Block::n>;
    static_assert(stage_size <= depth * (pitch<block_m> + pitch<block_n>));
    Real* const stages = problem.stages;
    const int* const bounds = problem.bounds;
#ifdef __CUDA_ARCH__
    __builtin_assume(__isShared(stages));
    __builtin_assume(__isShared(bounds));
#endif
    const int thread = team.team_rank(), chunks = problem.chunks, rows = problem.k_count;
    Outputs<Whole, TM, TN, Side> outputs;
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
    ShareOfA a_share(problem.a, thread, 0, problem.m_count);
    ShareOfB b_share(problem.b, thread, n0, problem.n_count);
    a_share.skip(row);
    b_share.skip(row);
    a_share.load(rows - row);
    b_share.load(rows - row);
    int stage = 0;
    a_share.store(thread, stages);
    b_share.store(thread, stages + b_stage);
    close_chunks();
    barrier(team);  // a stage is read by threads that did not write it
#pragma unroll 1
    for (int left = rows - row; left > 0; left -= depth) {
      const int next = stage_size - stage;
      if (left > depth) {
        a_share.load(left - depth);
        b_share.load(left - depth);
      }
      const int steps = left < depth ? left : depth;
#pragma unroll 1
      for (int from = 0; from < steps;) {
        const int of_chunk = from + bounds[chunk + 1] - row, to = of_chunk < steps ? of_chunk : steps;
        if (has_outputs) outputs.multiply(thread, stages + stage, from, to);
        if (has_sum) {
#pragma unroll 4
          for (int k = from; k < to; ++k) sum += stages[stage + b_stage + k * pitch<Block::n> + thread];
        }
        row += to - from;
        from = to;
        close_chunks();
      }
      if (left > depth) {
        a_share.store(thread, stages + next);
        b_share.store(thread, stages + next + b_stage);
      }
      barrier(team);  // the next stage is there, and nobody reads this one any more
      stage = next;
    }
    if (has_sum) problem.sums[n0 + thread] = sum;
    outputs.end(thread, problem.m_count, problem.n_count, 0, n0, Store<Real>{problem.C, problem.ld});
  }

  /// The outputs of one thread: rows ty * width + l of every m_threads * width, and columns tx * width + l of every Side *
  /// width.
  template <bool Whole, int TM, int TN, int Side>
  struct Outputs {
    static constexpr int m_threads = team_size / Side;
    static constexpr int m = m_threads * TM, n = Side * TN;  ///< of the team's block
    static constexpr int m_groups = TM / width, n_groups = TN / width;
    Real sum[TM][TN];

    KOKKOS_FORCEINLINE_FUNCTION static int m_first(int thread) { return thread / Side * width; }
    KOKKOS_FORCEINLINE_FUNCTION static int n_first(int thread) { return thread % Side * width; }

    template <class ProblemOf>
    KOKKOS_FORCEINLINE_FUNCTION void begin(int thread, const ProblemOf& problem, int m0, int n0) {
      const Real* const base = problem.start.template row<Real>(0);
      clear();
      if (base == nullptr) return;
      const std::int64_t stride = problem.start.stride();
      const auto take = [&](int i, int g, const Pack<Real>& pack) {
#pragma unroll
        for (int l = 0; l < width; ++l) sum[i][g * width + l] = pack.lane[l];
      };
      if (stride == 0) {  // all rows begin alike
#pragma unroll
        for (int g = 0; g < n_groups; ++g) {
          const int column = n0 + n_first(thread) + n_of(g * width);
          const Pack<Real> pack = load_some(base + column, problem.n_count - column);
#pragma unroll
          for (int i = 0; i < TM; ++i) take(i, g, pack);
        }
        return;
      }
#pragma unroll
      for (int i = 0; i < TM; ++i) {
#pragma unroll
        for (int g = 0; g < n_groups; ++g) {
          const int row = m0 + m_first(thread) + m_of(i), column = n0 + n_first(thread) + n_of(g * width);
          take(i, g, load_some(base + row * stride + column, row < problem.m_count ? problem.n_count - column : 0));
        }
      }
    }

    KOKKOS_FORCEINLINE_FUNCTION void clear() {
#pragma unroll
      for (int i = 0; i < TM; ++i) {
#pragma unroll
        for (int j = 0; j < TN; ++j) sum[i][j] = 0;
      }
    }

    /// Adds the products of a stage from k = `from` to `to`.
    KOKKOS_FORCEINLINE_FUNCTION void multiply(int thread, const Real* stage, int from, int to) {
      const Real* x_row = stage + m_first(thread);
      const Real* y_row = stage + depth * pitch<m> + n_first(thread);
      if (to - from == depth) {  // the loads of a step go under the products of the one before
#pragma unroll(steps_at_once)
        for (int k = 0; k < depth; ++k) multiply(x_row + k * pitch<m>, y_row + k * pitch<n>);
      } else {
#pragma unroll 1
        for (int k = from; k < to; ++k) multiply(x_row + k * pitch<m>, y_row + k * pitch<n>);
      }
    }
    KOKKOS_FORCEINLINE_FUNCTION void multiply(const Real* x_row, const Real* y_row) {
      Pack<Real> x[m_groups], y[n_groups];
#pragma unroll
      for (int g = 0; g < m_groups; ++g) x[g] = *reinterpret_cast<const Pack<Real>*>(x_row + g * m_threads * width);
#pragma unroll
      for (int g = 0; g < n_groups; ++g) y[g] = *reinterpret_cast<const Pack<Real>*>(y_row + g * Side * width);
#pragma unroll
      for (int i = 0; i < TM; ++i) {
#pragma unroll
        for (int j = 0; j < TN; ++j)
          sum[i][j] = Kokkos::fma(x[i / width].lane[i % width], y[j / width].lane[j % width], sum[i][j]);
      }
    }

    KOKKOS_FORCEINLINE_FUNCTION static Pack<Real> load_some(const Real* from, int count) {
      if constexpr (Whole) {
        return count > 0 ? *reinterpret_cast<const Pack<Real>*>(from) : Pack<Real>{};
      } else {
        return load_pack(from, count, false);
      }
    }

    /// Where the outputs lie in C, for epilogues.
    struct Places {
      static constexpr bool whole = Whole;
      int row, column, m_count, n_count;
      static constexpr int packs = TM * n_groups;
      /// f(m, n, at, count) for pack `p`, if it lies in C. n is a sum of 64 bits: where p is a constant, nvcc (13.0) stores
      /// packs behind the first of a row by single elements else. cmake/cuda-check sees to it that all are stored whole.
      template <class Function>
      KOKKOS_FORCEINLINE_FUNCTION void with(int p, const Function& f) const {
        const int i = p / n_groups, g = p % n_groups, left = n_count - column - n_of(g * width);
        if (row + m_of(i) < m_count && left > 0)
          f(row + m_of(i), std::int64_t{column} + n_of(g * width), i * TN + g * width, left < width ? left : width);
      }
    };

    template <class Epilogue>
    KOKKOS_FORCEINLINE_FUNCTION void end(int thread, int m_count, int n_count, int m0, int n0,
                                         const Epilogue& epilogue) const {
      const Places places{m0 + m_first(thread), n0 + n_first(thread), m_count, n_count};
      if (places.row >= m_count || places.column >= n_count) return;
      Real values[TM * TN];
#pragma unroll
      for (int i = 0; i < TM; ++i) {
#pragma unroll
        for (int j = 0; j < TN; ++j) values[i * TN + j] = sum[i][j];
      }
      epilogue.finish(places, values);
    }

   private:
    /// Row and column of output i, j, from the first on.
    KOKKOS_FORCEINLINE_FUNCTION static constexpr int m_of(int i) { return i / width * m_threads * width + i % width; }
    KOKKOS_FORCEINLINE_FUNCTION static constexpr int n_of(int j) { return j / width * Side * width + j % width; }
  };
};

}  // namespace sinter::tile
