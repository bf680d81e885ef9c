// What teams ask of their scratch, worked out by hand.
#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/catalog/scratch.hpp>

using namespace sinter;

TEST_CASE("a device's product has two stages of 64 and 128 columns, of 64 in double, and a pack of padding a row") {
  CHECK(tiling::device_product_bytes(4) == 2 * 8 * (64 + 4 + 128 + 4) * 4);
  CHECK(tiling::device_product_bytes(8) == 2 * 8 * (64 + 2 + 64 + 2) * 8);
  CHECK(tiling::device_product_bytes(4, 16) == 2 * tiling::device_product_bytes(4));
}

TEST_CASE("rows of a tile are halved, in eights, until its scratch is within the limit, and never below the fewest") {
  const auto of = [](std::int64_t bytes) { return [bytes](std::int64_t rows) { return rows * bytes; }; };
  CHECK(tiling::tile_rows(true, 1, of(1)) == 8);
  CHECK(tiling::tile_rows(true, 100, of(1)) == 104);
  CHECK(tiling::tile_rows(true, 100, of(tiling::host_tile_bytes / 56)) == 56);
  CHECK(tiling::tile_rows(true, 100, of(tiling::host_tile_bytes)) == 8);
  CHECK(tiling::tile_rows(false, 256, of(tiling::device_scratch / 64)) == 64);
  CHECK(tiling::tile_rows(false, 256, of(tiling::device_scratch / 32 + 1)) == 64);  // does not fit: in global memory
  CHECK(tiling::tile_rows(false, 40, of(tiling::device_scratch)) == 40);
}

TEST_CASE(
    "level epochs stages its vectors on a device: in all of an SM for one network, in its part for each of many") {
  constexpr std::int64_t rates = 64 * 3 * 4 + 64, tile = 9000, vectors = 4, parameters = 2000;
  constexpr std::int64_t staging = vectors * (parameters * 4 + 64);
  static_assert(tile + rates + staging > tiling::device_scratch);
  const auto of = [](bool host, std::int64_t members, std::int64_t limit) {
    return tiling::epochs_scratch(host, 4, tile, vectors, parameters, members, limit);
  };
  CHECK(of(true, 1, 1 << 20).bytes == rates);
  CHECK_FALSE(of(true, 1, 1 << 20).staged);
  CHECK(of(false, 1, tile + rates + staging).bytes == rates + staging);
  CHECK(of(false, 1, tile + rates + staging).staged);
  CHECK(of(false, 1, tile + rates + staging - 1).bytes == rates);
  CHECK_FALSE(of(false, 2, 1 << 20).staged);
  CHECK(tiling::epochs_scratch(false, 4, tile, vectors, 100, 2, 1 << 20).bytes == rates + vectors * 464);
}
