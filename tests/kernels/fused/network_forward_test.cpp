// A whole network over any number of rows in one launch: the bits of one chain an output, physical units at both ends,
// several networks at once, any instance.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/network_forward.hpp>
#include <sinter/kernels/reference/losses.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

const std::vector<double> feature_shift{0.5, -1, 0.25}, feature_scale{2, 0.5, 1};
const std::vector<double> target_shift{1, -2}, target_scale{4, 0.1};

NetworkLayout layout_with(Activation hidden, Activation output, bool bias) {
  NetworkLayout layout;
  layout.inputs = 3;
  layout.add(17, hidden, 0.3, bias);
  layout.add(33, hidden, 0.3, bias);
  layout.add(2, output, 0.3, bias);
  return layout;
}

/// Z of the last layer of one row, every output one chain of FMAs that starts at the bias.
template <class Real>
std::vector<Real> chain(const NetworkLayout& layout, const Real* parameters, std::vector<Real> row) {
  for (std::size_t l = 0; l < layout.layers.size(); ++l) {
    const auto& layer = layout.layers[l];
    const Real* const W = parameters + layer.offset;
    std::vector<Real> next;
    for (std::int64_t j = 0; j < layer.fan_out; ++j) {
      Real sum = layer.bias ? W[layer.weights() + j] : Real(0);
      for (std::int64_t k = 0; k < layer.fan_in; ++k)
        sum = std::fma(row[static_cast<std::size_t>(k)], W[k * layer.fan_out + j], sum);
      next.push_back(l + 1 < layout.layers.size() ? activate(layer.activation, static_cast<Real>(layer.alpha), sum)
                                                  : sum);
    }
    row = next;
  }
  return row;
}

template <Space S, class Real>
struct Trial {
  NetworkLayout layout;
  std::int64_t rows, members;
  Matrix<S, double> X;
  Vector<S, Real> parameters;
  Vector<S, fused::TileLayer> layers;

  Trial(const typename S::Execution& exec, const NetworkLayout& of, std::int64_t batch, std::int64_t networks)
      : layout(of),
        rows(batch),
        members(networks),
        X(test::matrix<S, double>(exec, test::noise(static_cast<std::size_t>(batch * of.inputs), 1), batch, of.inputs)),
        parameters(test::vector<S, Real>(exec, test::noise(static_cast<std::size_t>(networks * of.parameters), 2))),
        layers(fused::forward_layers<S>(exec, of)) {}

  template <class Out>
  [[nodiscard]] fused::NetworkForwardArgs<Real, double, Out> args(Out* Y) const {
    fused::NetworkForwardArgs<Real, double, Out> args;
    args.shape = fused::forward_shape<S>(layout, fused::forward_rows<S, Real>(layout, rows, 2), layers.data());
    args.X = X.data();
    args.Y = Y;
    args.rows = rows;
    args.parameters = parameters.data();
    args.parameter_count = layout.parameters;
    args.members = members;
    return args;
  }

