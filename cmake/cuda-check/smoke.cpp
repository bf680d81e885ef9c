// The smallest kernel that uses what all kernels use (team, scratch, barrier, launch wrapper): where it does not
// compile, the fault lies in the set-up of the check and not in a kernel.
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter::smoke {

using S = spaces::Cuda;
using Policy = Kokkos::TeamPolicy<S::Execution>;
using Scratch = Kokkos::View<float*, S::Execution::scratch_memory_space, Kokkos::MemoryUnmanaged>;

/// Reverses each row of `matrix` through team scratch.
struct ReverseRows {
  MatrixRef<S, float> matrix;

  KOKKOS_FUNCTION void operator()(const Policy::member_type& team) const {
    const int columns = static_cast<int>(matrix.extent(1)), row = team.league_rank();
    const Scratch scratch(team.team_scratch(0), columns);
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, columns), [&](int c) { scratch(c) = matrix(row, c); });
    barrier(team);  // all of the row is in scratch before any of it is overwritten
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, columns),
                         [&](int c) { matrix(row, c) = scratch(columns - 1 - c); });
  }
};

void reverse_rows(const S::Execution& exec, const MatrixRef<S, float>& matrix) {
  static LaunchLabel label("sinter::smoke::reverse_rows");
  const auto bytes = Scratch::shmem_size(matrix.extent(1));
  launch(label,
         Policy(exec, static_cast<int>(matrix.extent(0)), Kokkos::AUTO).set_scratch_size(0, Kokkos::PerTeam(bytes)),
         ReverseRows{matrix});
}

}  // namespace sinter::smoke
