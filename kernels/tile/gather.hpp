// Rows of a batch gathered by a team: their numbers in the data set, and the rows themselves.
#pragma once

#include <cstdint>

#include <sinter/kernels/data_order.hpp>
#include <sinter/runtime/spaces.hpp>

namespace sinter::tile {

/// index[m] = order.row(first + m) for m < count, by one thread: a vector of rows at once on a host.
KOKKOS_INLINE_FUNCTION void row_numbers(const BatchOrder& order, std::int64_t first, std::int64_t count,
                                        std::int64_t* index) {
  if (count == 0) return;
  SlotOrder slot(order, order.chunk_of(first));
  std::int64_t rows[row_lanes<float>];
  for (std::int64_t m = 0; m < count;) {
    if (!slot.has(first + m)) slot = SlotOrder(order, order.chunk_of(first + m));
    const int found = slot.rows(first + m, rows);
    for (int l = 0; l < found && m < count; ++l, ++m) index[m] = rows[l];
  }
}

/// The same by all threads of a team.
template <class Team>
KOKKOS_INLINE_FUNCTION void row_numbers(const Team& team, int team_size, const BatchOrder& order, std::int64_t first,
                                        std::int64_t count, std::int64_t* index) {
  if constexpr (row_lanes < float >> 1) {  // a host's team is one thread
    row_numbers(order, first, count, index);
  } else {
    if (count == 0) return;
    SlotOrder slot(order, order.chunk_of(first));
    for (std::int64_t m = team.team_rank(); m < count; m += team_size) {
      const std::int64_t place = first + m;
      if (!slot.has(place)) slot = SlotOrder(order, order.chunk_of(place));
      index[m] = slot.row(place);
    }
  }
}

/// to(m, :) = data(index[m], :) for m < count, rows of `columns` elements, by all threads of a team: row by row on a
/// host, an element a thread on a device.
template <Space S, class Real, class Team>
KOKKOS_INLINE_FUNCTION void copy_rows(const Team& team, int team_size, const Real* data, const std::int64_t* index,
                                      std::int64_t count, std::int64_t columns, Real* to) {
  if constexpr (S::kernels_on_host) {
    for (std::int64_t m = team.team_rank(); m < count; m += team_size) {
      const Real* const from = data + index[m] * columns;
      for (std::int64_t k = 0; k < columns; ++k) to[m * columns + k] = from[k];
    }
  } else {
    for (std::int64_t e = team.team_rank(); e < count * columns; e += team_size)
      to[e] = data[index[e / columns] * columns + e % columns];
  }
}

}  // namespace sinter::tile
