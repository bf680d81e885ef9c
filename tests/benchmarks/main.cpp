// The main of every benchmark program: a session around all of them. OMP_NUM_THREADS sets the threads of a host.
#include <cstdio>

#include <sinter/runtime/session.hpp>

#include "benchmarks/support.hpp"

int main(int argc, char* argv[]) {
  const sinter::Session session;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  sinter::bench::register_benchmarks();
  if (benchmark::RunSpecifiedBenchmarks() == 0) {
    std::fputs("no benchmark has such a name\n", stderr);
    return 1;
  }
  return 0;
}
