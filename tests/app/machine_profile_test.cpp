// Peaks of a machine, and the times that they predict.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/app/machine_profile.hpp>

#include "../models/io/scratch_folder.hpp"

using namespace sinter;
using namespace sinter::app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

TEST_CASE("peaks come back as they were written, space by space") {
  const test::ScratchFolder folder;
  const auto path = folder / "deep/machine.json";
  CHECK_FALSE(read_profile(path, "openmp"));
  update_profile(path, {"openmp", "a processor", 8, 0, "5.0", "KokkosBlas"}, {123.5, 61.25, 20.125, 1.5});
  update_profile(path, {"serial", "a processor", 1, 0, "5.0", "KokkosBlas"}, {10, 5, 8, 0.25});
  const auto peaks = read_profile(path, "openmp");
  REQUIRE(peaks);
  CHECK(peaks->fma_gflops_float32 == 123.5);
  CHECK(peaks->fma_gflops_float64 == 61.25);
  CHECK(peaks->triad_gb_s == 20.125);
  CHECK(peaks->launch_us == 1.5);
  CHECK_FALSE(read_profile(path, "cuda"));
}

TEST_CASE("a file that is no profile is refused, and not overwritten") {
  const test::ScratchFolder folder;
  const auto path = folder / "machine.json";
  for (const auto* text :
       {"rubbish", "{}", "[1]", R"({"machine_profile": 1, "spaces": {"openmp": {"triad_gb_s": "fast"}}})"}) {
    test::put(path, text);
    CHECK_THROWS_MATCHES(read_profile(path, "openmp"), IoError,
                         MessageMatches(ContainsSubstring("machine.json' is no machine profile: ")));
  }
  test::put(path, "rubbish");
  CHECK_THROWS_AS(update_profile(path, {}, {}), IoError);
  CHECK(test::contents(path) == "rubbish");
}

TEST_CASE("a step takes the larger of arithmetic and traffic, and its launches") {
  const backend::MachinePeaks peaks{100, 50, 10, 2};
  LevelCost cost;
  cost.launches = 3;
  cost.flops = 1e9;
  cost.compulsory_bytes = 1e6;
  CHECK(predicted_step_s(cost, peaks, Precision::float32) == Catch::Approx(0.01 + 6e-6));
  CHECK(predicted_step_s(cost, peaks, Precision::float64) == Catch::Approx(0.02 + 6e-6));
  cost.compulsory_bytes = 1e9;
  CHECK(predicted_step_s(cost, peaks, Precision::float32) == Catch::Approx(0.1 + 6e-6));
}
