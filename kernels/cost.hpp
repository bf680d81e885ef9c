// What a kernel costs, stated by the kernel itself: FLOPs of the products (an FMA counts two), compulsory bytes,
// launches.
#pragma once

#include <cstdint>

namespace sinter {

struct KernelCost {
  double flops = 0;
  double bytes = 0;  ///< each operand read once and each result written once
  std::int64_t launches = 0;

  friend KernelCost operator+(const KernelCost& a, const KernelCost& b) {
    return {a.flops + b.flops, a.bytes + b.bytes, a.launches + b.launches};
  }
};

}  // namespace sinter
