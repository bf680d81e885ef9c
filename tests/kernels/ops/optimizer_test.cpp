// Every optimizer for three steps against numbers from PyTorch's formulas (worked out apart from this code in 50
// decimal digits), clipping and weight decay by hand, and the same bits from the scalar, lane and span forms.
#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/ops/optimizer.hpp>

#include "support/optimizer.hpp"

namespace {

using namespace sinter;
using Catch::Approx;

/// w starts at 1; rate 0.1, momentum, beta1 and rho 0.9, beta2 0.999, epsilon 1e-8, weight decay 0.01 where `decay`.
constexpr double gradients[] = {0.5, -0.25, 1.0};

struct Expected {
  Optimizer type;
  bool decay;
  double w[3];
};
constexpr Expected expected[] = {
    {Optimizer::sgd, true, {0.949, 0.973051, 0.872077949}},
    {Optimizer::sgd, false, {0.95, 0.975, 0.875}},
    {Optimizer::momentum, true, {0.949, 0.927151, 0.806559749}},
    {Optimizer::momentum, false, {0.95, 0.93, 0.812}},
    {Optimizer::nesterov, true, {0.9031, 0.90757411, 0.698189208191}},
    {Optimizer::nesterov, false, {0.905, 0.912, 0.7058}},
    {Optimizer::adagrad, true, {0.90000000196078422, 0.94272478968504403, 0.8554298402003353}},
    {Optimizer::adagrad, false, {0.900000002, 0.9447213607499958, 0.85743420541750359}},
    {Optimizer::rmsprop, true, {0.68377225359100402, 0.82577637282331307, 0.54401257455205521}},
    {Optimizer::rmsprop, false, {0.68377225398316077, 0.83121420144240632, 0.54935627930366859}},
    {Optimizer::adam, true, {0.90000000196078422, 0.87122934762317394, 0.80461433421738549}},
    {Optimizer::adam, false, {0.900000002, 0.87336629870784621, 0.80755513967708958}},
    {Optimizer::adamw, true, {0.899000002, 0.87146729870584616, 0.80478467237638374}},
    {Optimizer::adamw, false, {0.900000002, 0.87336629870784621, 0.80755513967708958}},
};

OptimizerSettings settings_of(Optimizer type) {
  OptimizerSettings settings;
  settings.type = type;
  settings.weight_decay = 0.01;
  return settings;
}

/// What one plain gradient step of rate 1 from w = 0 takes off: the gradient after scaling and clipping.
template <class Real>
Real gradient_used(OptimizerStep<Real> step, Real g) {
  Real w = 0, s0 = 0, s1 = 0;
  apply_optimizer(step, false, w, g, s0, s1);
  return -w;
}

}  // namespace

TEMPLATE_TEST_CASE("Three steps of every optimizer are PyTorch's, with and without weight decay", "", float, double) {
  using Real = TestType;
  for (const auto& [type, decay, want] : expected) {
    Real w = 1, s0 = 0, s1 = 0;
    for (int t = 1; t <= 3; ++t) {
      const auto step = test::optimizer_step<Real>(settings_of(type), 0.1, t);
      apply_optimizer(step, decay, w, static_cast<Real>(gradients[t - 1]), s0, s1);
      INFO(to_name(type) << (decay ? " with" : " without") << " decay, step " << t);
      CHECK(static_cast<double>(w) == Approx(want[t - 1]).epsilon(8 * std::numeric_limits<Real>::epsilon()));
    }
    INFO(to_name(type));
    CHECK((s0 != 0) == (optimizer_state_count(type) > 0));
    CHECK((s1 != 0) == (optimizer_state_count(type) > 1));
  }
}

TEST_CASE("Every optimizer of the list has its numbers above") {
  for (const auto& [type, name] : Names<Optimizer>::list) {
    int found = 0;
    for (const auto& row : expected) found += row.type == type ? 1 : 0;
    INFO(name);
    CHECK(found == 2);
  }
}

