// The access check lives on Kokkos Tools callbacks. These tests hold it against tools of the user's and against Kokkos'
// habit of fencing.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "child.hpp"
#include "kernels.hpp"

namespace sinter::testing {
namespace {

using Catch::Matchers::ContainsSubstring;
namespace tools = Kokkos::Tools::Experimental;

int fences = 0;
int launches = 0;
int begun = 0;

void count_fence(const char*, std::uint32_t, std::uint64_t*) { ++fences; }
void count_launch(const char*, std::uint32_t, std::uint64_t* id) {
  ++launches;
  *id = 42;
}
void check_id(std::uint64_t id) { begun += id == 42 ? 1 : 100; }
void ask_for_no_fences(std::uint32_t, Kokkos_Tools_ToolSettings* settings) {
  settings->requires_global_fencing = false;
}

struct Sum {
  KOKKOS_FUNCTION void operator()(int i, double& sum) const { sum += i; }
};
struct Scan {
  KOKKOS_FUNCTION void operator()(int i, double& sum, bool) const { sum += i; }
};

/// Initialises Kokkos as a session does (`before`, `after`: when the check is installed) and counts the fences of ten
/// launches of each kind.
int fences_of_launches(bool before, bool after) {
  if (before) install_mock_access_check();
  Kokkos::initialize(Kokkos::InitializationSettings{}.set_disable_warnings(true));
  if (after) install_mock_access_check();
  {
    const Execution exec;
    const Kokkos::RangePolicy<Execution> policy(exec, 0, 10);
    const Kokkos::View<double*, spaces::Mock::Device> data("data", 10);
    const Kokkos::View<double, spaces::Mock::Device> result("result");
    tools::set_begin_fence_callback(count_fence);
    for (int repetition = 0; repetition < 10; ++repetition) {
      Kokkos::parallel_for("add_index", policy, AddIndex{data});
      Kokkos::parallel_reduce("sum", policy, Sum{}, result);
      Kokkos::parallel_scan("scan", policy, Scan{});
    }
    tools::set_begin_fence_callback(nullptr);
  }
  Kokkos::finalize();
  return fences;
}

int touch_from_the_host() {
  const Kokkos::View<double*, spaces::Mock::Device> data("weights", 10);
  add_index(data);
  data(3) = 1;
  return 0;
}

TEST_CASE("the access check adds no fence to launches when it is installed before Kokkos starts", "[mock]") {
  const auto run = run_in_child([] { return fences_of_launches(true, true); });
  CHECK(run.exited_well());
}

TEST_CASE("without the early installation Kokkos fences around launches", "[mock]") {
  const auto run = run_in_child([] { return fences_of_launches(false, true) > 0 ? 0 : 1; });
  CHECK(run.exited_well());
}

TEST_CASE("a tool that was listening before keeps hearing of every launch with its own identifiers", "[mock]") {
  const auto run = run_in_child([] {
    tools::set_begin_parallel_for_callback(count_launch);
    tools::set_end_parallel_for_callback(check_id);
    tools::set_request_tool_settings_callback(ask_for_no_fences);
    const int fenced = fences_of_launches(true, true);
    return fenced == 0 && launches >= 10 && begun == launches ? 0 : 1;
  });
  CHECK(run.exited_well());
}

TEST_CASE("a tool that was listening before and asked for nothing keeps its fences", "[mock]") {
  const auto run = run_in_child([] {
    tools::set_begin_parallel_for_callback(count_launch);
    tools::set_end_parallel_for_callback(check_id);
    return fences_of_launches(true, true) >= 20 && launches >= 10 ? 0 : 1;
  });
  CHECK(run.exited_well());
}

TEST_CASE("beside a tool library that Kokkos loads, the check works after its second installation", "[mock]") {
  SECTION("the library hears of launches, and no fence is added when it needs none") {
    const auto run = run_in_child([] {
      setenv("KOKKOS_TOOLS_LIBS", TOOL_LIBRARY, 1);
      return fences_of_launches(true, true);
    });
    CHECK(run.exited_well());
    CHECK_THAT(run.errors, ContainsSubstring("tool saw add_index"));
  }
  SECTION("a library that asks for fences gets them") {
    const auto run = run_in_child([] {
      setenv("KOKKOS_TOOLS_LIBS", TOOL_LIBRARY, 1);
      setenv("PLAIN_TOOL", "1", 1);
      return fences_of_launches(true, true) > 0 ? 0 : 1;
    });
    CHECK(run.exited_well());
  }
  SECTION("host access still aborts, and the kernel before it does not") {
    const auto run = run_in_child([] {
      setenv("KOKKOS_TOOLS_LIBS", TOOL_LIBRARY, 1);
      install_mock_access_check();
      Kokkos::initialize();
      install_mock_access_check();
      return touch_from_the_host();
    });
    CHECK(run.aborted());
    CHECK_THAT(run.errors, ContainsSubstring("tool saw add_index"));
    CHECK_THAT(run.errors,
               ContainsSubstring("host code touched the View \"weights\" in the mock device space outside a kernel"));
  }
}

TEST_CASE("a kernel in a program that never installed the check aborts and says what is missing", "[mock]") {
  const auto run = run_in_child([] {
    Kokkos::initialize();
    return touch_from_the_host();
  });
  CHECK(run.aborted());
  CHECK_THAT(run.errors, ContainsSubstring("install_mock_access_check(), which nobody called"));
}

}  // namespace
}  // namespace sinter::testing
