// The program on a device whose memory is not the host's: the mock device space of this build.
#include "program.hpp"

#include <fmt/format.h>

using namespace sinter;
using test::Program;

namespace {

const std::string uat = SINTER_SOURCE_DIR "/inputs/uat.yaml";

}  // namespace

TEST_CASE("predictions that a device makes in pieces are those of the host, bit for bit") {
  Program sinter(Program::Modules::built);
  REQUIRE(sinter({"train", uat, "--output", "results", "--no-plots", "--quiet", "--set", "training.epochs=20"}).code ==
          0);
  constexpr int rows = 800'000;  // a piece takes about 700 000 of them
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 2), }}", rows);
  header.resize(118 - 1, ' ');
  std::string file = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n";
  for (int i = 0; i < 2 * rows; ++i) {
    const auto value = static_cast<float>(i % 9973) * 1e-3F;
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  test::put(sinter.file("points.npy"), file);
  for (const auto* space : {"openmp", "mock"}) {
    const auto run = sinter({"predict", "results/model.h5", "--data", "points.npy", "--space", space, "--output",
                             std::string(space) + ".csv"});
    INFO(run.err);
    REQUIRE(run.code == 0);
  }
  const auto on_host = test::contents(sinter.file("openmp.csv"));
  CHECK(std::count(on_host.begin(), on_host.end(), '\n') == rows + 1);
  CHECK(test::contents(sinter.file("mock.csv")) == on_host);
}
