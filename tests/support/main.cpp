// The main of every test program that uses Kokkos: a session with the ledger attached around all cases. SINTER_TEST_THREADS sets the
// number of threads of host spaces; 0 or unset: all that the process may use.
#include <cstdlib>

#include <catch2/catch_session.hpp>

#include <sinter/runtime/session.hpp>

int main(int argc, char* argv[]) {
  const char* const threads = std::getenv("SINTER_TEST_THREADS");
  const sinter::Session session(threads == nullptr ? 0 : std::atoi(threads));
  return Catch::Session().run(argc, argv);
}
