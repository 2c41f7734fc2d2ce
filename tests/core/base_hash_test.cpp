#include <doctest/doctest.h>
#include <xxhash.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <unordered_set>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"

using namespace hearsay;

TEST_CASE("hash64 is XXH3 with seed zero") {
  CHECK(hash64("") == 0x2d06800538d394c2U);  // the library's published vector
  CHECK(hash64("node-1") == 0x0db09edfd9458385U);
  CHECK(raw(node_id("node-1")) == hash64("node-1"));
  CHECK(node_id("a") != node_id("b"));
}

TEST_CASE("a Hasher hashes the canonical encoding with XXH3-128") {
  Hasher hasher;
  CHECK(hasher.finish().hex() == "99aa06d3014798d86001c324468d497f");  // of nothing, as published

  hasher.add(std::uint64_t{1});
  hasher.add(std::int64_t{-2});
  hasher.add("three");
  hasher.add(true);
  CHECK(hasher.finish().hex() == "a10bc8f9543588447b8d12b0f61c3091");

  constexpr std::string_view encoded(
      "\1\0\0\0\0\0\0\0"
      "\xfe\xff\xff\xff\xff\xff\xff\xff"
      "\5\0\0\0\0\0\0\0three"
      "\1\0\0\0\0\0\0\0",
      37);
  const XXH128_hash_t expected = XXH3_128bits(encoded.data(), encoded.size());
  CHECK(hasher.finish() == Hash128{expected.low64, expected.high64});
}

TEST_CASE("a Hasher does not see the width of a type, but the length of a string") {
  enum class Small : unsigned char { kSeven = 7 };
  Hasher wide;
  Hasher narrow;
  wide.add(std::int64_t{7});
  wide.add(std::int64_t{-1});
  wide.add(std::int64_t{1'000'000});
  narrow.add(Small::kSeven);
  narrow.add(std::int8_t{-1});
  narrow.add(MonoTime{1ms});
  CHECK(wide.finish() == narrow.finish());

  Hasher left;
  Hasher right;
  left.add("ab");
  left.add("c");
  right.add("a");
  right.add("bc");
  CHECK(left.finish() != right.finish());
}

TEST_CASE("a Hasher goes on after finish and copies with its state") {
  Hasher all;
  Hasher halves;
  for (int i = 0; i < 200; ++i) {  // past the library's internal buffer
    all.add(i);
  }
  for (int i = 0; i < 100; ++i) {
    halves.add(i);
  }
  const Hash128 half = halves.finish();
  Hasher copy = halves;
  for (int i = 100; i < 200; ++i) {
    copy.add(i);
  }
  CHECK(copy.finish() == all.finish());
  CHECK(halves.finish() == half);
}

TEST_CASE("Hash128 adds and subtracts modulo 2^128") {
  Hash128 value{~std::uint64_t{0}, 1};
  value += Hash128{1, 0};
  CHECK(value == Hash128{0, 2});
  value -= Hash128{1, 0};
  CHECK(value == Hash128{~std::uint64_t{0}, 1});
  value += Hash128{1, ~std::uint64_t{0} - 1};
  CHECK(value == Hash128{});
  value -= Hash128{1, 0};
  CHECK(value.hex() == "ffffffffffffffffffffffffffffffff");
}

TEST_CASE("hash_event is specified: golden values") {
  CHECK(hash_event(0, 0, 0, 0, 0, 0).hex() == "83628e51d78755157f24eb3e8cf84847");
  CHECK(hash_event(1, 2, 3, 4, 5, 6).hex() == "9cd4e55e6c36ada8d13d263fc69cea08");
  CHECK(hash_event(-1, ~0U, ~0U, ~0U, ~0U, ~0U).hex() == "1bad2d9eb95866f585a524a703ccd1cf");
  static_assert(hash_event(0, 0, 0, 0, 0, 0) != hash_event(0, 0, 0, 0, 0, 1));
}

namespace {

struct Event {
  std::int64_t time;
  std::array<std::uint32_t, 5> rest;
  Hash128 hash() const { return hash_event(time, rest[0], rest[1], rest[2], rest[3], rest[4]); }
};

constexpr int kInputBits = 64 + 5 * 32;

Event flipped(Event event, int bit) {
  if (bit < 64) {
    event.time = static_cast<std::int64_t>(static_cast<std::uint64_t>(event.time) ^ std::uint64_t{1} << bit);
  } else {
    event.rest[static_cast<std::size_t>((bit - 64) / 32)] ^= 1U << (bit % 32);
  }
  return event;
}

}  // namespace

TEST_CASE("hash_event avalanches: each input bit flips each output bit half of the time") {
  constexpr int kSamples = 2048;
  RandomStream random(1, Purpose::kTest);
  std::array<std::array<int, 128>, kInputBits> flips{};
  for (int i = 0; i < kSamples; ++i) {
    // Small and structured, as a simulation's events are.
    const Event event{random.between(0, 60'000) * 1'000'000,
                      {static_cast<std::uint32_t>(random.below(1000)), static_cast<std::uint32_t>(random.below(1000)),
                       static_cast<std::uint32_t>(random.below(5000)), static_cast<std::uint32_t>(random.below(8)),
                       static_cast<std::uint32_t>(random.below(5000))}};
    const Hash128 before = event.hash();
    for (int bit = 0; bit < kInputBits; ++bit) {
      const Hash128 after = flipped(event, bit).hash();
      for (int out = 0; out < 128; ++out) {
        const std::uint64_t word = out < 64 ? before.lo ^ after.lo : before.hi ^ after.hi;
        flips[static_cast<std::size_t>(bit)][static_cast<std::size_t>(out)] += static_cast<int>(word >> (out % 64) & 1);
      }
    }
  }
  // 28,672 binomial counts; one leaves six standard deviations with probability below 10^-4.
  const double limit = 6 * std::sqrt(kSamples * 0.25);
  for (const auto& row : flips) {
    for (const int count : row) {
      CHECK(std::abs(count - kSamples / 2) < limit);
    }
  }
}

TEST_CASE("hash_event separates every event of a dense grid, in either half") {
  std::unordered_set<std::uint64_t> lo;
  std::unordered_set<std::uint64_t> hi;
  std::size_t events = 0;
  for (std::int64_t time = 0; time < 16; ++time) {
    for (std::uint32_t i = 0; i < 8U * 8 * 8 * 2 * 8; ++i) {
      const Hash128 hash = hash_event(time * 1'000'000, i & 7, i >> 3 & 7, i >> 6 & 7, i >> 9 & 1, i >> 10);
      lo.insert(hash.lo);
      hi.insert(hash.hi);
      ++events;
    }
  }
  CHECK(lo.size() == events);
  CHECK(hi.size() == events);
}
