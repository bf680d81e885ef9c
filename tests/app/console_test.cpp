// Texts of the report.
#include <catch2/catch_test_macros.hpp>

#include <sinter/app/console.hpp>

using namespace sinter::app;

TEST_CASE("a table aligns its columns, whatever the bytes of a character") {
  CHECK(table({{"", "a", "✓"}, {"long name", "1.25", "✓"}}) == "                a  ✓\n  long name  1.25  ✓");
  CHECK(table({{"x", "y"}, {"z"}}) == "  x  y\n  z");
}

TEST_CASE("durations and sizes are short") {
  CHECK(duration(0.04) == "0.0 s");
  CHECK(duration(12.34) == "12.3 s");
  CHECK(duration(59.96) == "1 min 00 s");
  CHECK(duration(245) == "4 min 05 s");
  CHECK(duration(10920) == "3 h 02 min");
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1536) == "1.5 KiB");
  CHECK(bytes_text(3.0 * 1024 * 1024 * 1024) == "3.0 GiB");
  CHECK(short_number(1.0 / 3.0) == "0.333333");
  CHECK(short_number(1e-9) == "1e-09");
}
