// sinter info: what this build and this machine can do. Nothing is initialised to answer it, but for --measure.
#include <algorithm>

#include <nlohmann/json.hpp>

#include <sinter/app/commands.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/app/machine_profile.hpp>
#include <sinter/app/module_loader.hpp>
#include <sinter/app/plots.hpp>
#include <sinter/app/ranks.hpp>
#include <sinter/app/run_record.hpp>
#include <sinter/inputs/data/source.hpp>
#include <sinter/kernels/catalog/ops.hpp>
#include <sinter/runtime/base/version.hpp>

namespace sinter::app {
namespace {

template <Named E>
Json names_json() {
  Json names = Json::array();
  for (const auto& [value, name] : names_of<E>()) names.push_back(name);
  return names;
}

template <class List>
Json named_json(const List& list) {
  Json names = Json::array();
  for (const auto& entry : list) names.push_back(entry.name);
  return names;
}

/// A space is usable where it is in at least one precision.
Json spaces_json(const std::vector<Module>& modules, const Machine& machine) {
  Json spaces = Json::array();
  std::vector<std::vector<SpaceStatus>> by_precision;
  for (const auto& [precision, name] : names_of<Precision>())
    by_precision.push_back(survey(modules, machine, precision));
  for (std::size_t index = 0; index < by_precision.front().size(); ++index) {
    Json precisions = Json::array();
    const SpaceStatus* best = &by_precision.front()[index];
    for (std::size_t p = 0; p < by_precision.size(); ++p) {
      const auto& status = by_precision[p][index];
      if (!status.usable()) continue;
      if (precisions.empty()) best = &status;
      precisions.push_back(names_of<Precision>()[p].second);
    }
    spaces.push_back({{"name", best->name},
                      {"built", best->built},
                      {"usable", best->usable()},
                      {"precisions", precisions},
                      {"module", best->usable() ? Json(best->module->library.filename().string()) : Json()},
                      {"problem", best->usable() ? Json() : Json(best->problem)}});
  }
  return spaces;
}

Json modules_json(const std::vector<Module>& modules) {
  Json list = Json::array();
  for (const auto& module : modules) {
    Json precisions = Json::array();
    for (const auto precision : module.precisions) precisions.push_back(to_name(precision));
    list.push_back({{"manifest", module.manifest.string()},
                    {"spaces", module.spaces},
                    {"devices", module.devices},
                    {"precisions", precisions},
                    {"cpu_baseline", module.cpu_baseline},
                    {"cpu_features", module.cpu_features},
                    {"kokkos", module.kokkos_version},
                    {"products_of_level_none", module.products},
                    {"problem", module.problem.empty() ? Json() : Json(module.problem)}});
  }
  return list;
}

Json features_json() {
  const auto plots = find_plot_support();
  const auto mpi = mpi_support();
  const auto feature = [](bool available, const std::string& detail) {
    return Json{{"available", available}, {"detail", detail}};
  };
  auto with_mpi = feature(mpi.available, mpi.detail);
  if (mpi.available) {
    with_mpi["device_memory"] = mpi.device_memory;
    with_mpi["device_memory_source"] = mpi.device_memory_source;
  }
  return {{"plots",
           feature(plots.problem.empty(), plots.problem.empty() ? "matplotlib of " + plots.python : plots.problem)},
          {"mpi", with_mpi}};
}

Json info_json() {
  const auto host = host_facts();
  const auto machine = this_machine();
  const auto folders = module_folders();
  const auto modules = read_modules(folders, machine);
  std::vector<std::string> folder_names;
  for (const auto& folder : folders) folder_names.push_back(folder.string());
  return {{"sinter", version()},
          {"host", {{"name", host.name}, {"os", host.os}, {"cpu", host.cpu}, {"cpus", host.cpus}}},
          {"spaces", spaces_json(modules, machine)},
          {"modules", modules_json(modules)},
          {"module_folders", folder_names},
          {"names",
           {{"models", names_json<ModelType>()},
            {"activations", names_json<Activation>()},
            {"losses", names_json<Loss>()},
            {"optimizers", names_json<Optimizer>()},
            {"initializers", names_json<Initializer>()},
            {"schedules", names_json<Schedule>()},
            {"normalizations", names_json<Normalize>()},
            {"fusion levels", names_json<Fusion>()},
            {"data formats", named_json(data_formats())},
            {"data generators", named_json(data_generators())}}},
          {"features", features_json()},
          {"machine_profile", default_profile_path().string()}};
}

std::string joined(const Json& list) {
  return list.empty() ? "-" : fmt::format("{}", fmt::join(list.get<std::vector<std::string>>(), ", "));
}

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_null() ? otherwise : value.get<std::string>();
}

/// Rows of name and text, the texts aligned.
std::string listing(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& [name, text] : rows) width = std::max(width, name.size());
  std::string lines;
  for (const auto& [name, text] : rows) lines += fmt::format("\n  {:<{}}  {}", name, width, text);
  return lines;
}

