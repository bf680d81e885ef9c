// The parameter vector cut into pieces that one team updates each, on the device.
#pragma once

#include <algorithm>
#include <vector>

#include <sinter/kernels/fused/parameter_update.hpp>
#include <sinter/kernels/layout.hpp>
#include <sinter/runtime/host_mirror.hpp>
#include <sinter/runtime/tensor.hpp>

namespace sinter::detail {

/// All weights and biases in blocks of at most `largest`; sums(layer): slabs that hold their sums.
template <class SumsOf>
std::vector<fused::UpdateBlock> block_list(const NetworkLayout& layout, std::int64_t largest, const SumsOf& sums) {
  std::vector<fused::UpdateBlock> blocks;
  for (const auto& layer : layout.layers) {
    const auto add = [&](std::int64_t begin, std::int64_t count, bool decay) {
      for (std::int64_t e = 0; e < count; e += largest) {
        blocks.push_back({begin + e, std::min(largest, count - e), decay, static_cast<std::uint8_t>(sums(layer))});
      }
    };
    add(layer.offset, layer.weights(), true);
    if (layer.bias) add(layer.offset + layer.weights(), layer.fan_out, false);
  }
  return blocks;
}

/// In blocks of at most UpdateBlock::largest, each with all sums that there are.
inline std::vector<fused::UpdateBlock> block_list(const NetworkLayout& layout) {
  return block_list(layout, fused::UpdateBlock::largest, [](const auto&) { return 0; });
}

/// On the device. 1 allocation, 1 copy (none on host spaces), 1 fence.
template <Space S>
Vector<S, fused::UpdateBlock> on_device(const typename S::Execution& exec,
                                        const std::vector<fused::UpdateBlock>& blocks) {
  const auto device = make_vector<S, fused::UpdateBlock>(exec, "sinter::step::update_blocks",
                                                         static_cast<std::int64_t>(blocks.size()));
  const HostMirror<Vector<S, fused::UpdateBlock>> mirror(device);
  std::copy(blocks.begin(), blocks.end(), mirror.host().data());
  mirror.push(exec);
  wait_for(exec, "sinter: update blocks before their host image goes");
  return device;
}

/// Blocks of at most UpdateBlock::largest, on the device; as on_device().
template <Space S>
Vector<S, fused::UpdateBlock> update_blocks(const typename S::Execution& exec, const NetworkLayout& layout) {
  return on_device<S>(exec, block_list(layout));
}

}  // namespace sinter::detail
