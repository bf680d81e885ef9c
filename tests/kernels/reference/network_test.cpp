// The oracle itself: a network small enough for a sheet of paper, gradients against finite differences for every
// activation and loss, and the optimizers' clipping.
#include <cmath>
#include <random>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/reference/network.hpp>

namespace {

using namespace sinter;
using namespace sinter::reference;
using Catch::Approx;

/// Parameters in (-0.5, 0.5), from a fixed seed.
Network make_network(std::size_t inputs, std::vector<Layer> layers, bool bias = true) {
  Network network{inputs, bias, std::move(layers)};
  std::mt19937 random(7);
  const auto draw = [&random] { return static_cast<double>(random()) * 0x1p-32 - 0.5; };
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    Layer& layer = network.layers[l];
    for (std::size_t i = 0; i < network.fan_in(l) * layer.width; ++i) layer.W.push_back(draw());
    for (std::size_t j = 0; j < layer.width; ++j) layer.b.push_back(bias ? draw() : 0);
  }
  return network;
}

constexpr std::size_t rows = 5;
const Vector X{0.3, -1.2, 0.7, 0.9, 0.1, -0.4, 1.5, -0.8, 0.6, -0.2};  // [5, 2]
const Vector T{0.9, 0.2, 0.1, 0.6, 0.3, 0.7, 0.8, 0.1, 0.4, 0.5};      // [5, 2]

void check_gradient(Network network, const LossSettings& settings) {
  constexpr double h = 1e-6;
  const Gradient gradient = backward(network, settings, X, T, rows);
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const auto check = [&](Vector& parameters, const Vector& slopes) {
      REQUIRE(slopes.size() == parameters.size());
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        const double kept = parameters[i];
        parameters[i] = kept + h;
        const double up = loss(network, settings, X, T, rows);
        parameters[i] = kept - h;
        const double down = loss(network, settings, X, T, rows);
        parameters[i] = kept;
        INFO("layer " << l << ", parameter " << i);
        CHECK(slopes[i] == Approx((up - down) / (2 * h)).epsilon(1e-6).margin(1e-8));
      }
    };
    check(network.layers[l].W, gradient.dW[l]);
    if (network.bias) check(network.layers[l].b, gradient.db[l]);
  }
}

}  // namespace

TEST_CASE("A network of two layers by hand") {
  // Z1 = 2 * 3 + 1 = 7, A1 = relu(7), Z2 = -1 * 7 + 0.5 = -6.5; loss (Z2 - 1)^2 = 56.25, dZ2 = -15, dZ1 = 15.
  Network network{1, true, {{1, Activation::relu, 0, {3}, {1}}, {1, Activation::identity, 0, {-1}, {0.5}}}};
  const Gradient gradient = backward(network, {Loss::mse}, {2}, {1}, 1);
  CHECK(gradient.loss == 56.25);
  CHECK(gradient.dW == std::vector<Vector>{{30}, {-105}});
  CHECK(gradient.db == std::vector<Vector>{{15}, {-15}});
  State state;
  OptimizerSettings sgd;
  CHECK(step(network, state, {Loss::mse}, sgd, 0.01, {2}, {1}, 1) == 56.25);
  CHECK(network.layers[0].W[0] == Approx(2.7));
  CHECK(network.layers[1].b[0] == Approx(0.65));
  CHECK(state.steps == 1);
}

TEST_CASE("The oracle's gradient is that of finite differences for every hidden activation") {
  for (const auto& [activation, name] : Names<Activation>::list) {
    if (activation == Activation::softmax) continue;
    INFO(name);
    check_gradient(
        make_network(
            2, {{3, activation, 0.25, {}, {}}, {4, activation, 0.25, {}, {}}, {2, Activation::identity, 0, {}, {}}}),
        {Loss::mse});
  }
}

TEST_CASE(
    "The oracle's gradient is that of finite differences for every loss and output activation that fit together") {
  for (const auto& [type, loss_name] : Names<Loss>::list) {
    for (const auto& [activation, name] : Names<Activation>::list) {
      const bool probability = activation == Activation::sigmoid || activation == Activation::softmax;
      if ((type == Loss::binary_cross_entropy || type == Loss::cross_entropy) && !probability) continue;
      INFO(loss_name << " with " << name);
      check_gradient(make_network(2, {{3, Activation::tanh, 0, {}, {}}, {2, activation, 0.25, {}, {}}}), {type, 0.3});
    }
  }
}

TEST_CASE("A network without bias keeps its biases at zero") {
  Network network = make_network(2, {{3, Activation::tanh, 0, {}, {}}, {2, Activation::identity, 0, {}, {}}}, false);
  check_gradient(network, {Loss::mse});
  State state;
  OptimizerSettings adam;
  adam.type = Optimizer::adam;
  step(network, state, {Loss::mse}, adam, 0.1, X, T, rows);
  CHECK(network.layers[0].b == Vector(3, 0.0));
}

TEST_CASE("The means divide by rows and outputs, but by rows for cross_entropy") {
  Network network{1, false, {{2, Activation::softmax, 0, {0, 0}, {0, 0}}}};
  const Vector inputs{1, 1}, targets{1, 0, 0, 1};
  CHECK(loss(network, {Loss::mse}, inputs, targets, 2) == Approx(0.25));
  CHECK(loss(network, {Loss::cross_entropy}, inputs, targets, 2) == Approx(std::log(2.0)));
}

TEST_CASE("The gradient is clipped by its norm first and by value then") {
  OptimizerSettings sgd;
  sgd.clip_norm = 1;
  const Gradient gradient{0, {{3, 4}}, {{0, 0}}};
  const auto move = [&] {
    Network network{1, true, {{2, Activation::identity, 0, {0, 0}, {0, 0}}}};
    State state;
    update(network, gradient, state, sgd, 1);
    return network.layers[0].W;
  };
  CHECK(move()[0] == Approx(-0.6));
  CHECK(move()[1] == Approx(-0.8));
  sgd.clip_value = 0.7;
  CHECK(move()[0] == Approx(-0.6));
  CHECK(move()[1] == Approx(-0.7));
  sgd.clip_norm = 10;
  CHECK(move()[0] == Approx(-0.7));
}

TEST_CASE("Every optimizer reaches the minimum of a linear regression") {
  for (const auto& [type, name] : Names<Optimizer>::list) {
    Network network = make_network(1, {{1, Activation::identity, 0, {}, {}}});
    const Vector x{-1, 0, 1, 2}, y{-1, 1, 3, 5};  // y = 2 x + 1
    State state;
    OptimizerSettings optimizer;
    optimizer.type = type;
    const double rate = type == Optimizer::adagrad ? 0.5 : 0.05;  // adagrad's falls by itself
    double last = 0;
    for (int t = 0; t < 4000; ++t) {
      last = step(network, state, {Loss::mse}, optimizer, t < 2000 ? rate : rate / 100, x, y, 4);
    }
    INFO(name);
    CHECK(last < 1e-3);
  }
}
