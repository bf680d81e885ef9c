#include <sinter/app/host_facts.hpp>

#include <algorithm>
#include <bit>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <system_error>

#include <dlfcn.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;

/// The value of the first line "key : value" of /proc/cpuinfo whose key is one of these.
std::string cpu_info(std::initializer_list<std::string_view> keys) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    const auto key = std::string_view(line).substr(0, line.find_last_not_of(" \t:", colon) + 1);
    for (const auto wanted : keys) {
      if (key == wanted) return line.substr(std::min(line.size(), colon + 2));
    }
  }
  return "";
}

/// What tells a GPU from all others. A driver that has no UUIDs leaves what the process was told to see, and the number.
std::uint64_t cuda_identity(void* driver, int number) {
  struct {
    char bytes[16];
  } uuid{};
  using GetUuid = int (*)(decltype(uuid)*, int);
  const auto get_device = reinterpret_cast<int (*)(int*, int)>(::dlsym(driver, "cuDeviceGet"));
  int device = 0;
  for (const char* name : {"cuDeviceGetUuid_v2", "cuDeviceGetUuid"}) {  // the first tells instances of MIG apart
    const auto get_uuid = reinterpret_cast<GetUuid>(::dlsym(driver, name));
    if (get_uuid == nullptr || get_device == nullptr || get_device(&device, number) != 0) continue;
    if (get_uuid(&uuid, device) == 0) return std::hash<std::string_view>()({uuid.bytes, sizeof uuid.bytes});
  }
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return std::hash<std::string>()(fmt::format("{}/{}/{}", host, visible == nullptr ? "" : visible, number));
}

/// Asks NVIDIA's driver for the GPUs that this process may use; why none where none.
std::string missing_cuda(std::vector<std::uint64_t>& identities) {
  int gpus = 0;
  void* driver = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return "no NVIDIA driver (libcuda.so.1 cannot be loaded)";
  const auto init = reinterpret_cast<int (*)(unsigned)>(::dlsym(driver, "cuInit"));
  const auto count = reinterpret_cast<int (*)(int*)>(::dlsym(driver, "cuDeviceGetCount"));
  std::string reason;
  if (init == nullptr || count == nullptr) {
    reason = "the NVIDIA driver lacks cuInit";
  } else if (const int error = init(0)) {
    reason = error == 100 ? "the NVIDIA driver finds no GPU"
                          : fmt::format("the NVIDIA driver does not start (error {})", error);
  } else if (const int failure = count(&gpus)) {
    reason = fmt::format("the NVIDIA driver does not count its GPUs (error {})", failure);
  } else if (gpus == 0) {
    reason = "the NVIDIA driver shows no GPU (CUDA_VISIBLE_DEVICES?)";
  }
  for (int number = 0; reason.empty() && number < gpus; ++number) identities.push_back(cuda_identity(driver, number));
  ::dlclose(driver);
  return reason;
}

bool has_render_node() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/dev/dri", ignored)) {
    if (entry.path().filename().string().starts_with("renderD")) return true;
  }
  return false;
}

}  // namespace

fs::path executable_path() { return fs::read_symlink("/proc/self/exe"); }

std::set<std::string> cpu_features() {
  std::istringstream words(cpu_info({"flags", "Features"}));
  std::set<std::string> features;
  for (std::string word; words >> word;) features.insert(word);
  return features;
}

std::string missing_device(std::string_view space) {
  std::vector<std::uint64_t> ignored;
  if (space == "cuda") return missing_cuda(ignored);
  if (space == "hip" && ::access("/dev/kfd", R_OK | W_OK) != 0) return "no AMD GPU (/dev/kfd cannot be opened)";
  if (space == "sycl" && !has_render_node()) return "no GPU (no render node in /dev/dri)";
  return "";
}

std::vector<std::uint64_t> device_identities(std::string_view space) {
  std::vector<std::uint64_t> identities;
  if (space == "cuda") missing_cuda(identities);
  return identities;
}

int allowed_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));  // more than CPU_SETSIZE processors
}

HostFacts host_facts() {
  utsname system{};
  ::uname(&system);
  const auto cpu = cpu_info({"model name", "Processor", "cpu"});
  return {system.nodename, fmt::format("{} {}", system.sysname, system.release), cpu.empty() ? system.machine : cpu,
          allowed_cpus()};
}

CpuCaches cpu_caches() {
  CpuCaches caches;
  const auto text = [](int index, const char* field) {
    std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}/{}", index, field));
    std::string line;
    std::getline(file, line);
    return line;
  };
  for (int index = 0; index < 8; ++index) {
    const auto level = text(index, "level"), size = text(index, "size");  // "2", "1024K"
    if (size.empty() || text(index, "type") == "Instruction") continue;
    const auto bytes = std::strtoll(size.c_str(), nullptr, 10) << (size.back() == 'M' ? 20 : 10);
    if (level == "2") caches.core_bytes = bytes;
    if (level != "3") continue;
    // One instance serves the processors of a map such as "00000000,0000ff00".
    std::int64_t sharing = 0;
    for (const char digit : text(index, "shared_cpu_map")) {
      if (std::isxdigit(static_cast<unsigned char>(digit)) != 0)
        sharing += std::popcount(static_cast<unsigned>(std::stoi(std::string(1, digit), nullptr, 16)));
    }
    const std::int64_t cpus = ::sysconf(_SC_NPROCESSORS_CONF);
    caches.shared_bytes = bytes * std::max<std::int64_t>(1, sharing > 0 ? cpus / sharing : 1);
  }
  if (caches.shared_bytes == 0) caches.shared_bytes = caches.core_bytes;
  return caches;
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

}  // namespace sinter::app
