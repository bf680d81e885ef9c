// Forward through a dense layer: bits of the definition for every activation and awkward size, rows gathered where they
// lie, any instance.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/dense_forward.hpp>
#include <sinter/kernels/reference/activations.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

/// A layer with its operands on the device and on the host.
template <Space S, class Real>
struct Layer {
  std::int64_t rows, fan_in, fan_out;
  Matrix<S, Real> X, W, A, Z;
  Vector<S, Real> b;

  Layer(const typename S::Execution& exec, std::int64_t batch, std::int64_t inputs, std::int64_t outputs)
      : rows(batch),
        fan_in(inputs),
        fan_out(outputs),
        X(test::matrix<S, Real>(exec, test::noise(static_cast<std::size_t>(batch * inputs), 1), batch, inputs)),
        W(test::matrix<S, Real>(exec, test::noise(static_cast<std::size_t>(inputs * outputs), 2), inputs, outputs)),
        A(make_matrix<S, Real>(exec, "A", batch, outputs)),
        Z(make_matrix<S, Real>(exec, "Z", batch, outputs)),
        b(test::vector<S, Real>(exec, test::noise(static_cast<std::size_t>(outputs), 3))) {}

  [[nodiscard]] fused::DenseForwardArgs<Real> args(Activation activation, bool bias) const {
    fused::DenseForwardArgs<Real> args;
    args.X = X.data();
    args.W = W.data();
    args.b = bias ? b.data() : nullptr;
    args.A = A.data();
    args.Z = Z.data();
    args.rows = rows;
    args.fan_in = fan_in;
    args.fan_out = fan_out;
    args.activation = activation;
    args.alpha = static_cast<Real>(0.3);
    return args;
  }

  /// Z by the definition, of the rows row(0), row(1), ... of X.
  template <class Row>
  [[nodiscard]] std::vector<Real> expected(const typename S::Execution& exec, bool bias, std::int64_t count,
                                           const Row& row) const {
    const auto x = test::values(exec, X), w = test::values(exec, W), start = test::values(exec, b);
    std::vector<Real> out;
    for (std::int64_t r = 0; r < count; ++r) {
      for (std::int64_t j = 0; j < fan_out; ++j) {
        Real sum = bias ? start[static_cast<std::size_t>(j)] : Real(0);
        for (std::int64_t k = 0; k < fan_in; ++k) {
          sum = std::fma(x[static_cast<std::size_t>(row(r) * fan_in + k)], w[static_cast<std::size_t>(k * fan_out + j)],
                         sum);
        }
        out.push_back(sum);
      }
    }
    return out;
  }
};

constexpr auto same_row = [](std::int64_t r) { return r; };

}  // namespace

TEMPLATE_LIST_TEST_CASE("forward gives A = f(X W + b) with the bits of one chain an output", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    for (const std::int64_t rows : {1, 13, 64, 130}) {
      for (const std::int64_t fan_in : {1, 7, 33}) {
        for (const std::int64_t fan_out : {1, 9, 17, 515}) {
          const Layer<S, Real> layer(exec, rows, fan_in, fan_out);
          const bool bias = rows != 13;
          fused::dense_forward<S>(exec, layer.args(Activation::tanh, bias));
          const auto Z = layer.expected(exec, bias, rows, same_row);
          auto A = Z;
          for (auto& value : A) value = activate(Activation::tanh, Real(0.3), value);
          INFO("rows " << rows << ", fan_in " << fan_in << ", fan_out " << fan_out);
          CHECK(test::values(exec, layer.Z) == Z);
          CHECK(test::values(exec, layer.A) == A);
        }
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("forward agrees with the double oracle for every activation", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const std::int64_t fan_in = 33;
  const Layer<S, Real> layer(exec, 65, fan_in, 21);
  const auto x = test::values(exec, layer.X), w = test::values(exec, layer.W), b = test::values(exec, layer.b);
  for (const auto& [activation, name] : names_of<Activation>()) {
    fused::dense_forward<S>(exec, layer.args(activation, true));
    std::vector<double> expected;
    for (std::size_t r = 0; r < 65; ++r) {
      for (std::size_t j = 0; j < 21; ++j) {
        double sum = b[j];
        for (std::size_t k = 0; k < 33; ++k)
          sum += static_cast<double>(x[r * 33 + k]) * static_cast<double>(w[k * 21 + j]);
        expected.push_back(reference::activate(activation, 0.3, sum));
      }
    }
    // fan_in rounded steps, and a few units in the last place of the activation, whose slope is at most about one.
    INFO(name);
    CHECK(test::largest_difference(test::values(exec, layer.A), expected) <
          (fan_in + 8) * static_cast<double>(std::numeric_limits<Real>::epsilon()));
  }
}

TEMPLATE_LIST_TEST_CASE("forward gathers the rows of a shuffled batch and leaves them in batch order", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    for (const std::int64_t step : {0, 2, 3}) {  // the last one is smaller
      const std::int64_t data_rows = 203, fan_in = 5, fan_out = 515;
      const Layer<S, Real> layer(exec, data_rows, fan_in, fan_out);
      const BatchOrder order{data_rows, 65, 2, step, 1, 42, true};
      const auto row = [&](std::int64_t r) { return order.row(r); };
      const auto gathered = make_matrix<S, Real>(exec, "gathered", order.rows(), fan_in);
      const auto A = make_matrix<S, Real>(exec, "A", order.rows(), fan_out);
      auto args = layer.args(Activation::identity, true);
      args.A = A.data();
      args.Z = nullptr;
      args.gathered = gathered.data();
      args.rows = order.rows();
      args.gather = true;
      args.order = order;
      fused::dense_forward<S>(exec, args);
      const auto x = test::values(exec, layer.X);
      std::vector<Real> rows;
      for (std::int64_t r = 0; r < order.rows(); ++r) {
        for (std::int64_t k = 0; k < fan_in; ++k) rows.push_back(x[static_cast<std::size_t>(row(r) * fan_in + k)]);
      }
      CHECK(test::values(exec, A) == layer.expected(exec, true, order.rows(), row));
      CHECK(test::values(exec, gathered) == rows);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a forward is one launch and nothing else, and none at all for no rows", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Layer<S, Real> layer(exec, 130, 33, 65);
  auto args = layer.args(Activation::relu, true);
  CHECK(test::steady_account([&] { fused::dense_forward<S>(exec, args); }) == test::one_launch);
  args.rows = 0;
  CHECK(test::account_of([&] { fused::dense_forward<S>(exec, args); }) == LedgerCounts{});
  wait_for(exec, "test: before the operands go");
}
