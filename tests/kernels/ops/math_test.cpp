// Accuracy of Sinter's own elementary functions in units in the last place (ulp) of the true value, which a wider
// type's libm gives: double for float, long double for double. Float is sampled over all bit patterns, double over bit
// patterns and ranges.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/ops/math.hpp>

namespace {

using namespace sinter;

template <class Real>
using Wide = std::conditional_t<sizeof(Real) == 4, double, long double>;
template <class Real>
using Limits = std::numeric_limits<Real>;
template <class Real>
constexpr Real infinity = Limits<Real>::infinity();

#ifdef NDEBUG
constexpr std::uint64_t stride = 257;
constexpr int samples = 1'000'000;
#else
constexpr std::uint64_t stride = 16411;  // instrumented and unoptimised builds
constexpr int samples = 20'000;
#endif

/// Every `stride`-th float, or random doubles: bit patterns, and uniform in ranges of all sizes; and the neighbours of
/// all powers of 2.
template <class Real>
const std::vector<Real>& sample() {
  static const std::vector<Real> points = [] {
    std::vector<Real> x{Real(0),
                        -Real(0),
                        infinity<Real>,
                        -infinity<Real>,
                        Limits<Real>::quiet_NaN(),
                        Limits<Real>::max(),
                        Limits<Real>::lowest()};
    for (int e = Limits<Real>::min_exponent - Limits<Real>::digits; e < Limits<Real>::max_exponent; ++e) {
      const Real power = std::ldexp(Real(1), e);
      for (const Real near : {std::nextafter(power, Real(0)), power, std::nextafter(power, infinity<Real>)}) {
        x.push_back(near);
        x.push_back(-near);
      }
    }
    if constexpr (sizeof(Real) == 4) {
      for (std::uint64_t bits = 0; bits <= 0xffffffffu; bits += stride) {
        x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
      }
    } else {
      std::mt19937_64 random(20240229);
      for (int i = 0; i < samples / 4; ++i) {
        x.push_back(std::bit_cast<double>(random()));
        for (const double range : {750.0, 20.0, 1.0, 1e5}) {
          x.push_back(range * (static_cast<double>(random() >> 11) * 0x1p-52 - 1));
        }
      }
    }
    return x;
  }();
  return points;
}

/// |got - want| in ulp of Real at `want`; 0 where both are the same infinity, zero (with its sign) or NaN.
template <class Real>
double ulps(Real got, Wide<Real> want) {
  const Real rounded = static_cast<Real>(want);
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : Limits<double>::infinity();
  if (std::isinf(rounded) || std::isinf(got)) return rounded == got ? 0 : Limits<double>::infinity();
  if (got == 0 && rounded == 0) return std::signbit(got) == std::signbit(rounded) ? 0 : Limits<double>::infinity();
  const int exponent = std::max(rounded == 0 ? Limits<Real>::min_exponent : std::ilogb(rounded) + 1,
                                Limits<Real>::min_exponent);
  const Wide<Real> unit = std::ldexp(Wide<Real>(1), exponent - Limits<Real>::digits);
  return static_cast<double>(std::abs(static_cast<Wide<Real>>(got) - want) / unit);
}

template <class Real, class Function, class Reference>
void check(double limit, Function function, Reference reference, Real range = infinity<Real>) {
  double worst = 0;
  Real at = 0;
  for (const Real x : sample<Real>()) {
    if (std::abs(x) > range) continue;
    const double error = ulps<Real>(function(x), reference(static_cast<Wide<Real>>(x)));
    if (error > worst) {
      worst = error;
      at = x;
    }
  }
  INFO("worst at " << at << ": got " << function(at) << ", should be " << reference(static_cast<Wide<Real>>(at)));
  CHECK(worst <= limit);
  CHECK(worst > 0.4);  // the comparison compares: no function here is exact
}

}  // namespace

TEMPLATE_TEST_CASE("exp and expm1 are within 2 ulp, underflow included", "", float, double) {
  using Real = TestType;
  check<Real>(
      2, [](Real x) { return math::exp(x); }, [](Wide<Real> x) { return std::exp(x); });
  check<Real>(
      2, [](Real x) { return math::expm1(x); }, [](Wide<Real> x) { return std::expm1(x); });
}

