// The product of tiles by one thread of a processor: blocks of 8 x 2 vector registers, or 6 x 2 where there are no more than
// 16. Operands that would not stay in the first-level cache are packed into scratch: B into panels of two vectors, as many
// as a second-level cache holds; A, where its columns are contiguous, into strips of as many rows as a block has. A block's
// rows of A stay in the first-level cache while the panels go by. The definition that it keeps is in product.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/catalog/scratch.hpp>
#include <sinter/kernels/ops/simd.hpp>
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
  /// Scratch of one team for products of up to `n` columns and chains of up to `k`, and up to `m` rows where A's columns are
  /// contiguous (0: never).
  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t m, std::int64_t n, std::int64_t k) {
    return static_cast<std::size_t>(tiling::host_product_scratch(sizeof(Real), m, n, k));
  }

  /// `epilogue` of epilogue.hpp: its matrix may not overlap the operands, but `start` may be that matrix.
  template <class Team, class A, class B, class Start, class Epilogue>
  static void run(const Team&, void* scratch, std::int64_t m_count, std::int64_t n_count, std::int64_t k_count,
                  const A& a, const B& b, const Start& start, const Epilogue& epilogue) {
    std::int64_t k = 0;
    const std::int64_t depth = tiling::host_depth(sizeof(Real), m_count);  // longer chains go on from what is stored
    do {
      const Part part{0, m_count, k, k_count - k < depth ? k_count - k : depth, k + depth >= k_count};
      over_blocks(scratch, part, n_count, a, b,
                  [&]<int R, int NV, bool Partial>(const auto& rows, std::int64_t m, const Chains& chains) {
                    block<R, NV, Partial>(chains, m, rows, start, epilogue);
                  });
      k += depth;
    } while (k < k_count);
  }

  /// C(m, n) = the tree's sum over the chunks c of the chains over k in [bounds[c], bounds[c + 1]): `chunks` is a power of two
  /// up to most_chunks, all of them together are at most tiling::host_depth() long. C: rows `ld` apart.
  template <class Team, class A, class B>
  static void sum_of_chunks(const Team&, void* scratch, std::int64_t m_count, std::int64_t n_count, const A& a,
                            const B& b, const int* bounds, int chunks, Real* C, std::int64_t ld) {
    const Part part{0, m_count, bounds[0], bounds[chunks] - bounds[0], true};
    over_blocks(scratch, part, n_count, a, b,
                [&]<int R, int NV, bool Partial>(const auto& rows, std::int64_t m, const Chains& chains) {
                  sum_block<R, NV, Partial>(chains, m, rows, bounds, chunks, C, ld);
                });
  }
  static constexpr int most_chunks = tiling::host_product_chunks;

 private:
  /// Rows of C, and a part of their chains.
  struct Part {
    std::int64_t m_begin, m_end, k, steps;
    bool last;  ///< the chains end with it
  };

  /// Rows k of B, from some column on.
  struct Panel {
    const Real* base;
    std::int64_t ld;
  };

  /// A panel's share of all chains of `count` columns.
  struct Chains {
    std::int64_t k, steps;
    Panel panel;
    std::int64_t n;
    int count;
    bool last;  ///< they end here
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

  /// f.operator()<R, NV, Partial>(A or what is packed of it, m, chains) for all blocks of R rows and NV vectors of C.
  template <class A, class B, class Function>
  static void over_blocks(void* scratch, const Part& part, std::int64_t n_count, const A& a, const B& b,
                          const Function& f) {
    auto* const packed = static_cast<Real*>(scratch);
    if (!strips_pay(a, n_count, part.steps)) {
      over_pieces(packed, part, n_count, a, b, f);
      return;
    }
    const std::int64_t most = tiling::host_rows_at_once(sizeof(Real), block_rows, part.steps);
    Real* const to = packed + tiling::host_panels_bytes(sizeof(Real), sizeof(Real) * lanes, n_count, part.steps) /
                                  std::int64_t{sizeof(Real)};
    Part some = part;
    for (; some.m_begin < part.m_end; some.m_begin = some.m_end) {
      some.m_end = part.m_end - some.m_begin < most ? part.m_end : some.m_begin + most;
      pack_strips(a, some, to);
      over_pieces(packed, some, n_count, Strips{to, some.m_begin, some.k, some.steps}, b, f);
    }
  }

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

  // Some strips or panels side by side are packed together, so that whole cache lines are read, one after the other.
  static constexpr std::int64_t strips_together = 4, panels_together = 4;

  template <class A>
  static void pack_strips(const A& a, const Part& part, Real* to) {
    std::int64_t m = part.m_begin;
    for (; m + strips_together * block_rows <= part.m_end; m += strips_together * block_rows) {
      const Real* from = a.at(m, part.k);
      for (std::int64_t k = 0; k < part.steps; ++k, from += a.inner_stride()) {
#pragma GCC unroll 4
        for (int s = 0; s < strips_together; ++s) {
#pragma GCC unroll 8
          for (int i = 0; i < block_rows; ++i) to[(s * part.steps + k) * block_rows + i] = from[s * block_rows + i];
        }
      }
      to += strips_together * part.steps * block_rows;
    }
    for (; m < part.m_end; m += block_rows, to += part.steps * block_rows) {
      const Real* from = a.at(m, part.k);
      const std::int64_t filled = part.m_end - m < block_rows ? part.m_end - m : block_rows;
      for (std::int64_t k = 0; k < part.steps; ++k, from += a.inner_stride()) {
        for (int i = 0; i < filled; ++i) to[k * block_rows + i] = from[i];
      }
    }
  }

  /// Pieces of B's columns, each packed as a whole where that pays, and the blocks of rows that use it.
  template <class A, class B, class Function>
  static void over_pieces(Real* packed, const Part& part, std::int64_t n_count, const A& a, const B& b,
                          const Function& f) {
    constexpr std::int64_t few_rows = 32;  // they do not pay for a copy, and have one panel after the other
    const bool few = part.m_end - part.m_begin < few_rows,
               panel_stays = part.steps * lanes * std::int64_t{sizeof(Real)} <= tiling::host_in_place_bytes;
    bool copy = true;
    std::int64_t columns = few || panel_stays ? lanes : tiling::host_columns_at_once(sizeof(Real), lanes, part.steps);
    if constexpr (B::outer_contiguous) {
      const bool stays = part.steps * b.ld * std::int64_t{sizeof(Real)} <= tiling::host_in_place_bytes;
      copy = !stays && !few;
      if (stays) columns = n_count;
    } else if (b.ld == 1) {  // one row of B, which lies in a row already
      copy = false;
    }
    for (std::int64_t begin = 0; begin < n_count; begin += columns) {
      const std::int64_t end = n_count - begin < columns ? n_count : begin + columns;
      if (copy) pack_panels(b, part, begin, end, packed);
      in_blocks(part, [&]<int R>(std::int64_t m) {
        for (std::int64_t n = begin; n < end; n += lanes) {
          const int count = static_cast<int>(end - n < lanes ? end - n : lanes);
          const Panel panel = copy ? Panel{packed + (n - begin) * part.steps, lanes} : Panel{b.at(n, part.k), b.ld};
          const Chains chains{part.k, part.steps, panel, n, count, part.last};
          if (count == lanes) {
            f.template operator()<R, 2, false>(a, m, chains);
          } else if (count > V::width) {
            f.template operator()<R, 2, true>(a, m, chains);
          } else {
            f.template operator()<R, 1, true>(a, m, chains);
          }
        }
      });
    }
  }

  /// Columns [begin, end) of B in panels, one after the other: zero in the other lanes of the last vector.
  template <class B>
  static void pack_panels(const B& b, const Part& part, std::int64_t begin, std::int64_t end, Real* panel) {
    std::int64_t n = begin;
    if constexpr (B::outer_contiguous) {
      for (; n + panels_together * lanes <= end; n += panels_together * lanes) {
        const Real* from = b.at(n, part.k);
        for (std::int64_t k = 0; k < part.steps; ++k, from += b.ld) {
#pragma GCC unroll 8
          for (int v = 0; v < panels_together * lanes; v += V::width)
            V::load(from + v).store(panel + (v / lanes * part.steps + k) * lanes + v % lanes);
        }
        panel += panels_together * part.steps * lanes;
      }
    }
    for (; n < end; n += lanes, panel += part.steps * lanes) {
      const int count = static_cast<int>(end - n < lanes ? end - n : lanes);
      if constexpr (B::outer_contiguous) {
        const Real* from = b.at(n, part.k);
        for (std::int64_t k = 0; k < part.steps; ++k, from += b.ld) {
          for (int v = 0; v < lanes; v += V::width) {
            const int left = count - v;
            V::load(from + v, left < 0 ? 0 : left < V::width ? left : V::width).store(panel + k * lanes + v);
          }
        }
      } else {
        pack_transposed(b.at(n, part.k), b.ld, part.steps, count, panel);
      }
    }
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

  template <int R, int NV, bool Partial, class A>
  static void sum_block(const Chains& chains, std::int64_t m, const A& a, const int* bounds, int chunks, Real* C,
                        std::int64_t ld) {
    alignas(64) Real leaves[most_chunks * R * lanes];
    for (int c = 0; c < chunks; ++c) {
      Chains of_chunk = chains;
      of_chunk.k = bounds[c];
      of_chunk.steps = bounds[c + 1] - bounds[c];
      of_chunk.panel.base += (bounds[c] - bounds[0]) * chains.panel.ld;
      registers<R, NV, Partial>(a, m, of_chunk, chains.count - (NV - 1) * V::width, nullptr, 0, leaves + c * R * lanes,
                                lanes, V::width);
    }
    detail::with_leaves<most_chunks>(chunks, [&]<int Leaves>() {
      for (int i = 0; i < R; ++i) {
        Real* const row = C + (m + i) * ld + chains.n;
        const Real* const of_row = leaves + i * lanes;
        if constexpr (Partial) {
          for (int l = 0; l < chains.count; ++l) row[l] = tree_sum_of<Leaves>(of_row + l, R * lanes);
        } else {
          SINTER_SIMD
          for (int l = 0; l < lanes; ++l) row[l] = tree_sum_of<Leaves>(of_row + l, R * lanes);
        }
      }
    });
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
