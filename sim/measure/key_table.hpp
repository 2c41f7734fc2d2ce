// What the probes of values share: per key the writes that clients asked for, and what each node's store held. By
// hash64 of the key itself, which observations carry, and never by the ring's hash: some rings' are short, and two keys
// that share one would share each other's replicas.
//
// A key is found in O(1), a node's holder in O(log replicas). One thread.
//
// Bounded: kMaxKeys keys (the rest is not followed, and counted; so would be a key whose hash64 another one has),
// kMaxWrites writes a key (the oldest goes).
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
  bool shadowed = false;  // at its acknowledgement, replicas had a write of before it with a higher version
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
  std::uint64_t hash = 0;       // the ring's
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

  // `ring_hash` is where the ring puts the key. Null for one that is not followed.
  Key* add(const std::string& name, std::uint64_t ring_hash);
  // Null for one that no client has asked for.
  Key* find(const std::string& name) {
    Key* key = find(hash64(name));
    return key != nullptr && key->name == name ? key : nullptr;
  }
  // By hash64, as an observation has it.
  Key* find(std::uint64_t id) {
    const auto at = index_.find(id);
    return at == index_.end() ? nullptr : &keys_[at->second];
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
  std::vector<Key> keys_;
  std::unordered_map<std::uint64_t, std::uint32_t> index_;  // of keys_, by hash64
  std::vector<std::uint32_t> lives_;
  std::vector<TrueTime> ended_;
  std::uint64_t not_followed_ = 0;
};

}  // namespace hearsay::measure
