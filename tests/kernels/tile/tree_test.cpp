// The tree of chunk sums has exactly the documented shape: compared with sums written out in parentheses.
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/tile/tree.hpp>

#include "support/tensors.hpp"

using namespace sinter;

TEMPLATE_TEST_CASE("leaves combine as ((0+1)+(2+3))+((4+5)+(6+7)) and so on", "", float, double) {
  int told_apart = 0;  // trials in which a plain chain of sums has other bits
  for (unsigned trial = 0; trial < 50; ++trial) {
    const auto noise = test::noise(128, trial);
    const std::vector<TestType> values(noise.begin(), noise.end());
    const auto x = [&](int i) { return values[static_cast<std::size_t>(i)]; };
    const auto four = [&](int i) { return (x(i) + x(i + 1)) + (x(i + 2) + x(i + 3)); };
    const TestType* const leaf = values.data();
    CHECK(tile::tree_sum(1, leaf, 1) == x(0));
    CHECK(tile::tree_sum(2, leaf, 1) == x(0) + x(1));
    CHECK(tile::tree_sum(4, leaf, 1) == four(0));
    CHECK(tile::tree_sum(8, leaf, 1) == four(0) + four(4));
    const auto sixteen = [&](int i) { return (four(i) + four(i + 4)) + (four(i + 8) + four(i + 12)); };
    const auto sixty_four = [&](int i) { return (sixteen(i) + sixteen(i + 16)) + (sixteen(i + 32) + sixteen(i + 48)); };
    CHECK(tile::tree_sum(16, leaf, 1) == sixteen(0));
    CHECK(tile::tree_sum(32, leaf, 1) == sixteen(0) + sixteen(16));
    CHECK(tile::tree_sum(64, leaf, 1) == sixty_four(0));
    CHECK(tile::tree_sum(128, leaf, 1) == sixty_four(0) + sixty_four(64));
    TestType chain = 0;
    for (int i = 0; i < 16; ++i) chain += x(i);
    told_apart += tile::tree_sum(16, leaf, 1) == chain ? 0 : 1;
  }
  CHECK(told_apart > 10);
}

TEMPLATE_TEST_CASE("a span of trees gives the bits of single trees", "", float, double) {
  constexpr std::int64_t stride = 7;
  const auto noise = test::noise(tile::max_leaves * stride, 9);
  const std::vector<TestType> values(noise.begin(), noise.end());
  for (int chunks = 1; chunks <= tile::max_leaves; chunks *= 2) {
    TestType out[5];
    tile::tree_sum_span(chunks, values.data() + 1, stride, out, 5);
    for (int i = 0; i < 5; ++i) CHECK(out[i] == tile::tree_sum(chunks, values.data() + 1 + i, stride));
  }
}
