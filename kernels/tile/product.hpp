// The product of tiles, the one replaceable piece under every dense kernel:
//   C(m, n) = start(m, n) + sum over k = 0..K-1, in this order, of A(m, k) B(k, n)
// as one chain of fused multiply-adds an element, so that the bits do not depend on tiles, teams, threads or vector
// widths. Host: MR x NV vector registers, B used in place or packed into scratch where it is transposed. Device: blocks
// of A and B staged in scratch, 4 x 4 outputs a thread.
#pragma once

#include <cstdint>

#include <sinter/kernels/tile/operand.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/spaces.hpp>
#include <sinter/runtime/vec.hpp>

namespace sinter::tile {

/// start(m, n) = 0.
struct Zero {
  template <class Real>
  KOKKOS_INLINE_FUNCTION const Real* row(std::int64_t) const {
    return nullptr;
  }
};

/// start(m, n) = bias[n], or 0 without a bias.
template <class Real_>
struct Bias {
  const Real_* bias;
  template <class Real>
  KOKKOS_INLINE_FUNCTION const Real* row(std::int64_t) const {
    return bias;
  }
};

/// start(m, n) = base[m * ld + n]: the chain of an earlier product goes on.
template <class Real_>
struct Continue {
  const Real_* base;
  std::int64_t ld;
  template <class Real>
  KOKKOS_INLINE_FUNCTION const Real* row(std::int64_t m) const {
    return base + m * ld;
  }
};

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

/// Products of a device team of `team_size` threads: 64 x 64 outputs a block, 4 x 4 a thread, k in steps of 16 through
/// scratch.
template <class Real>
struct DeviceProduct {
  static constexpr int block = 64, depth = 16, per_thread = 4, side = block / per_thread;
  static constexpr int lanes = 1;
  static constexpr int team_size = side * side;
  // One element of padding a row keeps staging along k free of bank conflicts.
  static constexpr int pitch = block + 1;

  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t, bool) {
    return 2 * sizeof(Real) * depth * pitch;
  }

  template <class Team, class A, class B, class Start, class Epilogue>
  KOKKOS_INLINE_FUNCTION static void run(const Team& team, void* scratch, std::int64_t m_count, std::int64_t n_count,
                                         std::int64_t k_count, const A& a, const B& b, const Start& start,
                                         const Epilogue& epilogue) {
    Real* const a_block = static_cast<Real*>(scratch);
    Real* const b_block = a_block + depth * pitch;
    const int thread = team.team_rank();
    const int tx = thread % side, ty = thread / side;
    for (std::int64_t m0 = 0; m0 < m_count; m0 += block) {
      for (std::int64_t n0 = 0; n0 < n_count; n0 += block) {
        Real sum[per_thread][per_thread];
        for (int j = 0; j < per_thread; ++j) {
          const std::int64_t n = n0 + tx + j * side;
          for (int i = 0; i < per_thread; ++i) {
            const std::int64_t m = m0 + ty * per_thread + i;
            const Real* const first = start.template row<Real>(m);
            sum[i][j] = first != nullptr && m < m_count && n < n_count ? first[n] : Real(0);
          }
        }
        for (std::int64_t k0 = 0; k0 < k_count; k0 += depth) {
          for (int e = thread; e < block * depth; e += team_size) {
            const int am = A::inner_contiguous ? e / depth : e % block,
                      ak = A::inner_contiguous ? e % depth : e / block;
            const bool inside = m0 + am < m_count && k0 + ak < k_count;
            a_block[ak * pitch + am] = inside ? a(m0 + am, k0 + ak) : Real(0);
            const int bn = B::outer_contiguous ? e % block : e / depth,
                      bk = B::outer_contiguous ? e / block : e % depth;
            const bool within = n0 + bn < n_count && k0 + bk < k_count;
            b_block[bk * pitch + bn] = within ? b(k0 + bk, n0 + bn) : Real(0);
          }
          barrier(team);  // the blocks are read by threads that did not write them
          const int steps = static_cast<int>(k_count - k0 < depth ? k_count - k0 : depth);
          for (int k = 0; k < steps; ++k) {
            Real x[per_thread], y[per_thread];
            for (int i = 0; i < per_thread; ++i) x[i] = a_block[k * pitch + ty * per_thread + i];
            for (int j = 0; j < per_thread; ++j) y[j] = b_block[k * pitch + tx + j * side];
            for (int i = 0; i < per_thread; ++i) {
              for (int j = 0; j < per_thread; ++j) sum[i][j] = Kokkos::fma(x[i], y[j], sum[i][j]);
            }
          }
          barrier(team);  // the blocks are overwritten next
        }
        for (int i = 0; i < per_thread; ++i) {
          const std::int64_t m = m0 + ty * per_thread + i;
          for (int j = 0; j < per_thread; ++j) {
            const std::int64_t n = n0 + tx + j * side;
            Real value[1] = {sum[i][j]};
            if (m < m_count && n < n_count) epilogue(m, n, value, 1);
          }
        }
      }
    }
  }
};

template <Space S, class Real>
struct ProductOf {
  using type = DeviceProduct<Real>;
};
template <Space S, class Real>
requires(S::kernels_on_host) struct ProductOf<S, Real> {
  using type = HostProduct<Real>;
};

/// The product that suits a space.
template <Space S, class Real>
using Product = typename ProductOf<S, Real>::type;

}  // namespace sinter::tile
