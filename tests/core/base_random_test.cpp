#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/random.hpp"
#include "tests/core/base_statistics.hpp"

using namespace hearsay;

TEST_CASE("philox passes the generator's published known-answer vectors") {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  CHECK(philox(0, 0, 0) == Block{0xca00a0459843d731, 0x66c24222c9a845b5});
  CHECK(philox(kOnes, kOnes, kOnes) == Block{0x65b021d60cd8310f, 0x4d02f3222f86df20});
  CHECK(philox(0xa4093822299f31d0, 0x243f6a8885a308d3, 0x13198a2e03707344) ==
        Block{0x0a5e742c2997341c, 0xb0f883d38000de5d});
}

TEST_CASE("stream keys depend on seed and purpose: golden values") {
  CHECK(stream_key(1, Purpose::kMembership) == 0x9e2161f611cf4303U);
  CHECK(stream_key(1, Purpose::kTest) == 0x96eeb0879348c466U);
  CHECK(stream_key(2, Purpose::kTest) == 0xeaf3d890c49cd400U);
}

TEST_CASE("a stream is its counter: golden draws, one block each, resumable anywhere") {
  std::uint64_t counter = 0;
  Random random(stream_key(42, Purpose::kTest), 7, counter);
  CHECK(random.next() == 0x698fdbcc0e1c6265U);
  CHECK(random.below(1000) == 740);
  CHECK(random.between(-5, 5) == 1);
  CHECK(std::bit_cast<std::uint64_t>(random.unit()) == 0x3fdb74ca746f4112U);
  CHECK(counter == 4);
  random.bernoulli(kNever);
  random.bernoulli(kAlways);
  CHECK(counter == 6);  // a probability's value does not move later draws

  std::uint64_t resumed = 1;
  CHECK(Random(stream_key(42, Purpose::kTest), 7, resumed).below(1000) == 740);
  RandomStream owning(42, Purpose::kTest, 7);
  CHECK(owning.next() == 0x698fdbcc0e1c6265U);
  CHECK(owning.counter() == 1);
}

TEST_CASE("streams that differ in seed, purpose or stream share nothing") {
  RandomStream one(1, Purpose::kTest, 0);
  RandomStream seed(2, Purpose::kTest, 0);
  RandomStream purpose(1, Purpose::kRing, 0);
  RandomStream stream(1, Purpose::kTest, 1);
  int equal_bits = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t word = one.next();
    equal_bits += std::popcount(~(word ^ seed.next())) + std::popcount(~(word ^ purpose.next())) +
                  std::popcount(~(word ^ stream.next()));
  }
  CHECK(std::abs(equal_bits - 96'000) < 4 * std::sqrt(192'000 * 0.25));
}

TEST_CASE("below is uniform") {
  constexpr std::size_t kCells = 37;
  std::vector<double> observed(kCells);
  const std::vector<double> expected(kCells, 1000.0);
  RandomStream random(4, Purpose::kTest);
  for (std::size_t i = 0; i < kCells * 1000; ++i) {
    observed[random.below(kCells)] += 1;
  }
  CHECK(test::chi_square(observed, expected) < test::chi_square_critical(kCells - 1));
}

TEST_CASE("below rejects where 2^64 is not a multiple") {
  // Four words for three values: without rejection every third value would come as often as the two others together.
  constexpr std::uint64_t n = 3 * (std::uint64_t{1} << 62);
  constexpr int kDraws = 9000;
  RandomStream random(5, Purpose::kTest);
  std::vector<double> observed(3);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t drawn = random.below(n);
    CHECK(drawn < n);
    observed[drawn % 3] += 1;
  }
  CHECK(test::chi_square(observed, std::vector<double>(3, kDraws / 3.0)) < test::chi_square_critical(2));
  // A word is rejected with probability 1/4. The first block has two tries and each further one has one, so a draw uses
  // 1 + 1/16 * 4/3 blocks with a variance of 0.132.
  CHECK(std::abs(static_cast<double>(random.counter()) - kDraws * 13.0 / 12) < 4 * std::sqrt(kDraws * 0.132));
  CHECK(random.below(1) == 0);
}

TEST_CASE("between reaches both ends and the whole range of 64 bits") {
  RandomStream random(6, Purpose::kTest);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t drawn = random.between(-3, 3);
    CHECK((drawn >= -3 && drawn <= 3));
    low |= drawn == -3;
    high |= drawn == 3;
  }
  CHECK((low && high));
  CHECK(random.between(9, 9) == 9);
  using Limits = std::numeric_limits<std::int64_t>;
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 64; ++i) {
    (random.between(Limits::min(), Limits::max()) < 0 ? negative : positive) = true;
  }
  CHECK((negative && positive));
}

TEST_CASE("unit never reaches its ends") {
  CHECK(unit_from_bits(0) == 0x1p-53);
  CHECK(unit_from_bits(~std::uint64_t{0}) == 1 - 0x1p-53);
  RandomStream random(7, Purpose::kTest);
  std::vector<double> samples;
  for (int i = 0; i < 20'000; ++i) {
    samples.push_back(random.unit());
  }
  CHECK(test::kolmogorov_smirnov(samples, [](double x) { return x; }) < test::kKolmogorovCritical);
}

TEST_CASE("a Ratio scales exactly") {
  CHECK(Ratio::of(0.5)->threshold == std::uint64_t{1} << 63);
  CHECK(Ratio::of(0.1)->value() == 0.1);
  CHECK(Ratio::of(0.05)->value() == 0.05);
  CHECK(Ratio::of(std::uint64_t{1}, std::uint64_t{3})->threshold == 0x5555555555555555U);
  CHECK(Ratio::of(std::uint64_t{3}, std::uint64_t{3}) == kAlways);
  CHECK(Ratio::of(1 - 0x1p-53)->always == false);
  CHECK(kAlways.value() == 1.0);
}

TEST_CASE("zero never hits and one always does") {
  const Ratio zero = Ratio::of(0.0).value();
  const Ratio one = Ratio::of(1.0).value();
  CHECK(zero.never());
  for (const std::uint64_t bits : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    CHECK_FALSE(zero.hit(bits));
    CHECK(one.hit(bits));
  }
  // A half hits exactly below 2^63.
  CHECK(Ratio::of(0.5)->hit((std::uint64_t{1} << 63) - 1));
  CHECK_FALSE(Ratio::of(0.5)->hit(std::uint64_t{1} << 63));
}

TEST_CASE("what is no probability is refused") {
  CHECK(Ratio::of(-0.1).error().code == ErrorCode::kInvalidArgument);
  CHECK_FALSE(Ratio::of(1.0000001));
  CHECK_FALSE(Ratio::of(std::nan("")));
  CHECK_FALSE(Ratio::of(std::uint64_t{1}, std::uint64_t{0}));
  CHECK(Ratio::of(std::uint64_t{4}, std::uint64_t{3}).error().message == "a probability must lie in 0..1, not 4/3");
}

TEST_CASE("bernoulli hits as often as it says") {
  RandomStream random(8, Purpose::kTest);
  const Ratio ratio = Ratio::of(0.05).value();
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    hits += random.bernoulli(ratio) ? 1 : 0;
  }
  CHECK(std::abs(hits - 5000) < 4 * std::sqrt(100'000 * 0.05 * 0.95));
}
