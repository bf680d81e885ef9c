// The built (space, precision) pairs as type lists for Catch2's TEMPLATE_LIST_TEST_CASE: every test of a kernel runs on all of them. A
// build with the mock device space tests that one, and leaves the others to builds without.
#pragma once

#include <tuple>

#include <sinter/runtime/spaces.hpp>

namespace sinter::test {

template <class S, class R>
struct Pair {
  using Space = S;
  using Real = R;
};

template <class... Lists>
using Concat = decltype(std::tuple_cat(std::declval<Lists>()...));

#ifdef SINTER_MOCK
using Spaces = std::tuple<spaces::Mock>;
#else
using Spaces = Concat<std::tuple<>
#ifdef KOKKOS_ENABLE_CUDA
                      ,
                      std::tuple<spaces::Cuda>
#endif
#ifdef KOKKOS_ENABLE_HIP
                      ,
                      std::tuple<spaces::Hip>
#endif
#ifdef KOKKOS_ENABLE_SYCL
                      ,
                      std::tuple<spaces::Sycl>
#endif
#ifdef KOKKOS_ENABLE_OPENMP
                      ,
                      std::tuple<spaces::OpenMP>
#endif
#ifdef KOKKOS_ENABLE_THREADS
                      ,
                      std::tuple<spaces::Threads>
#endif
#ifdef KOKKOS_ENABLE_SERIAL
                      ,
                      std::tuple<spaces::Serial>
#endif
                      >;
#endif

template <class List>
struct PairsOf;
template <class... S>
struct PairsOf<std::tuple<S...>> {
  using type = Concat<std::tuple<Pair<S, float>, Pair<S, double>>...>;
};

/// Every space that is tested with float and double.
using Pairs = typename PairsOf<Spaces>::type;

}  // namespace sinter::test
