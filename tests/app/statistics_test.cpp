// Medians and their confidence intervals.
#include <catch2/catch_test_macros.hpp>

#include <sinter/app/statistics.hpp>

using namespace sinter::app;

TEST_CASE("the median lies between the order statistics that cover it with 95 %") {
  const auto is = [](const Summary& s, double low, double median, double high) {
    return s.low == low && s.median == median && s.high == high;
  };
  CHECK(is(summarize({3, 1, 2}), 1, 2, 3));                             // no such interval: smallest and largest
  CHECK(is(summarize({6, 5, 4, 3, 2, 1}), 1, 3.5, 6));                  // 1 - 2/64
  CHECK(is(summarize({7, 6, 5, 4, 3, 2, 1}), 1, 4, 7));                 // 1 - 2/128; without the outer two 87 %
  CHECK(is(summarize({9, 8, 7, 6, 5, 4, 3, 2, 1}), 2, 5, 8));           // 1 - 20/512
  CHECK(is(summarize({11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}), 2, 6, 10));  // 1 - 24/2048; the next 93 %
  std::vector<double> twenty;
  for (int i = 20; i > 0; --i) twenty.push_back(i);
  CHECK(is(summarize(twenty), 6, 10.5, 15));  // as in tables of the sign test
  CHECK(is(summarize({5}), 5, 5, 5));
  CHECK(is(summarize({}), 0, 0, 0));
}

TEST_CASE("the probability that an interval holds the median is told from five values on") {
  const auto coverage = [](int values) {
    std::vector<double> list;
    for (int k = 0; k < values; ++k) list.push_back(k);
    return summarize(list).coverage;
  };
  CHECK(coverage(4) == 0);
  CHECK(coverage(5) == 0.9375);
  CHECK(coverage(6) == 0.96875);
  CHECK(coverage(9) == 1 - 20.0 / 512);
  CHECK(coverage(11) == 1 - 24.0 / 2048);
}

TEST_CASE("the interval of a ratio takes the ends of both") {
  const auto r = ratio({4, 3, 6, 0.97, 6}, {2, 1, 3, 0.94, 5});
  CHECK(r.median == 2);
  CHECK(r.low == 1);
  CHECK(r.high == 6);
  CHECK(r.coverage == 0.94);
  CHECK(r.values == 5);
}
