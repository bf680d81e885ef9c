// The choice of a module, from manifests alone.
#include <algorithm>

#include <fmt/format.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/app/modules.hpp>
#include <sinter/models/backend/interface.hpp>
#include <sinter/runtime/base/errors.hpp>

#include "support/scratch_folder.hpp"

using namespace sinter;
using namespace sinter::app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;
using Catch::Matchers::MessageMatches;

namespace {

const std::vector<Precision> both{Precision::float32, Precision::float64};

Module module_of(const std::string& name, std::vector<std::string> spaces, std::vector<std::string> devices = {},
                 std::vector<std::string> cpu_features = {}) {
  return {"folder/" + name + ".json",
          "folder/" + name + ".so",
          std::move(spaces),
          std::move(devices),
          both,
          "any",
          std::move(cpu_features),
          "5.0",
          "KokkosBlas",
          ""};
}

Machine machine_with(std::vector<std::string> devices = {}) {
  return {{"avx2", "avx512f"}, [devices](std::string_view space) -> std::string {
            if (space != "cuda" && space != "hip" && space != "sycl") return "";
            return std::ranges::find(devices, space) != devices.end() ? "" : "no GPU";
          }};
}

DeviceSpec device(const std::string& space, bool allow_fallback = false, Precision precision = Precision::float32) {
  return {space, 0, precision, allow_fallback};
}

}  // namespace

TEST_CASE("auto takes the first usable space, and never the mock") {
  const std::vector<Module> modules{module_of("mock", {"mock"}), module_of("host", {"serial", "openmp"}),
                                    module_of("gpu", {"cuda", "openmp"}, {"cuda"})};
  CHECK(choose_module(device("auto"), modules, machine_with()).space == "openmp");
  CHECK(choose_module(device("auto"), modules, machine_with({"cuda"})).space == "cuda");
  CHECK(choose_module(device("mock"), modules, machine_with()).module.manifest == "folder/mock.json");
  CHECK_THROWS_MATCHES(choose_module(device("auto"), {module_of("mock", {"mock"})}, machine_with()), NotCompiled,
                       Message("device.space: auto finds no usable space for float32; mock: not taken by auto"));
}

TEST_CASE("a host space is served by a module without a device backend where there is one") {
  const auto gpu = module_of("a_gpu", {"cuda", "openmp"}, {"cuda"}, {"avx2", "avx512f"});
  const auto host = module_of("host", {"openmp"});
  CHECK(choose_module(device("openmp"), {gpu, host}, machine_with({"cuda"})).module.manifest == "folder/host.json");
  CHECK(choose_module(device("openmp"), {gpu}, machine_with({"cuda"})).module.manifest == "folder/a_gpu.json");
  CHECK_THROWS_MATCHES(
      choose_module(device("openmp"), {gpu}, machine_with()), NotCompiled,
      Message("device.space: space 'openmp' cannot be used here: no GPU; built: cuda, openmp; usable here: none"));
}

TEST_CASE("of several baselines the one that uses most of the processor is taken, and a user's folder goes first") {
  const auto plain = module_of("plain", {"openmp"});
  const auto wide = module_of("wide", {"openmp"}, {}, {"avx2", "avx512f"});
  CHECK(choose_module(device("openmp"), {plain, wide}, machine_with()).module.manifest == "folder/wide.json");
  auto own = plain;
  own.manifest = "own/plain.json";
  CHECK(choose_module(device("openmp"), {own, wide}, machine_with()).module.manifest == "own/plain.json");
}

