// The run files in inputs/, through the modules that were built: they learn what they are about, with nearly every seed, on every
// space that there is.
#include "program.hpp"

using namespace sinter;
using test::Program;

namespace {

/// The spaces of all modules that were built, from their manifests.
std::vector<std::string> built_spaces() {
  std::vector<std::string> spaces;
  for (const auto& entry : test::fs::directory_iterator(test::fs::path(SINTER_BUILD_DIR) / "lib/sinter/modules")) {
    if (entry.path().extension() != ".json") continue;
    const auto manifest = test::Json::parse(test::contents(entry.path()));
    for (const auto& space : manifest["spaces"]) spaces.push_back(space);
  }
  return spaces;
}

/// On the first of them, where the settings name none.
test::Json record_of(Program& sinter, const std::string& run_file, const std::vector<std::string>& settings) {
  std::vector<std::string> arguments{
      "train", SINTER_SOURCE_DIR "/inputs/" + run_file, "--json", "--no-plots", "--output", "results",
      "--set", "device.space=" + built_spaces().at(0)};
  for (const auto& setting : settings) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  }
  const auto run = sinter(arguments);
  INFO(run.err);
  REQUIRE(run.code == 0);
  return test::Json::parse(run.out);
}

}  // namespace

TEST_CASE("uat is learned with at least nine of ten seeds") {
  Program sinter(Program::Modules::built);
  int learned = 0;
  for (int seed = 1; seed <= 10; ++seed) {
    const auto record = record_of(sinter, "uat.yaml", {"run.seed=" + std::to_string(seed)});
    if (record["metrics"]["test"]["accuracy"] == 1.0) ++learned;
  }
  CHECK(learned >= 9);
}

TEST_CASE("xor is learned within 0.05 with at least nine of ten seeds") {
  Program sinter(Program::Modules::built);
  int learned = 0;
  for (int seed = 1; seed <= 10; ++seed) {
    const auto record = record_of(sinter, "xor.yaml", {"run.seed=" + std::to_string(seed)});
    const auto& test = record["metrics"]["test"];
    if (test["accuracy"] == 1.0 && test["max_error"] < 0.05) ++learned;
  }
  CHECK(learned >= 9);
}

TEST_CASE("the shipped regressions explain their data") {
  Program sinter(Program::Modules::built);
  CHECK(record_of(sinter, "linear_regression.yaml", {})["metrics"]["test"]["r2"] > 0.99);
  CHECK(record_of(sinter, "wide_regression.yaml", {})["metrics"]["test"]["r2"] > 0.98);
  CHECK(record_of(sinter, "logistic_regression.yaml", {})["metrics"]["test"]["accuracy"] > 0.75);
}

TEST_CASE("every space that was built runs the same file, chosen by device.space, with its own account") {
  Program sinter(Program::Modules::built);
  const auto spaces = built_spaces();
  REQUIRE_FALSE(spaces.empty());
  for (const auto& space : spaces) {
    for (const std::string fusion : {"layer", "step"}) {
      INFO(space << ", " << fusion);
      const auto record = record_of(sinter, "xor.yaml", {"device.space=" + space, "training.fusion=" + fusion});
      CHECK(record["device"] == space);
      CHECK(record["metrics"]["test"]["accuracy"] == 1.0);
      const auto& steady = record["steady_state"];
      CHECK(steady["launches"] == (fusion == "step" ? 1 : 5));
      CHECK(steady["fences"] == 0);
      CHECK(steady["copies"] == 0);
      CHECK(steady["allocations"] == 0);
    }
  }
}
