// Every activation of the list: its value against the oracle, its derivative against finite differences, and the same
// bits from the scalar, lane and span forms, and from those in which hosts and their tiles apply it.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/ops/host_lanes.hpp>
#include <sinter/kernels/reference/activations.hpp>
#include <sinter/kernels/tile/epilogue.hpp>

namespace {

using namespace sinter;

constexpr double alpha = 0.25;  // exact in float

std::vector<double> grid() {
  std::vector<double> points;
  for (int i = -200; i <= 200; ++i) points.push_back(i / 16.0 + 1.0 / 128.0);  // exact in float, never 0
  return points;
}

template <class Real>
Real input_of_derivative(Activation kind, Real z) {
  return derivative_from_input(kind) ? z : activate(kind, Real(alpha), z);
}

template <class Real>
bool same_bits(const Real* a, const Real* b, std::size_t count) {
  return std::memcmp(a, b, count * sizeof(Real)) == 0;
}

/// Alone, out of every loop that a compiler could vectorise.
template <class Real>
[[gnu::noinline]] Real value(Activation kind, Real z) {
  return activate(kind, Real(alpha), z);
}
template <class Real>
[[gnu::noinline]] Real slope(Activation kind, Real v) {
  return activation_derivative(kind, Real(alpha), v);
}

/// An activation and its derivative at many points, one after the other; ends of the domains among them.
template <class Real>
struct Scalars {
  using Limits = std::numeric_limits<Real>;
  std::vector<Real> z, a, v, d, product;

