// The device's sum of chunks, run on the host by a team of threads, against chains that a serial loop sums in the tree.
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "product_support.hpp"
#include "thread_team.hpp"

using namespace sinter;

TEMPLATE_TEST_CASE_SIG("the device product sums the chains of chunks in the tree, empty chunks too", "",
                       ((class Real, int Threads), Real, Threads), (float, 256), (float, 128), (double, 256),
                       (double, 128)) {
  using Product = tile::DeviceProduct<Real, Threads>;
  struct Size {
    std::int64_t m, n;
    std::vector<int> bounds;  ///< where chunks begin along k, and the end
  };
  std::vector<int> many{5};
  for (int c = 0; c < tile::max_leaves; ++c) many.push_back(many.back() + c % 3);
  for (const Size& size : {Size{1, 1, {0, 1}},
                           {64, Product::block_n, {0, 32, 64}},
                           {13, 3, {2, 2, 2, 9, 20}},
                           {63, Product::block_n - 1, {0, 7, 16, 24, 41}},
                           {5, 33, {3, 3, 3}},
                           {33, 17, many}}) {
    const auto chunks = static_cast<int>(size.bounds.size()) - 1;
    for (const std::int64_t padding : {3, 0}) {
      const test::ProductProblem<Real> problem(size.m, size.n, size.bounds.back(), padding);
      const tile::Columns<Real> a{problem.columns.data.data(), problem.columns.ld};
      const tile::Plain<Real> b{problem.plain.data.data(), problem.plain.ld};
      std::vector<Real> expected, expected_sums;
      const auto tree = [&](auto value) {
        std::vector<Real> leaves;
        for (int c = 0; c < chunks; ++c) {
          Real sum = 0;
          for (int k = size.bounds[static_cast<std::size_t>(c)]; k < size.bounds[static_cast<std::size_t>(c) + 1]; ++k)
            sum = value(k, sum);
          leaves.push_back(sum);
        }
        return tile::tree_sum(chunks, leaves.data(), 1);
      };
      for (std::int64_t m = 0; m < size.m; ++m) {
        for (std::int64_t n = 0; n < size.n; ++n)
          expected.push_back(tree([&](int k, Real sum) { return std::fma(a(m, k), b(k, n), sum); }));
      }
      for (std::int64_t n = 0; n < size.n; ++n)
        expected_sums.push_back(tree([&](int k, Real sum) { return sum + b(k, n); }));
      std::vector<unsigned char> scratch(Product::scratch_bytes());
      std::vector<Real> C(static_cast<std::size_t>(size.m * size.n)), sums(static_cast<std::size_t>(size.n));
      test::as_team(Product::team_size, [&](const test::ThreadTeam& team) {
        Product::sum_of_chunks(team, scratch.data(), size.m, size.n, a, b, size.bounds.data(), chunks, C.data(), size.n,
                               sums.data());
      });
      INFO("m " << size.m << ", n " << size.n << ", chunks " << chunks);
      CHECK(C == expected);
      CHECK(sums == expected_sums);
    }
  }
}
