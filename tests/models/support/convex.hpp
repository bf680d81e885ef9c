// Independent solutions of the convex problems, in long double on the host: least squares by its normal equations, and
// the infimum of the logistic loss between a point that nearly attains it and a proof that nothing lies below.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace sinter::test {

using Numbers = std::vector<long double>;

/// Columns brought to mean 0 and deviation 1 (those without variance: to 0), and a column of ones behind them.
struct Design {
  std::size_t rows, columns;  ///< columns with the one of ones
  Numbers a, mean, deviation;

  Design(const std::vector<double>& x, std::int64_t features) : columns(static_cast<std::size_t>(features) + 1) {
    const auto n = static_cast<std::size_t>(features);
    rows = x.size() / n;
    mean.assign(n, 0);
    deviation.assign(n, 0);
    for (std::size_t i = 0; i < x.size(); ++i)
      mean[i % n] += static_cast<long double>(x[i]) / static_cast<long double>(rows);
    for (std::size_t i = 0; i < x.size(); ++i)
      deviation[i % n] += (x[i] - mean[i % n]) * (x[i] - mean[i % n]) / static_cast<long double>(rows);
    for (auto& d : deviation) d = d > 0 ? std::sqrt(d) : 1;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < n; ++j) a.push_back((x[r * n + j] - mean[j]) / deviation[j]);
      a.push_back(1);
    }
  }
  [[nodiscard]] const long double* row(std::size_t r) const { return a.data() + r * columns; }
  [[nodiscard]] long double dot(std::size_t r, const Numbers& w) const {
    long double sum = 0;
    for (std::size_t j = 0; j < columns; ++j) sum += row(r)[j] * w[j];
    return sum;
  }
  /// A^T v.
  [[nodiscard]] Numbers transposed(const Numbers& v) const {
    Numbers out(columns, 0);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < columns; ++j) out[j] += row(r)[j] * v[r];
    }
    return out;
  }
  /// (A^T diag(d) A + ridge)^+ b, by Cholesky; directions without curvature are left out.
  [[nodiscard]] Numbers solve(const Numbers& d, long double ridge, const Numbers& b) const {
    const std::size_t n = columns;
    Numbers H(n * n, 0), x(b);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) H[i * n + j] += d[r] * row(r)[i] * row(r)[j];
      }
    }
    for (std::size_t i = 0; i < n; ++i) H[i * n + i] += ridge;
    std::vector<bool> flat(n, false);
    for (std::size_t i = 0; i < n; ++i) {
      const long double whole = H[i * n + i];
      for (std::size_t k = 0; k < i; ++k) {
        for (std::size_t l = 0; l < k; ++l) H[i * n + k] -= H[i * n + l] * H[k * n + l];
        H[i * n + k] = flat[k] ? 0 : H[i * n + k] / H[k * n + k];
        H[i * n + i] -= H[i * n + k] * H[i * n + k];
      }
      flat[i] = !(H[i * n + i] > 1e-16L * whole);
      H[i * n + i] = flat[i] ? 1 : std::sqrt(H[i * n + i]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < i; ++k) x[i] -= H[i * n + k] * x[k];
      x[i] = flat[i] ? 0 : x[i] / H[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) x[i] -= H[k * n + i] * x[k];
      x[i] = flat[i] ? 0 : x[i] / H[i * n + i];
    }
    return x;
  }
};

/// [W, b] in physical units that minimise the squared error of X W + b.
inline Numbers least_squares(const std::vector<double>& x, const std::vector<double>& y, std::int64_t features) {
  const Design design(x, features);
  Numbers w = design.solve(Numbers(design.rows, 1), 0, design.transposed(Numbers(y.begin(), y.end())));
  for (std::size_t j = 0; j + 1 < design.columns; ++j) {
    w[j] /= design.deviation[j];
    w.back() -= w[j] * design.mean[j];
  }
  return w;
}

inline double rmse(const Numbers& w, const std::vector<double>& x, const std::vector<double>& y) {
  const std::size_t n = w.size() - 1;
  long double sum = 0;
  for (std::size_t r = 0; r < y.size(); ++r) {
    long double error = w.back() - y[r];
    for (std::size_t j = 0; j < n; ++j) error += w[j] * x[r * n + j];
    sum += error * error;
  }
  return static_cast<double>(std::sqrt(sum / static_cast<long double>(y.size())));
}

