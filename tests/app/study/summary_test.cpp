#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/app/study/report.hpp>
#include <sinter/app/study/summary.hpp>

#include "support.hpp"

using namespace sinter;
using namespace sinter::app;
using Catch::Approx;
using test::bench_record;
using test::failed_trial;
using test::study_of;
using test::trial;

namespace {

/// Five processes a point, the third of them the median.
void add(std::vector<Trial>& trials, const std::string& point, double seconds, const std::string& hash = "aa",
         const std::string& level = "layer") {
  for (int r = 1; r <= 5; ++r)
    trials.push_back(trial(point, r, bench_record(seconds * (1 + 0.01 * (r - 3)), hash, level)));
}

}  // namespace

TEST_CASE("speed-up and efficiency of a strong study are those against the fewest workers of a series") {
  const auto study = study_of("study: {kind: strong}\naxes: {width: [8, 16], threads: [2, 4]}\n");
  std::vector<Trial> trials;
  add(trials, "width=8 threads=2", 1.0);
  add(trials, "width=8 threads=4", 0.625);
  add(trials, "width=16 threads=4", 3.0);
  const auto summary = summarize_study(study, trials);
  CHECK(summary.x_axis == "threads");
  REQUIRE(summary.series.size() == 2);
  CHECK(summary.series[0].label == "width=8");
  const auto& four = summary.points[1];
  CHECK(four.seconds->median == 0.625);
  CHECK(four.seconds->low == Approx(0.6125));
  CHECK(four.speed_up->median == Approx(3.2));  // 2 * 1.0 / 0.625
  CHECK(four.speed_up->low == Approx(2 * 0.98 / 0.6375));
  CHECK(four.efficiency->median == Approx(0.8));
  CHECK_FALSE(summary.points[2].seconds);
  CHECK(summary.points[3].speed_up->median == 4);  // its own reference: nothing smaller was measured
  CHECK(summary.missing == 5);
  CHECK(summary.series[0].models.size() == 1);
  CHECK(summary.series[0].models[0].problem ==
        "too few points to fit: 2 different numbers of workers, at least 3 are needed");
}

TEST_CASE("points with more threads than processors have times, but no speed-up and no part in a model") {
  const auto study = study_of("study: {kind: strong}\naxes: {threads: [1, 2, 4, 8]}\n");
  std::vector<Trial> trials;
  for (const int threads : {1, 2, 4, 8}) {
    auto record = bench_record(0.2 + 0.8 / std::min(threads, 4) + (threads == 8 ? 5 : 0));
    record["oversubscribed"] = threads == 8;
    for (int r = 1; r <= 5; ++r) trials.push_back(trial("threads=" + std::to_string(threads), r, record));
  }
  const auto summary = summarize_study(study, trials);
  CHECK(summary.points[2].speed_up->median == Approx(1 / 0.4));
  CHECK_FALSE(summary.points[2].oversubscribed);
  CHECK(summary.points[3].oversubscribed);
  CHECK(summary.points[3].seconds->median == Approx(5.4));
  CHECK_FALSE(summary.points[3].speed_up);
  CHECK_FALSE(summary.points[3].efficiency);
  REQUIRE(summary.series[0].models.size() == 1);
  CHECK(summary.series[0].models[0].rms < 1e-6);  // of the other three
  CHECK(summary.warnings ==
        std::vector<std::string>{
            "more threads than processors: threads=8; these points have no speed-up, and no model is "
            "fitted to them"});
  const auto record = study_json(study, summary, "completed", "sinter");
  CHECK(record["series"][0]["models"][0]["residuals"].size() == 3);
  CHECK(record["series"][0]["models"][0]["extrapolation"].back()["workers"] == 256);
  const auto page = study_markdown(study, summary, record, {});
  CHECK(page.find("| 8 | 5.4 s | more threads than processors |  |") != std::string::npos);
  CHECK(page.find("| threads | time a step, model |") != std::string::npos);
}

TEST_CASE("efficiency of a weak study is the time of one worker over that of many") {
  const auto study = study_of("study: {kind: weak}\nlauncher: mpirun\naxes: {ranks: [1, 2, 4, 8]}\n");
  std::vector<Trial> trials;
  for (const int ranks : {1, 2, 4, 8})
    add(trials, "ranks=" + std::to_string(ranks), 1.0 + 0.1 * std::log2(ranks), std::to_string(ranks));
  const auto summary = summarize_study(study, trials);
  CHECK(summary.points[3].efficiency->median == Approx(1 / 1.3));
  CHECK(summary.points[3].speed_up->median == Approx(8 / 1.3));
  CHECK(summary.errors.empty());  // each has a problem of its own
  REQUIRE(summary.series[0].models.size() == 1);
  const auto& model = summary.series[0].models[0];
  CHECK(model.name == "alpha_beta");
  CHECK(model.bytes == 4000);
  CHECK(model.coefficients[1].value == Approx(0.05));
}

