// The product of tiles by a team of a device: blocks of A and B are staged in scratch, the next stage on its way while
// the team multiplies the one that is there. A thread has up to 8 x 8 outputs in registers, for which it takes packs of
// 128 bits from scratch. The definition that it keeps is in product.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/ops/simd.hpp>
#include <sinter/kernels/tile/operand.hpp>
#include <sinter/kernels/tile/pack.hpp>
#include <sinter/kernels/tile/start.hpp>
#include <sinter/runtime/launch.hpp>

namespace sinter::tile {

/// Products of a device team of 16 x 16 threads. Small products take blocks of 64 x 64 outputs, 4 x 4 a thread; longer
/// and larger ones 64 x 128 and, in float, 128 x 128, so that an operand that was read is used more often. The choice
/// changes no bit. All threads of the team call run(), with the same arguments; `scratch` is the team's, at level 0.
template <class Real>
struct DeviceProduct {
  static constexpr int side = 16, depth = 8;
  static constexpr int team_size = side * side;
  static constexpr int width = Pack<Real>::width;
  // Outputs of a thread along m, and along n for small and for large products. More of them, and 128 registers a thread,
  // which two teams an SM leave, are not enough beside what the callers keep.
  static constexpr int small = 4, large = sizeof(Real) == 4 ? 8 : 4;
  // A pack of padding a row keeps stores that transpose free of bank conflicts, and rows on multiples of a pack.
  template <int PerThread>
  static constexpr int pitch = side* PerThread + width;

  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t) {
    return 2 * sizeof(Real) * depth * (pitch<small> + pitch<large>);
  }

  template <class Team, class A, class B, class Start, class Epilogue>
  KOKKOS_INLINE_FUNCTION static void run(const Team& team, void* scratch, std::int64_t m_count, std::int64_t n_count,
                                         std::int64_t k_count, const A& a, const B& b, const Start& start,
                                         const Epilogue& epilogue) {
    const Problem<A, B, Start, Epilogue> problem{static_cast<Real*>(scratch),
                                                 static_cast<int>(m_count),
                                                 static_cast<int>(n_count),
                                                 static_cast<int>(k_count),
                                                 a,
                                                 b,
                                                 start,
                                                 epilogue};
    if (large == small || problem.n_count <= side * small) {
      blocks<small, small>(team, problem);
    } else {
      blocks<small, large>(team, problem);
    }
  }

 private:
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

  template <int TM, int TN>
  struct Outputs;

  /// What a thread brings of one operand for a stage: packs along whichever index is contiguous. The outer index is m of A
  /// or n of B. Along k, the packs of a row go to successive threads; along the outer index, whole rows of the block.
  template <int PerThread, bool InnerContiguous>
  class Share {
   public:
    static constexpr int block = side * PerThread;
    static constexpr int packs = block * depth / width;
    static constexpr int rounds = (packs + team_size - 1) / team_size;

    /// Of the block that begins at `outer` of `outer_count`.
    template <class Operand>
    KOKKOS_FORCEINLINE_FUNCTION Share(const Operand& operand, int thread, int outer, int outer_count)
        : from_(operand.at(outer + outer_of(thread) < outer_count ? outer + outer_of(thread) : outer, k_of(thread))),
          ld_(operand.ld),
          k_(k_of(thread)),
          outer_left_(outer_count - outer - outer_of(thread)),
          whole_(detail::holds_packs(operand.base, operand.ld)) {
      static_assert(rounds == 1, "a pack a thread and stage");
    }

    /// Of the next stage; `left`: what is left along k from its first on.
    KOKKOS_FORCEINLINE_FUNCTION void load(int left) {
      const int inner_left = left - k_;
      const int count = InnerContiguous ? (outer_left_ > 0 ? inner_left : 0) : (inner_left > 0 ? outer_left_ : 0);
      pack_ = load_pack(from_, count, whole_);
      from_ += InnerContiguous ? depth : depth * ld_;
    }
    KOKKOS_FORCEINLINE_FUNCTION void store(int thread, Real* stage) const {
      if (packs < team_size && thread >= packs) return;
      Real* const to = stage + k_of(thread) * pitch<PerThread> + outer_of(thread);
      if constexpr (InnerContiguous) {
#pragma unroll
        for (int l = 0; l < width; ++l) to[l * pitch<PerThread>] = pack_.lane[l];
      } else {
        *reinterpret_cast<Pack<Real>*>(to) = pack_;
      }
    }

   private:
    KOKKOS_FORCEINLINE_FUNCTION static int outer_of(int thread) {
      return InnerContiguous ? thread / (depth / width) : thread % (block / width) * width;
    }
    KOKKOS_FORCEINLINE_FUNCTION static int k_of(int thread) {
      return InnerContiguous ? thread % (depth / width) * width : thread / (block / width);
    }

    Pack<Real> pack_;
    const Real* from_;
    std::int64_t ld_;
    int k_, outer_left_;
    bool whole_;
  };

