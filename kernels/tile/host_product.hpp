// The product of tiles by one thread of a processor: blocks of 8 x 2 vector registers, or 6 x 2 where there are no more than
// 16. Operands are used in place, or packed into scratch where they would evict each other from the cache on their way:
// B into panels of two vectors, A into strips of as many rows as a block has. The definition that it keeps is in product.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/catalog/tiling.hpp>
#include <sinter/kernels/tile/epilogue.hpp>
#include <sinter/kernels/tile/operand.hpp>
#include <sinter/kernels/tile/start.hpp>
#include <sinter/kernels/tile/tree.hpp>
#include <sinter/runtime/vec.hpp>

namespace sinter::tile {

/// Products of a host team (one thread).
template <class Real>
struct HostProduct {
  using V = Vec<Real>;
  // Sums, two vectors of B and one of A fit the registers, and hide an FMA's latency.
  static constexpr int block_rows = V::registers >= 32 ? 8 : 6;
  static constexpr int vectors = 2;
  static constexpr int lanes = vectors * V::width;
  static constexpr int team_size = 1;
  static constexpr std::int64_t depth = tiling::host_depth;  // longer chains go on from what is stored

  /// Scratch of one team for chains of up to `chain`, and of up to `across` where A's columns are contiguous.
  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t chain, std::int64_t across) {
    constexpr std::int64_t real = sizeof(Real);
    return static_cast<std::size_t>(tiling::host_product_bytes(real, real * V::width, chain, across));
  }

  /// `epilogue` of epilogue.hpp: its matrix may not overlap the operands, but `start` may be that matrix.
  template <class Team, class A, class B, class Start, class Epilogue>
  static void run(const Team&, void* scratch, std::int64_t m_count, std::int64_t n_count, std::int64_t k_count,
                  const A& a, const B& b, const Start& start, const Epilogue& epilogue) {
    auto* const panel = static_cast<Real*>(scratch);
    std::int64_t k = 0;
    do {
      const Part part{0, m_count, k, k_count - k < depth ? k_count - k : depth, k_count};
      if (strips_pay(a, n_count, part.steps)) {
        in_strips(a, part, strips_in(scratch, part.steps), [&](const Strips& strips, const Part& of_strips) {
          panels(of_strips, n_count, strips, b, panel, start, epilogue);
        });
      } else {
        panels(part, n_count, a, b, panel, start, epilogue);
      }
      k += depth;
    } while (k < k_count);
  }

  /// C(m, n) = the tree's sum over the chunks c of the chains over k in [bounds[c], bounds[c + 1]): `chunks` is a power of two
  /// up to most_chunks, all of them together are at most `depth` long. C: rows `ld` apart.
  template <class Team, class A, class B>
  static void sum_of_chunks(const Team&, void* scratch, std::int64_t m_count, std::int64_t n_count, const A& a,
                            const B& b, const int* bounds, int chunks, Real* C, std::int64_t ld) {
    auto* const panel = static_cast<Real*>(scratch);
    const std::int64_t steps = bounds[chunks] - bounds[0];
    const Part part{0, m_count, bounds[0], steps, bounds[chunks]};
    if (strips_pay(a, n_count, steps)) {
      in_strips(a, part, strips_in(scratch, steps), [&](const Strips& strips, const Part& of_strips) {
        chunk_panels(of_strips, n_count, strips, b, panel, bounds, chunks, C, ld);
      });
    } else {
      chunk_panels(part, n_count, a, b, panel, bounds, chunks, C, ld);
    }
  }
  static constexpr int most_chunks = tiling::host_product_chunks;

 private:
  /// Rows of C, and a part of their chains of k_count.
  struct Part {
    std::int64_t m_begin, m_end, k, steps, k_count;
  };

  /// A part of A, packed: strips of block_rows rows, one after the other, of which column follows column.
  struct Strips {
    const Real* base;
    std::int64_t first_m, first_k, steps;
    static constexpr bool inner_contiguous = false;
    const Real* at(std::int64_t m, std::int64_t k) const {
      const std::int64_t row = m - first_m, strip = row / block_rows;
      return base + (strip * steps + k - first_k) * block_rows + row % block_rows;
    }
    static constexpr std::int64_t inner_stride() { return block_rows; }
  };

  /// Whether an A whose columns are contiguous would not stay in the cache, while enough panels use it.
  template <class A>
  static bool strips_pay(const A& a, std::int64_t n_count, std::int64_t steps) {
    if constexpr (A::inner_contiguous) {
      return false;
    } else {
      return n_count >= 4 * lanes &&
             steps * a.inner_stride() * std::int64_t{sizeof(Real)} > tiling::host_in_place_bytes;
    }
  }

  /// Behind the panel of so many steps.
  static Real* strips_in(void* scratch, std::int64_t steps) { return static_cast<Real*>(scratch) + steps * lanes; }

