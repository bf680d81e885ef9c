// The order of the rows: every row once an epoch, each slot from its own shard, another order every epoch, no favourite
// places.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/data_order.hpp>

using namespace sinter;

namespace {

struct Problem {
  std::int64_t rows, batch, chunks;
  [[nodiscard]] std::int64_t steps() const { return (rows + batch - 1) / batch; }
  [[nodiscard]] BatchOrder order(std::int64_t step, std::int64_t epoch, bool shuffle) const {
    return {rows, batch, chunks, step, epoch, 42, shuffle};
  }
};

std::vector<Problem> problems() {
  std::vector<Problem> all;
  for (const std::int64_t rows : {1, 2, 5, 31, 32, 64, 100, 203, 1000}) {
    for (const std::int64_t batch : {1, 3, 32, 64, 100, 1000}) {
      for (const std::int64_t chunks : {1, 2, 4, 16}) {
        if (batch <= rows) all.push_back({rows, batch, chunks});
      }
    }
    for (const std::int64_t chunks : {1, 2, 4, 16}) all.push_back({rows, rows, chunks});
  }
  return all;
}

std::vector<std::int64_t> epoch_order(const Problem& p, std::int64_t epoch, bool shuffle) {
  std::vector<std::int64_t> rows;
  for (std::int64_t step = 0; step < p.steps(); ++step) {
    const BatchOrder order = p.order(step, epoch, shuffle);
    for (std::int64_t place = 0; place < order.rows(); ++place) rows.push_back(order.row(place));
  }
  return rows;
}

/// Rows of shard s, from the definition: its slot's share of every full batch and of the rest.
std::int64_t shard_rows(const Problem& p, std::int64_t s) {
  const auto share = [&](std::int64_t count) { return count * (s + 1) / p.chunks - count * s / p.chunks; };
  return p.rows / p.batch * share(p.batch) + share(p.rows % p.batch);
}

}  // namespace

TEST_CASE("every row of the data set comes once an epoch") {
  for (const Problem& p : problems()) {
    for (const bool shuffle : {false, true}) {
      auto rows = epoch_order(p, 3, shuffle);
      std::sort(rows.begin(), rows.end());
      std::vector<std::int64_t> all(static_cast<std::size_t>(p.rows));
      std::iota(all.begin(), all.end(), 0);
      INFO("rows " << p.rows << ", batch " << p.batch << ", chunks " << p.chunks << ", shuffle " << shuffle);
      CHECK(rows == all);
    }
  }
}

TEST_CASE("slot s of every batch draws from shard s, and unshuffled in the order of the shard") {
  for (const Problem& p : problems()) {
    std::int64_t wrong_shard = 0, wrong_place = 0, wrong_chunk = 0;
    for (std::int64_t step = 0; step < p.steps(); ++step) {
      const BatchOrder shuffled = p.order(step, 5, true), plain = p.order(step, 5, false);
      std::int64_t shard_begin = 0;
      for (std::int64_t s = 0; s < p.chunks; ++s) {
        const std::int64_t share = p.batch * (s + 1) / p.chunks - p.batch * s / p.chunks;
        for (std::int64_t place = plain.chunk_begin(s); place < plain.chunk_begin(s + 1); ++place) {
          const std::int64_t row = shuffled.row(place);
          if (place == shuffled.chunk_begin(s) || place % 5 == 0) {  // several at once are the same
            std::int64_t some[8];
            const int found = SlotOrder(shuffled, s).rows(place, some);
            wrong_place += found == std::min<std::int64_t>(8, shuffled.chunk_begin(s + 1) - place) ? 0 : 1;
            for (int l = 0; l < found; ++l) wrong_place += some[l] == shuffled.row(place + l) ? 0 : 1;
          }
          wrong_chunk += plain.chunk_of(place) == s ? 0 : 1;
          wrong_shard += row >= shard_begin && row < shard_begin + shard_rows(p, s) ? 0 : 1;
          wrong_place += plain.row(place) == shard_begin + step * share + place - plain.chunk_begin(s) ? 0 : 1;
          if (plain.identity() && plain.row(place) != place) ++wrong_place;
        }
        shard_begin += shard_rows(p, s);
      }
      CHECK(shard_begin == p.rows);
    }
    INFO("rows " << p.rows << ", batch " << p.batch << ", chunks " << p.chunks);
    CHECK(wrong_chunk == 0);
    CHECK(wrong_shard == 0);
    CHECK(wrong_place == 0);
  }
}

