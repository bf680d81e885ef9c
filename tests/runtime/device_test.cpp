// What is known of the device, its measured peaks, and that the list of spaces here is the one that the front end
// reads.
#include <algorithm>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/base/space_names.hpp>
#include <sinter/runtime/device.hpp>
#include <sinter/runtime/peaks.hpp>

#include "support/spaces.hpp"

using namespace sinter;

TEMPLATE_LIST_TEST_CASE(
    "a built space is in the list by name, and a device exactly where the host cannot read its memory", "",
    test::Spaces) {
  const auto entry = std::find_if(space_names.begin(), space_names.end(),
                                  [](const SpaceName& s) { return s.name == TestType::name; });
  REQUIRE(entry != space_names.end());
  CHECK(entry->is_device != TestType::host_accessible);
  CHECK(device_kind_of(TestType::name) == device_kind<TestType>);
}

TEMPLATE_LIST_TEST_CASE("a device is described by name, threads and memory", "", test::Spaces) {
  const typename TestType::Execution exec;
  const DeviceDescription device = describe_device<TestType>(exec);
  CHECK(device.space == TestType::name);
  CHECK_FALSE(device.name.empty());
  CHECK(device.concurrency == exec.concurrency());
  CHECK(device.concurrency >= 1);
  CHECK(device.memory_bytes > (std::int64_t{1} << 28));
}

TEST_CASE("measured peaks are positive, and float is not slower than double by much", "[slow]") {
  using S = std::tuple_element_t<0, test::Spaces>;
  const S::Execution exec;
  const double single = peaks::fma_gflops<S, float>(exec), twice = peaks::fma_gflops<S, double>(exec);
  CHECK(twice > 0.1);
  CHECK(single > 0.5 * twice);
  CHECK(peaks::triad_gb_s<S>(exec) > 0.1);
  const double launch_us = peaks::launch_us<S>(exec);
  CHECK(launch_us > 0);
  CHECK(launch_us < 1e5);
}
