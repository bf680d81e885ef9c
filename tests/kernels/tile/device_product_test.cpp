// The device's tile product, run on the host by a team of threads, against its definition.
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "product_support.hpp"
#include "thread_team.hpp"

using namespace sinter;

namespace {

template <class Real>
struct Collect {
  test::Collected<Real>& seen;

  [[nodiscard]] bool whole(std::int64_t columns) const { return columns % tile::Pack<Real>::width == 0; }
  template <class Places, int N>
  void finish(const Places& places, Real (&values)[N]) const {
    for (int p = 0; p < Places::packs; ++p) {
      places.with(p, [&](int row, std::int64_t column, int at, int count) {
        for (int l = 0; l < count; ++l) seen.put(row, column + l, values[at + l]);
      });
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE_SIG("the device product gives the bits of a chain of fused multiply-adds, each element once", "",
                       ((class Real, int Threads, int Depth), Real, Threads, Depth), (float, 256, 8), (float, 256, 16),
                       (float, 128, 8), (double, 256, 8), (double, 128, 8)) {
  using Product = tile::DeviceProduct<Real, Threads, Depth>;
  struct Size {
    std::int64_t m, n, k;
  };
  for (const Size shape : {Size{1, 1, 1},
                           {64, 64, 16},
                           {132, 136, 20},
                           {13, 70, 33},
                           {65, 63, 17},
                           {130, 5, 1},
                           {3, 65, 0},
                           {70, 130, 9},
                           {129, 67, 24}}) {
    const std::int64_t m = shape.m, n = shape.n, k = shape.k;
    for (const std::int64_t padding : {3, 0}) {  // 0: whole packs where the size is a multiple of them
      const test::ProductProblem<Real> problem(m, n, k, padding);
      problem.each_kind_of_kernels([&](const auto& a, const auto& b, const auto& start) {
        const auto expected = test::chains(problem, a, b, start);
        for (const int size : {Threads, 32}) {  // the second: smaller than those that stage
          std::vector<unsigned char> scratch(Product::scratch_bytes());
          test::Collected<Real> seen(m, n);
          test::as_team(size, [&](const test::ThreadTeam& team) {
            Product::run(team, scratch.data(), m, n, k, a, b, start, Collect<Real>{seen});
          });
          INFO("m " << m << ", n " << n << ", k " << k << ", A by rows " << a.inner_contiguous << ", B plain "
                    << b.outer_contiguous << ", " << size << " threads");
          CHECK(seen.complete());
          CHECK(seen.values == expected);
        }
      });
    }
  }
}
