#include "sim/world/shared_views.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace hearsay::world {

SharedViews::SharedViews(const Directory& directory, std::uint32_t nodes)
    : directory_(directory), nodes_(nodes), record_(nodes, kEmpty) {
  HEARSAY_CHECK(directory.size() == nodes);
}

// ---- reading -------------------------------------------------------------------------------------------------------

std::uint32_t SharedViews::held_fact(const Own& own, const Subject& subject) const {
  std::uint32_t fact = subject.facts;
  while (fact != kNone && !test(own.holds, fact)) fact = facts_[fact].next;
  return fact;
}

MaybeBelief SharedViews::get(NodeSlot owner, NodeSlot subject) const {
  const std::uint32_t record = record_[raw(owner)];
  if (record == kEmpty) return {};
  if (record == kEveryone) return {true, everyone_belief_};
  const Own& own = owns_[record];
  const Subject& about = subjects_[raw(subject)];
  if (test(own.knows_base, raw(subject))) return {true, about.base};
  const std::uint32_t fact = held_fact(own, about);
  if (fact == kNone) return {};
  return {true, facts_[fact].belief};
}

std::uint32_t SharedViews::members(NodeSlot owner) const {
  const std::uint32_t record = record_[raw(owner)];
  if (record == kEmpty) return 0;
  if (record == kEveryone) return is_member(everyone_belief_.status) ? nodes_ : 0;
  return owns_[record].members;
}

std::uint32_t SharedViews::known(NodeSlot owner) const {
  const std::uint32_t record = record_[raw(owner)];
  return record == kEmpty ? 0 : record == kEveryone ? nodes_ : owns_[record].known;
}

Hash128 SharedViews::member_hash(NodeSlot owner) const {
  const std::uint32_t record = record_[raw(owner)];
  if (record == kEmpty) return {};
  if (record == kEveryone) return is_member(everyone_belief_.status) ? everyone_hash_ : Hash128{};
  return owns_[record].hash;
}

// ---- changing ------------------------------------------------------------------------------------------------------

bool SharedViews::merge(NodeSlot owner, NodeSlot subject, Belief belief) {
  const MaybeBelief before = get(owner, subject);
  if (before.known && belief <= before.belief) return false;
  Own& view = own(raw(owner));
  if (before.known) drop(view, raw(subject));
  hold(view, raw(subject), belief);
  settle(raw(subject));
  return true;
}

void SharedViews::forget(NodeSlot owner, NodeSlot subject) {
  if (!get(owner, subject).known) return;
  drop(own(raw(owner)), raw(subject));
  settle(raw(subject));
}

void SharedViews::merge_everyone(NodeSlot owner, Belief belief) {
  std::uint32_t& record = record_[raw(owner)];
  const bool shared = record == kEmpty && (everyone_count_ == 0 || everyone_belief_ == belief);
  if (!shared) {
    ViewStore::merge_everyone(owner, belief);
    return;
  }
  if (everyone_count_ == 0) {
    everyone_belief_ = belief;
    if (everyone_hash_ == Hash128{}) {
      for (std::uint32_t i = 0; i < nodes_; ++i) everyone_hash_ += member_hash_of(directory_.id(NodeSlot{i}));
    }
  }
  ++everyone_count_;
  record = kEveryone;
}

void SharedViews::clear(NodeSlot owner) {
  std::uint32_t& record = record_[raw(owner)];
  if (record == kEveryone) --everyone_count_;
  if (record < kEveryone) {
    Own& view = owns_[record];
    for (std::uint32_t i = 0; i < nodes_ && view.known > 0; ++i) {
      if (!get(owner, NodeSlot{i}).known) continue;
      drop(view, i);
      settle(i);
    }
    free_owns_.push_back(record);
  }
  record = kEmpty;
}

// The owner's own view, made when it begins to differ.
SharedViews::Own& SharedViews::own(std::uint32_t owner) {
  std::uint32_t& record = record_[owner];
  if (record < kEveryone) return owns_[record];
  need_hashes();
  if (subjects_.empty()) subjects_.resize(nodes_);
  const bool everyone = record == kEveryone;
  if (free_owns_.empty()) {
    record = static_cast<std::uint32_t>(owns_.size());
    owns_.emplace_back();
    owns_.back().knows_base.assign((nodes_ + 63) / 64, 0);
  } else {
    record = free_owns_.back();
    free_owns_.pop_back();
  }
  if (everyone) {
    --everyone_count_;
    for (std::uint32_t i = 0; i < nodes_; ++i) {
      hold(owns_[record], i, everyone_belief_);
      settle(i);
    }
  }
  return owns_[record];
}

void SharedViews::need_hashes() {
  if (!hashes_.empty()) return;
  hashes_.reserve(nodes_);
  for (std::uint32_t i = 0; i < nodes_; ++i) hashes_.push_back(member_hash_of(directory_.id(NodeSlot{i})));
}

