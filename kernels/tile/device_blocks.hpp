// What the products of a device's team are made of: a thread's share of a stage that goes to scratch, its outputs in registers,
// up to 8 x 8, for which it takes packs of 128 bits from scratch, and the loop over stages, the next one on its way while the
// team multiplies the one that is there.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/ops/simd.hpp>
#include <sinter/kernels/tile/pack.hpp>
#include <sinter/runtime/launch.hpp>

namespace sinter::tile {

/// Of a team of Threads, 16 along n; Depth is how far a stage goes along k.
template <class Real, int Threads, int Depth>
struct DeviceBlocks {
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

  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t = 0, std::int64_t = 0, std::int64_t = 0) {
    constexpr std::int64_t bytes = tiling::device_product_bytes(sizeof(Real), depth);
    static_assert(bytes == std::int64_t{2 * sizeof(Real)} * depth * (pitch<block_m> + pitch<block_n>));
    return bytes;
  }

  // Everything that is read and written is read and written in whole packs, or nothing is: code for both at each place
  // would be twice as much, and a kernel that is short waits for its code as for its data.
  template <class A, class B>
  KOKKOS_FORCEINLINE_FUNCTION static bool whole_packs(const A& a, const B& b, std::int64_t m_count,
                                                      std::int64_t n_count, std::int64_t k_count) {
    return detail::holds_packs(a.base, a.ld) && (A::inner_contiguous ? k_count : m_count) % width == 0 &&
           detail::holds_packs(b.base, b.ld) && (B::outer_contiguous ? n_count : k_count) % width == 0;
  }
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

  /// Where a stage of B begins in a stage.
  template <class Block>
  static constexpr int b_begin = depth* pitch<Block::m>;

  /// Multiplies the block of C at m0, n0 along k from `begin` on, stage by stage, the next one on its way meanwhile:
  /// use(stage, steps) for each that is there, of `steps` along k. All threads of the team call it.
  template <class Block, class Team, class ProblemOf, class Use>
  KOKKOS_FORCEINLINE_FUNCTION static void for_stages(const Team& team, const ProblemOf& problem, int m0, int n0,
                                                     int begin, const Use& use) {
    using A = decltype(problem.a);
    using B = decltype(problem.b);
    using ShareOfA = Share<Block::whole, Block::m, A::inner_contiguous>;
    using ShareOfB = Share<Block::whole, Block::n, !B::outer_contiguous>;
    constexpr int b_stage = b_begin<Block>, stage_size = b_stage + depth * pitch<Block::n>;
    static_assert(stage_size <= depth * (pitch<block_m> + pitch<block_n>));
    Real* const stages = problem.stages;
#ifdef __CUDA_ARCH__
    __builtin_assume(__isShared(stages));  // for loads and stores of shared memory instead of generic ones
#endif
    const int thread = team.team_rank();
    ShareOfA a_share(problem.a, thread, m0, problem.m_count);
    ShareOfB b_share(problem.b, thread, n0, problem.n_count);
    if (begin > 0) {
      a_share.skip(begin);
      b_share.skip(begin);
    }
    a_share.load(problem.k_count - begin);
    b_share.load(problem.k_count - begin);
    int stage = 0;
    a_share.store(thread, stages);
    b_share.store(thread, stages + b_stage);
    barrier(team);  // a stage is read by threads that did not write it
#pragma unroll 1
    for (int left = problem.k_count - begin; left > 0; left -= depth) {
      const int next = stage_size - stage;
      if (left > depth) {
        a_share.load(left - depth);
        b_share.load(left - depth);
      }
      use(static_cast<const Real*>(stages + stage), left < depth ? left : depth);
      if (left > depth) {
        a_share.store(thread, stages + next);
        b_share.store(thread, stages + next + b_stage);
      }
      barrier(team);  // the next stage is there, and nobody reads this one any more
      stage = next;
    }
  }

  /// The outputs of one thread: rows ty * width + l of every m_threads * width, and columns tx * width + l of every Side *
  /// width.
  template <bool Whole, int TM, int TN, int Side>
  struct Outputs {
    static constexpr bool whole = Whole;
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