struct Bounds {
  long double lower, upper;
};

/// The infimum over w of mean_r log(1 + exp(-s_r a_r w)), s = +-1, which no w attains where a direction separates rows.
/// Above: the loss at the end of a Newton path with a ridge that falls to 1e-15. Below, by duality: any alpha in [0, 1]
/// with sum_r alpha_r s_r a_r = 0 proves that nothing lies below mean_r H(alpha_r), H the entropy. The path's end gives
/// alpha = sigmoid(-s a w); rows that it separates (alpha below 1e-10) are set to 0, and Newton steps in the metric of
/// the others restore the sum.
inline Bounds logistic_infimum(const std::vector<double>& x, const std::vector<double>& y, std::int64_t features) {
  const Design design(x, features);
  const std::size_t rows = design.rows;
  const auto count = static_cast<long double>(rows);
  Numbers sign(rows), w(design.columns, 0), alpha(rows), curvature(rows), pull(rows);
  for (std::size_t r = 0; r < rows; ++r) sign[r] = y[r] > 0.5 ? 1 : -1;
  const auto objective = [&](const Numbers& at, long double ridge) {
    long double sum = 0, squares = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      const long double margin = sign[r] * design.dot(r, at);
      sum += margin > 0 ? std::log1p(std::exp(-margin)) : std::log1p(std::exp(margin)) - margin;
    }
    for (const long double v : at) squares += v * v;
    return sum / count + ridge / 2 * squares;
  };
  const auto refresh = [&] {
    for (std::size_t r = 0; r < rows; ++r) alpha[r] = 1 / (1 + std::exp(sign[r] * design.dot(r, w)));
  };
  const auto weigh = [&] {
    for (std::size_t r = 0; r < rows; ++r) {
      curvature[r] = alpha[r] * (1 - alpha[r]);
      pull[r] = alpha[r] * sign[r];
    }
  };
  for (long double ridge = 0.1L; ridge > 0.5e-15L; ridge /= 10) {
    for (int iteration = 0; iteration < 50; ++iteration) {
      refresh();
      weigh();
      Numbers gradient = design.transposed(pull);
      for (std::size_t j = 0; j < w.size(); ++j) gradient[j] = gradient[j] - ridge * count * w[j];
      const Numbers step = design.solve(curvature, ridge * count, gradient);
      long double decrement = 0;
      for (std::size_t j = 0; j < w.size(); ++j) decrement += step[j] * gradient[j] / count;
      if (decrement < 1e-24L) break;
      const long double before = objective(w, ridge);
      for (long double length = 1; length > 1e-6L; length /= 2) {
        Numbers next(w);
        for (std::size_t j = 0; j < w.size(); ++j) next[j] += length * step[j];
        if (objective(next, ridge) <= before - 1e-4L * length * decrement || length < 1e-5L) {
          w = next;
          break;
        }
      }
    }
  }
  const long double upper = objective(w, 0);

  refresh();
  for (auto& value : alpha) value = value < 1e-10L ? 0 : value;
  for (int iteration = 0; iteration < 5; ++iteration) {
    weigh();
    const Numbers shift = design.solve(curvature, 0, design.transposed(pull));
    for (std::size_t r = 0; r < rows; ++r) alpha[r] -= sign[r] * curvature[r] * design.dot(r, shift);
  }
  weigh();
  long double entropy = 0, off = 0;
  for (const long double value : alpha) {
    if (!(value >= 0 && value < 1)) return {-1, upper};  // no proof
    if (value > 0) entropy -= value * std::log(value) + (1 - value) * std::log1p(-value);
  }
  for (const long double value : design.transposed(pull)) off = std::max(off, std::abs(value));
  // What rounding leaves of the sum weakens the proof by its product with the size of the weights in question, here
  // below 20 each.
  return {(entropy - 20 * off * static_cast<long double>(w.size())) / count, upper};
}

}  // namespace sinter::test
