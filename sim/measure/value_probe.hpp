// Value convergence: from the acknowledgement of a write until all live replicas of the key in the component hold it or
// a newer one. The component is that of the node that was asked, or once that one is gone the component of a node that
// has the write; its replicas are those that the ring names when it is given the component's target view, at any
// moment. A replica that deleted or expired the version, or a newer one, has had it. Censored by the write's own expiry
// and by the end of the run.
//
// Whether values agree at the end is another question, asked anew of each key: replicas that had a write may have lost
// it, and others have become replicas since.
//
// One thread. O(replicas x log holders of the key) a change of a store and a write followed; O(writes followed) as
// often when targets change and at each sample.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "core/protocol/ring.hpp"
#include "sim/measure/expectation.hpp"
#include "sim/measure/key_table.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/target.hpp"

namespace hearsay::measure {

class ValueProbe {
 public:
  // Writes followed at one time; what is acknowledged beyond is counted, not followed.
  static constexpr std::size_t kMaxOpen = 65'536;

  ValueProbe(const plan::Plan& plan, const Ring& ring, std::uint32_t replicas, const Target& target, KeyTable& keys);

  void acknowledged(const OpRecord& op, Key& key);
  void stored(TrueTime at, Key& key);
  void target_changed(TrueTime at);
  void sample(TrueTime at) { sweep(at); }
  void finish(TrueTime at, Report& report, std::vector<InvariantResult>& invariants);

 private:
  void check(TrueTime at, Key& key);
  // Of the component that must have a write that `asked` coordinated; null when nobody is left to tell.
  const Placement* placement_of(Key& key, NodeSlot asked, Version version);
  std::size_t wanted(const Placement& placed) const {
    return replicas_ == 0 ? placed.members() : std::min<std::size_t>(replicas_, placed.members());
  }
  std::span<const NodeSlot> replicas_of(const Placement& placed, const Key& key);
  bool has_seen(Key& key, NodeSlot node, Version version) const;
  bool converged(Key& key, const PendingWrite& write);
  bool agrees_at_end(Key& key, const Write& write);
  const Placement& placement(std::uint32_t component);
  void sweep(TrueTime at);

  const plan::Plan& plan_;
  const Ring& ring_;
  std::uint32_t replicas_;
  const Target& target_;
  KeyTable& keys_;
  std::vector<std::shared_ptr<const Placement>> placements_;  // by component, of the present targets
  std::vector<NodeSlot> scratch_;                             // of replicas_of
  std::vector<std::size_t> open_;                             // indices of keys with pending writes
  std::size_t pending_ = 0;
  Samples times_;
  std::uint64_t not_followed_ = 0;
};

}  // namespace hearsay::measure
