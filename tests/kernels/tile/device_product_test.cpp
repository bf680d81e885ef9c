// The device's tile product run on the host: its code is plain C++ with barriers, so a team of as many host threads as
// a block has threads runs it as it is.
#include <barrier>
#include <thread>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "product_support.hpp"

using namespace sinter;

namespace {

struct ThreadTeam {
  std::barrier<>* meeting;
  int rank, size;
  [[nodiscard]] int team_size() const { return size; }
  [[nodiscard]] int team_rank() const { return rank; }
  void team_barrier() const { meeting->arrive_and_wait(); }
};

template <class Work>
void as_team(int size, const Work& work) {
  std::barrier<> meeting(size);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&meeting, &work, rank, size] { work(ThreadTeam{&meeting, rank, size}); });
}

template <class Real>
struct Collect {
  test::Collected<Real>& seen;

  [[nodiscard]] bool whole(std::int64_t columns) const { return columns % tile::Pack<Real>::width == 0; }
  template <class Places, int N>
  void finish(const Places& places, Real (&values)[N]) const {
    for (int p = 0; p < Places::packs; ++p) {
      places.with(p, [&](int row, int column, int at, int count) {
        for (int l = 0; l < count; ++l) seen.put(row, column + l, values[at + l]);
      });
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE_SIG("the device product gives the bits of a chain of fused multiply-adds, each element once", "",
                       ((class Real, int Threads), Real, Threads), (float, 256), (float, 128), (float, 32),
                       (double, 256), (double, 128)) {
  using TestType = Real;
  // Teams below the size of those that stage
  using Product = tile::DeviceProduct<TestType, (Threads < 128 ? 128 : Threads)>;
  struct Size {
    std::int64_t m, n, k;
  };
  for (const Size size : {Size{1, 1, 1},
                          {64, 64, 16},
                          {132, 136, 20},
                          {13, 70, 33},
                          {65, 63, 17},
                          {130, 5, 1},
                          {3, 65, 0},
                          {70, 130, 9},
                          {129, 67, 24}}) {
    const std::int64_t m = size.m, n = size.n, k = size.k;
    for (const std::int64_t padding : {3, 0}) {  // 0: whole packs where the size is a multiple of them
      const test::ProductProblem<TestType> problem(m, n, k, padding);
      problem.each_kind([&](const auto& a, const auto& b, const auto& start) {
        std::vector<unsigned char> scratch(Product::scratch_bytes(k));
        test::Collected<TestType> seen(m, n);
        as_team(Threads, [&](const ThreadTeam& team) {
          Product::run(team, scratch.data(), m, n, k, a, b, start, Collect<TestType>{seen});
        });
        INFO("m " << m << ", n " << n << ", k " << k << ", A by rows " << a.inner_contiguous << ", B plain "
                  << b.outer_contiguous);
        CHECK(seen.complete());
        CHECK(seen.values == test::chains(problem, a, b, start));
      });
    }
  }
}

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
      std::vector<unsigned char> scratch(Product::scratch_bytes(0));
      std::vector<Real> C(static_cast<std::size_t>(size.m * size.n)), sums(static_cast<std::size_t>(size.n));
      as_team(Product::team_size, [&](const ThreadTeam& team) {
        Product::sum_of_chunks(team, scratch.data(), size.m, size.n, a, b, size.bounds.data(), chunks, C.data(), size.n,
                               sums.data());
      });
      INFO("m " << size.m << ", n " << size.n << ", chunks " << chunks);
      CHECK(C == expected);
      CHECK(sums == expected_sums);
    }
  }
}
