// The product of tiles by a team of a device: blocks of A and B staged in scratch, 4 x 4 outputs a thread. The definition
// that it keeps is in product.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sinter/kernels/tile/operand.hpp>
#include <sinter/kernels/tile/start.hpp>
#include <sinter/runtime/launch.hpp>

namespace sinter::tile {

/// Products of a device team of `team_size` threads: 64 x 64 outputs a block, 4 x 4 a thread, k in steps of 16 through
/// scratch.
template <class Real>
struct DeviceProduct {
  static constexpr int block = 64, depth = 16, per_thread = 4, side = block / per_thread;
  static constexpr int lanes = 1;
  static constexpr int team_size = side * side;
  // One element of padding a row keeps staging along k free of bank conflicts.
  static constexpr int pitch = block + 1;

  KOKKOS_INLINE_FUNCTION static std::size_t scratch_bytes(std::int64_t) { return 2 * sizeof(Real) * depth * pitch; }

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

}  // namespace sinter::tile