TEMPLATE_TEST_CASE("log and log1p are within 2 ulp, subnormals included", "", float, double) {
  using Real = TestType;
  check<Real>(
      2, [](Real x) { return math::log(x); }, [](Wide<Real> x) { return std::log(x); });
  check<Real>(
      2, [](Real x) { return math::log1p(x); }, [](Wide<Real> x) { return std::log1p(x); });
}

TEMPLATE_TEST_CASE("tanh, sigmoid and softplus are within 2 ulp", "", float, double) {
  using Real = TestType;
  check<Real>(
      2, [](Real x) { return math::tanh(x); }, [](Wide<Real> x) { return std::tanh(x); });
  check<Real>(
      2, [](Real x) { return math::sigmoid(x); },
      [](Wide<Real> x) {
        const Wide<Real> e = std::exp(-std::abs(x));
        return (x < 0 ? e : 1) / (1 + e);
      });
  check<Real>(
      2, [](Real x) { return math::softplus(x); },
      [](Wide<Real> x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); });
}

TEMPLATE_TEST_CASE("sin and cos are within 2 ulp up to 1e5 and within [-1, 1] beyond", "", float, double) {
  using Real = TestType;
  check<Real>(
      2, [](Real x) { return math::sin(x); }, [](Wide<Real> x) { return std::sin(x); }, Real(1e5));
  check<Real>(
      2, [](Real x) { return math::cos(x); }, [](Wide<Real> x) { return std::cos(x); }, Real(1e5));
  for (const Real x : sample<Real>()) {
    if (!std::isfinite(x)) continue;
    if (!(std::abs(math::sin(x)) <= 1 && std::abs(math::cos(x)) <= 1)) FAIL("out of [-1, 1] at " << x);
  }
  CHECK(std::isnan(math::sin(infinity<Real>)));
}

TEMPLATE_TEST_CASE("The normal distribution is within 6 ulp down to the underflow of its lower tail", "", float,
                   double) {
  using Real = TestType;
  check<Real>(
      6, [](Real x) { return math::normal_distribution(x).cdf; },
      [](Wide<Real> x) {
        return static_cast<Wide<Real>>(std::erfc(-static_cast<long double>(x) / std::sqrt(2.0L)) / 2);
      });
  const auto normal = math::normal_distribution(Real(1));
  CHECK(ulps<Real>(normal.density, static_cast<Wide<Real>>(0.24197072451914334979783L)) <= 2);
}

TEMPLATE_TEST_CASE("The ends of the domains are what IEEE 754 wants", "", float, double) {
  using Real = TestType;
  constexpr Real inf = infinity<Real>;
  CHECK(math::exp(inf) == inf);
  CHECK(math::exp(-inf) == 0);
  CHECK(math::exp(Real(0)) == 1);
  CHECK(math::expm1(-inf) == -1);
  CHECK(math::log(Real(0)) == -inf);
  CHECK(math::log(-Real(0)) == -inf);
  CHECK(math::log(inf) == inf);
  CHECK(math::log(Real(1)) == 0);
  CHECK(std::isnan(math::log(Real(-1))));
  CHECK(math::log1p(Real(-1)) == -inf);
  CHECK(math::tanh(inf) == 1);
  CHECK(math::tanh(-inf) == -1);
  CHECK(math::sigmoid(-inf) == 0);
  CHECK(math::sigmoid(Real(0)) == Real(0.5));
  CHECK(math::softplus(inf) == inf);
  CHECK(math::cos(Real(0)) == 1);
  CHECK(math::normal_distribution(Real(0)).cdf == Real(0.5));
  CHECK(std::signbit(math::sin(-Real(0))));
  CHECK(std::signbit(math::tanh(-Real(0))));
  CHECK(std::signbit(math::expm1(-Real(0))));
  CHECK(std::signbit(math::log1p(-Real(0))));
  // The smallest results there are: e^-103.9 and e^-745.1 round to one subnormal unit.
  CHECK(math::exp(sizeof(Real) == 4 ? Real(-103.9) : Real(-745.1)) == Limits<Real>::denorm_min());
}
