// Which accelerator each rank of a node takes, from what each sees: all of them, the one that its launcher shows it
// (CUDA_VISIBLE_DEVICES, a cgroup of its job step), or some. Devices are told by an identity that is the same in every
// process, not by their number, which a container or a cgroup starts at 0 for everybody.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sinter::app {

/// What a rank sees: identities of devices in the order of their numbers; none where the system does not tell.
using SeenDevices = std::vector<std::uint64_t>;

/// For each rank of a node the number, among those that it sees, of a device that no other one takes: that of its place
/// where all see the same. -1 for all where nobody sees any: the backend chooses. Throws ConfigError where there are too
/// few; the same input gives the same answer in every process.
std::vector<int> assign_devices(std::span<const SeenDevices> ranks);

}  // namespace sinter::app
