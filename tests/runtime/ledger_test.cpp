// The ledger counts launches, fences, copies and allocations by label, causes none itself, and prints what it counted.
#include <algorithm>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/team_policy.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

struct Nothing {
  KOKKOS_FUNCTION void operator()(int) const {}
};

struct Teams {
  template <class Team>
  KOKKOS_FUNCTION void operator()(const Team&) const {}
};

std::int64_t count_of(const std::vector<LedgerRow>& rows, std::string_view kind, std::string_view label) {
  std::int64_t count = 0;
  for (const auto& row : rows) {
    if (row.kind == kind && row.label.find(label) != std::string::npos) count += row.count;
  }
  return count;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a hundred launches are a hundred launches and no fence", "", test::Spaces) {
  const typename TestType::Execution exec;
  static LaunchLabel label("test::nothing");
  const auto work = [&] {
    for (int i = 0; i < 100; ++i)
      launch(label, Kokkos::RangePolicy<typename TestType::Execution>(exec, 0, 10), Nothing{});
  };
  CHECK(test::account_of(work) == LedgerCounts{100, 0, 0, 0, 0});
  wait_for(exec, "test: launches");
}

TEMPLATE_LIST_TEST_CASE("the most scratch of a team is told once for all labels with a prefix", "", test::Spaces) {
  const typename TestType::Execution exec;
  static LaunchLabel label("test::with_scratch"), other("test::other");
  for (const std::size_t bytes : {1000, 4000, 2000})
    launch(label, team_policy<TestType>(exec, 1, 1, 1, bytes), Teams{});
  launch(other, team_policy<TestType>(exec, 1, 1, 1, 9000), Teams{});
  launch(label, Kokkos::RangePolicy<typename TestType::Execution>(exec, 0, 1), Nothing{});
  CHECK(ledger::take_team_scratch("test::with") == 4000);
  CHECK(ledger::take_team_scratch("test::with") == 0);
  CHECK(ledger::take_team_scratch("test::") == 9000);
  wait_for(exec, "test: launches");
}

TEMPLATE_LIST_TEST_CASE("every event is found under its label", "", test::Spaces) {
  using S = TestType;
  const typename S::Execution exec;
  static LaunchLabel label("test::labelled");
  const auto before = ledger::by_label();
  launch(label, Kokkos::RangePolicy<typename S::Execution>(exec, 0, 1), Nothing{});
  wait_for(exec, "test: a fence of its own");
  const auto from = make_vector<S, double>(exec, "test::from", 4), to = make_vector<S, double>(exec, "test::to", 4);
  copy(exec, to, from);
  const auto rows = ledger::difference(before, ledger::by_label());
  CHECK(count_of(rows, "launch", "test::labelled") == 1);
  CHECK(count_of(rows, "fence", "test: a fence of its own") == 1);
  CHECK(count_of(rows, "allocation", "test::from") == 1);
  CHECK(count_of(rows, "copy", "test::from -> ") == 1);
  const auto is_copy = [](const LedgerRow& row) { return row.kind == "copy"; };
  REQUIRE(std::count_if(rows.begin(), rows.end(), is_copy) == 1);
  CHECK(std::find_if(rows.begin(), rows.end(), is_copy)->bytes == 32);
  wait_for(exec, "test: copy");
}

TEST_CASE("differences leave out what did not change and sort by kind, then by falling count") {
  const ledger::ByLabel before{{{"fence", "a"}, {"fence", "a", 3, 0}}, {{"launch", "k"}, {"launch", "k", 1, 0}}};
  const ledger::ByLabel after{{{"copy", "c"}, {"copy", "c", 1, 64}},
                              {{"fence", "a"}, {"fence", "a", 3, 0}},
                              {{"launch", "k"}, {"launch", "k", 2, 0}},
                              {{"launch", "l"}, {"launch", "l", 5, 0}}};
  const auto rows = ledger::difference(before, after);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].label == "l");
  CHECK(rows[0].count == 5);
  CHECK(rows[1].label == "k");
  CHECK(rows[1].count == 1);
  CHECK(rows[2].label == "c");
  CHECK(rows[2].bytes == 64);
}

TEST_CASE("rows are printed as a table and as JSON, whatever is in a label") {
  const std::vector<LedgerRow> rows{{"launch", "kernel", 12, 0}, {"copy", "a \"b\" \\ \n", 1, 64}};
  CHECK(ledger::table({rows[0]}) ==
        "kind               count          bytes  label\n"
        "launch                12              0  kernel\n");
  CHECK(ledger::json({}) == "[\n]\n");
  CHECK(ledger::json(rows) ==
        "[\n  {\"kind\": \"launch\", \"label\": \"kernel\", \"count\": 12, \"bytes\": 0},\n"
        "  {\"kind\": \"copy\", \"label\": \"a \\\"b\\\" \\\\ \\u000a\", \"count\": 1, \"bytes\": 64}\n]\n");
}
