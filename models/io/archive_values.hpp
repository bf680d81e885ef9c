// Typed values out of an archive, each refused with its name where it is not what was expected.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <sinter/models/io/archive.hpp>
#include <sinter/runtime/base/names.hpp>

namespace sinter {

/// A column of doubles as an array.
inline NamedArray array_of(const std::vector<double>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {"", Precision::float64, {static_cast<std::int64_t>(values.size())}, {bytes.begin(), bytes.end()}};
}

/// "[2, 3]".
inline std::string extents(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

/// Throws IoError unless the array is there with this shape and precision.
inline const NamedArray& checked_array(const Archive& archive, const std::string& name,
                                       const std::vector<std::int64_t>& shape, Precision precision) {
  const auto& array = archive.get<NamedArray>(name);
  if (array.shape != shape || array.precision != precision) {
    throw IoError(fmt::format("'{}' is {} {}; the model needs {} {}", name, to_name(array.precision),
                              extents(array.shape), to_name(precision), extents(shape)));
  }
  return array;
}

/// The elements of an array of doubles.
inline std::vector<double> doubles_of(const NamedArray& array) {
  std::vector<double> values(static_cast<std::size_t>(array.size()));
  if (!values.empty()) std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

template <Named E>
E named(const Archive& archive, const std::string& name) {
  const auto& text = archive.get<std::string>(name);
  if (const auto value = from_name<E>(text)) return *value;
  throw IoError(fmt::format("'{}' is '{}'; known: {}", name, text, list_names<E>()));
}

}  // namespace sinter