  template <int TM, int TN, class Team, class ProblemOf>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION static void blocks(const Team& team, const ProblemOf& problem) {
#pragma unroll 1
    for (int m0 = 0; m0 < problem.m_count; m0 += side * TM) {
#pragma unroll 1
      for (int n0 = 0; n0 < problem.n_count; n0 += side * TN) {
        Outputs<TM, TN> outputs;
        outputs.begin(team.team_rank(), problem, m0, n0);
        if (problem.k_count > 0) multiply(team, problem, m0, n0, outputs);
        outputs.end(team.team_rank(), problem, m0, n0);
      }
    }
  }

  template <int TM, int TN, class Team, class A, class B, class Start, class Epilogue>
  KOKKOS_FORCEINLINE_FUNCTION static void multiply(const Team& team, const Problem<A, B, Start, Epilogue>& problem,
                                                   int m0, int n0, Outputs<TM, TN>& outputs) {
    using ShareOfA = Share<TM, A::inner_contiguous>;
    using ShareOfB = Share<TN, !B::outer_contiguous>;
    constexpr int b_stage = depth * pitch<TM>, stage_size = b_stage + depth * pitch<TN>;
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
      if (has_outputs) outputs.multiply(thread, stages + stage, left < depth ? left : depth);
      if (left > depth) {
        a_share.store(thread, stages + next);
        b_share.store(thread, stages + next + b_stage);
      }
      barrier(team);  // the next stage is there, and nobody reads this one any more
      stage = next;
    }
  }

  template <class Start>
  SINTER_OUT_OF_LINE KOKKOS_INLINE_FUNCTION static Pack<Real> first_of(const Start& start, int m, int n, int count) {
    const Real* const row = start.template row<Real>(m);
    return row == nullptr ? load_pack(row, 0, false) : load_pack(row + n, count, detail::holds_packs(row + n, 0));
  }

  /// The outputs of one thread: rows ty * width + l and columns tx * width + l of every 16 * width.
  template <int TM, int TN>
  struct Outputs {
    static constexpr int m_groups = TM / width, n_groups = TN / width;
    Real sum[TM][TN];

    KOKKOS_FORCEINLINE_FUNCTION static int m_first(int thread) { return thread / side * width; }
    KOKKOS_FORCEINLINE_FUNCTION static int n_first(int thread) { return thread % side * width; }

    template <class ProblemOf>
    KOKKOS_FORCEINLINE_FUNCTION void begin(int thread, const ProblemOf& problem, int m0, int n0) {
      const int m = m0 + m_first(thread), n = n0 + n_first(thread);
#pragma unroll
      for (int i = 0; i < TM; ++i) {
#pragma unroll
        for (int g = 0; g < n_groups; ++g) {
          const int count = m + m_of(i) < problem.m_count ? problem.n_count - n - n_of(g * width) : 0;
          const Pack<Real> pack = first_of(problem.start, m + m_of(i), n + n_of(g * width), count);
#pragma unroll
          for (int l = 0; l < width; ++l) sum[i][g * width + l] = pack.lane[l];
        }
      }
    }

    /// Adds the products of a stage, `steps` along k.
    KOKKOS_FORCEINLINE_FUNCTION void multiply(int thread, const Real* stage, int steps) {
      const Real* x_row = stage + m_first(thread);
      const Real* y_row = stage + depth * pitch<TM> + n_first(thread);
#pragma unroll 1
      for (int k = 0; k < steps; ++k) {
        Pack<Real> x[m_groups], y[n_groups];
#pragma unroll
        for (int g = 0; g < m_groups; ++g)
          x[g] = *reinterpret_cast<const Pack<Real>*>(x_row + k * pitch<TM> + g * side * width);
#pragma unroll
        for (int g = 0; g < n_groups; ++g)
          y[g] = *reinterpret_cast<const Pack<Real>*>(y_row + k * pitch<TN> + g * side * width);
#pragma unroll
        for (int i = 0; i < TM; ++i) {
#pragma unroll
          for (int j = 0; j < TN; ++j)
            sum[i][j] = Kokkos::fma(x[i / width].lane[i % width], y[j / width].lane[j % width], sum[i][j]);
        }
      }
    }

    template <class ProblemOf>
    KOKKOS_FORCEINLINE_FUNCTION void end(int thread, const ProblemOf& problem, int m0, int n0) const {
      const int m = m0 + m_first(thread), n = n0 + n_first(thread);
#pragma unroll
      for (int i = 0; i < TM; ++i) {
#pragma unroll
        for (int g = 0; g < n_groups; ++g) {
          const int count = problem.n_count - n - n_of(g * width);
          if (m + m_of(i) >= problem.m_count || count <= 0) continue;
          Pack<Real> pack;
#pragma unroll
          for (int l = 0; l < width; ++l) pack.lane[l] = sum[i][g * width + l];
          problem.epilogue(m + m_of(i), n + n_of(g * width), pack, count < width ? count : width);
        }
      }
    }

   private:
    /// Row and column of output i, j, from the first on.
    KOKKOS_FORCEINLINE_FUNCTION static constexpr int m_of(int i) { return i / width * side * width + i % width; }
    KOKKOS_FORCEINLINE_FUNCTION static constexpr int n_of(int j) { return j / width * side * width + j % width; }
  };
};

}  // namespace sinter::tile
