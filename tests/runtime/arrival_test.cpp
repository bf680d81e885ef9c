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

/// All teams arrive at all counters at once.
template <Space S>
struct ArriveAtAll {
  using Policy = Kokkos::TeamPolicy<typename S::Execution>;
  int parties;
  Vector<S, int> counters;    ///< [count]
  Vector<S, double> written;  ///< [parties]
  Vector<S, double> sums;     ///< [count]
  Vector<S, int> lasts;       ///< [count]
  KOKKOS_FUNCTION void operator()(const typename Policy::member_type& team) const {
    const int count = static_cast<int>(counters.extent(0));
    auto* const last = static_cast<int*>(
        team.team_scratch(0).get_shmem_aligned(static_cast<std::size_t>(count) * sizeof(int), 8));
    written(league_rank(team)) = league_rank(team) + 1.0;
    arrive_at_all(team, counters.data(), count, parties, last);
    for (int i = 0; i < count; ++i) {
      if (last[i] == 0) continue;
      double sum = 0;
      for (int p = 0; p < parties; ++p) sum += written(p);
      sums(i) = sum;
      lasts(i) += 1;
    }
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

TEMPLATE_LIST_TEST_CASE("of teams that arrive at several counters at once each counter has one last", "",
                        test::Spaces) {
  using S = TestType;
  const typename S::Execution exec;
  const auto zeros = [](int count) { return std::vector<double>(static_cast<std::size_t>(count), 0); };
  for (const int parties : {1, 7, 100}) {
    for (const int count : {1, 5, 33}) {
      const ArriveAtAll<S> work{parties, test::vector<S, int>(exec, zeros(count)),
                                test::vector<S, double>(exec, zeros(parties)),
                                test::vector<S, double>(exec, zeros(count)), test::vector<S, int>(exec, zeros(count))};
      static LaunchLabel label("test::arrive_at_all");
      typename ArriveAtAll<S>::Policy policy(exec, parties, 1);
      policy.set_scratch_size(0, Kokkos::PerTeam(static_cast<int>(sizeof(int)) * count + 64));
      for (int repetition = 0; repetition < 20; ++repetition) launch(label, policy, work);
      INFO("parties " << parties << ", counters " << count);
      CHECK(test::values(exec, work.sums) ==
            std::vector<double>(static_cast<std::size_t>(count), 0.5 * parties * (parties + 1)));
      CHECK(test::values(exec, work.lasts) == std::vector<int>(static_cast<std::size_t>(count), 20));
      CHECK(test::values(exec, work.counters) == std::vector<int>(static_cast<std::size_t>(count), 0));
    }
  }
}
