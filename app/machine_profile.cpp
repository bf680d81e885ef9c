#include <sinter/app/machine_profile.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <sinter/app/host_facts.hpp>
#include <sinter/models/io/file_bytes.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int format = 2;  // 1 had no caches and no vector width

IoError no_profile(const fs::path& path, const std::string& why) {
  return IoError(fmt::format("'{}' is no machine profile: {}", path.string(), why));
}

/// A value as it stands in the file, for messages.
std::string shown(const Json& value) {
  constexpr std::size_t most = 60;
  const auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= most ? text : fmt::format("{}...", text.substr(0, most));
}

Json parse(const fs::path& path) {
  auto json = Json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) throw no_profile(path, "no JSON object");
  if (!json.contains("machine_profile")) throw no_profile(path, "it has no machine_profile");
  if (const auto& version = json["machine_profile"]; !version.is_number_integer())
    throw no_profile(path, fmt::format("machine_profile is {}; allowed: {}", shown(version), format));
  return json;
}

/// The spaces of a profile of this format.
Json read_spaces(const fs::path& path) {
  const auto json = parse(path);
  if (json.at("machine_profile") != format) {
    throw IoError(
        fmt::format("'{}' is a machine profile of format {}; this version reads format {}: measure again "
                    "(sinter info --measure)",
                    path.string(), json.at("machine_profile").get<int>(), format));
  }
  if (!json.contains("spaces") || !json.at("spaces").is_object() || json.at("spaces").empty())
    throw no_profile(path, "it has no spaces");
  return json.at("spaces");
}

MachineModel machine_from(const fs::path& path, const Json& spaces, const std::string& space) {
  const auto& entry = spaces.at(space);
  const auto value_at = [&](const char* pointer) -> const Json& {
    const Json::json_pointer place(pointer);
    if (!entry.contains(place)) throw no_profile(path, fmt::format("it has no spaces/{}{}", space, pointer));
    return entry.at(place);
  };
  const auto refuse = [&](const char* pointer, const Json& value, const std::string& allowed) {
    throw no_profile(path, fmt::format("spaces/{}{} is {}; allowed: {}", space, pointer, shown(value), allowed));
  };
  const auto number = [&](const char* pointer, double least) {
    const auto& json = value_at(pointer);
    const double value = json.is_number() ? json.get<double>() : least - 1;
    if (!(value >= least && std::isfinite(value))) refuse(pointer, json, fmt::format("a number >= {}", least));
    return value;
  };
  constexpr double positive = 1e-6;
  MachineModel machine;
  const auto& name = value_at("/name");
  if (!name.is_string()) refuse("/name", name, "a text");
  machine.name = name.get<std::string>();
  machine.kind = device_kind_of(space);
  machine.cores = static_cast<int>(number("/cores", 1));
  machine.fma_gflops_float32 = number("/fma_gflops/float32", positive);
  machine.fma_gflops_float64 = number("/fma_gflops/float64", positive);
  machine.triad_gb_s = number("/triad_gb_s", positive);
  machine.launch_us = number("/launch_us", 0);
  machine.vector_bytes = static_cast<int>(number("/vector_bytes", machine.kind == DeviceKind::host ? 8 : 0));
  machine.core_cache_bytes = number("/core_cache_bytes", 0);
  machine.cache_bytes = number("/cache_bytes", 0);
  return machine;
}

fs::path shipped_folder() { return executable_path().parent_path().parent_path() / "share/sinter/machines"; }

}  // namespace

fs::path default_profile_path() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config != '\0')
    return fs::path(config) / "sinter/machine.json";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".config/sinter/machine.json";
}

MachineModel machine_model_of(const backend::DeviceInfo& device, const backend::MachinePeaks& peaks) {
  MachineModel machine;
  machine.name = device.name;
  machine.kind = device_kind_of(device.space);
  machine.fma_gflops_float32 = peaks.fma_gflops_float32;
  machine.fma_gflops_float64 = peaks.fma_gflops_float64;
  machine.triad_gb_s = peaks.triad_gb_s;
  machine.launch_us = peaks.launch_us;
  if (machine.kind == DeviceKind::accelerator) {
    constexpr int resident_threads = 2048;  // of a multiprocessor: NVIDIA sm_80 and sm_90, AMD CDNA
    machine.cores = std::max(1, device.concurrency / resident_threads);
    return machine;  // of its caches nothing is known here
  }
  machine.cores = std::max(1, device.concurrency);
  const auto features = cpu_features();
  machine.vector_bytes = features.contains("avx512f") ? 64 : features.contains("avx") ? 32 : 16;
  const auto caches = cpu_caches();
  machine.core_cache_bytes = static_cast<double>(caches.core_bytes);
  machine.cache_bytes = static_cast<double>(caches.shared_bytes);
  return machine;
}

void update_profile(const fs::path& path, const std::string& space, const MachineModel& machine) {
  Json profile{{"machine_profile", format}, {"host", ""}, {"spaces", Json::object()}};
  if (fs::exists(path) && parse(path).at("machine_profile") == format) profile["spaces"] = read_spaces(path);
  profile["host"] = host_facts().name;
  profile["spaces"][space] = {
      {"name", machine.name},
      {"cores", machine.cores},
      {"fma_gflops", {{"float32", machine.fma_gflops_float32}, {"float64", machine.fma_gflops_float64}}},
      {"triad_gb_s", machine.triad_gb_s},
      {"launch_us", machine.launch_us},
      {"vector_bytes", machine.vector_bytes},
      {"core_cache_bytes", machine.core_cache_bytes},
      {"cache_bytes", machine.cache_bytes},
      {"measured", utc_now()}};
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error)
    throw IoError(fmt::format("cannot make the folder '{}': {}", path.parent_path().string(), error.message()));
  write_file(path, profile.dump(2) + "\n");
}

std::optional<MachineModel> read_profile(const fs::path& path, const std::string& space) {
  if (!fs::exists(path)) return std::nullopt;
  const auto spaces = read_spaces(path);
  if (!spaces.contains(space)) return std::nullopt;
  return machine_from(path, spaces, space);
}

std::vector<std::string> shipped_machines() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(shipped_folder(), error)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

ProfiledSpace find_machine(const std::string& name_or_file, const std::string& wanted_space) {
  const auto shipped = shipped_machines();
  fs::path path = name_or_file;
  if (std::ranges::find(shipped, name_or_file) != shipped.end()) {
    path = shipped_folder() / (name_or_file + ".json");
  } else if (!fs::is_regular_file(path)) {
    throw IoError(fmt::format("--machine: '{}' is no file and no shipped machine; shipped: {}", name_or_file,
                              fmt::join(shipped, ", ")));
  }
  const auto spaces = read_spaces(path);
  const auto space = spaces.contains(wanted_space) ? wanted_space : spaces.begin().key();
  return {space, machine_from(path, spaces, space), path};
}

}  // namespace sinter::app
