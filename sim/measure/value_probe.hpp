// Value convergence: from the acknowledgement of a write until all live replicas of the key in the component hold it or
// a newer one. The component is that of the node that was asked; its replicas are those that the ring names when it is
// given the component's target view, at any moment. A replica that deleted or expired the version, or a newer one, has
// had it. Censored by the write's own expiry and by the end of the run.
#pragma once

#include <memory>
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
  bool converged(Key& key, const PendingWrite& write);
  const Placement& placement(std::uint32_t component);
  void sweep(TrueTime at);

  const plan::Plan& plan_;
  const Ring& ring_;
  std::uint32_t replicas_;
  const Target& target_;
  KeyTable& keys_;
  std::vector<std::shared_ptr<const Placement>> placements_;  // by component, of the present targets
  std::vector<NodeSlot> scratch_;
  std::vector<std::size_t> open_;  // indices of keys with pending writes
  std::size_t pending_ = 0;
  Samples times_;
  std::uint64_t not_followed_ = 0, unfinished_ = 0;
};

}  // namespace hearsay::measure
