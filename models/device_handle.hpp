// The trained network as a plain device function, for use inside an application's own kernels: `f(x, y)` by one thread,
// `f(team, x, y, scratch)` by a team, both in physical units (normalisation included). The handle is a value that
// kernels capture; it keeps the parameters alive. Same arithmetic as the library's own forward pass, so the same bits
// for a row.
#pragma once

#include <cstdint>

#include <sinter/kernels/ops/activation.hpp>
#include <sinter/kernels/ops/loss.hpp>
#include <sinter/runtime/launch.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter {

/// MaxWidth bounds the widest layer and the number of inputs for the thread form, whose two rows of activations are
/// local arrays.
template <Space S, class Real, int MaxWidth = 128>
class DeviceHandle {
 public:
  static constexpr int max_layers = 16;
  struct Layer {
    int fan_in = 0, fan_out = 0;
    std::int64_t offset = 0;
    Activation activation = Activation::identity;
    Real alpha = 0;
    bool bias = true;
  };

  KOKKOS_INLINE_FUNCTION int inputs() const { return layers_[0].fan_in; }
  KOKKOS_INLINE_FUNCTION int outputs() const { return layers_[count_ - 1].fan_out; }

  /// Bytes of team scratch that the team form needs.
  KOKKOS_INLINE_FUNCTION std::size_t scratch_bytes() const {
    return 2 * static_cast<std::size_t>(widest_) * sizeof(Real);
  }

  /// One row by one thread. x [inputs] and y [outputs]: anything with x[i] (pointer, rank-1 View) on the device; may
  /// overlap.
  template <class In, class Out>
  KOKKOS_INLINE_FUNCTION void operator()(const In& x, Out&& y) const {
    Real rows[2][MaxWidth];
    for (int k = 0; k < inputs(); ++k) rows[0][k] = normalized(x[k], k);
    int from = 0;
    for (int l = 0; l < count_; ++l, from = 1 - from) {
      const Layer& layer = layers_[l];
      const Real* const W = parameters_.data() + layer.offset;
      const Real* const b = W + static_cast<std::int64_t>(layer.fan_in) * layer.fan_out;
      Real* const out = rows[1 - from];
      for (int j = 0; j < layer.fan_out; ++j) out[j] = layer.bias ? b[j] : Real(0);
      for (int k = 0; k < layer.fan_in; ++k) {
        for (int j = 0; j < layer.fan_out; ++j)
          out[j] = Kokkos::fma(rows[from][k], W[static_cast<std::int64_t>(k) * layer.fan_out + j], out[j]);
      }
      if (l + 1 < count_) {
        for (int j = 0; j < layer.fan_out; ++j) out[j] = activate(layer.activation, layer.alpha, out[j]);
      } else {
        row_output(layer.activation, layer.alpha, out, out, layer.fan_out);
      }
    }
    for (int j = 0; j < outputs(); ++j) y[j] = physical(rows[from][j], j);
  }

  /// One row by all threads of a team; scratch: scratch_bytes() of team scratch. y is complete for the whole team on
  /// return.
  template <class Team, class In, class Out>
  KOKKOS_INLINE_FUNCTION void operator()(const Team& team, const In& x, Out&& y, void* scratch) const {
    Real* const rows[2] = {static_cast<Real*>(scratch), static_cast<Real*>(scratch) + widest_};
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, inputs()), [&](int k) { rows[0][k] = normalized(x[k], k); });
    int from = 0;
    for (int l = 0; l < count_; ++l, from = 1 - from) {
      barrier(team);  // the row was written by other threads of the team
      const Layer& layer = layers_[l];
      const Real* const W = parameters_.data() + layer.offset;
      const Real* const b = W + static_cast<std::int64_t>(layer.fan_in) * layer.fan_out;
      Kokkos::parallel_for(Kokkos::TeamThreadRange(team, layer.fan_out), [&](int j) {
        Real sum = layer.bias ? b[j] : Real(0);
        for (int k = 0; k < layer.fan_in; ++k)
          sum = Kokkos::fma(rows[from][k], W[static_cast<std::int64_t>(k) * layer.fan_out + j], sum);
        rows[1 - from][j] = l + 1 < count_ ? activate(layer.activation, layer.alpha, sum) : sum;
      });
    }
    barrier(team);  // the last row, before one thread works on all of it
    Kokkos::single(Kokkos::PerTeam(team), [&]() {
      const Layer& last = layers_[count_ - 1];
      row_output(last.activation, last.alpha, rows[from], rows[from], last.fan_out);
      for (int j = 0; j < outputs(); ++j) y[j] = physical(rows[from][j], j);
    });
    barrier(team);  // y and the scratch, before the caller reads or reuses them
  }

 private:
  template <Space, class>
  friend class Network;

  /// [shift of features, scale of features, shift of targets, scale of targets]
  template <class Value>
  KOKKOS_INLINE_FUNCTION Real normalized(const Value& value, int k) const {
    if (!normalize_features_) return static_cast<Real>(value);
    return static_cast<Real>((static_cast<double>(value) - normalization_(k)) * normalization_(inputs() + k));
  }
  KOKKOS_INLINE_FUNCTION Real physical(Real value, int j) const {
    if (!normalize_targets_) return value;
    return static_cast<Real>(static_cast<double>(value) / normalization_(2 * inputs() + outputs() + j) +
                             normalization_(2 * inputs() + j));
  }

  Vector<S, const Real> parameters_;
  Vector<S, const double> normalization_;
  Layer layers_[max_layers];
  int count_ = 0;
  int widest_ = 0;
  bool normalize_features_ = false, normalize_targets_ = false;
};

}  // namespace sinter