  /// Z of all members and rows, from features in the network's units.
  [[nodiscard]] std::vector<Real> expected(const typename S::Execution& exec, bool normalized) const {
    const auto x = test::values(exec, X);
    const auto p = test::values(exec, parameters);
    std::vector<Real> out;
    for (std::int64_t m = 0; m < members; ++m) {
      for (std::int64_t r = 0; r < rows; ++r) {
        std::vector<Real> row;
        const auto inputs = static_cast<std::size_t>(layout.inputs);
        for (std::size_t k = 0; k < inputs; ++k) {
          const double value = x[static_cast<std::size_t>(r) * inputs + k];
          row.push_back(static_cast<Real>(normalized ? (value - feature_shift[k % 3]) * feature_scale[k % 3] : value));
        }
        for (const Real z : chain(layout, p.data() + m * layout.parameters, row)) out.push_back(z);
      }
    }
    return out;
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("a network's outputs have the bits of one chain each, for any number of rows and networks", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    for (const std::int64_t rows : {1, 13, 64, 129, 300}) {
      for (const std::int64_t members : {1, 3}) {
        for (const bool bias : {true, false}) {
          const Trial<S, Real> trial(exec, layout_with(Activation::tanh, Activation::sigmoid, bias), rows, members);
          const auto Z = make_matrix<S, Real>(exec, "Z", members * rows, 2);
          auto args = trial.args(Z.data());
          args.raw = true;
          fused::network_forward<S>(exec, args);
          INFO(rows << " rows, " << members << " networks" << (bias ? "" : ", no bias"));
          CHECK(test::values(exec, Z) == trial.expected(exec, false));
        }
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("networks with more inputs than their widest layer has units find room for their panels", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const auto layout_of = [](std::int64_t inputs, const std::vector<std::int64_t>& widths) {
    NetworkLayout layout;
    layout.inputs = inputs;
    for (const auto width : widths) layout.add(width, Activation::tanh, 0, true);
    return layout;
  };
  for (const auto& layout : {layout_of(784, {256, 1}), layout_of(600, {300, 300, 2}), layout_of(1100, {520, 3})}) {
    for (const std::int64_t rows : {33, 70}) {
      const Trial<S, Real> trial(exec, layout, rows, 1);
      const auto Z = make_matrix<S, Real>(exec, "Z", rows, layout.outputs());
      auto args = trial.args(Z.data());
      args.raw = true;
      fused::network_forward<S>(exec, args);
      INFO(layout.inputs << " inputs, " << rows << " rows");
      CHECK(test::values(exec, Z) == trial.expected(exec, false));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("inputs that come in pieces, and tiles of few rows, leave every bit as it is", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const auto layout_of = [](std::int64_t inputs, const std::vector<std::int64_t>& widths, bool bias) {
    NetworkLayout layout;
    layout.inputs = inputs;
    for (const auto width : widths) layout.add(width, Activation::tanh, 0, bias);
    return layout;
  };
  constexpr std::int64_t piece = tiling::inference_columns, wide = 150'000;
  for (const auto& exec : test::instances<S>()) {
    for (const auto& layout :
         {layout_of(2 * piece + 57, {33, 2}, true), layout_of(piece + 1, {1}, true), layout_of(piece, {3, 1}, false),
          layout_of(3 * piece, {17}, false), layout_of(1, {wide, 1}, true)}) {
      const std::int64_t rows = 21;
      const Trial<S, Real> trial(exec, layout, rows, 1);
      std::vector<double> shifts, scales;
      for (std::size_t k = 0; k < static_cast<std::size_t>(layout.inputs); ++k) {
        shifts.push_back(feature_shift[k % 3]);
        scales.push_back(feature_scale[k % 3]);
      }
      const auto shift = test::vector<S, double>(exec, shifts), scale = test::vector<S, double>(exec, scales);
      for (const bool normalized : {false, true}) {
        const auto Z = make_matrix<S, Real>(exec, "Z", rows, layout.outputs());
        auto args = trial.args(Z.data());
        args.raw = true;
        if (normalized) args.features = {shift.data(), scale.data()};
        INFO(layout.inputs << " inputs, tiles of " << args.shape.row_tile << " rows, " << normalized);
        CHECK((sizeof(Real) == 4 || (args.shape.row_tile < 8) == (layout.widest() == wide)));
        fused::network_forward<S>(exec, args);
        CHECK(test::values(exec, Z) == trial.expected(exec, normalized));
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a tile of the widest network that inference takes has room in Kokkos", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  NetworkLayout layout;
  layout.inputs = 1'000'000;
  layout.add(tiling::inference_width(S::kernels_on_host, sizeof(Real), layout.inputs), Activation::tanh, 0, true);
  const auto rows = fused::forward_rows<S, Real>(layout, 300, 2);
  CHECK(rows == 1);
  const auto bytes = fused::NetworkTile<S, Real>::scratch_bytes(fused::forward_shape<S>(layout, rows));
  CHECK(bytes <= static_cast<std::size_t>(tiling::most_team_scratch));
  using Policy = typename fused::NetworkForward<S, Real, Real, Real>::Policy;
  CHECK(tiling::most_team_scratch < Policy::scratch_size_max(1));
}

TEMPLATE_LIST_TEST_CASE("features come and outputs leave in physical units, for every output activation", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const double eps = std::numeric_limits<Real>::epsilon();
  const auto shift = test::vector<S, double>(exec, feature_shift), scale = test::vector<S, double>(exec, feature_scale),
             back_shift = test::vector<S, double>(exec, target_shift),
             back_scale = test::vector<S, double>(exec, target_scale);
  for (const auto& [activation, name] : names_of<Activation>()) {
    const Trial<S, Real> trial(exec, layout_with(Activation::relu, activation, true), 37, 1);
    const auto Y = make_matrix<S, double>(exec, "Y", 37, 2);
    auto args = trial.args(Y.data());
    args.features = {shift.data(), scale.data()};
    args.targets = {back_shift.data(), back_scale.data()};
    fused::network_forward<S>(exec, args);
    std::vector<double> physical;
    const auto Z = trial.expected(exec, true);
    for (std::size_t r = 0; r < 37; ++r) {
      const auto output = reference::output(activation, static_cast<double>(static_cast<Real>(0.3)),
                                            {static_cast<double>(Z[2 * r]), static_cast<double>(Z[2 * r + 1])});
      for (std::size_t j = 0; j < 2; ++j) physical.push_back(output[j] / target_scale[j] + target_shift[j]);
    }
    INFO(name);
    // The scale of 0.1 makes ten of an output's own errors, which are a few eps.
    CHECK(test::largest_difference(test::values(exec, Y), physical) < 100 * eps);
  }
}

TEMPLATE_LIST_TEST_CASE("inference is one launch, without a fence, a copy or an allocation", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  const typename S::Execution exec;
  const Trial<S, Real> trial(exec, layout_with(Activation::gelu, Activation::identity, true), 500, 2);
  const auto Y = make_matrix<S, double>(exec, "Y", 1000, 2);
  CHECK(test::steady_account([&] { fused::network_forward<S>(exec, trial.args(Y.data())); }) == test::one_launch);
}
