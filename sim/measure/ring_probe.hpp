// Ring disagreement: the share of the key space on which two live nodes name different owners, by the placements of
// their views; mean and maximum over pairs, within components and across apart, at each sample. And over the same
// pairs the probability that the quorums of a write at one node and a read at the other miss each other (quorum.hpp),
// on kQuorumKeys evenly spread hashes.
//
// Nodes are grouped by their view, so that a run in which all agree costs no placement at all; where the ring is not
// set-pure, by the placement that their history led to. Where a ring gives arcs their overlaps are measured exactly,
// else, or when there are more than kMaxArcs, on kSampledKeys evenly spread hashes. Bounded: the kMaxViews most common
// views a sample (fewer in large networks); nodes with other views are left out, and the population says so.
//
// In a long split the same few views are compared at every sample, and while it begins and ends each view differs from
// another by a few members: what was seen of views and pairs is kept, and a placement is made from the nearest one at
// hand.
#pragma once

#include <memory>
#include <vector>

#include "core/protocol/ring.hpp"
#include "sim/measure/quorum.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/view_placements.hpp"
#include "sim/measure/view_probe.hpp"

namespace hearsay::measure {

class RingProbe {
 public:
  static constexpr std::size_t kMaxViews = 64;
  static constexpr std::size_t kMaxCached = 128;  // at least kMaxViews: a sample never drops what it looks at
  static constexpr std::size_t kMaxArcs = 65'536;
  static constexpr std::size_t kSampledKeys = 4096;
  static constexpr std::size_t kQuorumKeys = 64;

  // `nodes` has the nodes' own placements where the ring is not set-pure, and is null otherwise.
  RingProbe(const plan::Plan& plan, const Ring& ring, const Target& target, const ViewProbe& views,
            const PlacementSource* nodes);

  void sample(TrueTime at);
  void finish(Report& report);

 private:
  // Owners over the key space: arcs, where there are few enough, and of sampled keys; and replicas of some.
  struct Owners {
    std::vector<Arc> arcs;
    std::vector<NodeSlot> sampled;
    std::vector<NodeSlot> replicas;  // copies() a key, kNoSlot where there are fewer
  };
  // What nodes look keys up in: their view, or where that does not say all, their own placement.
  struct Source {
    SlotSet view;
    std::shared_ptr<const Placement> own;
    friend bool operator==(const Source&, const Source&) = default;
  };
  struct Cached {
    Source source;
    Owners owners;
    std::uint64_t used = 0;
  };
  struct Group {
    Source source;
    std::uint32_t component = 0;
    std::uint64_t nodes = 0;
  };
  // Of two sources: the share with different owners, and the probability of a miss.
  struct Pair {
    double different = -1;  // negative: not known
    double miss = 0;
  };
  struct Mean {
    double sum = 0, max = 0;
    std::uint64_t points = 0;
  };

  std::vector<Group> groups();
  // The index in cache_ of a source's owners, placed unless they are known.
  std::size_t owners(const Source& source);
  // Of two of cache_, computed unless it is known.
  const Pair& pair(std::size_t a, std::size_t b);
  static double distance(const Owners& a, const Owners& b);
  double miss(const Owners& a, const Owners& b) const;
  // Of two nodes that agree.
  double miss_of_equals(const SlotSet& view) const;

  const Target& target_;
  const ViewProbe& views_;
  const PlacementSource* nodes_;
  QuorumTable quorums_;
  ViewPlacements placements_;
  std::vector<Cached> cache_;
  std::vector<Pair> pairs_;  // [a * kMaxCached + b], a < b, of cache_
  std::uint64_t uses_ = 0;
  std::uint64_t left_out_ = 0;
  // Within components, and across.
  Mean disagreement_[2], quorum_miss_[2];
  Series disagreement_series_[2]{{"ring_disagreement_share", {}}, {"ring_disagreement_across_share", {}}};
  Series quorum_miss_series_[2]{{"quorum_miss_share", {}}, {"quorum_miss_across_share", {}}};
};

}  // namespace hearsay::measure
