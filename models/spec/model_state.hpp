// A model as it leaves the device: its spec, normalisation and parameters as named host arrays. What models/io writes
// to a file and reads back; neutral to rank, thread count and fusion level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sinter/models/spec/model_spec.hpp>
#include <sinter/models/spec/normalization.hpp>

namespace sinter {

/// A host array in row-major order; `bytes` holds product(shape) elements of `precision` in native byte order.
struct NamedArray {
  std::string name;  ///< "layer0/W", "layer0/b", ...
  Precision precision = Precision::float32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;

  [[nodiscard]] std::int64_t size() const {
    std::int64_t count = 1;
    for (const auto extent : shape) count *= extent;
    return count;
  }
};

struct ModelState {
  ModelSpec spec;
  Precision precision = Precision::float32;
  Normalization normalization;
  std::vector<std::string> feature_names;  ///< empty where the data had none
  std::vector<std::string> target_names;
  std::vector<NamedArray> parameters;  ///< per layer W [fan_in, width], then b [width] where the model has biases
};

/// xxHash64 (seed 0) over the bytes of all parameters in order.
std::uint64_t parameter_hash(const ModelState& state);

}  // namespace sinter
