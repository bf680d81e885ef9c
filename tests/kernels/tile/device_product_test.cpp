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
  int rank;
  [[nodiscard]] int team_rank() const { return rank; }
  void team_barrier() const { meeting->arrive_and_wait(); }
};

template <class Work>
void as_team(int size, const Work& work) {
  std::barrier<> meeting(size);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&meeting, &work, rank] { work(ThreadTeam{&meeting, rank}); });
}

}  // namespace

TEMPLATE_TEST_CASE("the device product gives the bits of a chain of fused multiply-adds, each element once", "", float,
                   double) {
  using Product = tile::DeviceProduct<TestType>;
  struct Size {
    std::int64_t m, n, k;
  };
  for (const Size size : {Size{1, 1, 1},
                          {64, 64, 16},
                          {13, 70, 33},
                          {65, 63, 17},
                          {130, 5, 1},
                          {3, 65, 0},
                          {70, 130, 9},
                          {129, 67, 24}}) {
    const std::int64_t m = size.m, n = size.n, k = size.k;
    const test::ProductProblem<TestType> problem(m, n, k);
    problem.each_kind([&](const auto& a, const auto& b, const auto& start) {
      std::vector<unsigned char> scratch(Product::scratch_bytes(k));
      test::Collected<TestType> seen(m, n);
      as_team(Product::team_size, [&](const ThreadTeam& team) {
        Product::run(team, scratch.data(), m, n, k, a, b, start,
                     [&](std::int64_t row, std::int64_t column, const tile::Pack<TestType>& pack, int count) {
                       for (int l = 0; l < count; ++l) seen.put(row, column + l, pack.lane[l]);
                     });
      });
      INFO("m " << m << ", n " << n << ", k " << k << ", A by rows " << a.inner_contiguous << ", B plain "
                << b.outer_contiguous);
      CHECK(seen.complete());
      CHECK(seen.values == test::chains(problem, a, b, start));
    });
  }
}
