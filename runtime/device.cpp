#include <sinter/runtime/device.hpp>

#include <unistd.h>

#include <fstream>

namespace sinter::detail {

std::string host_processor_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.rfind("model name", 0) == 0) {
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "unknown processor";
}

std::int64_t host_memory_bytes() {
  return static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::int64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace sinter::detail
