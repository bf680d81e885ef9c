#include <sinter/app/statistics.hpp>

#include <algorithm>
#include <cmath>

namespace sinter::app {

Summary summarize(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::size_t n = values.size();
  double term = std::exp2(-static_cast<double>(n)), below = term;  // B(n, 1/2): of 0, and up to k - 1
  std::size_t k = 1;
  for (; k < (n + 1) / 2; ++k) {
    term *= static_cast<double>(n - k + 1) / static_cast<double>(k);
    if (below + term > 0.025) break;
    below += term;
  }
  return {(values[(n - 1) / 2] + values[n / 2]) / 2, values[k - 1], values[n - k],
          n < static_cast<std::size_t>(fewest_for_interval) ? 0 : 1 - 2 * below, static_cast<int>(n)};
}

Summary ratio(const Summary& a, const Summary& b) {
  return {a.median / b.median, a.low / b.high, a.high / b.low, std::min(a.coverage, b.coverage),
          std::min(a.values, b.values)};
}

}  // namespace sinter::app
