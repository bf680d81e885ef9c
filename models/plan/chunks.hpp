// How many chunks a batch is cut into depends on these and on max_chunks() of plan.hpp.
#pragma once

#include <cstdint>

namespace sinter::detail {

/// A chunk holds at least as many rows, so that its partial sums cost less than its products.
inline constexpr std::int64_t min_chunk_rows = 32;

/// From this many parameters on a host has at most so many chunks: sixteen slabs of them leave the caches of a host, and go
/// to memory and back in every step.
inline constexpr std::int64_t many_parameters = 1'000'000;
inline constexpr std::int64_t chunks_of_many_parameters = 8;

}  // namespace sinter::detail
