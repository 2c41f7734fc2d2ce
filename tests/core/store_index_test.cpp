#include "core/kv/store_index.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "core/base/random.hpp"
#include "tests/core/store_helpers.hpp"

namespace hearsay {
namespace {

struct Index {
  StoreSlab slab;
  StoreIndex index;

  std::uint32_t add(const std::string& key, std::uint32_t tag) {
    const std::uint32_t i = slab.acquire();
    slab[i].key = StoreKey(key);
    slab[i].key.mark = StoreEntry::kValue;
    index.insert(tag, i);
    return i;
  }
};

TEST_CASE("index: agrees with a map over random insertions and removals, through growth and splits") {
  std::uint64_t draws = 0;
  Random random(stream_key(7, Purpose::kTest), 1, draws);
  Index x;
  std::map<std::string, std::uint32_t> model;
  for (int op = 0; op < 60'000; ++op) {
    const std::string key = numbered("k", random.below(20'000));
    const std::uint32_t tag = StoreIndex::tag_of(key);
    const std::uint32_t found = x.index.find(key, tag, x.slab);
    const auto known = model.find(key);
    REQUIRE(found == (known == model.end() ? kNoEntry : known->second));
    if (known == model.end()) {
      model[key] = x.add(key, tag);
    } else if (random.below(3) == 0) {
      x.index.erase(tag, found);
      x.slab.release(found);
      model.erase(known);
    }
  }
  for (const auto& [key, i] : model) REQUIRE(x.index.find(key, StoreIndex::tag_of(key), x.slab) == i);
}

TEST_CASE("index: keys with one and the same tag are told apart, and fill a segment past its usual size") {
  Index x;
  constexpr std::uint32_t kTag = 0xabcd1234;
  // More than a segment of 4096 cells takes, so every split leaves all of them on one side until splitting is given up.
  for (int i = 0; i < 4000; ++i) x.add(numbered("k", i), kTag);
  x.add("other", ~kTag);
  for (int i = 0; i < 4000; i += 97) CHECK(x.index.find(numbered("k", i), kTag, x.slab) != kNoEntry);
  CHECK(x.index.find("k4000", kTag, x.slab) == kNoEntry);
  CHECK(x.index.find("other", ~kTag, x.slab) != kNoEntry);
  for (int i = 0; i < 4000; ++i) {
    const std::string key = numbered("k", i);
    const std::uint32_t found = x.index.find(key, kTag, x.slab);
    REQUIRE(found != kNoEntry);
    x.index.erase(kTag, found);
    REQUIRE(x.index.find(key, kTag, x.slab) == kNoEntry);
  }
  CHECK(x.index.find("other", ~kTag, x.slab) != kNoEntry);
}

TEST_CASE("index: tags that share their leading bits split only where they must") {
  Index x;
  for (std::uint32_t i = 0; i < 20'000; ++i) x.add(numbered("k", i), 0xfff00000U | i * 37);
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    REQUIRE(x.index.find(numbered("k", i), 0xfff00000U | i * 37, x.slab) == i);
  }
}

TEST_CASE("index: an empty index knows nobody") {
  const Index x;
  CHECK(x.index.find("k", 1, x.slab) == kNoEntry);
  CHECK(x.index.memory_bytes() == 0);
}

}  // namespace
}  // namespace hearsay
