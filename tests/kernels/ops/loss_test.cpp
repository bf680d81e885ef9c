// Every loss with every output activation: value against the oracle, gradient against finite differences of the loss
// itself; the pairs that are fused on the logits also where a probability is 0 or 1 in the last bit.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/ops/loss.hpp>
#include <sinter/kernels/reference/losses.hpp>

namespace {

using namespace sinter;
using Catch::Approx;

constexpr double alpha = 0.25;
constexpr int widths[] = {1, 2, 5, 16, 17, 33};  // one lane, below, at and above a vector's length

struct Row {
  std::vector<double> z, t;
};

/// Pre-activations whose outputs lie in (0, 1) for every activation, so that the cross entropies have a logarithm; all
/// exact in float.
Row make_row(int outputs) {
  Row row;
  for (int j = 0; j < outputs; ++j) {
    row.z.push_back(0.125 + (j * 7 % 20) / 64.0);
    row.t.push_back(0.015625 + (j * 11 % 16) / 17.0 * 0.953125);
    row.t.back() = std::round(row.t.back() * 1024) / 1024;
  }
  return row;
}

template <class Real>
std::vector<Real> cast(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

template <class Real>
double row_loss_of(const LossArgs<Real>& args, Activation output, const std::vector<double>& z,
                   const std::vector<double>& t, Real* dz = nullptr) {
  const auto Z = cast<Real>(z), T = cast<Real>(t);
  return row_loss(args, output, Real(alpha), Z.data(), T.data(), static_cast<int>(z.size()), dz);
}

/// Visits f(settings, loss name, activation, activation name, row) for every pair and width.
template <class Function>
void for_every_pair(Function f) {
  for (const auto& [loss, loss_name] : Names<Loss>::list) {
    for (const auto& [activation, activation_name] : Names<Activation>::list) {
      for (const int outputs : widths) {
        // One class has probability 1, where -log(1 - a) has no derivative.
        if (activation == Activation::softmax && loss == Loss::binary_cross_entropy && outputs == 1) continue;
        INFO(loss_name << " with " << activation_name << ", " << outputs << " outputs");
        f(LossSettings{loss, 0.25}, activation, make_row(outputs));
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("Every loss with every output activation has the oracle's value and gradient", "", float, double) {
  using Real = TestType;
  for_every_pair([](const LossSettings& settings, Activation activation, const Row& row) {
    const auto outputs = static_cast<int>(row.z.size());
    const auto args = make_loss_args<Real>(settings, 1, outputs);
    std::vector<Real> dz(row.z.size());
    const double got = row_loss_of(args, activation, row.z, row.t, dz.data());
    const double want = reference::row_loss(settings, activation, alpha, row.z, row.t);
    const double eps = std::numeric_limits<Real>::epsilon();
    CHECK(std::abs(got - want) <= 16 * eps * (outputs + std::abs(want)));
    const auto gradient = reference::row_gradient(settings, activation, alpha, row.z, row.t);
    for (std::size_t j = 0; j < dz.size(); ++j) {
      // The largest |dloss/da| here is that of -t log a, 1 / a <= 33; sums over the outputs enter softmax.
      CHECK(std::abs(static_cast<double>(dz[j] / args.scale) - gradient[j]) <= 16 * eps * (33 + std::abs(gradient[j])));
    }
  });
}

TEST_CASE("Every loss's gradient with every output activation is that of finite differences") {
  constexpr double h = 1e-6;
  for_every_pair([](const LossSettings& settings, Activation activation, const Row& row) {
    const auto args = make_loss_args<double>(settings, 3, static_cast<std::int64_t>(row.z.size()));
    std::vector<double> dz(row.z.size());
    row_loss_of(args, activation, row.z, row.t, dz.data());
    for (std::size_t j = 0; j < dz.size(); ++j) {
      auto up = row.z, down = row.z;
      up[j] += h;
      down[j] -= h;
      const double slope = (row_loss_of(args, activation, up, row.t) - row_loss_of(args, activation, down, row.t)) /
                           (2 * h);
      CHECK(std::abs(dz[j] / args.scale - slope) <= 1e-7 * (1 + std::abs(slope)));  // h^2 f''' and 1e-16 |loss| / h
    }
  });
}

TEMPLATE_TEST_CASE("A row's loss and gradient by hand: mse, mae and huber of outputs 1 and -2 against 0 and 2", "",
                   float, double) {
  using Real = TestType;
  const std::vector<double> z{1, -2}, t{0, 2};
  Real dz[2];
  const auto check = [&](LossSettings settings, double loss, double first, double second) {
    CHECK(row_loss_of(make_loss_args<Real>(settings, 4, 2), Activation::identity, z, t, dz) == loss);
    CHECK(dz[0] == Real(first / 8));  // 4 rows of 2 outputs
    CHECK(dz[1] == Real(second / 8));
  };
  check({Loss::mse}, 17, 2, -8);
  check({Loss::mae}, 5, 1, -1);
  check({Loss::huber, 2.0}, 0.5 + 2 * (4 - 1), 1, -2);
}

TEST_CASE("The derivative of mae is zero where output and target are equal") {
  double dz[1] = {7};
  CHECK(row_loss_of(make_loss_args<double>({Loss::mae}, 1, 1), Activation::identity, {3}, {3}, dz) == 0);
  CHECK(dz[0] == 0);
}

TEST_CASE("cross_entropy is a mean over rows, the others over rows and outputs") {
  CHECK(loss_terms(Loss::cross_entropy, 8, 3) == 8);
  CHECK(loss_terms(Loss::binary_cross_entropy, 8, 3) == 24);
  CHECK(loss_terms(Loss::mse, 8, 3) == 24);
  CHECK(make_loss_args<double>({Loss::cross_entropy}, 8, 3).scale == 1.0 / 8);
  CHECK(make_loss_args<double>({Loss::huber, 0.5}, 8, 3).scale == 1.0 / 24);
  CHECK(make_loss_args<double>({Loss::huber, 0.5}, 8, 3).delta == 0.5);
}

TEMPLATE_TEST_CASE("binary_cross_entropy stays finite and keeps its digits where the sigmoid is 0 or 1", "", float,
                   double) {
  using Real = TestType;
  const auto args = make_loss_args<Real>({Loss::binary_cross_entropy}, 1, 4);
  Real dz[4];
  CHECK(row_loss_of(args, Activation::sigmoid, {300, -300, 300, -300}, {1, 0, 0, 1}, dz) == 600);
  CHECK(dz[0] == -dz[1]);
  CHECK(dz[2] == Real(0.25));
  CHECK(dz[3] == Real(-0.25));
  // At z = 30 with target 1, sigmoid(z) - 1 rounds to nothing; the gradient is -e^-30.
  const auto one = make_loss_args<Real>({Loss::binary_cross_entropy}, 1, 1);
  CHECK(row_loss_of(one, Activation::sigmoid, {30}, {1}, dz) == Approx(9.3576229688397e-14).epsilon(1e-6));
  CHECK(static_cast<double>(dz[0]) == Approx(-9.3576229688397e-14).epsilon(1e-6));
}

TEMPLATE_TEST_CASE("Softmax cross_entropy takes logits of any size and soft targets that do not sum to 1", "", float,
                   double) {
  using Real = TestType;
  const auto args = make_loss_args<Real>({Loss::cross_entropy}, 1, 3);
  Real dz[3];
  CHECK(row_loss_of(args, Activation::softmax, {1000, -1000, 0}, {0, 1, 0}, dz) == 2000);
  CHECK(dz[0] == 1);
  CHECK(dz[1] == -1);
  CHECK(dz[2] == 0);
  const double minus_infinity = -std::numeric_limits<double>::infinity();
  CHECK(row_loss_of(args, Activation::softmax, {0, minus_infinity, 0}, {0.5, 0, 0.5}) ==
        Approx(std::log(2.0)).epsilon(1e-6));
  row_loss_of(args, Activation::softmax, {0, 0, 0}, {3, 0, 0}, dz);  // 3 (1/3) - t
  CHECK(static_cast<double>(dz[0]) == Approx(-2).epsilon(1e-6));
  CHECK(static_cast<double>(dz[1]) == Approx(1).epsilon(1e-6));
}

TEMPLATE_TEST_CASE("The gradient may overwrite the row, may be left out, and does not change the loss", "", float,
                   double) {
  using Real = TestType;
  for_every_pair([](const LossSettings& settings, Activation activation, const Row& row) {
    const auto outputs = static_cast<int>(row.z.size());
    const auto args = make_loss_args<Real>(settings, 5, outputs);
    std::vector<Real> dz(row.z.size());
    const double loss = row_loss_of(args, activation, row.z, row.t, dz.data());
    CHECK(row_loss_of<Real>(args, activation, row.z, row.t) == loss);
    auto z = cast<Real>(row.z);
    const auto t = cast<Real>(row.t);
    CHECK(row_loss(args, activation, Real(alpha), z.data(), t.data(), outputs, z.data()) == loss);
    CHECK(std::memcmp(z.data(), dz.data(), z.size() * sizeof(Real)) == 0);
  });
}

TEMPLATE_TEST_CASE("A row's output is the activation's, and for softmax sums to 1, also in place", "", float, double) {
  using Real = TestType;
  for (const auto& [activation, name] : Names<Activation>::list) {
    for (const int outputs : widths) {
      INFO(name << ", " << outputs << " outputs");
      const Row row = make_row(outputs);
      auto z = cast<Real>(row.z);
      std::vector<Real> a(z.size());
      row_output(activation, Real(alpha), z.data(), a.data(), outputs);
      const auto want = reference::output(activation, alpha, row.z);
      double sum = 0;
      for (std::size_t j = 0; j < a.size(); ++j) {
        CHECK(static_cast<double>(a[j]) == Approx(want[j]).epsilon(16 * std::numeric_limits<Real>::epsilon()));
        sum += static_cast<double>(a[j]);
      }
      if (activation == Activation::softmax) CHECK(sum == Approx(1).epsilon(16 * std::numeric_limits<Real>::epsilon()));
      row_output(activation, Real(alpha), z.data(), z.data(), outputs);
      CHECK(std::memcmp(z.data(), a.data(), a.size() * sizeof(Real)) == 0);
    }
  }
}

TEST_CASE("NaN in a logit makes the loss NaN, whatever the loss and the activation") {
  for (const auto& [loss, loss_name] : Names<Loss>::list) {
    for (const auto& [activation, activation_name] : Names<Activation>::list) {
      for (const int at : {0, 1}) {
        INFO(loss_name << " with " << activation_name << " at " << at);
        std::vector<double> z{0.25, 0.5};
        z[static_cast<std::size_t>(at)] = std::numeric_limits<double>::quiet_NaN();
        CHECK(std::isnan(row_loss_of(make_loss_args<double>({loss}, 1, 2), activation, z, {0.5, 0.5})));
      }
    }
  }
}
