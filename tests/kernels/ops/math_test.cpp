// Accuracy of Sinter's own elementary functions in units in the last place (ulp) of the true value, which a wider
// type's libm gives: double for float, long double for double. Float is sampled over all bit patterns, double over bit
// patterns and ranges. Each function runs over its whole sample in one launch of each tested space, in the loop that kernels
// have: whole vectors on a host, an element a thread on a device.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/classic/elementwise.hpp>
#include <sinter/kernels/ops/math.hpp>

#include "support/spaces.hpp"
#include "support/tensors.hpp"

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

// Each function with its definition.
namespace functions {

#define SINTER_TESTED_FUNCTION(Name, expression, definition) \
  struct Name {                                              \
    template <class Real>                                    \
    KOKKOS_FORCEINLINE_FUNCTION static Real value(Real x) {  \
      return expression;                                     \
    }                                                        \
    template <class T>                                       \
    static T reference(T x) {                                \
      return definition;                                     \
    }                                                        \
  };

SINTER_TESTED_FUNCTION(Exp, math::exp(x), std::exp(x))
SINTER_TESTED_FUNCTION(Expm1, math::expm1(x), std::expm1(x))
SINTER_TESTED_FUNCTION(Log, math::log(x), std::log(x))
SINTER_TESTED_FUNCTION(Log1p, math::log1p(x), std::log1p(x))
SINTER_TESTED_FUNCTION(Tanh, math::tanh(x), std::tanh(x))
SINTER_TESTED_FUNCTION(Sigmoid, math::sigmoid(x), std::exp(x < 0 ? x : 0) / (1 + std::exp(-std::abs(x))))
SINTER_TESTED_FUNCTION(Softplus, math::softplus(x), (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))))
SINTER_TESTED_FUNCTION(Sin, math::sin(x), std::sin(x))
SINTER_TESTED_FUNCTION(Cos, math::cos(x), std::cos(x))
SINTER_TESTED_FUNCTION(NormalCdf, math::normal_distribution(x).cdf,
                       static_cast<T>(std::erfc(-static_cast<long double>(x) / std::sqrt(2.0L)) / 2))
#undef SINTER_TESTED_FUNCTION

}  // namespace functions

template <Space S, class Real, class Function>
struct Apply {
  const Real* x;
  Real* y;
  std::int64_t count;
  KOKKOS_INLINE_FUNCTION void operator()(const std::int64_t index) const {
    const classic::detail::Span span = classic::detail::span_of<S>(index, count);
    const Real* const from = x + span.begin;
    Real* const to = y + span.begin;
    SINTER_SIMD
    for (std::int64_t i = 0; i < span.length; ++i) to[i] = Function::value(from[i]);
  }
};

/// Points in the memory of a space, and functions of them.
template <class Pair>
class Points {
 public:
  using S = typename Pair::Space;
  using Real = typename Pair::Real;

  explicit Points(const std::vector<Real>& points)
      : points_(points),
        x_(test::vector<S, Real>(exec_, points)),
        y_(make_vector<S, Real>(exec_, "test::y", static_cast<std::int64_t>(points.size()))) {}

  /// The values of a function at the points, by one launch; until the next call.
  template <class Function>
  const Real* values() {
    static LaunchLabel label("test::elementary_function");
    const auto count = static_cast<std::int64_t>(points_.size());
    launch(label, classic::detail::spans<S>(exec_, count),
           Apply<S, Real, Function>{x_.data(), y_.tensor().data(), count});
    y_.pull(exec_);
    return y_.host().data();
  }

  template <class Function>
  void check(double limit, Real range = infinity<Real>) {
    const Real* const y = values<Function>();
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (std::abs(points_[i]) > range) continue;
      const double error = ulps<Real>(y[i], Function::reference(static_cast<Wide<Real>>(points_[i])));
      if (error > worst) {
        worst = error;
        at = i;
      }
    }
    INFO("worst at " << points_[at] << ": got " << y[at] << ", should be "
                     << Function::reference(static_cast<Wide<Real>>(points_[at])));
    CHECK(worst <= limit);
    CHECK(worst > 0.4);  // the comparison compares: no function here is exact
  }

 private:
  const typename S::Execution exec_;
  const std::vector<Real>& points_;
  Vector<S, Real> x_;
  HostMirror<Vector<S, Real>> y_;
};

