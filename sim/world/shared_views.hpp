// All views of a simulation in much less than N^2 beliefs: what most nodes believe of a member is stored once, as the
// base; what differs is an interned fact (member, belief) with one bit a node that holds it.
//
// A node's belief about a member is exactly one of: nothing, the base, or one fact. So every fact and every base knows
// how many nodes hold it. A fact that nobody holds any more is freed; a base that nobody holds any more is replaced by
// the fact that most hold, whose bits are then cleared. Nothing is forgotten because it is old: a partitioned node
// keeps its facts alive as long as it believes them, and a process that ended (clear) holds nothing.
//
// Memory: 32 bytes a member, and for each node that differs from "knows nobody" and "knows everybody the same" one bit
// a member and one bit a fact in use: 13 MB of bits for 10,000 nodes in a steady state, as much again when every second
// of them is suspected. Costs: get O(facts in use about the member, one or two), merge the same plus O(nodes / facts
// retired) amortised. Behaves as PrivateViews does, to the last call; tests hold it to that. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/protocol/directory.hpp"
#include "core/protocol/view.hpp"

namespace hearsay::world {

class SharedViews final : public ViewStore {
 public:
  // Views of the slots [0, nodes) of a directory that is complete and outlives the store.
  SharedViews(const Directory& directory, std::uint32_t nodes);

  MaybeBelief get(NodeSlot owner, NodeSlot subject) const override;
  bool merge(NodeSlot owner, NodeSlot subject, Belief belief) override;
  void merge_everyone(NodeSlot owner, Belief belief) override;
  void forget(NodeSlot owner, NodeSlot subject) override;
  void clear(NodeSlot owner) override;

  std::uint32_t members(NodeSlot owner) const override;
  std::uint32_t known(NodeSlot owner) const override;
  Hash128 member_hash(NodeSlot owner) const override;
  std::uint32_t domain() const override { return nodes_; }

  // For tests and reports.
  std::size_t active_facts() const { return facts_.size() - free_facts_.size(); }
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  // A node's view while it is the same as many others'; the view of its own comes with the first difference.
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  static constexpr std::uint32_t kEveryone = 0xfffffffe;

  struct Fact {
    Belief belief;
    std::uint32_t subject = 0;
    std::uint32_t holders = 0;
    std::uint32_t next = kNone;  // the next lower fact about the subject
  };
  struct Subject {
    Belief base;
    bool has_base = false;
    std::uint32_t base_holders = 0;  // those of kEveryone not counted
    std::uint32_t facts = kNone;     // highest first
  };
  struct Own {
    std::vector<std::uint64_t> knows_base;  // by subject
    std::vector<std::uint64_t> holds;       // by fact; may be shorter than the facts
    std::uint32_t members = 0;
    std::uint32_t known = 0;
    Hash128 hash;
  };

  static bool test(const std::vector<std::uint64_t>& bits, std::uint32_t i) {
    return i / 64 < bits.size() && (bits[i / 64] >> i % 64 & 1) != 0;
  }
  Own& own(std::uint32_t owner);
  // The fact about the subject that the owner holds, or kNone.
  std::uint32_t held_fact(const Own& own, const Subject& subject) const;
  std::uint32_t find_fact(const Subject& subject, Belief belief) const;
  std::uint32_t intern_fact(std::uint32_t subject, Belief belief);
  void drop(Own& own, std::uint32_t subject);
  void hold(Own& own, std::uint32_t subject, Belief belief);
  void account(Own& own, std::uint32_t subject, Belief belief, bool added);
  void settle(std::uint32_t subject);
  void make_base(std::uint32_t subject, std::uint32_t fact);
  void free_fact(std::uint32_t subject, std::uint32_t fact);
  const Hash128& hash_of(std::uint32_t subject) const { return hashes_[subject]; }
  void need_hashes();

  const Directory& directory_;
  std::uint32_t nodes_;
  std::vector<std::uint32_t> record_;  // by owner: index into owns_, kEmpty or kEveryone
  std::vector<Own> owns_;
  std::vector<std::uint32_t> free_owns_;
  std::vector<Subject> subjects_;  // empty until somebody knows somebody other than by kEveryone
  std::vector<Fact> facts_;
  std::vector<std::uint32_t> free_facts_;
  std::vector<Hash128> hashes_;

  // What all kEveryone owners believe of everybody.
  Belief everyone_belief_;
  std::uint32_t everyone_count_ = 0;
  Hash128 everyone_hash_;
};

}  // namespace hearsay::world
