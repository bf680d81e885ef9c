#include <catch2/catch_test_macros.hpp>

#include <sinter/app/study/results_file.hpp>
#include <sinter/runtime/base/errors.hpp>

#include "../../inputs/support.hpp"
#include "support.hpp"

using namespace sinter;
using namespace sinter::app;
using test::contents;
using test::error_text;
using test::put;

namespace {

const Json definition{{"study", 1}, {"kind", "sweep"}};

}  // namespace

TEST_CASE("measurements are read back as they were written") {
  const test::ScratchFolder folder;
  const auto path = folder / "results.jsonl";
  {
    ResultsFile file(path, definition);
    file.append(test::trial("a=1", 1, test::bench_record(0.5)));
    file.append(test::failed_trial("a=2", 3, 6, "two\nlines, \"quoted\""));
  }
  const ResultsFile again(path, definition);
  REQUIRE(again.trials().size() == 2);
  CHECK_FALSE(again.repaired());
  CHECK(again.trials()[0].status == Trial::Status::ok);
  CHECK(sample_of(again.trials()[0].record).seconds == 0.5);
  CHECK(again.trials()[1].status == Trial::Status::failed);
  CHECK(again.trials()[1].exit == 6);
  CHECK(again.trials()[1].message == "two\nlines, \"quoted\"");
}

TEST_CASE("a line that a killed writer left unfinished is dropped, wherever it was cut") {
  const test::ScratchFolder folder;
  const auto path = folder / "results.jsonl";
  {
    ResultsFile file(path, definition);
    file.append(test::trial("a=1", 1, test::bench_record(0.5)));
  }
  const auto whole = contents(path);
  const auto first = whole.find('\n') + 1;
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    INFO(size);
    put(path, whole.substr(0, size));
    ResultsFile file(path, definition);
    CHECK(file.trials().empty());
    CHECK(file.repaired() == (size != first));
    file.append(test::trial("a=1", 1, test::bench_record(0.5)));
    CHECK(contents(path) == whole);
  }
}

TEST_CASE("measurements of another study, damage and a second writer are refused") {
  const test::ScratchFolder folder;
  const auto path = folder / "results.jsonl";
  const auto complaint = [&](const Json& wanted) {
    auto text = error_text<Error>([&] { const ResultsFile file(path, wanted); });
    for (std::size_t at = 0; (at = text.find(path.string())) != text.npos;)
      text.replace(at, path.string().size(), "FILE");
    return text;
  };
  {
    ResultsFile file(path, definition);
    CHECK(complaint(definition) == "'FILE' is being written by another study");
  }
  CHECK(complaint({{"study", 1}, {"kind", "strong"}}) ==
        "'FILE' holds measurements of another study: 'kind' differs; choose another output folder, or remove this one");
  put(path, contents(path) + "{\"point\": 3}\n");
  CHECK(complaint(definition).starts_with("FILE:2: not a measurement: "));
  put(path, "no study\n");
  CHECK(complaint(definition).starts_with("FILE:1: not a line of a study's results: "));
}
