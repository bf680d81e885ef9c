// What a backward launch of a dense layer works on: dense_backward.hpp.
#pragma once

#include <cstdint>

#include <sinter/kernels/data_order.hpp>
#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/ops/activation.hpp>

namespace sinter::fused {

template <class Real>
struct DenseBackwardArgs {
  const Real* dZ = nullptr;  ///< in: gradient at this layer's pre-activation
  const Real* X = nullptr;   ///< in: this layer's input, in batch order
  const Real* previous =
      nullptr;         ///< in: [rows, fan_in], what the previous activation's derivative needs: its output or its input
  Real* dX = nullptr;  ///< out: gradient at the previous pre-activation; null for the first layer
  Activation previous_activation = Activation::identity;
  Real previous_alpha = 0;
  int fan_in = 0, fan_out = 0;
  bool bias = true;
  bool leave_update = false;  ///< leave the sums in the slabs for update_from_sums()
  std::int64_t offset = 0;    ///< of W in the parameter vector; b follows W
  UpdateTarget<Real> target;  ///< in/out: of the whole network
  int* counters = nullptr;    ///< work: [dense_backward_ranges()], zero before and after
  int first_range = 0;        ///< number of this layer's first range in target.square_norms
  BatchOrder order;           ///< rows and chunks of this step
};

}  // namespace sinter::fused
