// CSV lines and numbers as the output folder holds them.
#include <cstdlib>

#include <catch2/catch_test_macros.hpp>

#include <sinter/app/output_folder.hpp>

#include "support/scratch_folder.hpp"

using namespace sinter;
using namespace sinter::app;

TEST_CASE("CSV fields are quoted where they must be") {
  CHECK(csv_line({"a", "b c", ""}) == "a,b c,\n");
  CHECK(csv_line({"a,b", "say \"x\"", "two\nlines"}) == "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\n");
}

TEST_CASE("numbers read back as the same number") {
  for (const double value : {0.1, 1.0 / 3.0, 1e300, 5e-324, -0.0, static_cast<double>(0.1F)})
    CHECK(std::strtod(exact_number(value).c_str(), nullptr) == value);
  CHECK(exact_number(2) == "2");
}

TEST_CASE("opening an output folder makes it and leaves nothing in it") {
  const test::ScratchFolder scratch;
  const OutputFolder folder(scratch / "a/b");
  CHECK(std::filesystem::is_empty(scratch / "a/b"));
}

TEST_CASE("only files that this run did not write and a run would are stale") {
  const test::ScratchFolder scratch;
  for (const auto* name : {"model.h5", "loss.png", "mine.txt"}) test::put(scratch / name, "old");
  OutputFolder folder(scratch.path());
  folder.write("model.h5", "new");
  folder.remove_stale();
  CHECK(test::contents(scratch / "model.h5") == "new");
  CHECK(test::contents(scratch / "mine.txt") == "old");
  CHECK_FALSE(std::filesystem::exists(scratch / "loss.png"));
}
