// The probability that a read misses a write because their quorums have no replica in common, as in PBS (Bailis et al.,
// VLDB '12): the writer's node knows some replicas of the key, any w of which answer first, each choice as likely; the
// reader's node knows some, any r of which answer first. Where both know the same n, it is C(n - w, r) / C(n, r), which
// is 0 where r + w > n.
//
// That a replica is down, cut off or slow, and that a value spreads after its acknowledgement, is not in it: it is what
// the views alone are to blame for. Immutable; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "core/replication/params.hpp"
#include "sim/plan/plan.hpp"

namespace hearsay::measure {

// n, r, w and count_present of the plan's replication; what a scenario that says nothing has where there is none.
ReplicationParams quorums_of(const plan::StrategyChoice& replication);

// Of w out of `a` replicas and r out of `b`, `common` of which are the same. 0 where one of them is too many: such a
// write or read fails, and misses nothing.
double miss_probability(std::size_t a, std::size_t b, std::size_t common, std::size_t w, std::size_t r);

// The same for every a, b and common that there can be.
class QuorumTable {
 public:
  explicit QuorumTable(const ReplicationParams& params);

  // Copies; 0 where every member has one, and there is no table.
  std::size_t copies() const { return copies_; }
  double miss(std::size_t a, std::size_t b, std::size_t common) const {
    return table_[(a * (copies_ + 1) + b) * (copies_ + 1) + common];
  }

 private:
  std::size_t copies_;
  std::vector<double> table_;
};

}  // namespace hearsay::measure
