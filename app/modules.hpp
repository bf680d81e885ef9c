// Backend modules as their manifests describe them. No module is opened to read this: a Kokkos with CUDA would abort
// on a machine without a GPU, and code for another processor would crash. The choice of a module is a pure function of
// manifests and machine.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sinter/models/spec/training_spec.hpp>

namespace sinter::app {

/// One manifest, <name>.json beside its shared object.
struct Module {
  std::filesystem::path manifest, library;
  std::vector<std::string> spaces;   ///< names of runtime/base/space_names.hpp
  std::vector<std::string> devices;  ///< device backends that start with it; empty for a pure host module
  std::vector<Precision> precisions;
  std::string cpu_baseline;  ///< "native", "x86-64-v3", ...
  std::vector<std::string> cpu_features;
  std::string kokkos_version;
  std::string
      products;         ///< what makes the products of level `none` on its host spaces: "OpenBLAS 0.3.21", "KokkosBlas"
  std::string problem;  ///< why it cannot be used at all on this machine, by this program; "" where it can

  [[nodiscard]] bool has(std::string_view space) const;
};

/// What the choice depends on beside the manifests; tests give their own.
struct Machine {
  std::set<std::string> cpu_features;
  std::function<std::string(std::string_view space)> missing_device;  ///< see host_facts.hpp
};
Machine this_machine();

/// Where modules are looked for: the folders of SINTER_MODULE_PATH (colons between), then ../lib/sinter/modules beside
/// the program.
std::vector<std::filesystem::path> module_folders();

/// All manifests of these folders, in order of folder and name. One that cannot be read is there with its `problem`.
std::vector<Module> read_modules(const std::vector<std::filesystem::path>& folders, const Machine& machine);

/// One known space and whether it can be used.
struct SpaceStatus {
  std::string name;
  const Module* module = nullptr;  ///< the one that would serve it; null where none can
  bool built = false;
  bool automatic = false;  ///< may be taken by `auto`
  std::string problem;     ///< "" where it is usable

  [[nodiscard]] bool usable() const { return problem.empty(); }
};

/// Every known space in the order of `auto`, as seen for this precision.
std::vector<SpaceStatus> survey(const std::vector<Module>& modules, const Machine& machine, Precision precision);

struct Choice {
  Module module;
  std::string space;
  std::string fallback;  ///< why the space asked for was not taken; "" where it was
};

/// Throws ConfigError for an unknown name and NotCompiled, with what is built and usable, where the choice cannot be
/// met.
Choice choose_module(const DeviceSpec& device, const std::vector<Module>& modules, const Machine& machine);

}  // namespace sinter::app
