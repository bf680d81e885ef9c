// Operands for tests of tile products: allocated to the element, so that a sanitizer sees every read outside of them,
// and the sum that a product is defined by.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <sinter/kernels/tile/product.hpp>

#include "support/tensors.hpp"

namespace sinter::test {

/// A row-major matrix with a leading dimension above its width: what lies between its rows is NaN, and nothing follows
/// the last element.
template <class Real>
struct Padded {
  std::int64_t ld;
  std::vector<Real> data;

  Padded(std::int64_t rows, std::int64_t columns, unsigned seed, std::int64_t padding = 3) : ld(columns + padding) {
    const std::int64_t size = rows == 0 ? 1 : std::max<std::int64_t>(1, (rows - 1) * ld + columns);
    data.assign(static_cast<std::size_t>(size), std::numeric_limits<Real>::quiet_NaN());
    const auto values = noise(static_cast<std::size_t>(rows * columns), seed);
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      data[static_cast<std::size_t>(i / columns * ld + i % columns)] = static_cast<Real>(
          values[static_cast<std::size_t>(i)]);
    }
  }
};

/// One problem with all its operands: C = start + A B with A [m, k], B [k, n].
template <class Real>
struct ProductProblem {
  std::int64_t m, n, k;
  Padded<Real> rows, columns, plain, transposed, earlier;
  std::vector<Real> bias;
  std::vector<std::int64_t> index;

  ProductProblem(std::int64_t m_count, std::int64_t n_count, std::int64_t k_count, std::int64_t padding = 3)
      : m(m_count),
        n(n_count),
        k(k_count),
        rows(m, k, 1, padding),
        columns(k, m, 2, padding),
        plain(k, n, 3, padding),
        transposed(n, k, 4, padding),
        earlier(m, n, 6, padding) {
    const auto values = noise(static_cast<std::size_t>(n), 5);
    bias.assign(values.begin(), values.end());
    for (std::int64_t i = 0; i < m; ++i) index.push_back((i * 5 + 3) % m);
  }

  /// Calls f(a, b, start) for every kind of A, B and start.
  template <class F>
  void each_kind(const F& f) const {
    const auto with_a = [&](const auto& a) {
      const auto with_b = [&](const auto& b) {
        f(a, b, tile::Zero{});
        f(a, b, tile::Bias<Real>{bias.data()});
        f(a, b, tile::Bias<Real>{nullptr});
        f(a, b, tile::Continue<Real>{earlier.data.data(), earlier.ld});
      };
      with_b(tile::Plain<Real>{plain.data.data(), plain.ld});
      with_b(tile::Transposed<Real>{transposed.data.data(), transposed.ld});
    };
    with_a(tile::Rows<Real>{rows.data.data(), rows.ld});
    with_a(tile::GatheredRows<Real>{rows.data.data(), rows.ld, index.data()});
    with_a(tile::Columns<Real>{columns.data.data(), columns.ld});
  }

  /// The same for the kinds that kernels bring together; every kind of each is among them. A device's product is much code
  /// for each.
  template <class F>
  void each_kind_of_kernels(const F& f) const {
    const tile::Rows<Real> by_rows{rows.data.data(), rows.ld};
    const tile::Columns<Real> by_columns{columns.data.data(), columns.ld};
    const tile::Plain<Real> b{plain.data.data(), plain.ld};
    f(by_rows, b, tile::Bias<Real>{bias.data()});
    f(by_rows, b, tile::Bias<Real>{nullptr});
    f(tile::GatheredRows<Real>{rows.data.data(), rows.ld, index.data()}, b, tile::Bias<Real>{bias.data()});
    f(by_rows, tile::Transposed<Real>{transposed.data.data(), transposed.ld}, tile::Zero{});
    f(by_columns, b, tile::Zero{});
    f(by_columns, b, tile::Continue<Real>{earlier.data.data(), earlier.ld});
  }
};

template <class Real, class Start>
Real start_at(const Start& start, std::int64_t m, std::int64_t n) {
  const Real* const row = start.template row<Real>(m);
  return row == nullptr ? Real(0) : row[n];
}

/// The definition: one chain of fused multiply-adds an element.
template <class Real, class A, class B, class Start>
std::vector<Real> chains(const ProductProblem<Real>& p, const A& a, const B& b, const Start& start) {
  std::vector<Real> C;
  for (std::int64_t m = 0; m < p.m; ++m) {
    for (std::int64_t n = 0; n < p.n; ++n) {
      Real sum = start_at<Real>(start, m, n);
      for (std::int64_t k = 0; k < p.k; ++k) sum = std::fma(a(m, k), b(k, n), sum);
      C.push_back(sum);
    }
  }
  return C;
}

/// Collects what the epilogue of a device's product is given; every element must come exactly once.
template <class Real>
struct Collected {
  std::int64_t columns;
  std::vector<Real> values;
  std::vector<int> times;

  Collected(std::int64_t m, std::int64_t n)
      : columns(n),
        values(static_cast<std::size_t>(m * n), Real(0)),
        times(static_cast<std::size_t>(m * n), 0) {}

  void put(std::int64_t m, std::int64_t n, Real value) {
    const auto at = static_cast<std::size_t>(m * columns + n);
    values.at(at) = value;
    ++times.at(at);
  }
  [[nodiscard]] bool complete() const {
    return std::all_of(times.begin(), times.end(), [](int t) { return t == 1; });
  }
};

}  // namespace sinter::test
