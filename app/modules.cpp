#include <sinter/app/modules.hpp>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <sinter/app/host_facts.hpp>
#include <sinter/models/backend/interface.hpp>
#include <sinter/models/io/file_bytes.hpp>
#include <sinter/runtime/base/errors.hpp>
#include <sinter/runtime/base/space_names.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::app {
namespace {

namespace fs = std::filesystem;

Module read_module(const fs::path& manifest, const Machine& machine) {
  Module module;
  module.manifest = manifest;
  try {
    const auto json = nlohmann::json::parse(read_file(manifest));
    const auto list = [&](const char* key) { return json.at(key).get<std::vector<std::string>>(); };
    module.library = manifest.parent_path() / json.at("module").get<std::string>();
    module.spaces = list("spaces");
    module.devices = list("devices");
    module.cpu_baseline = json.at("cpu_baseline").get<std::string>();
    module.cpu_features = list("cpu_features");
    module.kokkos_version = json.at("kokkos_version").get<std::string>();
    module.products = json.at("products").get<std::string>();
    for (const auto& name : list("precisions")) {
      if (const auto precision = from_name<Precision>(name)) module.precisions.push_back(*precision);
    }
    const auto interface = json.at("interface_version").get<int>();
    const auto written_for = json.at("sinter_version").get<std::string>();
    std::vector<std::string> lacking;
    for (const auto& feature : module.cpu_features) {
      if (!machine.cpu_features.contains(feature)) lacking.push_back(feature);
    }
    if (interface != backend::interface_version) {
      module.problem = fmt::format("interface version {}; this program speaks {}", interface,
                                   backend::interface_version);
    } else if (written_for != version()) {
      module.problem = fmt::format("built for Sinter {}; this is {}", written_for, version());
    } else if (!fs::is_regular_file(module.library)) {
      module.problem = fmt::format("'{}' is missing", module.library.string());
    } else if (!lacking.empty()) {
      module.problem = fmt::format("this processor lacks {}", fmt::join(lacking, ", "));
    }
  } catch (const std::exception& error) {
    module.problem = fmt::format("bad manifest: {}", error.what());
  }
  return module;
}

/// The names of the spaces that satisfy a condition, or "none".
template <class Condition>
std::string names_where(const std::vector<SpaceStatus>& spaces, Condition&& condition) {
  std::vector<std::string> names;
  for (const auto& space : spaces) {
    if (condition(space)) names.push_back(space.name);
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

bool Module::has(std::string_view space) const { return std::ranges::find(spaces, space) != spaces.end(); }

Machine this_machine() { return {cpu_features(), missing_device}; }

std::vector<fs::path> module_folders() {
  std::vector<fs::path> folders;
  if (const char* path = std::getenv("SINTER_MODULE_PATH")) {
    std::istringstream parts(path);
    for (std::string part; std::getline(parts, part, ':');) {
      if (!part.empty()) folders.emplace_back(part);
    }
  }
  folders.push_back(executable_path().parent_path().parent_path() / "lib/sinter/modules");
  return folders;
}

std::vector<Module> read_modules(const std::vector<fs::path>& folders, const Machine& machine) {
  std::vector<Module> modules;
  for (const auto& folder : folders) {
    std::vector<fs::path> manifests;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing)) {
      if (entry.path().extension() == ".json") manifests.push_back(entry.path());
    }
    std::ranges::sort(manifests);
    for (const auto& manifest : manifests) modules.push_back(read_module(manifest, machine));
  }
  return modules;
}

std::vector<SpaceStatus> survey(const std::vector<Module>& modules, const Machine& machine, Precision precision) {
  std::vector<SpaceStatus> spaces;
  for (const auto& known : space_names) {
    SpaceStatus status{std::string(known.name), nullptr, false, known.automatic, ""};
    // Lower is better: a host space needs no module whose device backend would start too; then the order of folders,
    // in which a user's own come first; then the module that uses most of this processor.
    const auto rank = [&](const Module& module) {
      const auto folder = std::ranges::find_if(
          modules, [&](const Module& other) { return other.manifest.parent_path() == module.manifest.parent_path(); });
      return std::tuple(!known.is_device && !module.devices.empty(), folder - modules.begin(),
                        -std::ssize(module.cpu_features));
    };
    std::string problem;
    for (const auto& module : modules) {
      if (!module.has(known.name)) continue;
      status.built = true;
      if (!module.problem.empty()) {
        problem = fmt::format("{}: {}", module.manifest.filename().string(), module.problem);
      } else if (std::ranges::find(module.precisions, precision) == module.precisions.end()) {
        problem = fmt::format("{}: not built for {}", module.manifest.filename().string(), to_name(precision));
      } else if (status.module == nullptr || rank(module) < rank(*status.module)) {
        status.module = &module;
      }
    }
    if (!status.built) {
      status.problem = fmt::format("not built: it needs {}", known.requires_text);
    } else if (status.module == nullptr) {
      status.problem = problem;
    } else {
      // A module with a device backend starts that backend too, whatever the space.
      for (const auto& device : status.module->devices) {
        if (status.problem.empty()) status.problem = machine.missing_device(device);
      }
      if (status.problem.empty()) status.problem = machine.missing_device(known.name);
    }
    spaces.push_back(std::move(status));
  }
  return spaces;
}

Choice choose_module(const DeviceSpec& device, const std::vector<Module>& modules, const Machine& machine) {
  const auto spaces = survey(modules, machine, device.precision);
  const auto first = std::ranges::find_if(spaces, [](const auto& space) { return space.automatic && space.usable(); });
  if (modules.empty()) {
    std::vector<std::string> searched;
    for (const auto& folder : module_folders()) searched.push_back(fmt::format("'{}'", folder.string()));
    throw NotCompiled(
        fmt::format("no backend module in {}; SINTER_MODULE_PATH names other folders", fmt::join(searched, ", ")));
  }
  if (device.space == "auto") {
    if (first != spaces.end()) return {*first->module, first->name, ""};
    std::string reasons;
    for (const auto& space : spaces) {
      if (space.built)
        reasons += fmt::format("; {}: {}", space.name, space.usable() ? "not taken by auto" : space.problem);
    }
    throw NotCompiled(
        fmt::format("device.space: auto finds no usable space for {}{}", to_name(device.precision), reasons));
  }
  const auto wanted = std::ranges::find(spaces, device.space, &SpaceStatus::name);
  if (wanted == spaces.end()) {
    throw ConfigError(fmt::format("device.space: unknown space '{}'; allowed: auto, {}", device.space,
                                  names_where(spaces, [](const auto&) { return true; })));
  }
  if (wanted->usable()) return {*wanted->module, wanted->name, ""};
  const auto reason = wanted->built ? fmt::format("space '{}' cannot be used here: {}", wanted->name, wanted->problem)
                                    : fmt::format("space '{}' is {}", wanted->name, wanted->problem);
  if (device.allow_fallback && first != spaces.end()) return {*first->module, first->name, reason};
  throw NotCompiled(fmt::format("device.space: {}; built: {}; usable here: {}", reason,
                                names_where(spaces, [](const auto& space) { return space.built; }),
                                names_where(spaces, [](const auto& space) { return space.usable(); })));
}

}  // namespace sinter::app
