// The elementary functions give the same bits whatever instruction set the compiler was allowed: the machine's
// baseline, x86-64 with SSE2 alone (fma from libm), and AVX2.
#include <cstdint>

#include <catch2/catch_test_macros.hpp>

std::uint64_t bits_of_default();
std::uint64_t bits_of_sse2();
std::uint64_t bits_of_avx2();

TEST_CASE("SSE2 and the default baseline give the same bits") { CHECK(bits_of_sse2() == bits_of_default()); }

TEST_CASE("AVX2 and the default baseline give the same bits") {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) SKIP("this processor has no AVX2");
  CHECK(bits_of_avx2() == bits_of_default());
}
