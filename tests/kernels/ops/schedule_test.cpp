// Learning-rate schedules in closed form, and the constants of a step.
#include <cmath>
#include <cstring>
#include <numbers>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/ops/schedule.hpp>

using namespace sinter;
using Catch::Approx;

namespace {

ScheduleSpec schedule(Schedule type) {
  ScheduleSpec spec;
  spec.type = type;
  return spec;
}

}  // namespace

TEST_CASE("the constant schedule keeps the learning rate") {
  for (const std::int64_t t : {0, 1, 99}) CHECK(learning_rate_at(schedule(Schedule::constant), 0.3, t, 100) == 0.3);
}

TEST_CASE("the cosine schedule falls from the learning rate to its minimum along half a cosine") {
  auto cosine = schedule(Schedule::cosine);
  CHECK(cosine.min_learning_rate == 1e-6);
  cosine.min_learning_rate = 0.1;
  CHECK(learning_rate_at(cosine, 0.5, 0, 100) == 0.5);
  CHECK(learning_rate_at(cosine, 0.5, 50, 100) == Approx(0.3));
  CHECK(learning_rate_at(cosine, 0.5, 25, 100) == Approx(0.1 + 0.4 * (1 + std::sqrt(0.5)) / 2));
  CHECK(learning_rate_at(cosine, 0.5, 99, 100) == Approx(0.1 + 0.2 * (1 + std::cos(std::numbers::pi * 0.99))));
  CHECK(learning_rate_at(cosine, 0.5, 100, 100) == Approx(0.1));
  CHECK(learning_rate_at(cosine, 0.5, 150, 100) == Approx(0.1));  // and stays there
}

TEST_CASE("the exponential schedule multiplies by gamma each unit, the step schedule each step_size units") {
  auto exponential = schedule(Schedule::exponential);
  exponential.gamma = 0.5;
  CHECK(learning_rate_at(exponential, 8, 0, 10) == 8);
  CHECK(learning_rate_at(exponential, 8, 3, 10) == 1);
  auto step = schedule(Schedule::step);
  step.gamma = 0.1;
  step.step_size = 4;
  CHECK(learning_rate_at(step, 1, 3, 100) == 1);
  CHECK(learning_rate_at(step, 1, 4, 100) == Approx(0.1));
  CHECK(learning_rate_at(step, 1, 11, 100) == Approx(0.01));
}

TEST_CASE("a warm-up rises linearly, and the schedule proper begins after it") {
  auto cosine = schedule(Schedule::cosine);
  cosine.warmup = 4;
  cosine.min_learning_rate = 0;
  CHECK(learning_rate_at(cosine, 1, 0, 12) == 0.25);
  CHECK(learning_rate_at(cosine, 1, 3, 12) == 1);
  CHECK(learning_rate_at(cosine, 1, 4, 12) == 1);
  CHECK(learning_rate_at(cosine, 1, 8, 12) == Approx(0.5));
  CHECK(learning_rate_at(cosine, 1, 12, 12) == Approx(0).margin(1e-15));
  cosine.warmup = 12;  // nothing is left for the schedule
  CHECK(learning_rate_at(cosine, 1, 11, 12) == 1);
}

TEST_CASE("a schedule by epochs holds its rate for an epoch, one by steps changes it with every step") {
  OptimizerSchedule by_epoch{{}, schedule(Schedule::exponential), 5, 10};
  by_epoch.optimizer.learning_rate = 8;
  by_epoch.schedule.gamma = 0.5;
  CHECK(by_epoch.units() == 5);
  CHECK(by_epoch.learning_rate(9) == 8);
  CHECK(by_epoch.learning_rate(10) == 4);
  OptimizerSchedule by_step = by_epoch;
  by_step.schedule.unit = ScheduleUnit::step;
  CHECK(by_step.units() == 50);
  CHECK(by_step.learning_rate(3) == 1);
}

TEMPLATE_TEST_CASE("the constants of steps are the same bits alone and many at once", "", float, double) {
  for (const auto& [type, name] : names_of<Schedule>()) {
    OptimizerSchedule from{{}, schedule(type), 40, 3};
    from.schedule.unit = ScheduleUnit::step;
    from.schedule.warmup = 7;
    from.schedule.step_size = 4;
    INFO(name);
    constexpr int count = 64;
    StepRates<TestType> many[count];
    step_rates(from, 1, many);
    for (int l = 0; l < count; ++l) {
      StepRates<TestType> one[1];
      step_rates(from, 1 + l, one);
      CHECK(std::memcmp(&one[0], &many[l], sizeof(one[0])) == 0);
      const double t = l + 2;
      const double rate = from.learning_rate(1 + l);
      CHECK(static_cast<double>(one[0].corrected_rate) ==
            Approx(rate / (1 - std::pow(from.optimizer.beta1, t))).epsilon(1e-6));
      CHECK(static_cast<double>(one[0].root_correction) ==
            Approx(1 / std::sqrt(1 - std::pow(from.optimizer.beta2, t))).epsilon(1e-6));
    }
  }
}