void say_info(const Json& json, Console& console) {
  console.say("sinter {} on {} ({}, {} processors)", version(), json["host"]["name"].get<std::string>(),
              json["host"]["cpu"].get<std::string>(), json["host"]["cpus"].get<int>());
  std::vector<std::pair<std::string, std::string>> spaces, modules, names, features;
  for (const auto& space : json["spaces"]) {
    spaces.emplace_back(space["name"], space["usable"] ? fmt::format("usable   {} by {}", joined(space["precisions"]),
                                                                     text_or(space["module"], ""))
                                                       : fmt::format("{} {}", space["built"] ? "built   " : "-       ",
                                                                     text_or(space["problem"], "")));
  }
  for (const auto& module : json["modules"]) {
    modules.emplace_back(
        module["manifest"],
        fmt::format("{} | {} | for {} | Kokkos {} | level none by {}{}", joined(module["spaces"]),
                    joined(module["precisions"]), module["cpu_baseline"].get<std::string>(),
                    module["kokkos"].get<std::string>(), module["products_of_level_none"].get<std::string>(),
                    module["problem"].is_null() ? "" : " | not usable: " + text_or(module["problem"], "")));
  }
  for (const auto& [kind, list] : json["names"].items()) names.emplace_back(kind, joined(list));
  for (const auto& [name, feature] : json["features"].items()) {
    auto detail = feature["detail"].get<std::string>();
    if (feature.contains("device_memory")) {
      detail += fmt::format("; from device memory: {} ({})", feature["device_memory"] ? "yes" : "no",
                            feature["device_memory_source"].get<std::string>());
    }
    features.emplace_back(name, fmt::format("{:<4} {}", feature["available"] ? "yes" : "no", detail));
  }
  console.say("\nspaces, in the order of auto{}", listing(spaces));
  console.say("\nmodules{}",
              modules.empty() ? fmt::format("\n  none in {}", joined(json["module_folders"])) : listing(modules));
  console.say("\nnames in run files{}", listing(names));
  console.say("\noptional features{}", listing(features));
}

void measure(const InfoOptions& options, Console& console, Json& json) {
  const DeviceSpec device{options.space, options.threads, Precision::float32, false};
  const auto machine = this_machine();
  const auto choice = choose_module(device, read_modules(module_folders(), machine), machine);
  const auto backend = open_backend(choice, device);
  backend::DeviceInfo info;
  backend::MachinePeaks peaks;
  check(backend->device_info(info));
  console.say("\nmeasuring {} ({}, {} wide) ...", info.space, info.name, info.concurrency);
  check(backend->measure_peaks(peaks));
  const auto path = options.output.empty() ? default_profile_path() : std::filesystem::path(options.output);
  update_profile(path, info.space, machine_model_of(info, peaks));
  console.say("{}", listing({{"multiply-add float32", short_number(peaks.fma_gflops_float32) + " GFLOP/s"},
                             {"multiply-add float64", short_number(peaks.fma_gflops_float64) + " GFLOP/s"},
                             {"triad", short_number(peaks.triad_gb_s) + " GB/s"},
                             {"empty launch", short_number(peaks.launch_us) + " us"}})
                        .substr(1));
  console.say("  written to {}", path.string());
  json["measured"] = {{"space", info.space},
                      {"fma_gflops_float32", peaks.fma_gflops_float32},
                      {"fma_gflops_float64", peaks.fma_gflops_float64},
                      {"triad_gb_s", peaks.triad_gb_s},
                      {"launch_us", peaks.launch_us}};
  json["machine_profile"] = path.string();
}

}  // namespace

int info(const InfoOptions& options, Console& console) {
  auto json = info_json();
  say_info(json, console);
  if (options.measure) measure(options, console, json);
  console.result(record_text(json));
  return 0;
}

}  // namespace sinter::app