  /// f(strips, part): A's rows of `part`, some after the other, packed at `to`.
  template <class A, class Function>
  static void in_strips(const A& a, Part part, Real* to, const Function& f) {
    constexpr std::int64_t most = tiling::host_strip_rows / block_rows * block_rows;
    const std::int64_t end = part.m_end;
    for (; part.m_begin < end; part.m_begin = part.m_end) {
      part.m_end = end - part.m_begin < most ? end : part.m_begin + most;
      Real* strip = to;
      for (std::int64_t m = part.m_begin; m < part.m_end; m += block_rows, strip += part.steps * block_rows) {
        const Real* from = a.at(m, part.k);
        const std::int64_t filled = part.m_end - m;
        for (std::int64_t k = 0; k < part.steps; ++k, from += a.inner_stride()) {
          if (filled >= block_rows) {
#pragma GCC unroll 8
            for (int i = 0; i < block_rows; ++i) strip[k * block_rows + i] = from[i];
          } else {
            for (int i = 0; i < filled; ++i) strip[k * block_rows + i] = from[i];
          }
        }
      }
      f(Strips{to, part.m_begin, part.k, part.steps}, part);
    }
  }

  template <class A, class B, class Start, class Epilogue>
  static void panels(const Part& part, std::int64_t n_count, const A& a, const B& b, Real* packed, const Start& start,
                     const Epilogue& epilogue) {
    for (std::int64_t n = 0; n < n_count; n += lanes) {
      const int count = static_cast<int>(n_count - n < lanes ? n_count - n : lanes);
      const Panel panel = panel_of(b, part, n, count, packed);
      const Chains chains{part.k, part.steps, panel, n, count, part.k + part.steps == part.k_count};
      if (count == lanes) {
        rows<2, false>(chains, part, a, start, epilogue);
      } else if (count > V::width) {
        rows<2, true>(chains, part, a, start, epilogue);
      } else {
        rows<1, true>(chains, part, a, start, epilogue);
      }
    }
  }

  template <class A, class B>
  static void chunk_panels(const Part& part, std::int64_t n_count, const A& a, const B& b, Real* packed,
                           const int* bounds, int chunks, Real* C, std::int64_t ld) {
    for (std::int64_t n = 0; n < n_count; n += lanes) {
      const int count = static_cast<int>(n_count - n < lanes ? n_count - n : lanes);
      const Panel panel = panel_of(b, part, n, count, packed);
      const auto sum = [&]<int R>(std::int64_t m) {
        alignas(64) Real leaves[most_chunks * R * lanes];
        for (int c = 0; c < chunks; ++c) {
          const Panel of_chunk{panel.base + (bounds[c] - bounds[0]) * panel.ld, panel.ld};
          const Chains chains{bounds[c], bounds[c + 1] - bounds[c], of_chunk, n, count, true};
          Real* const leaf = leaves + c * R * lanes;
          if (count == lanes) {
            registers<R, 2, false>(a, m, chains, V::width, nullptr, 0, leaf, lanes, V::width);
          } else if (count > V::width) {
            registers<R, 2, true>(a, m, chains, count - V::width, nullptr, 0, leaf, lanes, V::width);
          } else {
            registers<R, 1, true>(a, m, chains, count, nullptr, 0, leaf, lanes, V::width);
          }
        }
        for (int i = 0; i < R; ++i)
          tree_sum_span<most_chunks>(chunks, leaves + i * lanes, R * lanes, C + (m + i) * ld + n, count);
      };
      in_blocks(part, sum);
    }
  }

  /// Rows k of B, from some column on.
  struct Panel {
    const Real* base;
    std::int64_t ld;
  };

  /// One panel's share of all chains of `count` columns.
  struct Chains {
    std::int64_t k, steps;
    Panel panel;
    std::int64_t n;
    int count;
    bool last;  ///< they end here
  };

  template <class B>
  static Panel panel_of(const B& b, const Part& part, std::int64_t n, int count, Real* scratch) {
    if constexpr (B::outer_contiguous) {
      const Real* const base = b.base + part.k * b.ld + n;
      // Rows far apart share a few sets of the cache. Copying them pays for 32 rows of A.
      const bool stays = part.steps * b.ld * std::int64_t{sizeof(Real)} <= tiling::host_in_place_bytes;
      if (stays || part.m_end - part.m_begin < 32) return {base, b.ld};
      for (std::int64_t j = 0; j < part.steps; ++j) {
        for (int v = 0; v < lanes; v += V::width) {
          const int left = count - v;
          V::load(base + j * b.ld + v, left < 0 ? 0 : left < V::width ? left : V::width).store(scratch + j * lanes + v);
        }
      }
    } else {
      if (b.ld == 1) return {b.base + n, 1};  // one row of B, which lies in a row already
      pack_transposed(b.base + n * b.ld + part.k, b.ld, part.steps, count, scratch);
    }
    return {scratch, lanes};
  }

