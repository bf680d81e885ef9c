// Tiles, teams and chunks taken together, worked out by hand.
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/catalog/tiling.hpp>

using namespace sinter;

TEST_CASE("tiles of a forward launch are wider where they still fill the device") {
  CHECK(tiling::forward_rows(true, 1023) == 64);
  CHECK(tiling::forward_rows(true, 1024) == 128);
  CHECK(tiling::forward_rows(false, 1024) == 64);
  CHECK(tiling::forward_columns(true, 64, 256) == 512);
  CHECK(tiling::forward_columns(false, 127, 256) == 64);  // 254 teams of the wider kind
  CHECK(tiling::forward_columns(false, 128, 256) == 128);
  CHECK(tiling::forward_columns(false, 128, 129) == 128);
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
  CHECK(tiling::host_chunks_together(784, 256, 8, 0, 16) == 4);     // 13 tiles of W: 2 groups of 4 leave 26 teams
  CHECK(tiling::host_chunks_together(784, 256, 8, 0, 13) == 8);     // 256 rows in all
  CHECK(tiling::host_chunks_together(784, 257, 8, 0, 13) == 4);     // one row too many
  CHECK(tiling::host_chunks_together(784, 256, 8, 2, 13) == 2);     // the first is number 2 of the tree
  CHECK(tiling::host_chunks_together(64, 32, 32, 0, 1) == 16);      // as many as a product takes
  CHECK(tiling::device_chunks_together(4, 128, 0, true) == 2);      // 64 groups of 4 blocks
  CHECK(tiling::device_chunks_together(4, 128, 0, false) == 8);     // no more than 16 sums for one team
  CHECK(tiling::device_chunks_together(256, 128, 0, true) == 128);  // one group fills it
  CHECK(tiling::device_chunks_together(1, 128, 0, true) == 1);
}
