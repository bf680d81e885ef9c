#include <sinter/app/machine_profile.hpp>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sinter/app/host_facts.hpp>
#include <sinter/models/io/file_bytes.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json read_json(const fs::path& path) {
  try {
    auto json = Json::parse(read_file(path));
    if (json.at("machine_profile") != 1)
      throw IoError(fmt::format("'{}' is a machine profile of another version", path.string()));
    return json;
  } catch (const Json::exception& error) {
    throw IoError(fmt::format("'{}' is no machine profile: {}", path.string(), error.what()));
  }
}

}  // namespace

fs::path default_profile_path() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config != '\0')
    return fs::path(config) / "sinter/machine.json";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".config/sinter/machine.json";
}

void update_profile(const fs::path& path, const backend::DeviceInfo& device, const backend::MachinePeaks& peaks) {
  Json profile = fs::exists(path) ? read_json(path) : Json{{"machine_profile", 1}, {"spaces", Json::object()}};
  profile["host"] = host_facts().name;
  profile["spaces"][device.space] = {
      {"name", device.name},
      {"concurrency", device.concurrency},
      {"fma_gflops", {{"float32", peaks.fma_gflops_float32}, {"float64", peaks.fma_gflops_float64}}},
      {"triad_gb_s", peaks.triad_gb_s},
      {"launch_us", peaks.launch_us},
      {"measured", utc_now()}};
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error)
    throw IoError(fmt::format("cannot make the folder '{}': {}", path.parent_path().string(), error.message()));
  write_file(path, profile.dump(2) + "\n");
}

std::optional<backend::MachinePeaks> read_profile(const fs::path& path, const std::string& space) {
  if (!fs::exists(path)) return std::nullopt;
  const auto profile = read_json(path);
  try {
    const auto& spaces = profile.at("spaces");
    if (!spaces.contains(space)) return std::nullopt;
    const auto& entry = spaces.at(space);
    const auto number = [&](const char* pointer) { return entry.at(Json::json_pointer(pointer)).get<double>(); };
    return backend::MachinePeaks{number("/fma_gflops/float32"), number("/fma_gflops/float64"), number("/triad_gb_s"),
                                 number("/launch_us")};
  } catch (const Json::exception& error) {
    throw IoError(fmt::format("'{}' is no machine profile: {}", path.string(), error.what()));
  }
}

double predicted_step_s(const LevelCost& cost, const backend::MachinePeaks& peaks, Precision precision) {
  const auto gflops = precision == Precision::float32 ? peaks.fma_gflops_float32 : peaks.fma_gflops_float64;
  return std::max(cost.flops / (gflops * 1e9), cost.compulsory_bytes / (peaks.triad_gb_s * 1e9)) +
         static_cast<double>(cost.launches) * peaks.launch_us * 1e-6;
}

}  // namespace sinter::app
