// The conformance suite finds what is broken, makes it small, and lets through what is not. Each broken ring here has
// one defect.
#include "sim/rings/check.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "core/protocol/catalogue.hpp"
#include "core/ring/anchor.hpp"
#include "core/ring/dx.hpp"
#include "core/ring/karger.hpp"
#include "core/ring/memento.hpp"
#include "core/ring/owner_placement.hpp"

namespace hearsay::rings {
namespace {

// A ring by a rule: which of n members, sorted by id, owns a hash.
class Rule : public Ring {
 public:
  using Pick = std::function<std::size_t(std::uint64_t hash, std::span<const RingMember> members)>;
  Rule(RingTraits traits, Pick pick) : traits_(traits), pick_(std::move(pick)) {}

  RingTraits traits() const override { return traits_; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const Placed>(pick_, members);
  }

 private:
  class Placed final : public OwnerPlacement {
   public:
    Placed(const Pick& pick, std::span<const RingMember> members)
        : OwnerPlacement(members), pick_(pick), members_(members.begin(), members.end()) {}
    NodeSlot lookup(std::uint64_t hash) const override {
      return members_.empty() ? kNoSlot : members_[pick_(hash, members_)].slot;
    }
    std::size_t memory_bytes() const override { return sizeof *this; }

   private:
    Pick pick_;
    std::vector<RingMember> members_;
  };

  RingTraits traits_;
  Pick pick_;
};

std::size_t rendezvous(std::uint64_t hash, std::span<const RingMember> members) {
  const auto score = [hash](const RingMember& m) { return philox(hash, raw(m.id), 0).a; };
  return static_cast<std::size_t>(std::ranges::max_element(members, {}, score) - members.begin());
}

const Verdict& verdict_of(const std::vector<Verdict>& verdicts, std::string_view property) {
  const auto found = std::ranges::find(verdicts, property, &Verdict::property);
  REQUIRE(found != verdicts.end());
  return *found;
}

// Sets the n-th variant of a strategy: each word of each choice and each boolean, one parameter at a time.
class Variant final : public ParamVisitor {
 public:
  explicit Variant(std::size_t n) : left_(n) {}
  // What was set; empty once n is beyond all variants.
  const std::string& text() const { return text_; }

  void duration(std::string_view, Duration&, ParamRange<Duration>, std::string_view) override {}
  void integer(std::string_view, std::int64_t&, ParamRange<std::int64_t>, std::string_view, std::string_view) override {
  }
  void real(std::string_view, double&, ParamRange<double>, std::string_view, std::string_view) override {}
  void share(std::string_view, double&, std::string_view) override {}
  void size(std::string_view, std::int64_t&, ParamRange<std::int64_t>, std::string_view) override {}
  void boolean(std::string_view name, bool& value, std::string_view) override {
    for (const bool other : {false, true}) {
      if (left_-- != 0) continue;
      value = other;
      text_ = std::string(name) + (other ? "=true" : "=false");
    }
  }
  void choice(std::string_view name, int& value, std::span<const std::string_view> choices, std::string_view) override {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (left_-- != 0) continue;
      value = static_cast<int>(i);
      text_ = std::string(name) + "=" + std::string(choices[i]);
    }
  }

