// Backward and update of a dense layer in one launch, and the separate update that clipping by norm needs: bits of the
// definition, computed serially chunk by chunk, for any number of chunks, empty ones included, and any instance.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/dense_backward.hpp>

#include "support/contract.hpp"
#include "support/optimizer.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

struct Shape {
  std::int64_t batch, chunks, rows, fan_in, fan_out;  ///< rows: of this step, batch or fewer
};
constexpr Shape shapes[] = {{1, 1, 1, 1, 1},        {13, 1, 13, 13, 9},   {70, 2, 70, 64, 1},
                            {203, 4, 203, 65, 33},  {130, 4, 3, 130, 17}, {520, 16, 520, 7, 5},
                            {520, 16, 520, 3, 515}, {64, 2, 1, 1, 65},    {2100, 128, 2100, 131, 257}};

constexpr std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// A layer with a parameter vector that holds other layers' parameters before and after its own.
template <Space S, class Real>
struct Layer {
  static constexpr std::int64_t offset = 11, after = 5;
  Shape shape;
  bool bias;
  std::int64_t parameters = offset + (shape.fan_in + (bias ? 1 : 0)) * shape.fan_out + after;
  std::vector<double> noise0 = test::noise(at(shape.rows * shape.fan_out), 1);
  OptimizerStep<Real> step;
  Matrix<S, Real> dZ, X, previous, dX, slabs;
  Vector<S, Real> w, s0, s1, gradient;
  Vector<S, double> norms;
  Vector<S, int> counters;

  Layer(const typename S::Execution& exec, const Shape& of, bool with_bias, const OptimizerSettings& optimizer)
      : shape(of),
        bias(with_bias),
        step(test::optimizer_step<Real>(optimizer, optimizer.learning_rate, 3)),
        dZ(test::matrix<S, Real>(exec, noise0, of.rows, of.fan_out)),
        X(test::matrix<S, Real>(exec, test::noise(at(of.rows * of.fan_in), 2), of.rows, of.fan_in)),
        previous(test::matrix<S, Real>(exec, test::noise(at(of.rows * of.fan_in), 3), of.rows, of.fan_in)),
        dX(make_matrix<S, Real>(exec, "dX", of.rows, of.fan_in)),
        slabs(make_matrix<S, Real>(exec, "slabs", of.chunks, parameters)),
        w(test::vector<S, Real>(exec, test::noise(at(parameters), 4))),
        s0(test::vector<S, Real>(exec, squares(5))),
        s1(test::vector<S, Real>(exec, squares(6))),
        gradient(test::vector<S, Real>(exec, std::vector<double>(at(parameters), 0))),
        norms(test::vector<S, double>(
            exec, std::vector<double>(at(fused::dense_backward_ranges<S, Real>(of.fan_in, of.fan_out) + 2), 0))),
        counters(test::vector<S, int>(
            exec, std::vector<double>(at(fused::dense_backward_ranges<S, Real>(of.fan_in, of.fan_out)), 0))) {}

  [[nodiscard]] std::vector<double> squares(unsigned seed) const {
    auto values = test::noise(at(parameters), seed);
    for (auto& value : values) value *= value;
    return values;
  }

  [[nodiscard]] fused::DenseBackwardArgs<Real> args(bool store_gradient) const {
    fused::DenseBackwardArgs<Real> args;
    args.dZ = dZ.data();
    args.X = X.data();
    args.previous = previous.data();
    args.dX = dX.data();
    args.previous_activation = Activation::tanh;
    args.fan_in = static_cast<int>(shape.fan_in);
    args.fan_out = static_cast<int>(shape.fan_out);
    args.bias = bias;
    args.offset = offset;
    args.target.parameters = w.data();
    args.target.state0 = s0.data();
    args.target.state1 = s1.data();
    args.target.slabs = slabs.data();
    args.target.slab_stride = parameters;
    args.target.chunks = static_cast<int>(shape.chunks);
    args.target.step = step;
    if (store_gradient) {
      args.target.gradient = gradient.data();
      args.target.square_norms = norms.data();
    }
    args.counters = counters.data();
    args.first_range = 1;
    args.order = {shape.rows == shape.batch ? shape.batch : shape.batch + shape.rows,
                  shape.batch,
                  shape.chunks,
                  shape.rows == shape.batch ? 0 : 1,
                  0,
                  0,
                  false};
    return args;
  }

