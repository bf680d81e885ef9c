// Machine profiles: what is measured here, and what is shipped.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/app/machine_profile.hpp>

#include "support/scratch_folder.hpp"

using namespace sinter;
using namespace sinter::app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

MachineModel machine(double peak) {
  return {"a processor", DeviceKind::host, 8, peak, peak / 2, 20.125, 1.5, 64, 1048576, 33554432};
}

}  // namespace

TEST_CASE("a machine comes back as it was written, space by space") {
  const test::ScratchFolder folder;
  const auto path = folder / "deep/machine.json";
  CHECK_FALSE(read_profile(path, "openmp"));
  update_profile(path, "openmp", machine(123.5));
  update_profile(path, "serial", machine(10));
  const auto read = read_profile(path, "openmp");
  REQUIRE(read);
  CHECK(read->name == "a processor");
  CHECK(read->kind == DeviceKind::host);
  CHECK(read->cores == 8);
  CHECK(read->fma_gflops_float32 == 123.5);
  CHECK(read->fma_gflops_float64 == 61.75);
  CHECK(read->triad_gb_s == 20.125);
  CHECK(read->launch_us == 1.5);
  CHECK(read->vector_bytes == 64);
  CHECK(read->core_cache_bytes == 1048576);
  CHECK(read->cache_bytes == 33554432);
  CHECK_FALSE(read_profile(path, "cuda"));
  CHECK(find_machine(path.string(), "serial").machine.fma_gflops_float32 == 10);
  CHECK(find_machine(path.string(), "auto").space == "openmp");
}

TEST_CASE("a file that is no profile is refused, and not overwritten") {
  const test::ScratchFolder folder;
  const auto path = folder / "machine.json";
  for (const auto* text :
       {"rubbish", "{}", "[1]", R"({"machine_profile": 2})", R"({"machine_profile": 2, "spaces": {}})",
        R"({"machine_profile": 2, "spaces": {"openmp": {"name": "x", "cores": 1}}})"}) {
    test::put(path, text);
    CHECK_THROWS_MATCHES(read_profile(path, "openmp"), IoError,
                         MessageMatches(ContainsSubstring("machine.json' is no machine profile: ")));
  }
  test::put(path, "rubbish");
  CHECK_THROWS_AS(update_profile(path, "openmp", machine(1)), IoError);
  CHECK(test::contents(path) == "rubbish");
}

TEST_CASE("a number out of range is named with its place") {
  const test::ScratchFolder folder;
  const auto path = folder / "machine.json";
  update_profile(path, "openmp", machine(0));
  CHECK_THROWS_MATCHES(
      read_profile(path, "openmp"), IoError,
      MessageMatches(ContainsSubstring("spaces/openmp/fma_gflops/float32 is 0.0; allowed: a number >= ")));
}

TEST_CASE("a value of another type and one that is missing are named with their places") {
  const test::ScratchFolder folder;
  const auto path = folder / "machine.json";
  update_profile(path, "openmp", machine(100));
  const auto good = test::contents(path);
  const auto complaint = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    test::put(path, text);
    std::string said;
    try {
      (void)read_profile(path, "openmp");
    } catch (const IoError& error) {
      said = error.what();
    }
    const std::string beginning = "'" + path.string() + "' is no machine profile: ";
    CHECK(said.starts_with(beginning));
    return said.substr(std::min(said.size(), beginning.size()));
  };
  CHECK(complaint("\"cores\": 8", "\"cores\": \"two\"") == "spaces/openmp/cores is \"two\"; allowed: a number >= 1");
  CHECK(complaint("\"cores\"", "\"kernels\"") == "it has no spaces/openmp/cores");
  CHECK(complaint("\"a processor\"", "[1]") == "spaces/openmp/name is [1]; allowed: a text");
  CHECK(complaint("\"machine_profile\": 2", "\"machine_profile\": \"2\"") == "machine_profile is \"2\"; allowed: 2");
  CHECK(complaint("\"machine_profile\"", "\"profile\"") == "it has no machine_profile");
  CHECK(complaint("}", "") == "no JSON object");
}

TEST_CASE("a profile in the format before is told to be that, and begun anew by a measurement") {
  const test::ScratchFolder folder;
  const auto path = folder / "machine.json";
  test::put(path, R"({"machine_profile": 1, "spaces": {"openmp": {"triad_gb_s": 20}}})");
  CHECK_THROWS_MATCHES(read_profile(path, "openmp"), IoError,
                       MessageMatches(ContainsSubstring("is a machine profile of format 1; this version reads format "
                                                        "2: measure again (sinter info --measure)")));
  update_profile(path, "serial", machine(10));
  CHECK(read_profile(path, "serial"));
  CHECK_FALSE(read_profile(path, "openmp"));
}

TEST_CASE("a space of this machine has its cores, vectors and caches; an accelerator its multiprocessors") {
  const auto host = machine_model_of({"openmp", "a processor", 3, 0, "5.0", "KokkosBlas"}, {100, 50, 10, 2});
  CHECK(host.kind == DeviceKind::host);
  CHECK(host.cores == 3);
  CHECK(host.fma_gflops_float32 == 100);
  CHECK(host.triad_gb_s == 10);
  CHECK(host.vector_bytes >= 16);
  const auto device = machine_model_of({"cuda", "an accelerator", 132 * 2048, 0, "5.0", "KokkosBlas"},
                                       {100, 50, 10, 2});
  CHECK(device.kind == DeviceKind::accelerator);
  CHECK(device.cores == 132);
}