 private:
  std::size_t left_;
  std::string text_;
};

void check_promises(std::string_view name, const Ring& ring, const CheckOptions& options) {
  for (const Verdict& verdict : check(ring, options)) {
    CHECK_MESSAGE(verdict.outcome != Verdict::Outcome::kBroken,
                  name << ": " << verdict.property << ": " << text_of(*verdict.example));
  }
}

TEST_CASE("every ring of the catalogue keeps what it promises, whichever variant it is") {
  std::size_t variants = 0;
  for (const CatalogueEntry* entry : Catalogue::builtin().list(Role::kRing)) {
    // It places a thousand times slower than the others.
    const std::uint32_t trials = entry->name == "token-allocation" ? 10 : 40;
    check_promises(entry->name, static_cast<const Ring&>(*entry->configure()->build()), {.seed = 1, .trials = trials});
    for (std::size_t n = 0;; ++n) {
      const auto config = entry->configure();
      Variant variant(n);
      config->visit(variant);
      if (variant.text().empty()) break;
      ++variants;
      check_promises(std::string(entry->name) + ":" + variant.text(), static_cast<const Ring&>(*config->build()),
                     {.seed = 2, .trials = 15});
    }
  }
  CHECK(variants >= 15);
}

TEST_CASE("a ring that keeps all of it passes") {
  const auto verdicts = check(Rule({}, rendezvous));
  CHECK(passed(verdicts));
  CHECK(verdict_of(verdicts, "minimal disruption").trials == 200);
  CHECK(verdict_of(verdicts, "native replicas").outcome == Verdict::Outcome::kNotPromised);
}

TEST_CASE("anchor and memento depend on the order of leaves, and buckets that stay where they are do not") {
  const Anchor anchor(64);
  const Memento memento;
  for (const Ring* ring : {static_cast<const Ring*>(&anchor), static_cast<const Ring*>(&memento)}) {
    const auto verdicts = check(*ring);
    CHECK(passed(verdicts));
    const Verdict& verdict = verdict_of(verdicts, "order of leaves");
    CHECK(verdict.outcome == Verdict::Outcome::kNotPromised);
    REQUIRE(verdict.example.has_value());
    CHECK(verdict.example->changes.size() == 2);
    CHECK(verdict.example->start.size() <= 4);
  }
  const auto verdicts = check(Dx(64, DxIndex::kHistory));
  CHECK_FALSE(verdict_of(verdicts, "order of leaves").example.has_value());
  CHECK(verdict_of(verdicts, "set-pure").example.has_value());
}

TEST_CASE("modulo disrupts, and two members and a third show it") {
  const auto verdicts =
      check(Rule({}, [](std::uint64_t hash, std::span<const RingMember> m) { return hash % m.size(); }));
  CHECK_FALSE(passed(verdicts));
  const Verdict& verdict = verdict_of(verdicts, "minimal disruption");
  REQUIRE(verdict.outcome == Verdict::Outcome::kBroken);
  CHECK(verdict.example->start.size() + verdict.example->changes.size() <= 4);
  CHECK(verdict.example->changes.size() == 1);
  CHECK(verdict.example->hash.has_value());
  CHECK(text_of(*verdict.example).find("; hash 0x") != std::string::npos);
}

TEST_CASE("modulo that does not promise it is shown, and passes") {
  const auto verdicts = check(Rule({.minimal_disruption = false},
                                   [](std::uint64_t hash, std::span<const RingMember> m) { return hash % m.size(); }));
  CHECK(passed(verdicts));
  CHECK(verdict_of(verdicts, "minimal disruption").outcome == Verdict::Outcome::kNotPromised);
  CHECK(verdict_of(verdicts, "minimal disruption").example.has_value());
}

TEST_CASE("a ring whose owners depend on slots is found by two members") {
  const auto verdicts = check(Rule({.minimal_disruption = false}, [](std::uint64_t, std::span<const RingMember> m) {
    return static_cast<std::size_t>(std::ranges::min_element(m, {}, &RingMember::slot) - m.begin());
  }));
  const Verdict& verdict = verdict_of(verdicts, "no slots");
  REQUIRE(verdict.outcome == Verdict::Outcome::kBroken);
  CHECK(verdict.example->start.size() == 2);
}

TEST_CASE("weights that are heeded and not promised are found, and promised ones that are not heeded") {
  const auto heavy = [](std::uint64_t, std::span<const RingMember> m) {
    return static_cast<std::size_t>(std::ranges::max_element(m, {}, &RingMember::weight) - m.begin());
  };
  CHECK(verdict_of(check(Rule({.minimal_disruption = false}, heavy)), "weights ignored").outcome ==
        Verdict::Outcome::kBroken);
  CHECK(verdict_of(check(Rule({.weights = true}, rendezvous)), "weights").outcome == Verdict::Outcome::kBroken);
}

TEST_CASE("replicas that do not follow their owner, and zones that are not kept, are found") {
  CHECK(verdict_of(check(Rule({.native_replicas = true}, rendezvous)), "native replicas").outcome ==
        Verdict::Outcome::kBroken);
  const Verdict zones = verdict_of(check(Rule({.zones = true}, rendezvous)), "zones");
  REQUIRE(zones.outcome == Verdict::Outcome::kBroken);
  CHECK(zones.example->start.size() <= 4);
}

// Its apply() forgets that a member left.
class Forgetful final : public Ring {
 public:
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return karger_.place(members);
  }
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override {
    if (!change.left.empty() && members.size() > 1) return karger_.place(members.subspan(1));
    return karger_.apply(before, change, members);
  }

 private:
  Karger karger_{4};
};

TEST_CASE("an apply() that goes astray is found, with the step that shows it") {
  const auto verdicts = check(Forgetful());
  CHECK(verdict_of(verdicts, "answers").outcome == Verdict::Outcome::kBroken);
  const Verdict& pure = verdict_of(verdicts, "set-pure");
  REQUIRE(pure.outcome == Verdict::Outcome::kBroken);
  CHECK(pure.example->changes.size() == 1);
  CHECK(pure.example->start.size() == 3);
}

TEST_CASE("a case is told in one sentence") {
  Case example{{{"a", 1.0, 0}, {"b", 2.5, 1}}, {{Change::Kind::kLeave, {"a", 1.0, 0}}}, 255, "b owns it, and c"};
  CHECK(text_of(example) == "members a, b=2.5 in zone 1; a leaves; hash 0x00000000000000ff: b owns it, and c");
  CHECK(text_of({{}, {}, {}, "it is empty"}) == "no members: it is empty");
}

TEST_CASE("the same seed finds the same") {
  const Rule modulo({}, [](std::uint64_t hash, std::span<const RingMember> m) { return hash % m.size(); });
  const auto a = verdict_of(check(modulo, {.seed = 7}), "minimal disruption");
  const auto b = verdict_of(check(modulo, {.seed = 7}), "minimal disruption");
  CHECK(text_of(*a.example) == text_of(*b.example));
}

}  // namespace
}  // namespace hearsay::rings
