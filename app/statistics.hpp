// The statistics of repeated measurements. Times have a hard lower end and a long tail, so the median stands for them,
// with the confidence interval that order statistics give for it: no distribution is assumed.
#pragma once

#include <vector>

namespace sinter::app {

struct Summary {
  double median = 0;
  double low = 0, high = 0;  ///< 95 % confidence interval of the median
  double coverage = 0;       ///< probability that the interval holds the true median; 0 below five values
  int values = 0;
};

/// The interval is [x_(k), x_(n+1-k)] of the n values in order, with the largest k for which the binomial distribution
/// B(n, 1/2) leaves at most 2.5 % below k: the median lies in it with a probability of at least 95 % (David & Nagaraja,
/// Order Statistics, 2003, 7.1). Below six values there is no such interval: it is smallest and largest then.
Summary summarize(std::vector<double> values);

/// Values of which at least five tell an interval, if one of 94 %.
inline constexpr int fewest_for_interval = 5;

/// a / b, with the interval that takes the ends of both.
Summary ratio(const Summary& a, const Summary& b);

}  // namespace sinter::app