/// Functions whose values at some points are known exactly: pairs of point and value.
template <class Pair, class Function>
void check_exact(const std::vector<std::pair<typename Pair::Real, typename Pair::Real>>& known) {
  using Real = typename Pair::Real;
  std::vector<Real> x;
  for (const auto& pair : known) x.push_back(pair.first);
  Points<Pair> points(x);
  const Real* const y = points.template values<Function>();
  for (std::size_t i = 0; i < known.size(); ++i) {
    INFO("at " << x[i] << ": got " << y[i] << ", should be " << known[i].second);
    CHECK(ulps<Real>(y[i], static_cast<Wide<Real>>(known[i].second)) == 0);
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("exp and expm1 are within 2 ulp, underflow included", "", test::Pairs) {
  Points<TestType> points(sample<typename TestType::Real>());
  points.template check<functions::Exp>(2);
  points.template check<functions::Expm1>(2);
}

TEMPLATE_LIST_TEST_CASE("log and log1p are within 2 ulp, subnormals included", "", test::Pairs) {
  Points<TestType> points(sample<typename TestType::Real>());
  points.template check<functions::Log>(2);
  points.template check<functions::Log1p>(2);
}

TEMPLATE_LIST_TEST_CASE("tanh, sigmoid and softplus are within 2 ulp", "", test::Pairs) {
  Points<TestType> points(sample<typename TestType::Real>());
  points.template check<functions::Tanh>(2);
  points.template check<functions::Sigmoid>(2);
  points.template check<functions::Softplus>(2);
}

TEMPLATE_LIST_TEST_CASE("sin and cos are within 2 ulp up to 1e5 and within [-1, 1] beyond", "", test::Pairs) {
  using Real = typename TestType::Real;
  const auto& x = sample<Real>();
  Points<TestType> points(x);
  const auto bounded = [&x](const Real* y) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::isfinite(x[i]) && !(std::abs(y[i]) <= 1)) FAIL("out of [-1, 1] at " << x[i]);
    }
  };
  points.template check<functions::Sin>(2, Real(1e5));
  bounded(points.template values<functions::Sin>());
  points.template check<functions::Cos>(2, Real(1e5));
  bounded(points.template values<functions::Cos>());
}

TEMPLATE_LIST_TEST_CASE("The normal distribution is within 6 ulp down to the underflow of its lower tail", "",
                        test::Pairs) {
  using Real = typename TestType::Real;
  Points<TestType>(sample<Real>()).template check<functions::NormalCdf>(6);
  const auto normal = math::normal_distribution(Real(1));
  CHECK(ulps<Real>(normal.density, static_cast<Wide<Real>>(0.24197072451914334979783L)) <= 2);
}

TEMPLATE_LIST_TEST_CASE("The ends of the domains are what IEEE 754 wants", "", test::Pairs) {
  using Real = typename TestType::Real;
  constexpr Real inf = infinity<Real>, nan = Limits<Real>::quiet_NaN(), zero = 0;
  // The smallest results there are: e^-103.9 and e^-745.1 round to one subnormal unit.
  check_exact<TestType, functions::Exp>(
      {{inf, inf},
       {-inf, zero},
       {zero, Real(1)},
       {sizeof(Real) == 4 ? Real(-103.9) : Real(-745.1), Limits<Real>::denorm_min()}});
  check_exact<TestType, functions::Expm1>({{-inf, Real(-1)}, {-zero, -zero}});
  check_exact<TestType, functions::Log>({{zero, -inf}, {-zero, -inf}, {inf, inf}, {Real(1), zero}, {Real(-1), nan}});
  check_exact<TestType, functions::Log1p>({{Real(-1), -inf}, {-zero, -zero}});
  check_exact<TestType, functions::Tanh>({{inf, Real(1)}, {-inf, Real(-1)}, {-zero, -zero}});
  check_exact<TestType, functions::Sigmoid>({{-inf, zero}, {zero, Real(0.5)}});
  check_exact<TestType, functions::Softplus>({{inf, inf}});
  check_exact<TestType, functions::Sin>({{inf, nan}, {-zero, -zero}});
  check_exact<TestType, functions::Cos>({{zero, Real(1)}});
  check_exact<TestType, functions::NormalCdf>({{zero, Real(0.5)}});
}
