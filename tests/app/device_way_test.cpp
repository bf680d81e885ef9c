// The program on a device whose memory is not the host's: the mock device space of this build.
#include "program.hpp"

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

using namespace sinter;
using test::Program;

namespace {

const std::string uat = SINTER_SOURCE_DIR "/inputs/uat.yaml";

}  // namespace

TEST_CASE("predictions that a device makes in pieces are those of its rows in one piece, bit for bit") {
  Program sinter(Program::Modules::built);
  REQUIRE(sinter({"train", uat, "--output", "results", "--no-plots", "--quiet", "--set", "training.epochs=20", "--set",
                  "device.space=mock"})
              .code == 0);
  constexpr int period = 9973, rows = 800'000;  // a piece takes about 700 000 of them
  const auto lines_of = [&](int count) {
    std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 2), }}", count);
    header.resize(118 - 1, ' ');
    std::string file = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n";
    for (int i = 0; i < 2 * count; ++i) {
      const auto value = static_cast<float>(i % period) * 1e-3F;
      file.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    test::put(sinter.file("points.npy"), file);
    const auto run = sinter(
        {"predict", "results/model.h5", "--data", "points.npy", "--space", "mock", "--output", "p.csv"});
    INFO(run.err);
    REQUIRE(run.code == 0);
    std::istringstream text(test::contents(sinter.file("p.csv")));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    REQUIRE(std::ssize(lines) == count + 1);
    lines.erase(lines.begin());  // the names
    return lines;
  };
  const auto once = lines_of(period), all = lines_of(rows);
  CHECK(std::set(once.begin(), once.end()).size() > 100);  // no constant
  int wrong = 0;
  for (int r = 0; r < rows; ++r)
    wrong += all[static_cast<std::size_t>(r)] != once[static_cast<std::size_t>(r % period)];
  CHECK(wrong == 0);
}
