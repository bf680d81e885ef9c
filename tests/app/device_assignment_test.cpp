// Ranks and the devices that they see, as launchers and clusters show them.
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sinter/app/device_assignment.hpp>
#include <sinter/app/host_facts.hpp>
#include <sinter/runtime/base/errors.hpp>

using namespace sinter;
using app::assign_devices;
using Seen = std::vector<app::SeenDevices>;

TEST_CASE("every rank of a node takes a device of its own") {
  struct Case {
    const char* name;
    Seen ranks;
    std::vector<int> numbers;
  };
  for (const auto& [name, ranks, numbers] : {
           Case{"one rank, one device", {{7}}, {0}},
           Case{"all see all", {{7, 8, 9}, {7, 8, 9}, {7, 8, 9}}, {0, 1, 2}},
           Case{"fewer ranks than devices", {{7, 8, 9}, {7, 8, 9}}, {0, 1}},
           Case{"CUDA_VISIBLE_DEVICES=r, or a cgroup for each task, in which every task's device is number 0",
                {{7}, {8}, {9}},
                {0, 0, 0}},
           Case{"two devices a task", {{7, 8}, {9, 10}}, {0, 0}},
           Case{"all, in an order of their own", {{8, 7}, {7, 8}}, {0, 0}},
           Case{"the last one sees what the first took", {{7, 8}, {7}}, {1, 0}},
           Case{"a chain of changes", {{7, 8}, {8, 9}, {7}}, {1, 1, 0}},
           Case{"nobody tells", {{}, {}}, {-1, -1}},
       }) {
    INFO(name);
    CHECK(assign_devices(ranks) == numbers);
  }
}

TEST_CASE("ranks for which there is no device are refused with what there is") {
  const auto refuses = [](const Seen& ranks, const std::string& text) {
    CHECK_THROWS_MATCHES(
        assign_devices(ranks), ConfigError,
        Catch::Matchers::MessageMatches(Catch::Matchers::Equals(text + ": start as many ranks as devices, one each")));
  };
  refuses({{7}, {7}}, "2 ranks on this node, but it shows 1 device");
  refuses({{7, 8}, {7, 8}, {7, 8}}, "3 ranks on this node, but it shows 2 devices");
  refuses({{7}, {7}, {8}, {9}}, "4 ranks on this node, but it shows 3 devices");
  refuses({{7}, {7}, {8, 9}}, "3 ranks on this node, but local ranks see too few of its 3 devices");
  refuses({{7}, {}}, "2 ranks on this node, but local rank 1 sees no device");
}

TEST_CASE("the driver tells identities of devices, or that there are none") {
  CHECK(app::device_identities("openmp").empty());
  const auto seen = app::device_identities("cuda");
  if (!app::missing_device("cuda").empty()) {
    CHECK(seen.empty());
    SKIP("no NVIDIA GPU here");
  }
  REQUIRE_FALSE(seen.empty());
  CHECK(std::set(seen.begin(), seen.end()).size() == seen.size());
  CHECK(app::device_identities("cuda") == seen);
}
