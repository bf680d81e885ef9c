// The ledger in an application that initialised Kokkos itself and listens to Kokkos Tools itself: attached late, it
// counts from then on, the application's callbacks keep hearing everything, and finalising stays the application's.
#include <catch2/catch_session.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/session.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

namespace {

namespace tools = Kokkos::Tools::Experimental;
int heard_fences = 0, heard_copies = 0, heard_allocations = 0;

void hear_fence(const char*, std::uint32_t, std::uint64_t*) { ++heard_fences; }
void hear_copy(Kokkos_Profiling_SpaceHandle, const char*, const void*, Kokkos_Profiling_SpaceHandle, const char*,
               const void*, std::uint64_t) {
  ++heard_copies;
}
void hear_allocation(Kokkos_Profiling_SpaceHandle, const char*, const void*, std::uint64_t) { ++heard_allocations; }

}  // namespace

using namespace sinter;
using S = std::tuple_element_t<0, test::Spaces>;

TEST_CASE("an application's own callbacks hear what the ledger counts") {
  const S::Execution exec;
  wait_for(exec, "before the ledger");
  CHECK(heard_fences == 1);
  CHECK(ledger::totals().fences == 0);
  {
    const Session session;  // attaches; does not initialise again
    ledger::attach();       // a second time does nothing
  }
  REQUIRE(Kokkos::is_initialized());
  REQUIRE_FALSE(Kokkos::is_finalized());
  CHECK(heard_fences == 1);  // attaching caused none

  const auto counts = test::account_of([&] {
    const auto from = make_vector<S, double>(exec, "from", 4), to = make_vector<S, double>(exec, "to", 4);
    copy(exec, to, from);
    wait_for(exec, "after the ledger");
  });
  CHECK(counts.fences >= 1);
  CHECK(counts.copies == 1);
  CHECK(counts.allocations == 2);
  CHECK(heard_fences == 1 + counts.fences);
  CHECK(heard_copies == counts.copies);
  CHECK(heard_allocations == counts.allocations);
}

int main(int argc, char* argv[]) {
  const Kokkos::ScopeGuard guard(Kokkos::InitializationSettings{}.set_disable_warnings(true));
  tools::set_begin_fence_callback(hear_fence);
  tools::set_begin_deep_copy_callback(hear_copy);
  tools::set_allocate_data_callback(hear_allocation);
  return Catch::Session().run(argc, argv);
}
