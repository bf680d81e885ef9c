// The products of level `none`, all four ways of transposing, against plain sums.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/classic/product.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

TEMPLATE_LIST_TEST_CASE("C = op(A) op(B), counted as one launch", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  struct Size {
    std::int64_t m, n, k;
  };
  for (const auto [m, n, k] : {Size{1, 1, 1}, {13, 9, 33}, {65, 31, 17}}) {
    const auto a = test::noise(static_cast<std::size_t>(m * k), 1), b = test::noise(static_cast<std::size_t>(k * n), 2);
    const auto A = test::vector<S, Real>(exec, a), B = test::vector<S, Real>(exec, b);
    const auto C = make_vector<S, Real>(exec, "C", m * n);
    for (const char op_a : {'N', 'T'}) {
      for (const char op_b : {'N', 'T'}) {
        const auto work = [&, size_m = m, size_n = n, size_k = k] {
          classic::product<S>(exec, op_a, op_b, A.data(), B.data(), C.data(), size_m, size_n, size_k);
        };
        CHECK(test::account_of(work).launches == 1);
        std::vector<double> expected;
        for (std::int64_t i = 0; i < m; ++i) {
          for (std::int64_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::int64_t l = 0; l < k; ++l) {
              sum += a[static_cast<std::size_t>(op_a == 'T' ? l * m + i : i * k + l)] *
                     b[static_cast<std::size_t>(op_b == 'T' ? j * k + l : l * n + j)];
            }
            expected.push_back(sum);
          }
        }
        INFO(m << " x " << n << " x " << k << " " << op_a << op_b);
        // Inputs are rounded too: two roundings a factor and k rounded steps on sums below k.
        CHECK(test::largest_difference(test::values(exec, C), expected) <
              static_cast<double>(k + 4) * std::numeric_limits<Real>::epsilon());
      }
    }
  }
}
