// Tiles, teams and chunks taken together, worked out by hand.
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

TEST_CASE("tiles of a forward launch on a host have as many rows as leave work for its threads") {
  const auto is = [](tiling::Tile tile, std::int64_t rows, std::int64_t columns) {
    return tile.rows == rows && tile.columns == columns;
  };
  CHECK(is(tiling::forward_tile(true, 2048, 1024, 64), 256, 128));  // 8 x 8
  CHECK(is(tiling::forward_tile(true, 2048, 1024, 65), 256, 64));
  CHECK(is(tiling::forward_tile(true, 256, 512, 8), 256, 64));
  CHECK(is(tiling::forward_tile(true, 256, 256, 8), 128, 64));  // 2 x 4
  CHECK(is(tiling::forward_tile(true, 256, 10, 8), 64, 64));    // no more than 4, and no shorter tile
}

TEST_CASE("what a host's product packs takes a panel of two vectors and strips of A") {
  CHECK(tiling::host_product_bytes(4, 64, 100, 0) == 2 * 64 * 100 + 64);
  CHECK(tiling::host_product_bytes(8, 64, 1000, 0) == 2 * 64 * 256 + 64);
  CHECK(tiling::host_product_bytes(8, 32, 1000, 10) == 2 * 32 * 256 + 8 * 128 * 10 + 64);
  CHECK(tiling::host_product_bytes(4, 64, 300, 300) == 2 * 64 * 256 + 4 * 128 * 256 + 64);
}

TEST_CASE("tiles of inference have multiples of eight rows, fewer where a device would be left empty") {
  CHECK(tiling::inference_rows(true, 1) == 8);
  CHECK(tiling::inference_rows(true, 100) == 104);
  CHECK(tiling::inference_rows(true, 5000) == 128);
  CHECK(tiling::inference_rows(false, 256 * 64) == 64);
  CHECK(tiling::inference_rows(false, 256 * 64 - 1) == 32);
  CHECK(tiling::inference_rows(false, 20) == 24);
}

TEST_CASE("chunks are taken together as subtrees that leave teams enough") {
  CHECK(tiling::host_chunks_together(784, 256, 8, 0, 14) == 4);     // 7 tiles of W: 2 groups of 4 leave 14 teams
  CHECK(tiling::host_chunks_together(784, 256, 8, 0, 7) == 8);      // 256 rows in all
  CHECK(tiling::host_chunks_together(784, 257, 8, 0, 7) == 4);      // one row too many
  CHECK(tiling::host_chunks_together(784, 256, 8, 2, 7) == 2);      // the first is number 2 of the tree
  CHECK(tiling::host_chunks_together(255, 128, 8, 0, 16) == 2);     // 4 tiles of 64 rows, 4 groups
  CHECK(tiling::host_chunks_together(256, 128, 8, 0, 16) == 1);     // 2 tiles of 128 rows
  CHECK(tiling::host_chunks_together(64, 32, 32, 0, 1) == 16);      // as many as a product takes
  CHECK(tiling::device_chunks_together(4, 128, 0, true) == 2);      // 64 groups of 4 blocks
  CHECK(tiling::device_chunks_together(4, 128, 0, false) == 8);     // no more than 16 sums for one team
  CHECK(tiling::device_chunks_together(256, 128, 0, true) == 128);  // one group fills it
  CHECK(tiling::device_chunks_together(1, 128, 0, true) == 1);
}
