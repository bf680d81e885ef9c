// The mock device space behaves as a device's: separate mirrors, explicit copies, kernels; and Kokkos Tools see it
// under its name.
#include <numeric>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/ledger.hpp>
#include <sinter/runtime/tensor.hpp>

#include "kernels.hpp"

namespace sinter::testing {
namespace {

using spaces::Mock;
using Device = Mock::Device;
using Doubles = Kokkos::View<double*, Device>;
using HostDoubles = Kokkos::View<double*, Kokkos::HostSpace>;

std::vector<double> values(const HostDoubles& view) { return {view.data(), view.data() + view.extent(0)}; }

std::vector<double> values(const Doubles& view) {
  const HostDoubles host("host", view.extent(0));
  Kokkos::deep_copy(host, view);
  return values(host);
}

HostDoubles counting(std::size_t extent) {
  HostDoubles host("counting", extent);
  std::iota(host.data(), host.data() + extent, 1.0);
  return host;
}

TEST_CASE("mock memory is neither accessible from the host nor assignable to it", "[mock]") {
  STATIC_REQUIRE(Space<Mock>);
  STATIC_REQUIRE(Kokkos::is_memory_space_v<MockSpace>);
  STATIC_REQUIRE_FALSE(Kokkos::SpaceAccessibility<Kokkos::HostSpace, MockSpace>::accessible);
  STATIC_REQUIRE_FALSE(Kokkos::SpaceAccessibility<MockSpace, Kokkos::HostSpace>::accessible);
  STATIC_REQUIRE(Kokkos::SpaceAccessibility<Mock::Execution, MockSpace>::accessible);
  STATIC_REQUIRE_FALSE(Kokkos::is_always_assignable_v<HostDoubles, Doubles>);
  STATIC_REQUIRE_FALSE(Kokkos::is_always_assignable_v<Doubles, HostDoubles>);
  STATIC_REQUIRE(Kokkos::is_always_assignable_v<VectorRef<Mock, const double>, Vector<Mock, double>>);
}

TEST_CASE("the mirror of a mock tensor is memory of its own in the host space", "[mock]") {
  const Doubles data("data", 7);
  const auto mirror = Kokkos::create_mirror_view(data);
  STATIC_REQUIRE(std::is_same_v<decltype(mirror)::memory_space, Kokkos::HostSpace>);
  REQUIRE(static_cast<const void*>(mirror.data()) != static_cast<const void*>(data.data()));
  STATIC_REQUIRE(HostMirror<Doubles>::copies);
}

TEST_CASE("copies go into the mock space, within it and out of it", "[mock]") {
  // 100003 doubles are beyond the size from which Kokkos copies with a kernel.
  const std::size_t extent = GENERATE(0u, 1u, 13u, 100003u);
  const HostDoubles source = counting(extent);
  const HostDoubles target("target", extent);
  const Doubles first("first", extent);
  const Doubles second("second", extent);
  SECTION("as blocking copies") {
    Kokkos::deep_copy(first, source);
    Kokkos::deep_copy(second, first);
    Kokkos::deep_copy(target, second);
  }
  SECTION("on an instance") {
    const Execution exec;
    Kokkos::deep_copy(exec, first, source);
    Kokkos::deep_copy(exec, second, first);
    Kokkos::deep_copy(exec, target, second);
    exec.fence("mock_space_test");
  }
  CHECK(values(target) == values(source));
}

TEST_CASE("a host mirror pushes to mock memory and pulls from it", "[mock]") {
  const Execution exec;
  const HostMirror<Matrix<Mock, float>> mirror(make_matrix<Mock, float>(exec, "matrix", 3, 5));
  for (std::size_t i = 0; i < mirror.host().size(); ++i) mirror.host().data()[i] = static_cast<float>(i);
  mirror.push(exec);
  const HostMirror<Matrix<Mock, float>> other(mirror.tensor());
  other.pull(exec);
  CHECK(other.host()(2, 4) == 14.0f);
}

TEST_CASE("scalars are filled in and fetched", "[mock]") {
  const Kokkos::View<double, Device> scalar("scalar");
  Kokkos::deep_copy(scalar, 2.5);
  double fetched = 0;
  Kokkos::deep_copy(fetched, scalar);
  CHECK(fetched == 2.5);
}

struct Counter {
  int value = 7;
};

TEST_CASE("a mock tensor starts as zeros or as its type's default, and keeps its elements through a resize", "[mock]") {
  Doubles data("data", 5);
  CHECK(values(data) == std::vector<double>(5, 0.0));
  add_index(data);
  Kokkos::resize(data, 7);
  CHECK(values(data) == std::vector<double>{0, 1, 2, 3, 4, 0, 0});
  CHECK(data.label() == "data");

  const Kokkos::View<Counter*, Device> counters("counters", 3);
  const auto mirror = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), counters);
  CHECK(mirror(2).value == 7);
}

