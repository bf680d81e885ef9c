// adamw: adam with the weight decay apart from the gradient, w -= r lambda w before the step (Loshchilov & Hutter 2019;
// PyTorch's AdamW).
#pragma once

#include <sinter/kernels/ops/optimizers/adam.hpp>

namespace sinter {

struct AdamW : Adam {
  static constexpr bool decoupled_decay = true;
};

}  // namespace sinter
