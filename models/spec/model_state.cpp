#include <sinter/models/spec/model_state.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sinter {

std::uint64_t parameter_hash(const ModelState& state) {
  XXH64_state_t hash;
  XXH64_reset(&hash, 0);
  for (const auto& array : state.parameters) XXH64_update(&hash, array.bytes.data(), array.bytes.size());
  return XXH64_digest(&hash);
}

}  // namespace sinter
