// A Kokkos Tools library as a user might load it: it listens to the begin of parallel_for and, unless PLAIN_TOOL is
// set, says that it needs no fences.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

struct Settings {
  bool requires_global_fencing;
  bool padding[255];
};

extern "C" void kokkosp_begin_parallel_for(const char* name, std::uint32_t, std::uint64_t*) {
  std::fprintf(stderr, "tool saw %s\n", name);
}

extern "C" void kokkosp_request_tool_settings(std::uint32_t, Settings* settings) {
  if (std::getenv("PLAIN_TOOL") == nullptr) settings->requires_global_fencing = false;
}
