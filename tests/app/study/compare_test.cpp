#include <catch2/catch_test_macros.hpp>

#include <sinter/app/study/compare.hpp>
#include <sinter/app/study/report.hpp>
#include <sinter/runtime/base/errors.hpp>

#include "../../inputs/support.hpp"
#include "support.hpp"

using namespace sinter;
using namespace sinter::app;
using Verdict = PointComparison::Verdict;

namespace {

/// The record of a study over batches, whose times scatter by 1 % around these.
Json record(const std::vector<std::pair<std::string, double>>& times, const std::string& hash = "aa",
            int repetitions = 5) {
  std::string batches;
  for (const auto& [batch, seconds] : times) batches += (batches.empty() ? "" : ", ") + batch;
  const auto study = test::study_of("study: {kind: sweep}\naxes: {batch: [" + batches + "]}\n");
  std::vector<Trial> trials;
  for (const auto& [batch, seconds] : times)
    for (int r = 0; r < repetitions && seconds > 0; ++r)
      trials.push_back(test::trial("batch=" + batch, r + 1, test::bench_record(seconds * (1 + 0.005 * (r - 2)), hash)));
  return study_json(study, summarize_study(study, trials), "completed", "sinter");
}

}  // namespace

TEST_CASE("a point is slower or faster only beyond its interval and the threshold") {
  const auto before = record({{"1", 1.0}, {"2", 1.0}, {"3", 1.0}, {"4", 1.0}});
  const auto after = record({{"1", 1.1}, {"2", 0.9}, {"3", 1.01}, {"4", 1.025}});
  const auto points = compare_studies(before, after, 0.03);
  REQUIRE(points.size() == 4);
  CHECK(points[0].verdict == Verdict::slower);
  CHECK(points[1].verdict == Verdict::faster);
  CHECK(points[2].verdict == Verdict::same);  // the intervals overlap
  CHECK(points[3].verdict == Verdict::same);  // they do not, but 2.5 % do not count
  CHECK(compare_studies(before, after, 0.0)[2].verdict == Verdict::same);
  CHECK(compare_studies(before, after, 0.0)[3].verdict == Verdict::slower);
}

TEST_CASE("what cannot be compared is said") {
  const auto points = compare_studies(record({{"1", 1.0}, {"2", 0.0}, {"3", 1.0}}),
                                      record({{"1", 1.0}, {"2", 1.0}, {"4", 1.0}}, "bb"), 0.03);
  REQUIRE(points.size() == 4);
  CHECK(points[0].verdict == Verdict::same);
  CHECK_FALSE(points[0].same_bits);
  CHECK(points[1].reason == "not measured in the first");
  CHECK_FALSE(points[1].lost);
  CHECK(points[2].label == "batch=4");
  CHECK(points[2].reason == "only in the second");
  CHECK_FALSE(points[2].lost);
  CHECK(points[3].label == "batch=3");
  CHECK(points[3].reason == "only in the first");
  CHECK(points[3].lost);
  CHECK(compare_studies(record({{"1", 1.0}}), record({{"1", 2.0}}, "aa", 4), 0.03)[0].reason ==
        "fewer than 5 processes");
  CHECK(test::error_text<IoError>([] {
          compare_studies({{"kind", "sweep"}}, {{"kind", "time_to_target"}}, 0);
        }) == "one study measures times to a target, the other times of a step");
}
