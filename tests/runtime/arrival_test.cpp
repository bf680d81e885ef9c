// Of the teams that count themselves in exactly one is the last, it sees what the others wrote, and the counter is
// ready again.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/arrival.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

template <Space S>
struct Arrive {
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  int parties;                ///< teams that share a counter
  Vector<S, int> counters;    ///< [groups]
  Vector<S, double> written;  ///< [teams]: plain writes of all
  Vector<S, double> sums;     ///< [groups]: what the last one read
  Vector<S, int> lasts;       ///< [groups]
  KOKKOS_FUNCTION void operator()(const typename Policy::member_type& team) const {
    const int group = league_rank(team) / parties;
    written(league_rank(team)) = league_rank(team) + 1.0;
    if (!arrive_last(team, &counters(group), parties)) return;
    double sum = 0;
    for (int i = 0; i < parties; ++i) sum += written(group * parties + i);
    sums(group) = sum;
    lasts(group) += 1;
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("exactly one team of a group is the last and sees the writes of all; the counter resets itself",
                        "", test::Spaces) {
  using S = TestType;
  for (const auto& exec : test::instances<S>()) {
    for (const int parties : {1, 2, 16, 250}) {
      const int groups = 1000 / parties;
      const auto zeros = [&](int count) { return std::vector<double>(static_cast<std::size_t>(count), 0); };
      const Arrive<S> work{parties, test::vector<S, int>(exec, zeros(groups)),
                           test::vector<S, double>(exec, zeros(1000)), test::vector<S, double>(exec, zeros(groups)),
                           test::vector<S, int>(exec, zeros(groups))};
      static LaunchLabel label("test::arrive");
      for (int repetition = 0; repetition < 20; ++repetition)
        launch(label, typename Arrive<S>::Policy(exec, groups * parties, 1), work);
      std::vector<double> sums;
      for (int g = 0; g < groups; ++g) sums.push_back(parties * (g * parties + 0.5 * (parties + 1)));
      INFO("parties " << parties);
      CHECK(test::values(exec, work.sums) == sums);
      CHECK(test::values(exec, work.lasts) == std::vector<int>(static_cast<std::size_t>(groups), 20));
      CHECK(test::values(exec, work.counters) == std::vector<int>(static_cast<std::size_t>(groups), 0));
    }
  }
}
