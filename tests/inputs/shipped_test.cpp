// The run files of this repository: each is read, its data fit its model, and data sets follow the formulas of
// docs/data.md.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <cmath>
#include <filesystem>
#include <numbers>

#include <sinter/inputs/run_file.hpp>

using namespace sinter;
using Catch::Matchers::WithinAbs;

TEST_CASE("every shipped run file is read, and its data fit its model") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SINTER_SOURCE_DIR "/inputs")) {
    if (entry.path().extension() != ".yaml") continue;
    INFO(entry.path());
    ++files;
    auto run = read_run_file(entry.path());
    CHECK(run.run.name == entry.path().stem().string());
    CHECK(run.device.space == "auto");
    const auto data = load_dataset(run.data);
    fit_to_data(run, data);
    CHECK_FALSE(data.test.empty());
    CHECK(parse_run_file(effective_yaml(run, make_plan(run.model, run.training, run.device.precision, DeviceKind::host,
                                                       data.train.rows)),
                         "e.yaml", "/") == run);
  }
  CHECK(files >= 5);
}

TEST_CASE("the shipped data sets follow their formulas") {
  auto linear = read_run_file(SINTER_SOURCE_DIR "/inputs/linear_regression.yaml").data;
  linear.test_fraction.reset();
  const auto rents = load_dataset(linear).train;
  REQUIRE(rents.rows == 200);
  for (std::size_t row = 0; row < 200; ++row) {
    const double* x = &rents.features[3 * row];
    const double noise = 20 * std::sin(12.9898 * static_cast<double>(row + 1));
    CHECK_THAT(rents.targets[row], WithinAbs(300 + 9 * x[0] - 12 * x[1] + 25 * x[2] + noise, 0.011));
  }
  auto wide = read_run_file(SINTER_SOURCE_DIR "/inputs/wide_regression.yaml").data;
  wide.test_fraction.reset();
  wide.validation_fraction.reset();
  const auto oscillator = load_dataset(wide).train;
  REQUIRE(oscillator.rows == 1024);
  for (std::size_t row = 0; row < 1024; ++row) {
    const double* u = &oscillator.features[8 * row];
    const double position = std::sin(std::numbers::pi * u[0] * u[1]) + 0.5 * u[2] * u[2] + 0.3 * u[3] * u[4] +
                            0.1 * u[5];
    const double energy = u[0] * u[0] + 0.5 * std::cos(2 * u[1] + u[6]) - 0.4 * u[7] * u[2];
    CHECK_THAT(oscillator.targets[2 * row], WithinAbs(position, 1e-5));
    CHECK_THAT(oscillator.targets[2 * row + 1], WithinAbs(energy, 1e-5));
  }
}
