// The main of every test program that uses Kokkos: a session with the ledger attached around all cases. SINTER_TEST_THREADS sets the
// number of threads of host spaces; 0 or unset: all that the process may use. SINTER_TEST_TEAM_ORDER: see team_order.hpp.
#include <cstdio>
#include <cstdlib>

#include <catch2/catch_session.hpp>

#include <sinter/runtime/session.hpp>

#include "support/team_order.hpp"

int main(int argc, char* argv[]) {
  const char* const threads = std::getenv("SINTER_TEST_THREADS");
  const sinter::Session session(threads == nullptr ? 0 : std::atoi(threads));
  if (!sinter::test::take_team_order()) {
    std::fputs("SINTER_TEST_TEAM_ORDER: forward, or in a build with the mock device space reversed or a seed\n",
               stderr);
    return 1;
  }
  return Catch::Session().run(argc, argv);
}
