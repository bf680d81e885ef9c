// The generator is Random123's Philox4x32-10, known by its published answers; uniform draws stay inside (0, 1) and have
// the moments of U(0, 1).
#include <cmath>

#include <catch2/catch_test_macros.hpp>

#include <sinter/kernels/random.hpp>

using namespace sinter;

namespace {

void check_known_answer(const random::Draw& draw, std::uint32_t w0, std::uint32_t w1, std::uint32_t w2,
                        std::uint32_t w3) {
  CHECK(draw.word[0] == w0);
  CHECK(draw.word[1] == w1);
  CHECK(draw.word[2] == w2);
  CHECK(draw.word[3] == w3);
}

}  // namespace

TEST_CASE("draws are those of Philox4x32-10 in the known-answer vectors of Random123") {
  using random::Stream;
  check_known_answer(random::draw(0, Stream{0}, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  check_known_answer(random::draw(~std::uint64_t{0}, Stream{0xffffffff}, 0xffffffff, ~std::uint64_t{0}), 0x408f276d,
                     0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  // Counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0: the digits of pi.
  check_known_answer(random::draw(0x299f31d0a4093822, Stream{0x03707344}, 0x13198a2e, 0x85a308d3243f6a88), 0xd16cfe09,
                     0x94fdcceb, 0x5001e420, 0x24126ea1);
}

TEST_CASE("a uniform draw is never 0 and never 1") {
  CHECK(random::open_unit(0, 0) > 0.0);
  CHECK(random::open_unit(0xffffffff, 0xffffffff) < 1.0);
  CHECK(random::open_unit(0x80000000, 0) > 0.5);
  CHECK(random::open_unit(0x7fffffff, 0xffffffff) < 0.5);
}

TEST_CASE("uniform draws have the mean and the variance of U(0, 1)") {
  constexpr int count = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < count; ++i) {
    const auto words = random::draw(1, random::Stream::initialize, 0, static_cast<std::uint64_t>(i));
    const double u = random::open_unit(words.word[0], words.word[1]);
    sum += u;
    squares += (u - 0.5) * (u - 0.5);
  }
  // Five standard deviations of each estimate: sqrt(1/12 / n) and sqrt((1/80 - 1/144) / n).
  CHECK(std::abs(sum / count - 0.5) < 5 * std::sqrt(1.0 / 12 / count));
  CHECK(std::abs(squares / count - 1.0 / 12) < 5 * std::sqrt((1.0 / 80 - 1.0 / 144) / count));
}
