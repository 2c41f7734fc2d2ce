// What the probes of values share: per key the writes that clients asked for, and what each node's store held. By the
// hash of the ring and then the key itself, since some rings' hashes are short. One thread.
//
// Bounded: kMaxKeys keys (the rest is not followed, and counted), kMaxWrites writes a key (the oldest goes).
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/protocol/observation.hpp"
#include "sim/measure/truth.hpp"

namespace hearsay::measure {

struct Write {
  std::uint64_t id = 0;
  OpKind op{};
  NodeSlot node = kNoSlot;
  Version version;  // nothing while unknown
  TrueTime invoked{};
  TrueTime completed = TrueTime::max();
  Duration ttl{0};
  bool acked = false;
  bool shadowed = false;  // a write that was over before this began has the higher version
  bool lost_concurrently = false;
  bool expired_early = false;       // some replica expired it before its time
  TrueTime gone = TrueTime::min();  // when the last live replica let go of it, if that was after its time

  bool expires() const { return op == OpKind::kPut && ttl > Duration::zero(); }
  // No earlier may it expire.
  TrueTime due() const { return expires() ? invoked + ttl : TrueTime::max(); }
};

// One node's store, one key.
struct Holder {
  NodeSlot node = kNoSlot;
  std::uint32_t life = 0;  // of the node; what a former life held is void
  Version held;            // value it holds; nothing for none
  Version seen;            // newest version it held, deleted or expired
  bool seen_gone = false;  // that one is deleted or expired
};

// What clients were shown at one node.
struct Sighting {
  NodeSlot node = kNoSlot;
  Version version;
  bool gone = false;  // it was expired or deleted
  TrueTime at{};
};

struct PendingWrite {
  Version version;
  NodeSlot node = kNoSlot;
  TrueTime acked{};
  TrueTime due{};
};

struct Key {
  std::string name;
  std::uint64_t hash = 0;
  std::vector<Write> writes;    // by invocation
  std::vector<Holder> holders;  // by node
  std::vector<Sighting> sightings;
  std::vector<PendingWrite> pending;

  Write* find(Version version);
  // The acknowledged write of the highest version that was complete by then; null for none.
  const Write* newest_acked(TrueTime by) const;
  Holder* holder(NodeSlot node);
};

class KeyTable {
 public:
  static constexpr std::size_t kMaxKeys = 4'000'000;
  static constexpr std::size_t kMaxWrites = 16;

  explicit KeyTable(std::uint32_t nodes) : lives_(nodes, 0), ended_(nodes, TrueTime::min()) {}

  // Null beyond kMaxKeys.
  Key* add(std::uint64_t hash, const std::string& name);
  Key* find(std::uint64_t hash, const std::string& name);
  // Every key of that hash, for an observation.
  template <class Visit>
  void with_hash(std::uint64_t hash, Visit&& visit) {
    const auto at = first_.find(hash);
    for (std::uint32_t i = at == first_.end() ? kNone : at->second; i != kNone; i = next_[i]) visit(keys_[i]);
  }
  // May let go of the oldest write: `evicted` is told.
  void add_write(Key& key, const OpRecord& op);
  // The node's holder entry, of its present life.
  Holder& holder(Key& key, NodeSlot node);
  bool current(const Holder& holder) const { return holder.life == lives_[raw(holder.node)]; }
  void life_ended(NodeSlot node, TrueTime at) {
    ++lives_[raw(node)];
    ended_[raw(node)] = at;
  }
  TrueTime ended(NodeSlot node) const { return ended_[raw(node)]; }
  std::vector<Key>& keys() { return keys_; }  // in the order they came
  std::uint64_t not_followed() const { return not_followed_; }

  std::function<void(const Write&)> evicted;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> next_;
  std::unordered_map<std::uint64_t, std::uint32_t> first_;
  std::vector<std::uint32_t> lives_;
  std::vector<TrueTime> ended_;
  std::uint64_t not_followed_ = 0;
};

}  // namespace hearsay::measure
