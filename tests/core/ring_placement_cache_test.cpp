#include "core/ring/placement_cache.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/ring/karger.hpp"

namespace hearsay {
namespace {

// The views of a few owners as sets, enough for a cache to read.
class Sets final : public ViewStore {
 public:
  Sets(const Directory& directory, std::uint32_t owners) : directory_(directory), views_(owners) {}
  MaybeBelief get(NodeSlot owner, NodeSlot subject) const override {
    const auto& view = views_[raw(owner)];
    return {raw(subject) < view.size() && view[raw(subject)], {}};
  }
  bool merge(NodeSlot owner, NodeSlot subject, Belief) override { return set(owner, subject, true); }
  void forget(NodeSlot owner, NodeSlot subject) override { set(owner, subject, false); }
  void clear(NodeSlot owner) override { views_[raw(owner)].clear(); }
  std::uint32_t members(NodeSlot owner) const override {
    std::uint32_t count = 0;
    for (const bool known : views_[raw(owner)]) count += known ? 1U : 0U;
    return count;
  }
  std::uint32_t known(NodeSlot owner) const override { return members(owner); }
  Hash128 member_hash(NodeSlot owner) const override {
    Hash128 hash;
    for (std::uint32_t i = 0; i < views_[raw(owner)].size(); ++i) {
      if (views_[raw(owner)][i]) hash += member_hash_of(directory_.id(NodeSlot{i}));
    }
    return hash;
  }
  std::uint32_t domain() const override { return directory_.size(); }

 private:
  bool set(NodeSlot owner, NodeSlot subject, bool value) {
    auto& view = views_[raw(owner)];
    view.resize(directory_.size());
    const bool changed = view[raw(subject)] != value;
    view[raw(subject)] = value;
    return changed;
  }
  const Directory& directory_;
  std::vector<std::vector<bool>> views_;
};

struct CacheFixture {
  Directory directory{1000};
  Sets views{directory, 3};
  Karger ring{32};
  PlacementCache cache{ring, directory, 4};

