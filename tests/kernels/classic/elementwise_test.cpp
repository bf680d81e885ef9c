// The element-wise launches of level `none`: the bits of their definitions, one launch each.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/classic/elementwise.hpp>

#include "support/contract.hpp"
#include "support/optimizer.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

template <class Real>
std::vector<Real> noise_of(std::size_t count, unsigned seed) {
  const auto values = test::noise(count, seed);
  return {values.begin(), values.end()};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("gather brings rows into batch order", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    const auto host = noise_of<Real>(203 * 3, 1);
    const auto data = test::vector<S, Real>(exec, host);
    const BatchOrder order{203, 65, 2, 3, 2, 9, true};  // the last, smaller batch
    const auto out = make_vector<S, Real>(exec, "out", order.rows() * 3);
    CHECK(test::account_of([&] { classic::gather<S>(exec, data.data(), out.data(), 3, order); }) == test::one_launch);
    std::vector<Real> expected;
    for (std::int64_t r = 0; r < order.rows(); ++r) {
      for (std::int64_t j = 0; j < 3; ++j) expected.push_back(host[static_cast<std::size_t>(order.row(r) * 3 + j)]);
    }
    CHECK(test::values(exec, out) == expected);
  }
}

TEMPLATE_LIST_TEST_CASE("bias, activation and derivative act on each element", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    constexpr std::int64_t rows = 901, columns = 5, count = rows * columns;  // spans end within rows
    const auto z = noise_of<Real>(count, 1), b = noise_of<Real>(columns, 2), d = noise_of<Real>(count, 3);
    const auto Z = test::vector<S, Real>(exec, z), bias = test::vector<S, Real>(exec, b),
               dZ = test::vector<S, Real>(exec, d);
    const auto A = make_vector<S, Real>(exec, "A", count);
    std::vector<Real> sum, activated, product;
    for (std::size_t i = 0; i < z.size(); ++i) {
      sum.push_back(z[i] + b[i % columns]);
      activated.push_back(activate(Activation::elu, Real(0.5), sum[i]));
      product.push_back(d[i] * activation_derivative(Activation::elu, Real(0.5), activated[i]));
    }
    CHECK(test::account_of([&] { classic::add_bias<S>(exec, Z.data(), bias.data(), rows, columns); }) ==
          test::one_launch);
    CHECK(test::account_of([&] {
            classic::apply_activation<S>(exec, Z.data(), A.data(), count, Activation::elu, Real(0.5));
          }) == test::one_launch);
    CHECK(test::account_of([&] {
            classic::multiply_by_derivative<S>(exec, A.data(), dZ.data(), count, Activation::elu, Real(0.5));
          }) == test::one_launch);
    CHECK(test::values(exec, Z) == sum);
    CHECK(test::values(exec, A) == activated);
    CHECK(test::values(exec, dZ) == product);
  }
}

TEMPLATE_LIST_TEST_CASE("column sums run in chunks, squared norms in blocks of 4096", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    const auto g = noise_of<Real>(9001, 4);
    const auto G = test::vector<S, Real>(exec, g);
    const BatchOrder order{129, 129, 4};
    const auto columns = make_vector<S, Real>(exec, "columns", 7);
    const auto partial = make_vector<S, Real>(exec, "partial", order.chunks * 7);
    const auto counter = test::vector<S, int>(exec, std::vector<int>(1, 0));
    const auto norms = make_vector<S, double>(exec, "norms", 3);
    CHECK(test::steady_account([&] {  // twice: the counter is ready again
            classic::sum_rows<S>(exec, G.data(), columns.data(), partial.data(), counter.data(), 7, order);
          }) == test::one_launch);
    CHECK(test::account_of([&] { classic::square_norms<S>(exec, G.data(), 9001, norms.data()); }) == test::one_launch);
    std::vector<Real> chunk(4 * 7, Real(0)), sums;
    for (std::int64_t r = 0; r < 129; ++r) {
      for (std::int64_t j = 0; j < 7; ++j) {
        chunk[static_cast<std::size_t>(order.chunk_of(r) * 7 + j)] += g[static_cast<std::size_t>(r * 7 + j)];
      }
    }
    for (std::size_t j = 0; j < 7; ++j) sums.push_back((chunk[j] + chunk[7 + j]) + (chunk[14 + j] + chunk[21 + j]));
    std::vector<double> squares(3, 0);
    for (std::size_t i = 0; i < g.size(); ++i)
      squares[i / 4096] += static_cast<double>(g[i]) * static_cast<double>(g[i]);
    CHECK(test::values(exec, columns) == sums);
    CHECK(test::values(exec, norms) == squares);
  }
}

TEMPLATE_LIST_TEST_CASE("the update is the optimizer's on every parameter", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  for (const auto& [type, name] : names_of<Optimizer>()) {
    OptimizerSettings settings;
    settings.type = type;
    settings.weight_decay = 0.1;
    const auto step = test::optimizer_step<Real>(settings, 0.05, 2);
    constexpr std::int64_t count = 2131;  // more than a span
    auto w = noise_of<Real>(count, 1), g = noise_of<Real>(count, 2), s0 = std::vector<Real>(count, Real(0.25)),
         s1 = std::vector<Real>(count, Real(0.5));
    const auto W = test::vector<S, Real>(exec, w), G = test::vector<S, Real>(exec, g),
               S0 = test::vector<S, Real>(exec, s0), S1 = test::vector<S, Real>(exec, s1);
    CHECK(test::account_of([&] {
            classic::update<S>(exec, step, true, W.data(), G.data(), S0.data(), S1.data(), count);
          }) == test::one_launch);
    for (std::size_t i = 0; i < w.size(); ++i) apply_optimizer(step, true, w[i], g[i], s0[i], s1[i]);
    INFO(name);
    CHECK(test::values(exec, W) == w);
    CHECK(test::values(exec, S0) == s0);
    CHECK(test::values(exec, S1) == s1);
  }
}
