// Counter-based random numbers (Random123's Philox4x32-10, Salmon et al. 2011): a draw is a pure function of a key and
// a counter, never of who draws. Streams keep initialisation, shuffling and masks apart.
#pragma once

#include <cstdint>

#include <Random123/philox.h>

#include <sinter/runtime/kokkos_version.hpp>

namespace sinter::random {

enum class Stream : std::uint32_t { initialize = 1, shuffle = 2 };

struct Draw {
  std::uint32_t word[4];
};

/// Four 32-bit words for (seed, stream, a, b).
KOKKOS_INLINE_FUNCTION Draw draw(std::uint64_t seed, Stream stream, std::uint32_t a, std::uint64_t b) {
  r123::Philox4x32 generator;
  const r123::Philox4x32::ctr_type counter = {
      {static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32), a, static_cast<std::uint32_t>(stream)}};
  const r123::Philox4x32::key_type key = {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const auto words = generator(counter, key);
  return {{words[0], words[1], words[2], words[3]}};
}

/// Uniform in (0, 1) with 52 bits from two words, the middles of 2^52 equal intervals; never 0 or 1. (With 53 bits the
/// last middle would round to 1.)
KOKKOS_INLINE_FUNCTION double open_unit(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace sinter::random
