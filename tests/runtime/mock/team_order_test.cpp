// The permuted order of teams: each piece of work is done once, and in the order that was asked for.
#include <algorithm>
#include <numeric>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/tensor.hpp>

#include "support/tensors.hpp"

using namespace sinter;

namespace {

using S = spaces::Mock;
using Policy = Kokkos::TeamPolicy<S::Execution>;

/// The piece of work that the team with this number did.
struct Note {
  Vector<S, int> piece;
  KOKKOS_FUNCTION void operator()(const Policy::member_type& team) const {
    piece(team.league_rank()) = league_rank(team);
  }
};

std::vector<int> pieces(TeamOrder order, std::uint32_t seed, int league) {
  const S::Execution exec;
  const auto piece = make_vector<S, int>(exec, "test::piece", league);
  static LaunchLabel label("test::note");
  const TeamOrder before = detail::team_order;
  const std::uint32_t seed_before = detail::team_order_seed;
  set_team_order(order, seed);
  launch(label, Policy(exec, league, 1), Note{piece});
  wait_for(exec, "test: pieces");
  set_team_order(before, seed_before);
  return test::values(exec, piece);
}

}  // namespace

TEST_CASE("teams take their pieces of work in the order that was set, each piece once") {
  for (const int league : {1, 2, 3, 7, 64, 129, 1000}) {
    std::vector<int> forward(static_cast<std::size_t>(league));
    std::iota(forward.begin(), forward.end(), 0);
    INFO("league of " << league);
    CHECK(pieces(TeamOrder::forward, 0, league) == forward);
    CHECK(pieces(TeamOrder::reversed, 0, league) == std::vector<int>(forward.rbegin(), forward.rend()));
    std::vector<std::vector<int>> seen;
    for (const std::uint32_t seed : {1u, 2u, 3u}) {
      auto random = pieces(TeamOrder::random, seed, league);
      if (league > 60) {
        CHECK(random != forward);
        CHECK(std::find(seen.begin(), seen.end(), random) == seen.end());
      }
      seen.push_back(random);
      std::sort(random.begin(), random.end());
      CHECK(random == forward);
    }
  }
}
