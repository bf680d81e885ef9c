// Rows on their way to a device that does not hold the data set: the rows of the data order, in the arithmetic of
// normalize_columns.
#include <vector>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/column_statistics.hpp>
#include <sinter/kernels/fused/stage_rows.hpp>

#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

/// A share of a data set with 3 features and 2 targets.
template <class Real>
struct Rows {
  std::vector<double> x, t, shift{0.25, -1.5, 3}, scale{4, 0.3, 1};
  std::vector<Real> X, T;

  explicit Rows(std::int64_t rows)
      : x(test::noise(static_cast<std::size_t>(rows * 3), 1)),
        t(test::noise(static_cast<std::size_t>(rows * 2), 2)) {}
  auto features(std::int64_t count) {
    X.assign(static_cast<std::size_t>(count * 3), -9);
    return fused::StagedColumns<double, Real>{x.data(), X.data(), 3, {shift.data(), scale.data()}};
  }
  auto targets(std::int64_t count) {
    T.assign(static_cast<std::size_t>(count * 2), -9);
    return fused::StagedColumns<double, Real>{t.data(), T.data(), 2, {}};
  }
  /// Whether row `row` stands at `place`.
  [[nodiscard]] bool has(std::int64_t row, std::int64_t place) const {
    bool same = true;
    for (std::size_t j = 0; j < 3; ++j) {
      const auto want = (x[static_cast<std::size_t>(row) * 3 + j] - shift[j]) * scale[j];
      same = same && X[static_cast<std::size_t>(place) * 3 + j] == static_cast<Real>(want);
    }
    for (std::size_t j = 0; j < 2; ++j)
      same = same &&
             T[static_cast<std::size_t>(place) * 2 + j] == static_cast<Real>(t[static_cast<std::size_t>(row) * 2 + j]);
    return same;
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("batches are staged row by row as the data order has them", "", test::Pairs) {
  using Real = typename TestType::Real;
  using Host = HostSpaceBeside<typename TestType::Space>;
  const typename Host::Execution exec;
  struct Case {
    std::int64_t rows, batch, chunks, first_slot, slots;
    bool shuffle;
  };
  for (const Case& c : {Case{1, 1, 1, 0, 0, true},
                        {103, 20, 1, 0, 0, true},
                        {103, 20, 1, 0, 0, false},
                        {500, 96, 4, 0, 0, true},
                        {500, 96, 4, 1, 2, true},
                        {500, 96, 4, 3, 1, false},
                        {96, 96, 4, 0, 0, false}}) {
    BatchOrder order;
    order.data_rows = c.rows;
    order.full_batch = c.batch;
    order.chunks = c.chunks;
    order.seed = 7;
    order.epoch = 3;
    order.shuffle = c.shuffle;
    order.first_slot = static_cast<std::int16_t>(c.first_slot);
    order.own_slots = static_cast<std::int16_t>(c.slots);
    Rows<Real> rows(c.rows);
    const std::int64_t steps = (c.rows + c.batch - 1) / c.batch, each = order.own_rows();
    for (std::int64_t first = 0; first < steps; first += 2) {
      const std::int64_t count = std::min<std::int64_t>(3, steps - first);
      order.step = first;
      const auto X = rows.features(count * each);
      const auto T = rows.targets(count * each);
      fused::stage_batches<Host>(exec, X, T, order, count);
      std::int64_t wrong = 0;
      for (std::int64_t k = 0; k < count; ++k) {
        order.step = first + k;
        for (std::int64_t place = 0; place < order.own_rows(); ++place)
          wrong += rows.has(order.row(place), k * each + place) ? 0 : 1;
      }
      INFO(c.rows << " rows, batches of " << c.batch << ", slots " << c.first_slot << " and " << c.slots << " on, step "
                  << first);
      CHECK(wrong == 0);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a staged range has the bits of a set that is normalised on the device", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  using Host = HostSpaceBeside<S>;
  const typename S::Execution exec;
  Rows<Real> rows(61);
  const auto raw = test::matrix<S, double>(exec, rows.x, 61, 3);
  const auto normalised = make_matrix<S, Real>(exec, "normalised", 61, 3);
  const auto shift = test::vector<S, double>(exec, rows.shift), scale = test::vector<S, double>(exec, rows.scale);
  fused::normalize_columns<S>(exec, raw.data(), normalised.data(), 61, 3, shift.data(), scale.data());
  const auto expected = test::values(exec, normalised);
  const auto X = rows.features(13);
  const auto T = rows.targets(13);
  fused::stage_range<Host>(host_instance<S>(exec), X, T, 17, 13);
  CHECK(rows.X == std::vector<Real>(expected.begin() + 17 * 3, expected.begin() + 30 * 3));
  std::int64_t wrong = 0;
  for (std::int64_t place = 0; place < 13; ++place) wrong += rows.has(17 + place, place) ? 0 : 1;
  CHECK(wrong == 0);
}
