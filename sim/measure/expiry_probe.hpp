// Expiry against true time, for puts with a TTL:
//
// - early: a miss returned before invocation + TTL of a put that nothing superseded, when a replica had expired it. A
//   miss that has another reason (the value was not where it was looked for) is a false miss.
// - late: a value returned by a get that was invoked after acknowledgement + TTL.
// - gone everywhere: from invocation + TTL until no live replica holds the value.
// - resurrection: a get that returns a value at a node where clients had seen it expired, deleted or overwritten
//   before; or a replica that takes in a value that it had itself expired, deleted or overwritten in the same life.
//
// One thread. O(writes kept of the key + nodes that were asked for it) an answered request, O(replicas of the key) a
// change of a store, O(keys x (writes + replicas)) at the end.
#pragma once

#include "sim/measure/expectation.hpp"
#include "sim/measure/key_table.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/target.hpp"

namespace hearsay::measure {

class ExpiryProbe {
 public:
  // Sightings kept a key: one for each node that clients asked, the oldest goes.
  static constexpr std::size_t kMaxSightings = 64;

  ExpiryProbe(const plan::Plan& plan, KeyTable& keys, Findings& findings);

  void completed(const OpRecord& op, Key& key);
  // A node's store changed; `before` is what the table held of it, which has the change by now.
  void stored(const Observation& observation, Key& key, const Holder& before);
  void finish(TrueTime at, Report& report, std::vector<InvariantResult>& invariants);

 private:
  void on_hit(const OpRecord& op, Key& key);
  void on_miss(const OpRecord& op, Key& key);
  void sight(Key& key, NodeSlot node, Version version, bool gone, TrueTime at);
  void let_go(TrueTime at, Key& key, Version version);
  void resurrected(TrueTime at, NodeSlot node, const Key& key, std::string_view what);

  const plan::Plan& plan_;
  KeyTable& keys_;
  Findings& findings_;
  struct OfClient {
    std::uint64_t gets = 0, late = 0, false_misses = 0;
  };
  Samples lateness_, gone_;
  std::vector<OfClient> by_client_;
  std::uint64_t gets_ = 0, early_ = 0, false_misses_ = 0, early_drops_ = 0, late_ = 0, resurrections_ = 0;
};

}  // namespace hearsay::measure
