#include <sinter/app/study/scaling_model.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

namespace sinter::app {
namespace {

constexpr std::size_t most = 3;  // coefficients of a model
using Row = std::array<double, most>;

/// What multiplies the coefficients at p workers.
Row amdahl_row(double p) { return {1, 1 / p, 0}; }
Row alpha_beta_row(double p, double bytes, bool weak) {
  return {weak ? 1 : 1 / p, 2 * std::ceil(std::log2(p)), 2 * (p - 1) / p * bytes};
}

double product(const Row& row, const Row& x) { return row[0] * x[0] + row[1] * x[1] + row[2] * x[2]; }

/// Solves the normal equations of the columns in `use` by Gauss-Jordan elimination with pivots; the others are 0.
/// Returns false where they are singular.
bool solve(const std::vector<Row>& rows, unsigned use, Row& x) {
  std::vector<std::size_t> columns;
  for (std::size_t column = 0; column < most; ++column)
    if ((use >> column & 1U) != 0) columns.push_back(column);
  const auto n = columns.size();
  std::array<std::array<double, most + 1>, most> a{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) a[i][j] += row[columns[i]] * row[columns[j]];
      a[i][n] += row[columns[i]];  // every row is scaled such that its right-hand side is 1
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    if (std::abs(a[k][k]) < 1e-12 * static_cast<double>(rows.size())) return false;
    for (std::size_t i = 0; i < n; ++i) {
      const double factor = i == k ? 0 : a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) a[i][j] -= factor * a[k][j];
    }
  }
  x = {};
  for (std::size_t k = 0; k < n; ++k) x[columns[k]] = a[k][n] / a[k][k];
  return true;
}

/// min sum ((row . x) / T - 1)^2 with x >= 0, by trying every set of columns that are not 0: at most seven.
Row least_squares(std::vector<Row> rows, const std::vector<ScalingPoint>& points) {
  Row scale{};  // columns of size 1: alpha, beta and times differ by many orders
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t column = 0; column < most; ++column) {
      rows[i][column] /= points[i].seconds;
      scale[column] = std::max(scale[column], std::abs(rows[i][column]));
    }
  }
  for (auto& row : rows) {
    for (std::size_t column = 0; column < most; ++column)
      if (scale[column] > 0) row[column] /= scale[column];
  }
  Row best{};
  double least = std::numeric_limits<double>::infinity();
  for (unsigned use = 1; use < 1U << most; ++use) {
    Row x{};
    if (!solve(rows, use, x) || std::ranges::any_of(x, [](double value) { return value < 0; })) continue;
    double sum = 0;
    for (const auto& row : rows) sum += std::pow(product(row, x) - 1, 2);
    if (sum < least) {
      least = sum;
      best = x;
    }
  }
  for (std::size_t column = 0; column < most; ++column)
    if (scale[column] > 0) best[column] /= scale[column];
  return best;
}

std::string too_few(const std::vector<ScalingPoint>& points, std::size_t needed) {
  std::set<double> workers;
  for (const auto& point : points) workers.insert(point.workers);
  if (workers.size() >= needed) return "";
  return fmt::format("too few points to fit: {} different number{} of workers, at least {} are needed", workers.size(),
                     workers.size() == 1 ? "" : "s", needed);
}

void add_residuals(ScalingModel& model, const std::vector<ScalingPoint>& points) {
  double sum = 0;
  for (const auto& point : points) {
    model.residuals.push_back(model.seconds(point.workers) / point.seconds - 1);
    sum += model.residuals.back() * model.residuals.back();
  }
  model.rms = std::sqrt(sum / static_cast<double>(points.size()));
}

}  // namespace

double ScalingModel::seconds(double workers) const {
  const auto row = name == "amdahl" ? amdahl_row(workers) : alpha_beta_row(workers, bytes, weak);
  double sum = 0;
  for (std::size_t index = 0; index < coefficients.size(); ++index) sum += row[index] * coefficients[index].value;
  return sum;
}

ScalingModel fit_amdahl(const std::vector<ScalingPoint>& points) {
  ScalingModel model;
  model.name = "amdahl";
  model.problem = too_few(points, 3);
  if (!model.fitted()) return model;
  std::vector<Row> rows;
  for (const auto& point : points) rows.push_back(amdahl_row(point.workers));
  const auto x = least_squares(rows, points);
  model.formula = "T(p) = T_s + T_p / p";
  model.coefficients = {{"T_s", "s", x[0]}, {"T_p", "s", x[1]}};
  add_residuals(model, points);
  return model;
}

ScalingModel fit_alpha_beta(const std::vector<ScalingPoint>& points, double bytes, bool weak) {
  ScalingModel model;
  model.name = "alpha_beta";
  model.problem = too_few(points, 4);
  if (model.fitted() && !(bytes > 0)) model.problem = "the size of the gradient is not known";
  if (!model.fitted()) return model;
  model.weak = weak;
  model.bytes = bytes;
  std::vector<Row> rows;
  for (const auto& point : points) rows.push_back(alpha_beta_row(point.workers, bytes, weak));
  const auto x = least_squares(rows, points);
  model.formula = fmt::format("T(p) = {} + 2 ceil(log2 p) alpha + 2 (p - 1) / p M beta, M = {} bytes",
                              weak ? "T_p" : "T_p / p", bytes);
  model.coefficients = {{"T_p", "s", x[0]}, {"alpha", "s", x[1]}, {"beta", "s/byte", x[2]}};
  add_residuals(model, points);
  return model;
}

}  // namespace sinter::app