TEST_CASE("points of one problem must end with the same bits, whatever the threads and the level") {
  const auto study = study_of("study: {kind: sweep}\naxes: {threads: [1, 2], fusion: [none, layer, step]}\n");
  std::vector<Trial> trials;
  for (const char* threads : {"threads=1", "threads=2"}) {
    add(trials, std::string(threads) + " fusion=none", 1, std::string("other") + threads, "none");
    add(trials, std::string(threads) + " fusion=layer", 1, "aa", "layer");
    add(trials, std::string(threads) + " fusion=step", 1, "aa", "step");
  }
  CHECK(summarize_study(study, trials).errors.empty());
  trials.back().record["parameter_hash"] = "bb";
  CHECK(
      summarize_study(study, trials).errors ==
      std::vector<std::string>{"the parameters of threads=2 fusion=step (repetition 5: bb) are not those of threads=1 "
                               "fusion=layer (repetition 1: aa)"});
  const auto careless = study_of(
      "study: {kind: sweep, same_bits: false}\naxes: {threads: [1, 2], fusion: [none, layer, step]}\n");
  CHECK(summarize_study(careless, trials).errors.empty());
}

TEST_CASE("a failed point is told and does not stand in the way of others") {
  const auto study = study_of("study: {kind: sweep, repetitions: 2}\naxes: {threads: [1, 2, 4]}\n");
  std::vector<Trial> trials{failed_trial("threads=1", 1, 6, "sinter: error: not built"),
                            failed_trial("threads=2", 1, -1, ""), trial("threads=2", 2, bench_record(1))};
  trials[1].signal = 9;
  auto summary = summarize_study(study, trials);
  CHECK(summary.failed_points == 1);
  CHECK(summary.points[0].failures == std::vector<std::string>{"exit status 6: sinter: error: not built"});
  CHECK(summary.points[1].failures == std::vector<std::string>{"ended by signal 9"});
  CHECK(summary.points[1].seconds->median == 1);
  CHECK(summary.missing == 2);  // of threads=4; what the program refused once is not asked again
  trials.push_back(trial("threads=2", 1, bench_record(3)));  // tried again
  summary = summarize_study(study, trials);
  CHECK(summary.points[1].failures.empty());
  CHECK(summary.points[1].seconds->values == 2);
}

TEST_CASE("measurements of different builds or machines are not mixed silently") {
  const auto study = study_of("study: {kind: sweep}\naxes: {batch: [1]}\n");
  std::vector<Trial> trials;
  add(trials, "batch=1", 1);
  trials[0].record["commit"] = "abc";
  trials[1].record["commit"] = "def";
  trials[2].record["commit"] = trials[3].record["commit"] = trials[4].record["commit"] = "def";
  CHECK(summarize_study(study, trials).warnings ==
        std::vector<std::string>{"measurements of different commits are mixed: abc, def"});
}

TEST_CASE("the x axis of a sweep is a size, or else an axis with names") {
  const auto x_of = [](const std::string& axes) {
    const auto summary = summarize_study(study_of("study: {kind: sweep}\naxes: " + axes + "\n"), {});
    return summary.x_axis + (summary.numeric ? "" : " (names)");
  };
  CHECK(x_of("{fusion: [layer, step], batch: [1, 2], width: [4, 8]}") == "width");
  CHECK(x_of("{fusion: [layer, step], batch: [1, 2], width: [4]}") == "batch");
  CHECK(x_of("{precision: [float32], training.optimizer.weight_decay: [0.1, 0.2]}") ==
        "training.optimizer.weight_decay");
  CHECK(x_of("{batch: [4], fusion: [layer, step]}") == "fusion (names)");
}

TEST_CASE("times are printed with the unit that suits") {
  CHECK(time_text(1.2345) == "1.23 s");
  CHECK(time_text(0.9999) == "1 s");
  CHECK(time_text(1.5e-5) == "15 us");
  CHECK(time_text(2.5e-9) == "2.5 ns");
  CHECK(time_text(75) == "1 min 15 s");
  CHECK(time_text(unknown).empty());
}
