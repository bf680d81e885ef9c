// Host code that touches an element of a mock tensor aborts with the View's label; kernels do not.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/runtime/tensor.hpp>

#include "child.hpp"
#include "kernels.hpp"

namespace sinter::testing {
namespace {

using Catch::Matchers::ContainsSubstring;
using spaces::Mock;

constexpr const char* what =
    "in the mock device space outside a kernel; device data reach the host through HostMirror::pull";

TEST_CASE("host code that writes an element aborts and the message names the View", "[mock]") {
  const Vector<Mock, float> bias("layer 1 bias", 4);
  const auto run = run_in_child([&] {
    bias(2) = 1.0f;
    return 0;
  });
  CHECK(run.aborted());
  CHECK_THAT(run.errors, ContainsSubstring("sinter: host code touched the View \"layer 1 bias\""));
  CHECK_THAT(run.errors, ContainsSubstring(what));
}

TEST_CASE("host code that reads an element aborts", "[mock]") {
  const Matrix<Mock, double> weights("weights", 3, 5);
  SECTION("rank 2") {
    const auto run = run_in_child([&] { return weights(1, 1) > 0 ? 1 : 0; });
    CHECK(run.aborted());
    CHECK_THAT(run.errors, ContainsSubstring("the View \"weights\""));
  }
  SECTION("a subview keeps its parent's label") {
    const auto run = run_in_child([&] { return Kokkos::subview(weights, 1, Kokkos::ALL)(0) > 0 ? 1 : 0; });
    CHECK(run.aborted());
    CHECK_THAT(run.errors, ContainsSubstring("the View \"weights\""));
  }
  SECTION("an unmanaged View of a pointer has no label") {
    const auto run = run_in_child([&] { return MatrixRef<Mock, double>(weights.data(), 3, 5)(0, 0) > 0 ? 1 : 0; });
    CHECK(run.aborted());
    CHECK_THAT(run.errors, ContainsSubstring("host code touched a View without a label"));
    CHECK_THAT(run.errors, ContainsSubstring(what));
  }
}

TEST_CASE("host code aborts after a kernel as well as before", "[mock]") {
  const Kokkos::View<double*, Mock::Device> data("data", 10);
  add_index(data);
  Kokkos::fence("mock_access_test");
  const auto run = run_in_child([&] { return data(1) > 0 ? 1 : 0; });
  CHECK(run.aborted());
  CHECK_THAT(run.errors, ContainsSubstring("the View \"data\""));
}

TEST_CASE("host code may ask for extents, label and address", "[mock]") {
  const Matrix<Mock, double> weights("weights", 3, 5);
  const auto run = run_in_child([&] {
    return weights.extent(0) == 3 && weights.size() == 15 && weights.label() == "weights" && weights.data() != nullptr
               ? 0
               : 1;
  });
  CHECK(run.exited_well());
}

}  // namespace
}  // namespace sinter::testing
