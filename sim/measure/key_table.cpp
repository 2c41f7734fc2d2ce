#include "sim/measure/key_table.hpp"

#include <algorithm>

namespace hearsay::measure {

Write* Key::find(Version version) {
  const auto at = std::ranges::find(writes, version, &Write::version);
  return !version || at == writes.end() ? nullptr : &*at;
}

const Write* Key::newest_acked(TrueTime by) const {
  const Write* newest = nullptr;
  for (const Write& write : writes) {
    if (write.acked && write.completed <= by && (newest == nullptr || newest->version < write.version)) newest = &write;
  }
  return newest;
}

Holder* Key::holder(NodeSlot node) {
  const auto at = std::ranges::lower_bound(holders, node, {}, &Holder::node);
  return at != holders.end() && at->node == node ? &*at : nullptr;
}

Key* KeyTable::add(const std::string& name, std::uint64_t ring_hash) {
  const auto index = static_cast<std::uint32_t>(keys_.size());
  if (keys_.size() == kMaxKeys) {
    Key* known = find(name);
    not_followed_ += known == nullptr ? 1U : 0U;
    return known;
  }
  const auto [at, fresh] = index_.try_emplace(hash64(name), index);
  if (!fresh) {
    Key& known = keys_[at->second];
    if (known.name == name) return &known;
    ++not_followed_;
    return nullptr;
  }
  Key key;
  key.name = name;
  key.hash = ring_hash;
  keys_.push_back(std::move(key));
  return &keys_.back();
}

void KeyTable::add_write(Key& key, const OpRecord& op) {
  if (key.writes.size() == kMaxWrites) {
    if (evicted) evicted(key.writes.front());
    key.writes.erase(key.writes.begin());
  }
  Write write;
  write.id = op.id;
  write.op = op.op;
  write.node = op.node;
  write.invoked = op.invoked;
  write.ttl = op.ttl;
  key.writes.push_back(write);
}

Holder& KeyTable::holder(Key& key, NodeSlot node) {
  auto at = std::ranges::lower_bound(key.holders, node, {}, &Holder::node);
  const std::uint32_t life = lives_[raw(node)];
  if (at == key.holders.end() || at->node != node) at = key.holders.insert(at, Holder{node, life, {}, {}, false});
  if (at->life != life) *at = Holder{node, life, {}, {}, false};
  return *at;
}

}  // namespace hearsay::measure