  /// dX = (dZ W^T) f'(previous), before the update.
  [[nodiscard]] std::vector<Real> expected_dX(const typename S::Execution& exec) const {
    const auto dz = test::values(exec, dZ), weights = test::values(exec, w), before = test::values(exec, previous);
    std::vector<Real> out;
    for (std::int64_t r = 0; r < shape.rows; ++r) {
      for (std::int64_t i = 0; i < shape.fan_in; ++i) {
        Real sum = 0;
        for (std::int64_t j = 0; j < shape.fan_out; ++j) {
          sum = std::fma(dz[at(r * shape.fan_out + j)], weights[at(offset + i * shape.fan_out + j)], sum);
        }
        out.push_back(sum * activation_derivative(Activation::tanh, Real(0), before[out.size()]));
      }
    }
    return out;
  }

  /// [W, b] of the gradient: each chunk's rows in order, chunks in the tree.
  [[nodiscard]] std::vector<Real> expected_gradient(const typename S::Execution& exec, const BatchOrder& order) const {
    const auto dz = test::values(exec, dZ), x = test::values(exec, X);
    std::vector<Real> out;
    for (std::int64_t i = 0; i < shape.fan_in + (bias ? 1 : 0); ++i) {
      for (std::int64_t j = 0; j < shape.fan_out; ++j) {
        Real leaf[tile::max_leaves] = {};
        for (std::int64_t c = 0; c < shape.chunks; ++c) {
          for (std::int64_t r = order.chunk_begin(c); r < order.chunk_begin(c + 1); ++r) {
            const Real value = dz[at(r * shape.fan_out + j)];
            leaf[c] = i < shape.fan_in ? std::fma(x[at(r * shape.fan_in + i)], value, leaf[c]) : leaf[c] + value;
          }
        }
        out.push_back(tile::tree_sum(static_cast<int>(shape.chunks), leaf, 1));
      }
    }
    return out;
  }

  /// Applies `g` (of this layer) to host copies of parameters and states.
  void apply(const std::vector<Real>& g, std::vector<Real>& parameter, std::vector<Real>& first,
             std::vector<Real>& second, const OptimizerStep<Real>& constants) const {
    for (std::size_t i = 0; i < g.size(); ++i) {
      const bool decay = static_cast<std::int64_t>(i) < shape.fan_in * shape.fan_out;
      apply_optimizer(constants, decay, parameter[i + offset], g[i], first[i + offset], second[i + offset]);
    }
  }
};