void SharedViews::account(Own& own, std::uint32_t subject, Belief belief, bool added) {
  const std::uint32_t one = added ? 1 : ~std::uint32_t{0};
  own.known += one;
  if (!is_member(belief.status)) return;
  own.members += one;
  if (added) {
    own.hash += hash_of(subject);
  } else {
    own.hash -= hash_of(subject);
  }
}

// The owner no longer believes anything of the subject.
void SharedViews::drop(Own& own, std::uint32_t subject) {
  Subject& about = subjects_[subject];
  std::uint64_t& word = own.knows_base[subject / 64];
  const std::uint64_t bit = std::uint64_t{1} << subject % 64;
  if ((word & bit) != 0) {
    word &= ~bit;
    --about.base_holders;
    account(own, subject, about.base, false);
    return;
  }
  const std::uint32_t fact = held_fact(own, about);
  HEARSAY_CHECK(fact != kNone);
  own.holds[fact / 64] &= ~(std::uint64_t{1} << fact % 64);
  --facts_[fact].holders;
  account(own, subject, facts_[fact].belief, false);
}

// The owner, which believes nothing of the subject, comes to believe this.
void SharedViews::hold(Own& own, std::uint32_t subject, Belief belief) {
  account(own, subject, belief, true);
  Subject& about = subjects_[subject];
  if (!about.has_base) {
    about.base = belief;
    about.has_base = true;
  }
  if (about.base == belief) {
    own.knows_base[subject / 64] |= std::uint64_t{1} << subject % 64;
    ++about.base_holders;
    return;
  }
  std::uint32_t fact = find_fact(about, belief);
  if (fact == kNone) fact = intern_fact(subject, belief);
  if (fact / 64 >= own.holds.size()) own.holds.resize(fact / 64 + 1, 0);
  own.holds[fact / 64] |= std::uint64_t{1} << fact % 64;
  ++facts_[fact].holders;
}

std::uint32_t SharedViews::find_fact(const Subject& subject, Belief belief) const {
  std::uint32_t fact = subject.facts;
  while (fact != kNone && facts_[fact].belief > belief) fact = facts_[fact].next;
  return fact != kNone && facts_[fact].belief == belief ? fact : kNone;
}

std::uint32_t SharedViews::intern_fact(std::uint32_t subject, Belief belief) {
  std::uint32_t fact = 0;
  if (free_facts_.empty()) {
    fact = static_cast<std::uint32_t>(facts_.size());
    facts_.emplace_back();
  } else {
    fact = free_facts_.back();
    free_facts_.pop_back();
  }
  std::uint32_t* link = &subjects_[subject].facts;
  while (*link != kNone && facts_[*link].belief > belief) link = &facts_[*link].next;
  facts_[fact] = {belief, subject, 0, *link};
  *link = fact;
  return fact;
}

// Restores the invariants of a subject after a holder was lost: no fact without holders, no base without holders while
// a fact could take its place.
void SharedViews::settle(std::uint32_t subject) {
  Subject& about = subjects_[subject];
  std::uint32_t most = kNone;
  for (std::uint32_t fact = about.facts; fact != kNone;) {
    const std::uint32_t next = facts_[fact].next;
    if (facts_[fact].holders == 0) {
      free_fact(subject, fact);
    } else if (most == kNone || facts_[fact].holders > facts_[most].holders) {
      most = fact;
    }
    fact = next;
  }
  if (about.base_holders > 0) return;
  if (most != kNone) {
    make_base(subject, most);
  } else {
    about.has_base = false;
  }
}

void SharedViews::make_base(std::uint32_t subject, std::uint32_t fact) {
  Subject& about = subjects_[subject];
  about.base = facts_[fact].belief;
  std::uint32_t left = facts_[fact].holders;
  for (Own& own : owns_) {
    if (left == 0) break;
    if (!test(own.holds, fact)) continue;
    own.holds[fact / 64] &= ~(std::uint64_t{1} << fact % 64);
    own.knows_base[subject / 64] |= std::uint64_t{1} << subject % 64;
    ++about.base_holders;
    --left;
  }
  HEARSAY_CHECK(left == 0);
  free_fact(subject, fact);
}

void SharedViews::free_fact(std::uint32_t subject, std::uint32_t fact) {
  std::uint32_t* link = &subjects_[subject].facts;
  while (*link != fact) link = &facts_[*link].next;
  *link = facts_[fact].next;
  free_facts_.push_back(fact);
}

std::size_t SharedViews::memory_bytes() const {
  std::size_t bytes = record_.capacity() * sizeof(std::uint32_t) + owns_.capacity() * sizeof(Own) +
                      subjects_.capacity() * sizeof(Subject) + facts_.capacity() * sizeof(Fact) +
                      (free_facts_.capacity() + free_owns_.capacity()) * sizeof(std::uint32_t) +
                      hashes_.capacity() * sizeof(Hash128);
  for (const Own& own : owns_) bytes += (own.knows_base.capacity() + own.holds.capacity()) * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace hearsay::world
