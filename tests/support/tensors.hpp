// Tensors from host values and back, and comparison of sequences, for tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter::test {

template <Space S, class Real, class Value>
Matrix<S, Real> matrix(const typename S::Execution& exec, const std::vector<Value>& values, std::int64_t rows,
                       std::int64_t columns) {
  const auto tensor = make_matrix<S, Real>(exec, "test::matrix", rows, columns);
  const HostMirror<Matrix<S, Real>> mirror(tensor);
  REQUIRE(static_cast<std::int64_t>(values.size()) == rows * columns);
  std::transform(values.begin(), values.end(), mirror.host().data(), [](Value v) { return static_cast<Real>(v); });
  mirror.push(exec);
  wait_for(exec, "test: push");
  return tensor;
}

template <Space S, class Real, class Value>
Vector<S, Real> vector(const typename S::Execution& exec, const std::vector<Value>& values) {
  const auto tensor = make_vector<S, Real>(exec, "test::vector", static_cast<std::int64_t>(values.size()));
  const HostMirror<Vector<S, Real>> mirror(tensor);
  std::transform(values.begin(), values.end(), mirror.host().data(), [](Value v) { return static_cast<Real>(v); });
  mirror.push(exec);
  wait_for(exec, "test: push");
  return tensor;
}

/// All elements of a tensor on the host.
template <class View>
auto values(const typename View::execution_space& exec, const View& tensor) {
  const HostMirror<View> mirror(tensor);
  mirror.pull(exec);
  return std::vector<typename View::non_const_value_type>(mirror.host().data(),
                                                          mirror.host().data() + mirror.host().size());
}

/// A reproducible sequence in [-1, 1], without structure that a bug could hide behind.
inline std::vector<double> noise(std::size_t count, unsigned seed) {
  std::vector<double> out(count);
  std::uint64_t state = 0x9E3779B97F4A7C15u * (seed + 1);
  for (auto& value : out) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<double>(static_cast<std::int64_t>(state >> 11) - (std::int64_t{1} << 52)) * 0x1p-52;
  }
  return out;
}

/// max_i |a_i - b_i| / (1 + |b_i|).
template <class A, class B>
double largest_difference(const std::vector<A>& a, const std::vector<B>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])) /
                              (1.0 + std::abs(static_cast<double>(b[i])));
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, difference);
  }
  return largest;
}

}  // namespace sinter::test