TEST_CASE("An optimizer keeps no, one or two values beside a parameter") {
  CHECK(optimizer_state_count(Optimizer::sgd) == 0);
  CHECK(optimizer_state_count(Optimizer::momentum) == 1);
  CHECK(optimizer_state_count(Optimizer::nesterov) == 1);
  CHECK(optimizer_state_count(Optimizer::adagrad) == 1);
  CHECK(optimizer_state_count(Optimizer::rmsprop) == 1);
  CHECK(optimizer_state_count(Optimizer::adam) == 2);
  CHECK(optimizer_state_count(Optimizer::adamw) == 2);
}

TEMPLATE_TEST_CASE("The gradient is scaled first and clipped by value then", "", float, double) {
  using Real = TestType;
  OptimizerSettings settings;
  auto step = test::optimizer_step<Real>(settings, 1.0, 1);
  CHECK(gradient_used<Real>(step, Real(1e30)) == Real(1e30));  // no clipping asked for
  settings.clip_value = 0.5;
  step = test::optimizer_step<Real>(settings, 1.0, 1);
  CHECK(gradient_used<Real>(step, Real(3)) == Real(0.5));
  CHECK(gradient_used<Real>(step, Real(-3)) == Real(-0.5));
  CHECK(gradient_used<Real>(step, Real(0.25)) == Real(0.25));
  step.gradient_scale = Real(0.125);
  CHECK(gradient_used<Real>(step, Real(3)) == Real(0.375));
  CHECK(gradient_used<Real>(step, Real(80)) == Real(0.5));
  CHECK(std::isnan(gradient_used<Real>(step, std::numeric_limits<Real>::quiet_NaN())));
}

TEST_CASE("Weight decay is not clipped with the gradient") {
  OptimizerSettings settings;
  settings.clip_value = 0.5;
  settings.weight_decay = 2;
  double w = 1, s0 = 0, s1 = 0;
  apply_optimizer(test::optimizer_step<double>(settings, 0.125, 1), true, w, 3.0, s0, s1);
  CHECK(w == 1 - 0.125 * (0.5 + 2));
}

TEST_CASE("The bias corrections of late steps are one") {
  const auto step = test::optimizer_step<double>(settings_of(Optimizer::adam), 0.1, 1'000'000'000);
  CHECK(step.corrected_rate == 0.1);
  CHECK(step.root_correction == 1.0);
}

TEMPLATE_TEST_CASE("The scalar, lane and span forms of an optimizer give the same bits", "", float, double) {
  using Real = TestType;
  for (const auto& [type, name] : Names<Optimizer>::list) {
    for (const bool decay : {true, false}) {
      INFO(name << (decay ? " with" : " without") << " decay");
      constexpr int count = 37;
      Real g[count], w[3][count], s0[3][count], s1[3][count];
      for (int i = 0; i < count; ++i) {
        g[i] = Real(0.37) * static_cast<Real>(i - 11);
        for (int form = 0; form < 3; ++form) {
          w[form][i] = Real(1.1) - static_cast<Real>(i) / 7;
          s0[form][i] = static_cast<Real>(i) / 31;
          s1[form][i] = static_cast<Real>(i) / 17;
        }
      }
      auto settings = settings_of(type);
      settings.clip_value = 3;
      const auto step = test::optimizer_step<Real>(settings, 0.01, 7);
      for (int i = 0; i < count; ++i) apply_optimizer(step, decay, w[0][i], g[i], s0[0][i], s1[0][i]);
      apply_optimizer_lanes(step, decay, w[1], g, s0[1], s1[1]);
      const int states = optimizer_state_count(type);
      apply_optimizer_span(step, decay, w[2], g, states > 0 ? s0[2] : nullptr, states > 1 ? s1[2] : nullptr, count);
      for (int form = 1; form < 3; ++form) {
        CHECK(std::memcmp(w[0], w[form], sizeof(g)) == 0);
        CHECK(std::memcmp(s0[0], s0[form], sizeof(g)) == 0);
        CHECK(std::memcmp(s1[0], s1[form], sizeof(g)) == 0);
      }
    }
  }
}
