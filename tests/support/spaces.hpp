// The (space, precision) pairs that are tested as type lists for Catch2's TEMPLATE_LIST_TEST_CASE: every test of a kernel runs on all of
// those that the build instantiates (cmake/instances.cmake). A build with the mock device space tests that one, and leaves
// the others to builds without.
#pragma once

#include <tuple>

#include <tested_pairs.hpp>  // made by cmake/instances.cmake

#include <sinter/runtime/spaces.hpp>

namespace sinter::test {

template <class S, class R>
struct Pair {
  using Space = S;
  using Real = R;
};

template <class... Lists>
using Concat = decltype(std::tuple_cat(std::declval<Lists>()...));

using Spaces = std::tuple<SINTER_TESTED_SPACES>;

template <class S, class... Reals>
using PairsWith = std::tuple<Pair<S, Reals>...>;

template <class List>
struct PairsOf;
template <class... S>
struct PairsOf<std::tuple<S...>> {
  using type = Concat<PairsWith<S, SINTER_TESTED_PRECISIONS>...>;
};

/// Every space that is tested with every precision.
using Pairs = typename PairsOf<Spaces>::type;

}  // namespace sinter::test
