// Small kernels for the tests of the mock device space.
#pragma once

#include <sinter/runtime/spaces.hpp>

namespace sinter::testing {

using Execution = spaces::Mock::Execution;

/// data(i) += i
struct AddIndex {
  Kokkos::View<double*, spaces::Mock::Device> data;
  KOKKOS_FUNCTION void operator()(int i) const { data(i) += i; }
};

inline void add_index(const Kokkos::View<double*, spaces::Mock::Device>& data) {
  Kokkos::parallel_for("add_index", Kokkos::RangePolicy<Execution>(Execution(), 0, static_cast<int>(data.extent(0))),
                       AddIndex{data});
}

}  // namespace sinter::testing
