// Loss and gradient in one launch: the oracle's values for every loss with every output activation that it may meet,
// sums in the contract's order, and the record that training leaves on the device.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/loss_gradient.hpp>
#include <sinter/kernels/reference/losses.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

constexpr std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

template <Space S, class Real>
struct Batch {
  std::int64_t outputs;
  BatchOrder order;
  Matrix<S, Real> Z, targets, dZ;
  Vector<S, double> row_loss, chunk_loss;
  Vector<S, int> counter;
  Vector<S, fused::LossRecord> record;

  Batch(const typename S::Execution& exec, const BatchOrder& of, std::int64_t width)
      : outputs(width),
        order(of),
        Z(test::matrix<S, Real>(exec, scaled(of.rows() * width, 1, 3.0, 0.0), of.rows(), width)),
        targets(test::matrix<S, Real>(exec, scaled(of.data_rows * width, 2, 0.5, 0.5), of.data_rows, width)),
        dZ(make_matrix<S, Real>(exec, "dZ", of.rows(), width)),
        row_loss(make_vector<S, double>(exec, "row_loss", of.rows())),
        chunk_loss(make_vector<S, double>(exec, "chunk_loss", of.chunks)),
        counter(test::vector<S, int>(exec, std::vector<double>{0})),
        record(Kokkos::view_alloc(exec, std::string("record")), 1) {}

  static std::vector<double> scaled(std::int64_t count, unsigned seed, double factor, double shift) {
    auto values = test::noise(at(count), seed);
    for (auto& value : values) value = value * factor + shift;
    return values;
  }

  [[nodiscard]] fused::LossGradientArgs<Real> args(const LossSettings& loss, Activation activation) const {
    fused::LossGradientArgs<Real> args;
    args.loss = loss;
    args.activation = activation;
    args.alpha = static_cast<Real>(0.3);
    args.Z = Z.data();
    args.targets = targets.data();
    args.dZ = dZ.data();
    args.outputs = outputs;
    args.order = order;
    args.row_loss = row_loss.data();
    args.chunk_loss = chunk_loss.data();
    args.counter = counter.data();
    args.record = record.data();
    args.first_of_epoch = true;
    return args;
  }

  [[nodiscard]] fused::LossRecord seen(const typename S::Execution& exec) const {
    return test::values(exec, record)[0];
  }
};

bool fits(Loss loss, Activation output) {
  if (loss == Loss::binary_cross_entropy) return output == Activation::sigmoid;
  if (loss == Loss::cross_entropy) return output == Activation::softmax;
  return true;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("loss and gradient are the oracle's for every loss with every output activation", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const double eps = std::numeric_limits<Real>::epsilon();
  for (const auto& exec : test::instances<S>()) {
    const BatchOrder order{203, 65, 2, 1, 4, 7, true};
    const Batch<S, Real> batch(exec, order, 5);
    const auto z = test::values(exec, batch.Z), t = test::values(exec, batch.targets);
    for (const auto& [loss, loss_name] : names_of<Loss>()) {
      for (const auto& [activation, name] : names_of<Activation>()) {
        if (!fits(loss, activation)) continue;
        const LossSettings settings{loss, 0.7};
        fused::loss_gradient<S>(exec, batch.args(settings, activation));
        double sum = 0;
        std::vector<double> gradient;
        const double terms = reference::mean_terms(settings, 65, 5);
        for (std::int64_t r = 0; r < 65; ++r) {
          reference::Vector row, target;
          for (std::int64_t j = 0; j < 5; ++j) {
            row.push_back(z[at(r * 5 + j)]);
            target.push_back(t[at(order.row(r) * 5 + j)]);
          }
          sum += reference::row_loss(settings, activation, static_cast<double>(Real(0.3)), row, target);
          for (const double value :
               reference::row_gradient(settings, activation, static_cast<double>(Real(0.3)), row, target)) {
            gradient.push_back(value);
          }
        }
        auto dZ = test::values(exec, batch.dZ);
        std::vector<double> unscaled;
        for (const Real value : dZ) unscaled.push_back(static_cast<double>(value) * terms);
        INFO(loss_name << " with " << name);
        // Each row's value comes from some tens of rounded operations on numbers up to about ten.
        CHECK(test::largest_difference(unscaled, gradient) < 64 * eps);
        CHECK(std::abs(batch.seen(exec).step_sum - sum) < 64 * eps * (1 + std::abs(sum)));
        CHECK(test::values(exec, batch.counter)[0] == 0);
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("row losses are summed in row order and chunks in the tree, empty chunks included", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    for (const BatchOrder& order : {BatchOrder{1, 1, 1, 0, 0, 0, false}, BatchOrder{520, 520, 16, 0, 0, 0, false},
                                    BatchOrder{133, 130, 4, 1, 0, 0, true}}) {
      const Batch<S, Real> batch(exec, order, 1);
      fused::loss_gradient<S>(exec, batch.args({}, Activation::sigmoid));
      const auto row_loss = test::values(exec, batch.row_loss);
      double leaf[tile::max_leaves] = {};
      for (std::int64_t c = 0; c < order.chunks; ++c) {
        for (std::int64_t r = order.chunk_begin(c); r < order.chunk_begin(c + 1); ++r) leaf[c] += row_loss[at(r)];
      }
      CHECK(batch.seen(exec).step_sum == tile::tree_sum(static_cast<int>(order.chunks), leaf, 1));
    }
  }
}

TEMPLATE_LIST_TEST_CASE(
    "the record adds up an epoch, begins anew with the next, and keeps the first step that was not finite", "",
    test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Batch<S, Real> batch(exec, {13, 13, 1, 0, 0, 0, false}, 2);
  auto args = batch.args({}, Activation::identity);
  fused::loss_gradient<S>(exec, args);
  const double sum = batch.seen(exec).step_sum;
  CHECK(sum > 0);
  args.first_of_epoch = false;
  args.step = 1;
  fused::loss_gradient<S>(exec, args);
  CHECK(batch.seen(exec).epoch_sum == sum + sum);
  args.first_of_epoch = true;
  args.step = 2;
  fused::loss_gradient<S>(exec, args);
  CHECK(batch.seen(exec).epoch_sum == sum);
  CHECK(batch.seen(exec).nonfinite_step == 0);

  auto z = test::values(exec, batch.Z);
  z[3] = std::numeric_limits<Real>::quiet_NaN();
  const auto broken = test::matrix<S, Real>(exec, z, 13, 2);
  args.Z = broken.data();
  for (args.step = 3; args.step < 5; ++args.step) fused::loss_gradient<S>(exec, args);
  CHECK(batch.seen(exec).nonfinite_step == 4);
}

TEMPLATE_LIST_TEST_CASE("loss and gradient are one launch and nothing else", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Batch<S, Real> batch(exec, {520, 520, 16, 0, 0, 0, false}, 3);
  CHECK(test::steady_account([&] { fused::loss_gradient<S>(exec, batch.args({}, Activation::softmax)); }) ==
        test::one_launch);
  wait_for(exec, "test: before the operands go");
}