TEST_CASE("a batch that was brought in its order has each row in the place of its number, on every rank") {
  for (const Problem& p : problems()) {
    for (std::int64_t step = 0; step < p.steps(); ++step) {
      for (const std::int64_t first : {std::int64_t{0}, p.chunks / 2}) {
        BatchOrder order = p.order(step, 5, true);
        order.first_slot = static_cast<std::int16_t>(first);
        order.own_slots = static_cast<std::int16_t>(p.chunks - first);
        order.in_order = true;
        REQUIRE(order.identity());
        std::int64_t wrong = 0;
        for (std::int64_t chunk = 0; chunk < order.own_chunks(); ++chunk) {
          const SlotOrder slot(order, chunk);
          for (std::int64_t place = order.chunk_begin(chunk); place < order.chunk_begin(chunk + 1); ++place)
            wrong += slot.row(place) == place && order.row(place) == place ? 0 : 1;
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("only an order that leaves every row in its place calls itself the identity") {
  for (const Problem& p : problems()) {
    for (std::int64_t step = 0; step < p.steps(); ++step) {
      BatchOrder order = p.order(step, 0, false);
      bool same = true;
      std::int64_t shard_begin = 0;  // from the definition, since row() asks identity() itself
      for (std::int64_t s = 0; s < p.chunks; ++s) {
        const std::int64_t share = p.batch * (s + 1) / p.chunks - p.batch * s / p.chunks;
        if (order.chunk_begin(s) < order.chunk_begin(s + 1))
          same = same && shard_begin + step * share == order.chunk_begin(s);
        shard_begin += shard_rows(p, s);
      }
      if (order.identity()) CHECK(same);
      order.shuffle = true;
      CHECK_FALSE(order.identity());
    }
  }
  CHECK(Problem{100, 100, 4}.order(0, 0, false).identity());
  CHECK(Problem{100, 32, 1}.order(0, 0, false).identity());
  CHECK_FALSE(Problem{100, 32, 1}.order(1, 0, false).identity());
  CHECK_FALSE(Problem{100, 64, 2}.order(0, 0, false).identity());
}

TEST_CASE("epochs and seeds differ in their orders, and the same seed and epoch repeat theirs") {
  const Problem p{100, 32, 1};
  const auto first = epoch_order(p, 0, true);
  CHECK(epoch_order(p, 0, true) == first);
  CHECK(epoch_order(p, 1, true) != first);
  BatchOrder other = p.order(0, 0, true);
  std::vector<std::int64_t> rows;
  other.seed = 43;
  for (std::int64_t place = 0; place < other.rows(); ++place) rows.push_back(other.row(place));
  CHECK_FALSE(std::equal(rows.begin(), rows.end(), first.begin()));
}

TEST_CASE("over many epochs every row comes equally often at every place") {
  constexpr std::int64_t rows = 12, epochs = 12000;
  std::vector<double> count(static_cast<std::size_t>(rows * rows), 0);
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const Shuffle shuffle(7, epoch, 0, rows);
    for (std::int64_t place = 0; place < rows; ++place)
      count[static_cast<std::size_t>(place * rows + shuffle(place))] += 1;
  }
  constexpr double expected = static_cast<double>(epochs) / rows;
  double chi_square = 0;
  for (const double c : count) chi_square += (c - expected) * (c - expected) / expected;
  // (rows - 1)^2 = 121 degrees of freedom, standard deviation sqrt(2 * 121) = 15.6: five of them above the mean.
  CHECK(chi_square < 121 + 5 * 15.6);
}

TEST_CASE("neighbours are torn apart: pairs of successive places fall on every pair of rows") {
  constexpr std::int64_t rows = 6, epochs = 30000;
  std::vector<double> count(static_cast<std::size_t>(rows * rows), 0);
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const Shuffle shuffle(11, epoch, 2, rows);
    count[static_cast<std::size_t>(shuffle(0) * rows + shuffle(1))] += 1;
  }
  constexpr double expected = static_cast<double>(epochs) / (rows * (rows - 1));
  double chi_square = 0;
  for (std::int64_t a = 0; a < rows; ++a) {
    for (std::int64_t b = 0; b < rows; ++b) {
      const double c = count[static_cast<std::size_t>(a * rows + b)];
      chi_square += a == b ? c : (c - expected) * (c - expected) / expected;  // a pair of equal rows would be a defect
    }
  }
  CHECK(chi_square < 29 + 5 * std::sqrt(2.0 * 29));  // 30 - 1 degrees of freedom
}
