// Tiles, teams and chunks taken together, worked out by hand.
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/catalog/tiling.hpp>

using namespace sinter;

TEST_CASE("tiles of a forward launch are wider where they still fill the device") {
  const auto is = [](tiling::Tile tile, std::int64_t rows, std::int64_t columns) {
    return tile.rows == rows && tile.columns == columns;
  };
  CHECK(is(tiling::forward_tile(false, 127 * 64, 256, 0), 64, 64));  // 254 teams of the wider kind
  CHECK(is(tiling::forward_tile(false, 128 * 64, 256, 0), 64, 128));
  CHECK(is(tiling::forward_tile(false, 128 * 64, 129, 0), 64, 128));
}

TEST_CASE("tiles of a forward launch on a host are the largest that keep its threads busy") {
  const auto is = [](tiling::Tile tile, std::int64_t rows, std::int64_t columns) {
    return tile.rows == rows && tile.columns == columns;
  };
  CHECK(is(tiling::forward_tile(true, 2048, 1024, 2), 2048, 128));  // 8 teams for 2 threads
  CHECK(is(tiling::forward_tile(true, 2048, 1024, 7), 296, 128));   // 7 tiles of rows
  CHECK(is(tiling::forward_tile(true, 2048, 1024, 64), 256, 128));
  CHECK(is(tiling::forward_tile(true, 256, 512, 2), 256, 128));
  CHECK(is(tiling::forward_tile(true, 256, 256, 4), 256, 64));
  CHECK(is(tiling::forward_tile(true, 256, 130, 2), 256, 96));  // two tiles of about as many columns
  CHECK(is(tiling::forward_tile(true, 256, 10, 2), 128, 32));   // one tile of columns
  CHECK(is(tiling::forward_tile(true, 256, 10, 64), 64, 64));   // no more than 4, and no shorter tile
  CHECK(is(tiling::forward_tile(true, 1, 10, 1), 8, 32));
}

TEST_CASE("what a host's product packs takes panels of B and strips of A, up to a limit each") {
  constexpr std::int64_t limit = 512 << 10;
  CHECK(tiling::host_product_bytes(4, 128, 0, 10, 100) == 128 * 100 + 64);
  CHECK(tiling::host_product_bytes(4, 128, 0, 33, 256) ==
        128 * 256 + 64);  // a panel that stays in the first-level cache
  CHECK(tiling::host_product_bytes(4, 128, 0, 33, 257) == 2 * 128 * 257 + 64);
  CHECK(tiling::host_product_bytes(8, 128, 0, 16, 1000) == 128 * 512 + 64);  // 512 steps of a chain at once
  CHECK(tiling::host_product_bytes(4, 128, 0, 1024, 1024) == limit + 64);
  CHECK(tiling::host_product_bytes(4, 128, 24, 32, 100) ==
        128 * 100 + 32 * 4 * 100 + 64);  // with room for a short block
  CHECK(tiling::host_product_bytes(4, 128, 1024, 1024, 1024) == 2 * limit + 64);
  CHECK(tiling::host_columns_at_once(4, 32, 1024) == 128);
  CHECK(tiling::host_columns_at_once(4, 32, 1000) == 128);
  CHECK(tiling::host_columns_at_once(4, 32, 200) == 640);
  CHECK(tiling::host_rows_at_once(8, 6, 512) == 126);
}

TEST_CASE("tiles of inference have multiples of eight rows, fewer where threads or a device would be left empty") {
  CHECK(tiling::inference_rows(true, 1, 2) == 8);
  CHECK(tiling::inference_rows(true, 33, 2) == 24);
  CHECK(tiling::inference_rows(true, 100, 1) == 104);
  CHECK(tiling::inference_rows(true, 100, 2) == 56);
  CHECK(tiling::inference_rows(true, 4096, 2) == 512);
  CHECK(tiling::inference_rows(true, 5000, 2) == 504);  // 10 tiles
  CHECK(tiling::inference_rows(true, 4096, 7) == 296);  // 14 tiles
  CHECK(tiling::inference_rows(true, 256, 64) == 32);
  CHECK(tiling::inference_rows(false, 256 * 64, 1) == 64);
  CHECK(tiling::inference_rows(false, 256 * 64 - 1, 1) == 32);
  CHECK(tiling::inference_rows(false, 20, 1) == 24);
}

TEST_CASE("chunks are taken together as subtrees that leave teams enough") {
  const auto is = [](tiling::HostBackward cut, std::int64_t tiles, int group) {
    return cut.tiles == tiles && cut.group == group;
  };
  CHECK(is(tiling::host_backward(1024, 2048, 16, 0, 2), 4, 4));  // tiles of 256 rows, groups of 512
  CHECK(is(tiling::host_backward(1024, 2048, 16, 0, 7), 7, 4));  // 28 teams
  CHECK(is(tiling::host_backward(1024, 2048, 16, 0, 96), 12, 2));
  CHECK(is(tiling::host_backward(784, 256, 8, 0, 2), 4, 8));
  CHECK(is(tiling::host_backward(784, 513, 8, 0, 2), 4, 4));        // one row too many for all chunks
  CHECK(is(tiling::host_backward(784, 256, 8, 2, 2), 4, 2));        // the first is number 2 of the tree
  CHECK(is(tiling::host_backward(64, 128, 8, 0, 2), 1, 4));         // one tile
  CHECK(is(tiling::host_backward(64, 128, 8, 0, 16), 1, 1));        // as many teams as there can be
  CHECK(is(tiling::host_backward(64, 32, 32, 0, 1), 1, 16));        // as many as a product takes
  CHECK(tiling::device_chunks_together(4, 128, 0, true) == 2);      // 64 groups of 4 blocks
  CHECK(tiling::device_chunks_together(4, 128, 0, false) == 8);     // no more than 16 sums for one team
  CHECK(tiling::device_chunks_together(256, 128, 0, true) == 128);  // one group fills it
  CHECK(tiling::device_chunks_together(1, 128, 0, true) == 1);
}

TEST_CASE("tiles of W in a backward launch are whole blocks, the short one where blocks are more") {
  const auto rows = [](std::int64_t fan_in, std::int64_t tiles) {
    std::vector<std::int64_t> begins;
    for (std::int64_t t = 0; t <= tiles; ++t) begins.push_back(tiling::host_weight_row(fan_in, tiles, t));
    return begins;
  };
  CHECK(rows(784, 4) == std::vector<std::int64_t>{0, 192, 384, 576, 784});
  CHECK(rows(65, 2) == std::vector<std::int64_t>{0, 64, 65});
  CHECK(rows(1, 1) == std::vector<std::int64_t>{0, 1});
}