  explicit Scalars(Activation kind)
      : z{Real(0),          -Real(0),      Limits::infinity(),    -Limits::infinity(), Limits::max(),
          Limits::lowest(), Limits::min(), -Limits::denorm_min(), Limits::epsilon(),   Limits::quiet_NaN()} {
    for (int i = -100; i <= 100; ++i) z.push_back(Real(0.125) * static_cast<Real>(i));
    for (int i = -30; i <= 30; ++i) z.push_back(Real(25) * static_cast<Real>(i));
    for (const Real at : z) {
      a.push_back(value(kind, at));
      v.push_back(derivative_from_input(kind) ? at : a.back());
      d.push_back(Real(0.3) * static_cast<Real>(d.size() % 17) - Real(2.2));
      product.push_back(d.back() * slope(kind, v.back()));
    }
  }
};

/// The same bits; of NaN, sign and payload are the machine's.
template <class Real>
bool same(Real x, Real y) {
  return (std::isnan(x) && std::isnan(y)) || same_bits(&x, &y, 1);
}

/// Is row r of `out` [rows, ld] what row r of `want`, `pitch` apart, begins with, and untouched from `count` on?
template <class Real>
bool holds(const std::vector<Real>& out, std::int64_t ld, int rows, int count, const Real* want, int pitch,
           Real untouched) {
  for (int r = 0; r < rows; ++r) {
    for (std::int64_t l = 0; l < ld; ++l) {
      if (!same(out[static_cast<std::size_t>(r * ld + l)], l < count ? want[r * pitch + l] : untouched)) return false;
    }
  }
  return true;
}

/// The epilogues of a host's tiles on blocks [rows, Pitch] of every size: their rows lie `Pitch` apart in the scalars, and
/// further in what is written.
template <int Pitch, class Real>
void check_epilogues(Activation kind, const Scalars<Real>& scalars) {
  constexpr int most = 8;
  constexpr std::int64_t ld = Pitch + 3;
  constexpr Real untouched = 77;
  for (int rows = 1; rows <= most; ++rows) {
    for (int count = 1; count <= Pitch; ++count) {
      INFO(rows << " x " << count << " of " << Pitch);
      alignas(64) Real block[most * Pitch];
      const std::vector<Real> blank(static_cast<std::size_t>(rows * ld), untouched);
      for (const bool keeps_z : {false, true}) {
        auto out = blank, Z = blank;
        std::copy_n(scalars.z.begin(), rows * Pitch, block);
        tile::Activate<Real>{out.data(), keeps_z ? Z.data() : nullptr, ld, kind, Real(alpha)}.template block<Pitch>(
            0, 0, rows, count, block);
        if (!holds(out, ld, rows, count, scalars.a.data(), Pitch, untouched)) FAIL_CHECK("f(C)");
        if (keeps_z && !holds(Z, ld, rows, count, scalars.z.data(), Pitch, untouched)) FAIL_CHECK("C");
      }
      auto out = blank, v = blank;
      for (int r = 0; r < rows; ++r) std::copy_n(scalars.v.begin() + r * Pitch, count, v.begin() + r * ld);
      std::copy_n(scalars.d.begin(), rows * Pitch, block);
      tile::TimesDerivative<Real>{out.data(), v.data(), ld, kind, Real(alpha)}.template block<Pitch>(0, 0, rows, count,
                                                                                                     block);
      if (!holds(out, ld, rows, count, scalars.product.data(), Pitch, untouched)) FAIL_CHECK("C f'(v)");
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("Every activation has the oracle's values", "", float, double) {
  using Real = TestType;
  for (const auto& [kind, name] : Names<Activation>::list) {
    for (const double z : grid()) {
      const double got = static_cast<double>(activate(kind, Real(alpha), static_cast<Real>(z)));
      const double want = reference::activate(kind, alpha, z);
      INFO(name << "(" << z << ")");
      // A few ulp for the function and the product; the oracle's elu subtracts 1, which costs it half an ulp of 1.
      CHECK(std::abs(got - want) <= 10 * std::numeric_limits<Real>::epsilon() * std::abs(want) + 1e-16);
    }
  }
}

TEMPLATE_TEST_CASE("Every activation's derivative is that of finite differences", "", float, double) {
  using Real = TestType;
  constexpr double h = 1e-5;  // error of the difference: h^2 / 6 f''' + 1e-16 |f| / h, below 1e-9
  for (const auto& [kind, name] : Names<Activation>::list) {
    for (const double z : grid()) {
      const double want = (activate(kind, alpha, z + h) - activate(kind, alpha, z - h)) / (2 * h);
      const Real got = activation_derivative(kind, Real(alpha), input_of_derivative(kind, static_cast<Real>(z)));
      INFO(name << "'(" << z << ")");
      CHECK(std::abs(static_cast<double>(got) - want) <= 8 * std::numeric_limits<Real>::epsilon() + 1e-9);
    }
  }
}

TEMPLATE_TEST_CASE("The scalar, lane and span forms of an activation give the same bits", "", float, double) {
  using Real = TestType;
  for (const auto& [kind, name] : Names<Activation>::list) {
    INFO(name);
    constexpr int count = 37;  // no multiple of any vector's length
    Real z[count], v[count], one[count], lanes[count], span[count];
    for (int i = 0; i < count; ++i) {
      z[i] = Real(0.31) * static_cast<Real>(i - 17);
      one[i] = activate(kind, Real(alpha), z[i]);
      lanes[i] = z[i];
    }
    activate_lanes(kind, Real(alpha), lanes);
    activate_span(kind, Real(alpha), z, span, count);
    CHECK(same_bits(one, lanes, count));
    CHECK(same_bits(one, span, count));
    activate_span(kind, Real(alpha), z, z, 0);  // no element is a legal count
    Real in_place[count];
    std::memcpy(in_place, z, sizeof(z));
    activate_span(kind, Real(alpha), in_place, in_place, count);
    CHECK(same_bits(one, in_place, count));

    for (int i = 0; i < count; ++i) {
      v[i] = derivative_from_input(kind) ? z[i] : one[i];
      lanes[i] = span[i] = Real(1.7);
      one[i] = Real(1.7) * activation_derivative(kind, Real(alpha), v[i]);
    }
    multiply_by_derivative_lanes(kind, Real(alpha), v, lanes);
    multiply_by_derivative_span(kind, Real(alpha), v, span, count);
    CHECK(same_bits(one, lanes, count));
    CHECK(same_bits(one, span, count));
  }
}

TEMPLATE_TEST_CASE("A host's vectors with the lanes that are left give the bits of the scalar form", "", float,
                   double) {
  using Real = TestType;
  constexpr Real untouched = 77;
  for (const auto& [kind, name] : Names<Activation>::list) {
    const Scalars<Real> scalars(kind);
    const auto points = static_cast<int>(scalars.z.size());
    for (int count = 0; count <= points; ++count) {
      const int first = (points - count) / 3;  // so that each point is in a vector as well as left over
      INFO(name << ", " << count << " from " << first << " on");
      std::vector<Real> out(static_cast<std::size_t>(count) + 5, untouched), d = out;
      const auto ld = static_cast<std::int64_t>(out.size());
      host::activate(kind, Real(alpha), scalars.z.data() + first, out.data(), count);
      if (!holds(out, ld, 1, count, scalars.a.data() + first, 0, untouched)) FAIL_CHECK("f(z)");
      std::copy_n(scalars.z.begin() + first, count, out.begin());
      host::activate(kind, Real(alpha), out.data(), out.data(), count);
      if (!holds(out, ld, 1, count, scalars.a.data() + first, 0, untouched)) FAIL_CHECK("f(z) in place");
      std::copy_n(scalars.d.begin() + first, count, d.begin());
      host::multiply_by_derivative(kind, Real(alpha), scalars.v.data() + first, d.data(), count);
      if (!holds(d, ld, 1, count, scalars.product.data() + first, 0, untouched)) FAIL_CHECK("d f'(v)");
    }
  }
  SUCCEED();
}

TEMPLATE_TEST_CASE("The epilogues of a host's tiles give the bits of the scalar form", "", float, double) {
  using Real = TestType;
  for (const auto& [kind, name] : Names<Activation>::list) {
    INFO(name);
    const Scalars<Real> scalars(kind);
    check_epilogues<Vec<Real>::width>(kind, scalars);
    check_epilogues<2 * Vec<Real>::width>(kind, scalars);
  }
  SUCCEED();
}

TEMPLATE_TEST_CASE("NaN goes through every activation", "", float, double) {
  using Real = TestType;
  for (const auto& [kind, name] : Names<Activation>::list) {
    INFO(name);
    CHECK(std::isnan(activate(kind, Real(alpha), std::numeric_limits<Real>::quiet_NaN())));
  }
}

TEST_CASE("Rectifiers have the derivative of their left side at zero") {
  CHECK(activation_derivative(Activation::relu, 0.0, 0.0) == 0.0);
  CHECK(activation_derivative(Activation::leaky_relu, 0.01, 0.0) == 0.01);
  CHECK(activation_derivative(Activation::elu, 0.5, 0.0) == 0.5);
}

TEST_CASE("Softmax counts as identity element by element") {
  CHECK(activate(Activation::softmax, 0.0, -3.5) == -3.5);
  CHECK(activation_derivative(Activation::softmax, 0.0, -3.5) == 1.0);
  CHECK_FALSE(derivative_from_input(Activation::softmax));
}

TEST_CASE("Only gelu, silu and sin want the pre-activation for their derivative") {
  std::string wanting;
  for (const auto& [kind, name] : Names<Activation>::list) {
    if (derivative_from_input(kind)) wanting += std::string(name) + " ";
  }
  CHECK(wanting == "gelu silu sin ");
}

TEST_CASE("gelu is the exact one") {
  CHECK(activate(Activation::gelu, 0.0, 1.0) == Catch::Approx(0.84134474606854293).epsilon(1e-15));
  CHECK(activate(Activation::gelu, 0.0, -10.0) == Catch::Approx(-7.6198530241605260660e-23).epsilon(1e-14));
}