TEST_CASE("range kernels and reductions run on mock memory", "[mock]") {
  const Doubles data("data", 101);
  add_index(data);
  double sum = 0;
  Kokkos::parallel_reduce(
      "sum", Kokkos::RangePolicy<Execution>(0, 101), KOKKOS_LAMBDA(int i, double& partial) { partial += data(i); },
      sum);
  CHECK(sum == 5050);
  Kokkos::parallel_scan(
      "scan", Kokkos::RangePolicy<Execution>(0, 101), KOKKOS_LAMBDA(int i, double& partial, bool last) {
        partial += data(i);
        if (last) data(i) = partial;
      });
  CHECK(values(data).back() == 5050);
}

/// Each team sums a row through team scratch: row(r) = sum over c of matrix(r, c).
struct RowSum {
  Matrix<Mock, double> matrix;
  Doubles rows;
  using Team = Kokkos::TeamPolicy<Execution>::member_type;
  using Scratch = Kokkos::View<double*, Execution::scratch_memory_space, Kokkos::MemoryUnmanaged>;

  KOKKOS_FUNCTION void operator()(const Team& team) const {
    const int columns = static_cast<int>(matrix.extent(1));
    const int r = team.league_rank();
    const Scratch scratch(team.team_scratch(0), columns);
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, columns), [&](int c) { scratch(c) = matrix(r, c); });
    team.team_barrier();
    Kokkos::single(Kokkos::PerTeam(team), [&] {
      for (int c = 0; c < columns; ++c) rows(r) += scratch(c);
    });
  }
};

TEST_CASE("team kernels with scratch run on mock memory", "[mock]") {
  const Matrix<Mock, double> matrix("matrix", 4, 13);
  Kokkos::deep_copy(matrix, 2.0);
  const Doubles rows("rows", 4);
  const auto policy = Kokkos::TeamPolicy<Execution>(4, Kokkos::AUTO)
                          .set_scratch_size(0, Kokkos::PerTeam(RowSum::Scratch::shmem_size(13)));
  Kokkos::parallel_for("row_sum", policy, RowSum{matrix, rows});
  CHECK(values(rows) == std::vector<double>(4, 26.0));
}

TEST_CASE("the ledger sees allocations and copies of the mock space by its name, and launches cause no fence",
          "[mock]") {
  const auto before = ledger::by_label();
  const Doubles data(Kokkos::view_alloc(Kokkos::WithoutInitializing, "ledger_data"), 10);
  const auto start = ledger::totals();
  for (int repetition = 0; repetition < 10; ++repetition) add_index(data);
  CHECK(ledger::totals().fences == start.fences);
  const HostDoubles host("ledger_host", 10);
  Kokkos::deep_copy(host, data);
  bool allocated = false, copied = false;
  for (const auto& row : ledger::difference(before, ledger::by_label())) {
    allocated = allocated || (row.kind == "allocation" && row.label == "Mock:ledger_data");
    copied = copied || (row.kind == "copy" && row.label == "Mock:ledger_data -> Host:ledger_host" && row.bytes == 80);
  }
  CHECK(allocated);
  CHECK(copied);
}

}  // namespace
}  // namespace sinter::testing
