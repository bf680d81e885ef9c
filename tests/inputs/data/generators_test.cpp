#include <catch2/catch_test_macros.hpp>

#include <cmath>

#include <sinter/inputs/data/dataset.hpp>
#include <sinter/inputs/data/source.hpp>

using namespace sinter;

namespace {

Dataset generate(const std::string& name, std::uint64_t seed) {
  DataSpec spec;
  spec.generator = name;
  spec.seed = seed;
  return load_dataset(spec);
}

/// The definition of the job, as in docs/data.md.
bool inside(double x, double y) {
  const double a = (std::pow(x, 2) + std::pow(x, 3) + std::pow(x, 4) + std::pow(x, 6)) / std::pow(x, 5);
  return x > 0 ? 0 < y && y < a : a < y && y < 0;
}

}  // namespace

TEST_CASE("xor is four points, tested on the same") {
  const auto data = generate("xor", 5);
  CHECK(data.train.features == std::vector<double>{0, 0, 0, 1, 1, 0, 1, 1});
  CHECK(data.train.targets == std::vector<double>{0, 1, 1, 0});
  CHECK(data.test.features == data.train.features);
  CHECK(data.test.targets == data.train.targets);
}

TEST_CASE("uat labels points by the curve, on both branches, both classes about equally often") {
  for (std::uint64_t seed : {0ULL, 1ULL, 2ULL, 77ULL, 18446744073709551615ULL}) {
    const auto data = generate("uat", seed);
    INFO("seed " << seed);
    CHECK(data.train.rows == 25);
    CHECK(data.test.rows == 6);
    for (const auto* set : {&data.train, &data.test}) {
      int right_branch = 0, is_inside = 0;
      for (std::size_t row = 0; row < static_cast<std::size_t>(set->rows); ++row) {
        const double x = set->features[2 * row], y = set->features[2 * row + 1];
        CHECK((set->targets[row] == 1.0) == inside(x, y));
        CHECK(std::abs(x) >= 1.0);
        CHECK(std::hypot(x, y) <= 12.0);
        right_branch += x > 0 ? 1 : 0;
        is_inside += set->targets[row] == 1.0 ? 1 : 0;
      }
      CHECK(std::abs(2 * right_branch - set->rows) <= 2);
      CHECK(std::abs(2 * is_inside - set->rows) <= 1);
    }
  }
}

TEST_CASE("uat is a function of the seed alone") {
  CHECK(generate("uat", 3).train.features == generate("uat", 3).train.features);
  CHECK(generate("uat", 3).train.features != generate("uat", 4).train.features);
  CHECK(generate("uat", 3).test.features != generate("uat", 4).test.features);
}
