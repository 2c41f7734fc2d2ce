// Misrouting: the share of keys for which a live node names another owner than its target view V* gives (target.hpp).
// Its mean over live nodes and time, its integral over the time that each change of the targets is the latest, and the
// worst node at the worst moment. Measured when views and targets change, not at samples.
//
// On kKeys evenly spread hashes. What a node names follows from its view: for rings of one order a key (karger,
// rendezvous) by that order (key_order.hpp), which costs a microsecond or two a change; else by a placement of each
// view, and then kMaxPlaced nodes are followed, evenly spread, since a placement may cost milliseconds. Where the ring
// is not set-pure a node names what its own placement does, and the reference is place() of V*. At most kMaxFollowed
// nodes are followed.
//
// Nothing is looked up for a node whose view is its target. One thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/protocol/ring.hpp"
#include "sim/measure/key_order.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/view_placements.hpp"
#include "sim/measure/view_probe.hpp"

namespace hearsay::measure {

class MisrouteProbe {
 public:
  static constexpr std::size_t kKeys = 1024;
  static constexpr std::uint32_t kMaxFollowed = 256;
  static constexpr std::uint32_t kMaxPlaced = 8;

  // `nodes` has the nodes' own placements where the ring is not set-pure, and is null otherwise.
  MisrouteProbe(const plan::Plan& plan, const Ring& ring, const Target& target, const ViewProbe& views,
                const PlacementSource* nodes);

  // Time goes on to `at`: before each change of target and views.
  void advance(TrueTime at);
  // The rest comes after the change, at the time that it advanced to.
  void event(std::size_t index);
  void target_changed();
  void reset_node(NodeSlot node);
  void view_changed(NodeSlot node, NodeSlot peer, bool member);
  void view_replaced(NodeSlot node);

  void sample(TrueTime at);
  void finish(TrueTime at, Report& report);

 private:
  static constexpr std::uint32_t kNotFollowed = 0xffffffff;

  struct Followed {
    NodeSlot node = kNoSlot;
    bool counted = false;  // a member, when last looked at
    bool changed = true;   // to be looked at when the instant ends
    std::uint32_t wrong = 0;
    std::optional<Answers> answers;        // by orders of keys: kept up to date once it is known
    std::shared_ptr<const Placement> own;  // the last of this instant, where the ring is not set-pure
  };

  // Ends the instant: looks at all nodes that changed in it.
  void settle();
  std::uint32_t wrong_of(Followed& followed);
  bool by_order(std::uint32_t component) const;
  const Answers& reference(std::uint32_t component);
  Answers look_up(const Placement& placement) const;
  const KeyOrder& order();
  Followed* followed(NodeSlot node) {
    return index_[raw(node)] == kNotFollowed ? nullptr : &followed_[index_[raw(node)]];
  }
  double share() const;
  void close_window();

  const plan::Plan& plan_;
  const Ring& ring_;
  const Target& target_;
  const ViewProbe& views_;
  const PlacementSource* nodes_;
  bool ordered_;
  std::vector<std::uint64_t> keys_;
  std::optional<KeyOrder> order_;  // made when somebody first disagrees
  ViewPlacements placements_;
  std::vector<Followed> followed_;
  std::vector<std::uint32_t> index_;                // by slot, of followed_
  std::vector<std::optional<Answers>> references_;  // by component
  bool any_changed_ = true;
  std::uint64_t wrong_ = 0;
  std::uint64_t live_ = 0;  // of those followed
  std::uint32_t worst_ = 0;

  TrueTime now_{};
  double integral_ = 0;
  double lived_ = 0;  // seconds in which somebody followed lived
  double max_ = 0;

  // The time since the targets last changed, and whose doing that was.
  std::optional<std::size_t> event_;  // of the instant event_at_
  TrueTime event_at_{};
  std::optional<std::size_t> window_;
  TrueTime opened_{};
  double integral_opened_ = 0;
  Samples windows_;
  std::vector<std::optional<double>> by_event_;
  Series series_{"ring_misrouted_share", {}};
};

}  // namespace hearsay::measure
