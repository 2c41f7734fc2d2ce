#include "core/dissemination/seen_window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "core/base/random.hpp"

namespace hearsay {
namespace {

RumorId rumor(std::uint32_t i) { return {NodeId{0x123456789abcdef0U + i % 7}, 1 + i % 3, i}; }

TEST_CASE("seen window: is a first-in-first-out set of its capacity") {
  for (const std::size_t capacity : {1U, 5U, 8U, 9U, 100U, 1000U}) {
    CAPTURE(capacity);
    RandomStream random(capacity, Purpose::kTest);
    SeenWindow window;
    std::deque<std::uint32_t> reference;
    for (int i = 0; i < 6000; ++i) {
      const auto drawn = static_cast<std::uint32_t>(random.below(2 * capacity + 1));
      const bool known = std::find(reference.begin(), reference.end(), drawn) != reference.end();
      REQUIRE(window.contains(rumor(drawn)) == known);
      REQUIRE(window.insert(rumor(drawn), capacity) == !known);
      if (!known) reference.push_back(drawn);
      if (reference.size() > capacity) reference.pop_front();
      REQUIRE(window.size() == reference.size());
      REQUIRE(window.number_of(rumor(reference.front())) == window.oldest());
      REQUIRE(window.number_of(rumor(reference.back())) == window.newest());
    }
    CHECK(window.size() == capacity);
    CHECK(window.memory_bytes() <= capacity * 2 * 16 + std::max<std::size_t>(capacity, 8) * 4 * 4 + 64);
  }
}

TEST_CASE("seen window: every part of a rumor's name counts") {
  SeenWindow window;
  CHECK(window.insert({NodeId{1}, 1, 1}, 10));
  CHECK(window.insert({NodeId{2}, 1, 1}, 10));
  CHECK(window.insert({NodeId{1}, 2, 1}, 10));
  CHECK(window.insert({NodeId{1}, 1, 2}, 10));
  CHECK(!window.insert({NodeId{1}, 1, 1}, 10));
}

TEST_CASE("seen window: the digest is that of the order of arrival") {
  const auto digest = [](std::initializer_list<std::uint32_t> order) {
    SeenWindow window;
    for (const std::uint32_t i : order) window.insert(rumor(i), 3);
    Hasher hasher;
    window.digest(hasher);
    return hasher.finish();
  };
  CHECK(digest({1, 2, 3}) == digest({0, 1, 2, 3}));
  CHECK(digest({1, 2, 3}) != digest({3, 2, 1}));
}

}  // namespace
}  // namespace hearsay
