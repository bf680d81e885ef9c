// The product of tiles by one thread of a processor: 8 x NV vector registers, B used in place or packed into scratch
// where it is transposed. The definition that it keeps is in product.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/tile/operand.hpp>
#include <sinter/kernels/tile/start.hpp>
#include <sinter/runtime/vec.hpp>

namespace sinter::tile {

/// Products of a host team (one thread): `lanes` outputs of a row reach the epilogue at once.
template <class Real>
struct HostProduct {
  static constexpr int rows_at_once =
      8;  // 8 x 2 vectors fill 16 of 32 (AVX-512) registers and hide the latency of an FMA
  static constexpr int vectors = 2;
  static constexpr int lanes = vectors * Vec<Real>::width;
  static constexpr int team_size = 1;

  /// Scratch of one team for inner extents up to `k_count`: a packed panel of B.
  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t k_count, bool b_in_place) {
    return b_in_place ? 0 : static_cast<std::size_t>(k_count) * lanes * sizeof(Real) + 64;
  }

  /// epilogue(m, n, Real (&values)[lanes], count): outputs (m, n) ... (m, n + count - 1); lanes from count on are to be
  /// ignored.
  template <class Team, class A, class B, class Start, class Epilogue>
  static void run(const Team&, void* scratch, std::int64_t m_count, std::int64_t n_count, std::int64_t k_count,
                  const A& a, const B& b, const Start& start, const Epilogue& epilogue) {
    for (std::int64_t n = 0; n < n_count; n += lanes) {
      const int count = static_cast<int>(n_count - n < lanes ? n_count - n : lanes);
      const Real* panel;
      std::int64_t panel_ld;
      if constexpr (B::outer_contiguous) {
        panel = b.base + n;
        panel_ld = b.ld;
      } else {
        panel = pack(b, n, count, k_count, static_cast<Real*>(scratch));
        panel_ld = lanes;
      }
      const bool packed_full = !B::outer_contiguous || count == lanes;
      for (std::int64_t m = 0; m < m_count; m += rows_at_once) {
        const int rows = static_cast<int>(m_count - m < rows_at_once ? m_count - m : rows_at_once);
        const Real* row[rows_at_once];
        const Real* first[rows_at_once];
        for (int i = 0; i < rows_at_once; ++i) {
          const std::int64_t at = m + (i < rows ? i : rows - 1);  // surplus rows repeat the last
          row[i] = a.outer(at);
          const Real* const from = start.template row<Real>(at);
          first[i] = from == nullptr ? nullptr : from + n;
        }
        alignas(64) Real values[rows_at_once][lanes] = {};  // lanes that no vector fills are still defined
        if (packed_full) {
          chains<vectors, false>(row, a.inner_stride(), panel, panel_ld, k_count, count, first, values);
        } else if (count > Vec<Real>::width) {
          chains<vectors, true>(row, a.inner_stride(), panel, panel_ld, k_count, count, first, values);
        } else {
          chains<1, true>(row, a.inner_stride(), panel, panel_ld, k_count, count, first, values);
        }
        for (int i = 0; i < rows; ++i) epilogue(m + i, n, values[i], count);
      }
    }
  }

 private:
  /// Columns n .. n + count - 1 of B as a panel [k_count, lanes]; surplus lanes are zero. Eight columns at a time, so
  /// that the lines that they are read from stay in the first-level cache where their distance is a power of two.
  template <class B>
  static const Real* pack(const B& b, std::int64_t n, int count, std::int64_t k_count, Real* panel) {
    constexpr int columns = 8;
    for (int j0 = 0; j0 < lanes; j0 += columns) {
      if (j0 + columns <= count) {
        for (std::int64_t k = 0; k < k_count; ++k) {
          for (int j = j0; j < j0 + columns; ++j) panel[k * lanes + j] = b(k, n + j);
        }
      } else {
        for (std::int64_t k = 0; k < k_count; ++k) {
          for (int j = j0; j < j0 + columns; ++j) panel[k * lanes + j] = j < count ? b(k, n + j) : Real(0);
        }
      }
    }
    return panel;
  }

  /// The register block: rows_at_once x NV vectors over all k. Partial: of the last vector, only the lanes below
  /// `count` may be read.
  template <int NV, bool Partial>
  static void chains(const Real* const (&row)[rows_at_once], std::int64_t stride, const Real* panel, std::int64_t ld,
                     std::int64_t k_count, int count, const Real* const (&first)[rows_at_once],
                     Real (&values)[rows_at_once][lanes]) {
    using V = Vec<Real>;
    const int tail = count - (NV - 1) * V::width;  // lanes of the last vector
    V sum[rows_at_once][NV];
#pragma GCC unroll 8
    for (int i = 0; i < rows_at_once; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) {
        const int left = count - v * V::width;
        sum[i][v] = first[i] == nullptr || left <= 0 ? V::broadcast(Real(0))
                    : left >= V::width               ? V::load(first[i] + v * V::width)
                                                     : V::load(first[i] + v * V::width, left);
      }
    }
    for (std::int64_t k = 0; k < k_count; ++k, panel += ld) {
      V b[NV];
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) {
        b[v] = Partial && v == NV - 1 ? V::load(panel + v * V::width, tail) : V::load(panel + v * V::width);
      }
#pragma GCC unroll 8
      for (int i = 0; i < rows_at_once; ++i) {
        const V x = V::broadcast(row[i][k * stride]);
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) sum[i][v] = V::fma(x, b[v], sum[i][v]);
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows_at_once; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) sum[i][v].store(values[i] + v * V::width);
    }
  }
};

}  // namespace sinter::tile
