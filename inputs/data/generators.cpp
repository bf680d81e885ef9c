// Data made instead of read. xor: the four points of exclusive or. uat: points (x, y) that lie between the x axis and
// the curve
//   a(x) = (x² + x³ + x⁴ + x⁶) / x⁵ = 1/x³ + 1/x² + 1/x + x
// on the curve's side (true: 0 < y < a(x) for x > 0, a(x) < y < 0 for x < 0), or not (false). The job after which it is
// named has 25 training and 6 test points; their hand-made originals lie mostly beyond the curve where false, and
// across the axis now and then.
#include <algorithm>
#include <cmath>

#include <Random123/philox.h>

#include <sinter/inputs/data/formats.hpp>
#include <sinter/inputs/data/table.hpp>

namespace sinter::inputs::detail {
namespace {

double curve(double x) { return 1 / (x * x * x) + 1 / (x * x) + 1 / x + x; }

struct Interval {
  double low, high;
};

/// Point `index` of a set of `count`: y = v a(x), with x and v drawn. Classes alternate, then branches; |x| is
/// stratified over [1, 7], so that every set covers it. A true point has v in (0, 1), away from the ends; of three
/// false ones, two lie beyond the curve and one across the axis. Test points keep a wider margin to the boundary than
/// training points, and no point is farther than 12 from the origin.
void uat_point(std::uint64_t seed, DataPart part, std::int64_t index, std::int64_t count, double* features,
               double* target) {
  const bool test = part == DataPart::test;
  const r123::Philox4x32 philox;
  const auto draw = philox({{static_cast<std::uint32_t>(index), test ? 1U : 0U, 0U, 0U}},
                           {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}});
  const auto unit = [&](std::size_t k) { return (draw[k] + 0.5) / 4294967296.0; };

  const bool inside = index % 2 == 0;
  const auto pair = index / 2;
  const double branch = pair % 2 == 0 ? 1.0 : -1.0;
  const auto strata = static_cast<double>((count + 3) / 4);
  const double x = branch * (1.0 + 6.0 * (static_cast<double>(index / 4) + unit(0)) / strata);
  const double farthest = std::sqrt(144.0 - x * x) / std::abs(curve(x));
  Interval v{};
  if (inside) {
    v = test ? Interval{0.35, 0.65} : Interval{0.1, 0.85};
  } else if (pair % 3 == 2) {
    v = test ? Interval{-0.8, -0.5} : Interval{-1.0, -0.2};
  } else {
    v = test ? Interval{std::min(1.5, 0.95 * farthest), std::min(2.0, farthest)}
             : Interval{1.2, std::min(2.2, farthest)};
  }
  features[0] = x;
  features[1] = curve(x) * (v.low + (v.high - v.low) * unit(1));
  *target = inside ? 1.0 : 0.0;
}

std::unique_ptr<DataSource> points(std::vector<double> features, std::vector<double> targets,
                                   const std::string& target_name) {
  Pick x = pick_all(std::make_shared<MemoryTable>(2, std::move(features)), "");
  x.names = {"x", "y"};
  Pick y = pick_all(std::make_shared<MemoryTable>(1, std::move(targets)), target_name);
  return make_source("", {std::move(x)}, {std::move(y)});
}

}  // namespace

std::unique_ptr<DataSource> open_xor(std::uint64_t, DataPart) {
  return points({0, 0, 0, 1, 1, 0, 1, 1}, {0, 1, 1, 0}, "xor");
}

std::unique_ptr<DataSource> open_uat(std::uint64_t seed, DataPart part) {
  const std::int64_t count = part == DataPart::test ? 6 : 25;
  std::vector<double> features(static_cast<std::size_t>(2 * count)), targets(static_cast<std::size_t>(count));
  for (std::int64_t index = 0; index < count; ++index) {
    uat_point(seed, part, index, count, features.data() + 2 * index, targets.data() + index);
  }
  return points(std::move(features), std::move(targets), "inside");
}

}  // namespace sinter::inputs::detail