OptimizerSettings adam() {
  OptimizerSettings settings;
  settings.type = Optimizer::adam;
  settings.weight_decay = 0.01;
  return settings;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE(
    "backward gives dX before the update and the updated parameters with the bits of the definition", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    for (const Shape& shape : shapes) {
      // On a host: tiles and groups of chunks as large as they can be for one thread, as small for many.
      for (const int threads : {1, 2, 7, 1000}) {
        const Layer<S, Real> layer(exec, shape, shape.rows != 203, adam());
        const auto args = layer.args(false);
        REQUIRE(args.order.rows() == shape.rows);
        const auto dX = layer.expected_dX(exec);
        auto w = test::values(exec, layer.w), s0 = test::values(exec, layer.s0), s1 = test::values(exec, layer.s1);
        layer.apply(layer.expected_gradient(exec, args.order), w, s0, s1, layer.step);
        fused::dense_backward<S>(exec, args, threads);
        INFO("batch " << shape.batch << ", chunks " << shape.chunks << ", rows " << shape.rows << ", fan_in "
                      << shape.fan_in << ", fan_out " << shape.fan_out << ", threads " << threads);
        CHECK(test::values(exec, layer.dX) == dX);
        CHECK(test::values(exec, layer.w) == w);
        CHECK(test::values(exec, layer.s0) == s0);
        CHECK(test::values(exec, layer.s1) == s1);
        CHECK(test::values(exec, layer.counters) == std::vector<int>(layer.counters.extent(0), 0));
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("sums that are left in the slabs are updated by a launch of its own, with the same bits", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  for (const Shape& shape : shapes) {
    const Layer<S, Real> layer(exec, shape, true, adam());
    auto args = layer.args(false);
    args.leave_update = true;
    auto w = test::values(exec, layer.w), s0 = test::values(exec, layer.s0), s1 = test::values(exec, layer.s1);
    const auto before = w;
    layer.apply(layer.expected_gradient(exec, args.order), w, s0, s1, layer.step);
    fused::dense_backward<S>(exec, args);
    CHECK(test::values(exec, layer.w) == before);
    const auto sums = static_cast<std::uint8_t>(
        fused::dense_backward_sums<S, Real>(shape.fan_in, shape.fan_out, static_cast<int>(shape.chunks)));
    const auto weights = shape.fan_in * shape.fan_out, half = weights / 2;
    const auto blocks = make_vector<S, fused::UpdateBlock>(exec, "blocks", 3);
    const HostMirror<Vector<S, fused::UpdateBlock>> mirror(blocks);
    mirror.host()(0) = {layer.offset, half, true, sums};
    mirror.host()(1) = {layer.offset + half, weights - half, true, sums};
    mirror.host()(2) = {layer.offset + weights, shape.fan_out, false, sums};
    mirror.push(exec);
    wait_for(exec, "test: blocks");
    const fused::SumsUpdateArgs<Real> update{args.target, blocks.data(), 3};
    fused::update_from_sums<S>(exec, update);
    INFO("chunks " << shape.chunks << ", sums " << int{sums} << ", fan_in " << shape.fan_in << ", fan_out "
                   << shape.fan_out);
    CHECK(test::values(exec, layer.w) == w);
    CHECK(test::values(exec, layer.s0) == s0);
    CHECK(test::values(exec, layer.s1) == s1);
  }
}

TEMPLATE_LIST_TEST_CASE("the first layer has no dX, and sgd keeps no state", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Layer<S, Real> layer(exec, {203, 4, 203, 65, 33}, true, OptimizerSettings{});
  auto args = layer.args(false);
  args.dX = nullptr;
  args.previous = nullptr;
  args.target.state0 = args.target.state1 = nullptr;
  auto w = test::values(exec, layer.w), s0 = test::values(exec, layer.s0), s1 = test::values(exec, layer.s1);
  const auto kept = s0;
  layer.apply(layer.expected_gradient(exec, args.order), w, s0, s1, layer.step);
  fused::dense_backward<S>(exec, args);
  CHECK(test::values(exec, layer.w) == w);
  CHECK(test::values(exec, layer.s0) == kept);
}

TEMPLATE_LIST_TEST_CASE(
    "clipping by norm: the gradient is stored with its squared norm, then applied scaled to the bound", "",
    test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const double eps = std::numeric_limits<Real>::epsilon();
  for (const auto& exec : test::instances<S>()) {
    for (const Shape& shape : shapes) {
      const Layer<S, Real> layer(exec, shape, true, adam());
      const auto args = layer.args(true);
      const auto g = layer.expected_gradient(exec, args.order);
      auto w = test::values(exec, layer.w), s0 = test::values(exec, layer.s0), s1 = test::values(exec, layer.s1);
      fused::dense_backward<S>(exec, args);
      INFO("fan_in " << shape.fan_in << ", fan_out " << shape.fan_out);
      CHECK(test::values(exec, layer.w) == w);  // nothing is applied yet
      std::vector<Real> stored(w.size(), Real(0));
      std::copy(g.begin(), g.end(), stored.begin() + layer.offset);
      CHECK(test::values(exec, layer.gradient) == stored);
      double squares = 0, seen = 0;
      for (const Real value : g) squares += static_cast<double>(value) * static_cast<double>(value);
      const auto norms = test::values(exec, layer.norms);
      for (const double square : norms) seen += square;
      CHECK(std::abs(seen - squares) <= 1e-12 * squares);
      CHECK(norms.front() == 0.0);  // another layer's range

      const double norm = std::sqrt(seen), clip = norm / 3;
      const auto weights = shape.fan_in * shape.fan_out;
      const auto blocks = make_vector<S, fused::UpdateBlock>(exec, "blocks", 2);
      const HostMirror<Vector<S, fused::UpdateBlock>> mirror(blocks);
      mirror.host()(0) = {layer.offset, weights, true};
      mirror.host()(1) = {layer.offset + weights, shape.fan_out, false};
      mirror.push(exec);
      wait_for(exec, "test: blocks");
      const fused::ClippedUpdateArgs<Real> update{args.target, blocks.data(), 2, static_cast<int>(norms.size()), clip};
      fused::clipped_update<S>(exec, update);
      OptimizerStep<Real> scaled = layer.step;
      scaled.gradient_scale = static_cast<Real>(clip / norm);
      layer.apply(g, w, s0, s1, scaled);
      // The kernel may add the ranges' squares in another order than this test: the factor differs by a rounding of
      // double.
      CHECK(test::largest_difference(test::values(exec, layer.w), w) <= 4 * eps);
      CHECK(test::largest_difference(test::values(exec, layer.s0), s0) <= 4 * eps);
      CHECK(test::largest_difference(test::values(exec, layer.s1), s1) <= 4 * eps);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a gradient below the bound is not scaled", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Layer<S, Real> layer(exec, {13, 1, 13, 13, 9}, false, OptimizerSettings{});
  const auto args = layer.args(true);
  auto w = test::values(exec, layer.w), s0 = test::values(exec, layer.s0), s1 = test::values(exec, layer.s1);
  layer.apply(layer.expected_gradient(exec, args.order), w, s0, s1, layer.step);
  const auto block = make_vector<S, fused::UpdateBlock>(exec, "block", 1);
  const HostMirror<Vector<S, fused::UpdateBlock>> mirror(block);
  mirror.host()(0) = {layer.offset, 13 * 9, true};
  mirror.push(exec);
  fused::dense_backward<S>(exec, args);
  fused::clipped_update<S>(
      exec, fused::ClippedUpdateArgs<Real>{args.target, block.data(), 1, static_cast<int>(layer.norms.extent(0)), 1e9});
  CHECK(test::values(exec, layer.w) == w);
}

TEMPLATE_LIST_TEST_CASE("backward and the clipped update are one launch each and nothing else", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Layer<S, Real> layer(exec, {203, 4, 203, 65, 33}, true, adam());
  const auto args = layer.args(true);
  CHECK(test::steady_account([&] { fused::dense_backward<S>(exec, layer.args(false)); }) == test::one_launch);
  CHECK(test::steady_account([&] { fused::dense_backward<S>(exec, args); }) == test::one_launch);
  const auto block = make_vector<S, fused::UpdateBlock>(exec, "block", 1);
  const HostMirror<Vector<S, fused::UpdateBlock>> mirror(block);
  mirror.host()(0) = {layer.offset, 65 * 33, true};
  mirror.push(exec);
  wait_for(exec, "test: block");
  const fused::ClippedUpdateArgs<Real> update{args.target, block.data(), 1, static_cast<int>(layer.norms.extent(0)),
                                              1.0};
  CHECK(test::steady_account([&] { fused::clipped_update<S>(exec, update); }) == test::one_launch);
  wait_for(exec, "test: before the operands go");
}