TEST_CASE("what cannot be met is refused with what is built and usable") {
  const std::vector<Module> modules{module_of("host", {"openmp"}), module_of("gpu", {"cuda"}, {"cuda"})};
  CHECK_THROWS_MATCHES(
      choose_module(device("hip"), modules, machine_with()), NotCompiled,
      Message("device.space: space 'hip' is not built: it needs a Kokkos with HIP and an AMD GPU; built: cuda, openmp; "
              "usable here: openmp"));
  CHECK_THROWS_MATCHES(
      choose_module(device("cuda"), modules, machine_with()), NotCompiled,
      Message("device.space: space 'cuda' cannot be used here: no GPU; built: cuda, openmp; usable here: openmp"));
  CHECK_THROWS_MATCHES(
      choose_module(device("gpu"), modules, machine_with()), ConfigError,
      Message("device.space: unknown space 'gpu'; allowed: auto, cuda, hip, sycl, openmp, threads, serial, mock"));
  CHECK_THROWS_MATCHES(choose_module(device("openmp"), {}, machine_with()), NotCompiled,
                       MessageMatches(ContainsSubstring("no backend module in '")));
}

TEST_CASE("a precision that a module lacks rules it out") {
  auto single = module_of("single", {"openmp"});
  single.precisions = {Precision::float32};
  CHECK_THROWS_MATCHES(choose_module(device("openmp", false, Precision::float64), {single}, machine_with()),
                       NotCompiled,
                       Message("device.space: space 'openmp' cannot be used here: single.json: not built for float64; "
                               "built: openmp; usable here: none"));
  CHECK(choose_module(device("auto", false, Precision::float64), {single, module_of("serial", {"serial"})},
                      machine_with())
            .space == "serial");
}

TEST_CASE("a fallback is taken only where it is allowed, and says why") {
  const std::vector<Module> modules{module_of("host", {"openmp"})};
  const auto choice = choose_module(device("cuda", true), modules, machine_with());
  CHECK(choice.space == "openmp");
  CHECK(choice.fallback == "space 'cuda' is not built: it needs a Kokkos with CUDA and an NVIDIA GPU");
  CHECK(choose_module(device("openmp", true), modules, machine_with()).fallback.empty());
}

TEST_CASE("a manifest is read with what is wrong with it") {
  const test::ScratchFolder folder;
  test::put(folder / "m.so", "");
  const auto manifest = [&](const std::string& features, int interface, const std::string& version,
                            const std::string& library) {
    test::put(folder / "m.json", R"({"module": ")" + library +
                                     R"(", "spaces": ["openmp"], "devices": [], "precisions": ["float32", "float128"],
      "cpu_baseline": "native", "cpu_features": )" +
                                     features +
                                     R"(, "kokkos_version": "5.2.2", "products": "KokkosBlas", "interface_version": )" +
                                     std::to_string(interface) + R"(, "sinter_version": ")" + version + "\"}");
    return read_modules({folder.path()}, machine_with()).at(0);
  };
  const auto good = manifest(R"(["avx2"])", backend::interface_version, SINTER_VERSION, "m.so");
  CHECK(good.problem.empty());
  CHECK(good.has("openmp"));
  CHECK(good.precisions == std::vector{Precision::float32});
  CHECK(good.library == folder / "m.so");
  CHECK(manifest(R"(["avx2", "amx", "sve"])", backend::interface_version, SINTER_VERSION, "m.so").problem ==
        "this processor lacks amx, sve");
  CHECK(manifest("[]", 1000, SINTER_VERSION, "m.so").problem ==
        "interface version 1000; this program speaks " + std::to_string(backend::interface_version));
  CHECK(manifest("[]", backend::interface_version, "9.9.9", "m.so").problem ==
        "built for Sinter 9.9.9; this is " SINTER_VERSION);
  CHECK(manifest("[]", backend::interface_version, SINTER_VERSION, "n.so").problem ==
        fmt::format("'{}' is missing", (folder / "n.so").string()));
  CHECK(manifest("7", backend::interface_version, SINTER_VERSION, "m.so").problem.starts_with("bad manifest: "));
  test::put(folder / "m.json",
            "\x7f"
            "ELF");
  CHECK(read_modules({folder.path()}, machine_with()).at(0).problem.starts_with("bad manifest: "));
  CHECK(read_modules({folder / "none"}, machine_with()).empty());
}