  explicit CacheFixture(std::uint32_t nodes) {
    for (std::uint32_t i = 0; i < nodes; ++i) (void)directory.intern("node-" + std::to_string(i));
    for (std::uint32_t owner = 0; owner < 3; ++owner) {
      for (std::uint32_t i = 0; i < nodes; ++i) views.merge(NodeSlot{owner}, NodeSlot{i}, {});
    }
  }
  View view(std::uint32_t owner) { return {views, NodeSlot{owner}}; }
  // Every owner's placement must be what the ring makes of its members, however the cache came by it.
  bool right(std::uint32_t owner) {
    std::vector<RingMember> members;
    for (std::uint32_t i = 0; i < directory.size(); ++i) {
      const NodeSlot slot{i};
      const NodeIdentity node = directory[slot];
      if (view(owner).is_member(slot)) members.push_back({slot, node.id, node.name, node.weight, node.zone});
    }
    std::sort(members.begin(), members.end(), [](const RingMember& a, const RingMember& b) { return a.id < b.id; });
    const auto expected = ring.place(members);
    std::vector<Arc> a;
    std::vector<Arc> b;
    const Placement& got = cache.placement(view(owner));
    const bool arcs = got.arcs(a) && expected->arcs(b) && got.members() == members.size();
    return arcs && std::equal(a.begin(), a.end(), b.begin(), b.end(),
                              [](const Arc& x, const Arc& y) { return x.last == y.last && x.owner == y.owner; });
  }
};

TEST_CASE("placement cache: nodes with the same members share a placement") {
  CacheFixture f(20);
  const Placement& first = f.cache.placement(f.view(0));
  CHECK(&f.cache.placement(f.view(1)) == &first);
  CHECK(&f.cache.placement(f.view(2)) == &first);
  CHECK(f.cache.counts().placed == 1);
  CHECK(f.cache.size() == 1);
}

TEST_CASE("placement cache: a small change is applied, a large one is built, both are right") {
  CacheFixture f(40);
  CHECK(f.right(0));
  f.views.forget(NodeSlot{0}, NodeSlot{3});
  CHECK(f.right(0));
  CHECK(f.cache.counts().applied == 1);
  f.views.forget(NodeSlot{0}, NodeSlot{4});
  f.views.merge(NodeSlot{0}, NodeSlot{3}, {});
  CHECK(f.right(0));
  CHECK(f.cache.counts().applied == 2);
  for (std::uint32_t i = 10; i < 30; ++i) f.views.forget(NodeSlot{0}, NodeSlot{i});
  CHECK(f.right(0));
  CHECK(f.cache.counts().applied == 2);
  CHECK(f.cache.counts().placed == 2);
}

TEST_CASE("placement cache: views in turn hit") {
  CacheFixture f(20);
  f.views.forget(NodeSlot{1}, NodeSlot{5});
  const Placement* const a = &f.cache.placement(f.view(0));
  const Placement* const b = &f.cache.placement(f.view(1));
  CHECK(a != b);
  for (int i = 0; i < 5; ++i) {
    CHECK(&f.cache.placement(f.view(0)) == a);
    CHECK(&f.cache.placement(f.view(1)) == b);
  }
  CHECK(f.cache.counts().hits == 10);
  CHECK(f.cache.counts().placed + f.cache.counts().applied == 2);
}

TEST_CASE("placement cache: holds no more than its capacity and lets the oldest go") {
  CacheFixture f(20);
  const auto with_one_less = [&](std::uint32_t missing) {
    f.views.forget(NodeSlot{0}, NodeSlot{missing});
    CHECK(f.right(0));
    f.views.merge(NodeSlot{0}, NodeSlot{missing}, {});
  };
  for (std::uint32_t i = 0; i < 10; ++i) {
    with_one_less(i);
    CHECK(f.cache.size() <= 4);
  }
  CHECK(f.cache.counts().evicted == 6);
  const auto built = f.cache.counts().applied + f.cache.counts().placed;
  with_one_less(6);  // the oldest that is still there
  CHECK(f.cache.counts().applied + f.cache.counts().placed == built);
  with_one_less(5);  // gone
  CHECK(f.cache.counts().applied + f.cache.counts().placed == built + 1);
  CHECK(f.cache.memory_bytes() < 5 * 20 * 32 * 24 + 10000);
}

TEST_CASE("placement cache: a directory that grows moves no name under a placement") {
  CacheFixture f(2);
  CHECK(f.right(0));
  for (int i = 2; i < 500; ++i) {
    const auto slot = f.directory.intern("node-" + std::to_string(i));
    REQUIRE(slot.has_value());
    f.views.merge(NodeSlot{0}, *slot, {});
    if (i % 50 == 0) CHECK(f.right(0));
  }
  CHECK(f.right(0));
}

TEST_CASE("placement cache: an empty view has an empty placement, and clear forgets") {
  CacheFixture f(3);
  f.views.clear(NodeSlot{0});
  CHECK(f.cache.placement(f.view(0)).lookup(1) == kNoSlot);
  CHECK(f.right(1));
  f.cache.clear();
  CHECK(f.cache.size() == 0);
  CHECK(f.right(1));
}

TEST_CASE("placement cache: a member's new weight is a new placement") {
  CacheFixture f(20);
  f.views.forget(NodeSlot{1}, NodeSlot{5});
  CHECK(f.right(0));
  CHECK(f.right(1));
  REQUIRE(f.directory.intern("node-3", "", 4.0).has_value());
  CHECK(f.right(0));
  CHECK(f.right(1));
  REQUIRE(f.directory.adopt(NodeSlot{4}, {1, 0}, "", 0.5, 0));
  CHECK(f.right(0));
  CHECK(f.cache.counts().hits == 0);
}

}  // namespace
}  // namespace hearsay
