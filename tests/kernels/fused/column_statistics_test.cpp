// Statistics of columns and normalisation with them, against sums in long double, around the boundaries of a block of
// rows.
#include <limits>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/fused/column_statistics.hpp>

#include "support/contract.hpp"
#include "support/spaces.hpp"
#include "support/tensors.hpp"

using namespace sinter;

namespace {

constexpr std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

template <Space S, class In>
struct Table {
  std::int64_t rows, columns, blocks;
  std::vector<In> host;
  Matrix<S, In> data;
  Vector<S, fused::ColumnSummary> partial, total;

  Table(const typename S::Execution& exec, std::int64_t row_count, std::int64_t column_count)
      : rows(row_count),
        columns(column_count),
        blocks((row_count + fused::statistics_block - 1) / fused::statistics_block) {
    // Column j lies around 1000 j with a spread of j + 1: sums of squares would lose the small columns' digits.
    const auto noise = test::noise(at(rows * columns), 3);
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      const auto j = static_cast<double>(i % columns);
      host.push_back(static_cast<In>(1000 * j + (j + 1) * noise[at(i)]));
    }
    data = test::matrix<S, In>(exec, host, rows, columns);
    partial = make_vector<S, fused::ColumnSummary>(exec, "partial", blocks * columns);
    total = make_vector<S, fused::ColumnSummary>(exec, "total", columns);
  }
  void summarize(const typename S::Execution& exec) const {
    fused::column_statistics<S>(exec, data.data(), rows, columns, partial.data(), total.data());
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("count, mean, squared deviations, least and largest of every column", "", test::Pairs) {
  using S = typename TestType::Space;
  using In = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    for (const std::int64_t rows : {1, 13, 255, 256, 257, 1000}) {
      const Table<S, In> table(exec, rows, 3);
      table.summarize(exec);
      const auto seen = test::values(exec, table.total);
      for (std::int64_t j = 0; j < 3; ++j) {
        long double sum = 0, m2 = 0;
        double least = table.host[at(j)], largest = least;
        for (std::int64_t r = 0; r < rows; ++r) {
          const double value = table.host[at(r * 3 + j)];
          sum += value;
          least = std::min(least, value);
          largest = std::max(largest, value);
        }
        const long double mean = sum / static_cast<long double>(rows);
        for (std::int64_t r = 0; r < rows; ++r)
          m2 += (table.host[at(r * 3 + j)] - mean) * (table.host[at(r * 3 + j)] - mean);
        const auto& column = seen[at(j)];
        INFO("rows " << rows << ", column " << j);
        CHECK(column.count == static_cast<double>(rows));
        CHECK(std::abs(column.mean - static_cast<double>(mean)) <= 1e-13 * (1 + std::abs(static_cast<double>(mean))));
        CHECK(std::abs(column.m2 - static_cast<double>(m2)) <=
              1e-9 * static_cast<double>(m2));  // deviations of 1 around 2000 lose 3 digits
        CHECK(column.min == least);
        CHECK(column.max == largest);
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a value that is not finite makes its column's statistics not finite, and no other's", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using In = typename TestType::Real;
  const typename S::Execution exec;
  for (const In bad : {std::numeric_limits<In>::quiet_NaN(), std::numeric_limits<In>::infinity()}) {
    Table<S, In> table(exec, 600, 3);
    table.host[at(300 * 3 + 1)] = bad;
    table.data = test::matrix<S, In>(exec, table.host, 600, 3);
    table.summarize(exec);
    const auto seen = test::values(exec, table.total);
    CHECK(std::isfinite(seen[0].m2));
    CHECK_FALSE((std::isfinite(seen[1].mean) && std::isfinite(seen[1].m2)));
    CHECK(std::isfinite(seen[2].m2));
  }
}

TEMPLATE_LIST_TEST_CASE("normalised columns are (data - shift) * scale in double, rounded once", "", test::Pairs) {
  using S = typename TestType::Space;
  using Real = typename TestType::Real;
  for (const auto& exec : test::instances<S>()) {
    const Table<S, double> table(exec, 257, 3);
    const std::vector<double> shift{0.25, 1000.5, -3}, scale{2, 0.125, 1.0 / 3};
    const auto device_shift = test::vector<S, double>(exec, shift), device_scale = test::vector<S, double>(exec, scale);
    const auto out = make_matrix<S, Real>(exec, "out", 257, 3);
    fused::normalize_columns<S>(exec, table.data.data(), out.data(), 257, 3, device_shift.data(), device_scale.data());
    std::vector<Real> expected, plain;
    for (std::size_t i = 0; i < table.host.size(); ++i) {
      expected.push_back(static_cast<Real>((table.host[i] - shift[i % 3]) * scale[i % 3]));
      plain.push_back(static_cast<Real>(table.host[i]));
    }
    CHECK(test::values(exec, out) == expected);
    fused::normalize_columns<S>(exec, table.data.data(), out.data(), 257, 3, static_cast<const double*>(nullptr),
                                static_cast<const double*>(nullptr));
    CHECK(test::values(exec, out) == plain);
  }
}

TEMPLATE_LIST_TEST_CASE("statistics are two launches, normalisation one, and neither does anything else", "",
                        test::Pairs) {
  using S = typename TestType::Space;
  using In = typename TestType::Real;
  const typename S::Execution exec;
  const Table<S, In> table(exec, 600, 3);
  const auto out = make_matrix<S, In>(exec, "out", 600, 3);
  CHECK(test::steady_account([&] { table.summarize(exec); }) == LedgerCounts{2, 0, 0, 0, 0});
  const auto normalize = [&] {
    fused::normalize_columns<S>(exec, table.data.data(), out.data(), 600, 3, static_cast<const double*>(nullptr),
                                static_cast<const double*>(nullptr));
  };
  CHECK(test::steady_account(normalize) == test::one_launch);
  wait_for(exec, "test: before the operands go");
}
