// Ring disagreement: the share of the key space on which two live nodes name different owners, by the placements of
// their views; mean and maximum over pairs, within components and across apart, at each sample.
//
// Nodes are grouped by their view, so that a run in which all agree costs no placement at all. Where a ring gives arcs
// their overlaps are measured exactly, else, or when there are more than kMaxArcs, on kSampledKeys evenly spread
// hashes. Bounded: the kMaxViews most common views a sample (fewer in large networks); nodes with other views are left
// out, and the population says so.
//
// In a long split the same few views are compared at every sample, and while it begins and ends each view differs from
// another by a few members: owners and distances are kept, and a placement is made from the nearest one at hand.
#pragma once

#include <memory>
#include <vector>

#include "core/protocol/ring.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/view_probe.hpp"

namespace hearsay::measure {

class RingProbe {
 public:
  static constexpr std::size_t kMaxViews = 64;
  static constexpr std::size_t kMaxCached = 128;  // at least kMaxViews: a sample never drops what it looks at
  static constexpr std::size_t kMaxFormer = 4;
  static constexpr std::size_t kMaxArcs = 65'536;
  static constexpr std::size_t kSampledKeys = 4096;

  RingProbe(const plan::Plan& plan, const Ring& ring, const Target& target, const ViewProbe& views);

  void sample(TrueTime at);
  void finish(Report& report);

 private:
  // Owners over the key space: arcs, where there are few enough, and of sampled keys.
  struct Owners {
    std::vector<Arc> arcs;
    std::vector<NodeSlot> sampled;
  };
  struct Cached {
    SlotSet view;
    Owners owners;
    std::uint64_t used = 0;
  };
  // A placement to make the next one from.
  struct Former {
    SlotSet view;
    std::shared_ptr<const Placement> placement;
  };
  struct Group {
    SlotSet view;
    std::uint32_t component = 0;
    std::uint64_t nodes = 0;
  };
  struct Mean {
    double sum = 0, max = 0;
    std::uint64_t points = 0;
  };

  std::vector<Group> groups();
  // The index in cache_ of a view's owners, placed unless they are known.
  std::size_t owners(const SlotSet& view);
  std::shared_ptr<const Placement> place(const SlotSet& view);
  // Between two of cache_, computed unless it is known.
  double distance(std::size_t a, std::size_t b);
  static double distance(const Owners& a, const Owners& b);

  const plan::Plan& plan_;
  const Ring& ring_;
  const Target& target_;
  const ViewProbe& views_;
  std::vector<Cached> cache_;
  std::vector<double> distances_;  // [a * kMaxCached + b], a < b, of cache_; negative: not known
  std::vector<Former> former_;     // the newest last
  std::uint64_t uses_ = 0;
  std::uint64_t left_out_ = 0;
  Mean within_, across_;
  Series within_series_{"ring_disagreement_share", {}};
  Series across_series_{"ring_disagreement_across_share", {}};
};

}  // namespace hearsay::measure
