// The host's tile product against its definition, for every kind of operand and sizes around every tile and vector
// boundary.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "product_support.hpp"

using namespace sinter;

namespace {

struct NoTeam {};
constexpr std::int64_t sizes[] = {0, 1, 2, 7, 8, 9, 13, 16, 17, 31, 32, 33, 65};

template <class Real, class A, class B, class Start>
test::Collected<Real> run_on_host(const test::ProductProblem<Real>& p, const A& a, const B& b, const Start& start) {
  using Product = tile::HostProduct<Real>;
  std::vector<unsigned char> scratch(Product::scratch_bytes(p.k, B::outer_contiguous));
  test::Collected<Real> collected(p.m, p.n);
  Product::run(NoTeam{}, scratch.data(), p.m, p.n, p.k, a, b, start,
               [&](std::int64_t m, std::int64_t n, const Real(&value)[Product::lanes], int count) {
                 for (int l = 0; l < count; ++l) collected.put(m, n + l, value[l]);
               });
  return collected;
}

}  // namespace

TEMPLATE_TEST_CASE("the host product gives the bits of a chain of fused multiply-adds, each element once", "", float,
                   double) {
  for (const auto m : sizes) {
    for (const auto n : sizes) {
      for (const auto k : sizes) {
        const test::ProductProblem<TestType> problem(m, n, k);
        problem.each_kind([&](const auto& a, const auto& b, const auto& start) {
          const auto seen = run_on_host(problem, a, b, start);
          if (seen.complete() && seen.values == test::chains(problem, a, b, start)) return;
          FAIL_CHECK("m " << m << ", n " << n << ", k " << k << ", A by rows " << a.inner_contiguous << ", B plain "
                          << b.outer_contiguous);
        });
      }
    }
  }
  SUCCEED("all sizes agree");
}

TEMPLATE_TEST_CASE("the host product agrees with a plain sum in double", "", float, double) {
  const test::ProductProblem<TestType> problem(33, 31, 65);
  problem.each_kind([&](const auto& a, const auto& b, const auto& start) {
    const auto seen = run_on_host(problem, a, b, start);
    std::vector<double> expected;
    for (std::int64_t m = 0; m < problem.m; ++m) {
      for (std::int64_t n = 0; n < problem.n; ++n) {
        double sum = test::start_at<TestType>(start, m, n);
        for (std::int64_t k = 0; k < problem.k; ++k) sum += static_cast<double>(a(m, k)) * static_cast<double>(b(k, n));
        expected.push_back(sum);
      }
    }
    // A chain of k rounded steps on sums below k: k eps k at the very worst, its square root's size in practice.
    const double eps = std::numeric_limits<TestType>::epsilon();
    CHECK(test::largest_difference(seen.values, expected) < static_cast<double>(problem.k) * eps);
  });
}