  /// panel[k, j] = rows[j, k] for j < count, zero in the other lanes of the last vector.
  static void pack_transposed(const Real* rows_of_b, std::int64_t ld, std::int64_t steps, int count, Real* panel) {
    for (int j0 = 0; j0 < count; j0 += V::width) {
      for (std::int64_t k = 0; k < steps; k += V::width) {
        const int filled = static_cast<int>(steps - k < V::width ? steps - k : V::width);
        V square[V::width];
#pragma GCC unroll 16
        for (int j = 0; j < V::width; ++j) {
          const Real* const from = rows_of_b + (j0 + j) * ld + k;
          square[j] = j0 + j >= count      ? V::broadcast(Real(0))
                      : filled == V::width ? V::load(from)
                                           : V::load(from, filled);
        }
        transpose(square);
        Real* const to = panel + k * lanes + j0;
        if (filled == V::width) {
#pragma GCC unroll 16
          for (int i = 0; i < V::width; ++i) square[i].store(to + i * lanes);
        } else {
          for (int i = 0; i < filled; ++i) square[i].store(to + i * lanes);
        }
      }
    }
  }

  template <int NV, bool Partial, class A, class Start, class Epilogue>
  static void rows(const Chains& chains, const Part& part, const A& a, const Start& start, const Epilogue& epilogue) {
    in_blocks(part, [&]<int R>(std::int64_t m) { block<R, NV, Partial>(chains, m, a, start, epilogue); });
  }

  /// f.operator()<R>(m): block_rows rows at a time, the rest in fours, twos and ones.
  template <class Function>
  static void in_blocks(const Part& part, const Function& f) {
    std::int64_t m = part.m_begin;
    for (; m + block_rows <= part.m_end; m += block_rows) f.template operator()<block_rows>(m);
    if (m + 4 <= part.m_end) {
      f.template operator()<4>(m);
      m += 4;
    }
    if (m + 2 <= part.m_end) {
      f.template operator()<2>(m);
      m += 2;
    }
    if (m < part.m_end) f.template operator()<1>(m);
  }

  template <int R, int NV, bool Partial, class A, class Start, class Epilogue>
  static void block(const Chains& chains, std::int64_t m, const A& a, const Start& start, const Epilogue& epilogue) {
    Real* const out = epilogue.out + m * epilogue.ld + chains.n;
    const Real* first = out;
    std::int64_t first_ld = epilogue.ld;
    if (chains.k == 0) {
      first = start.template row<Real>(m);
      if (first != nullptr) first += chains.n;
      first_ld = start.stride();
    }
    const int tail = chains.count - (NV - 1) * V::width;
    if (Epilogue::as_is || !chains.last) {
      registers<R, NV, Partial>(a, m, chains, tail, first, first_ld, out, epilogue.ld, tail);
    } else if constexpr (!Epilogue::as_is) {
      constexpr int pitch = NV * V::width;
      alignas(64) Real values[R * pitch];
      registers<R, NV, Partial>(a, m, chains, tail, first, first_ld, values, pitch, V::width);
      epilogue.template block<pitch>(m, chains.n, R, chains.count, values);
    }
  }

  /// The register block: R x NV vectors over the panel's rows. Partial: of the last vector, only the lanes below `tail`
  /// are read and those below `stored` written.
  template <int R, int NV, bool Partial, class A>
  [[gnu::noinline]] static void registers(const A& a, std::int64_t m, const Chains& chains, int tail, const Real* first,
                                          std::int64_t first_ld, Real* out, std::int64_t ld, int stored) {
    const auto load = [tail](const Real* from, int v) {
      return Partial && v == NV - 1 ? V::load(from + v * V::width, tail) : V::load(from + v * V::width);
    };
    V sum[R][NV];
    if (first == nullptr || first_ld == 0) {
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) {
        const V same = first == nullptr ? V::broadcast(Real(0)) : load(first, v);
#pragma GCC unroll 8
        for (int i = 0; i < R; ++i) sum[i][v] = same;
      }
    } else {
#pragma GCC unroll 8
      for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) sum[i][v] = load(first + i * first_ld, v);
      }
    }
    const Real* row[R];
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i) row[i] = a.at(m + i, chains.k);
    const Real* panel = chains.panel.base;
    for (std::int64_t k = 0; k < chains.steps; ++k, panel += chains.panel.ld) {
      V b[NV];
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) b[v] = load(panel, v);
#pragma GCC unroll 8
      for (int i = 0; i < R; ++i) {
        const V x = V::broadcast(A::inner_contiguous ? row[i][k] : row[0][k * a.inner_stride() + i]);
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) sum[i][v] = V::fma(x, b[v], sum[i][v]);
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) {
        Real* const to = out + i * ld + v * V::width;
        if (Partial && v == NV - 1) {
          sum[i][v].store(to, stored);
        } else {
          sum[i][v].store(to);
        }
      }
    }
  }
};

}  // namespace sinter::tile
