// View convergence: how long after an event of the time line every live node's view is its target V* (target.hpp), for
// good until the next event. A node's view is what it observes of itself: members alive and suspect.
//
// - Each event has a window: from its steps on the time line until the first step of another event, whether or not that
//   one changes some V*. What happens within it is the event's and nobody else's, or an early event would be blamed for
//   a late one. An event that changes no V* has the same clock under another name: whether agreement was lost in its
//   window, and how long after the event's last step it was there for good.
// - Events of one instant are one change. The last of them has the window, the others are superseded at once.
// - A process begins with an empty view; a dead one has none.
// - A paused node is a live process: it must converge, so nobody does while a pause keeps it from it. A leaving one is
//   in no target and need not.
// - An event that changes the targets several times (a flap, a churn, a rolling restart) is clocked from its last
// change.
// - Agreement at the instant the targets change belongs to the episode before: within one instant all changes and
//   observations count as one.
//
// One thread. O(1) an observation; O(live nodes) a single change of one common target; O(live nodes x slots / 64)
// otherwise, once an instant. Memory: a bit a slot for each node that observed something of its own, none for those
// that know nobody or everybody.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "sim/measure/expectation.hpp"
#include "sim/measure/report.hpp"
#include "sim/measure/target.hpp"

namespace hearsay::measure {

class ViewProbe {
 public:
  // `target` is kept up to date by the owner, who calls advance() before each change of it and target_changed() after.
  ViewProbe(const plan::Plan& plan, const Target& target);

  // Time goes on to `at`: ends the instant before, if that is another.
  void advance(TrueTime at);
  void event(TrueTime at, std::size_t index);
  // A process began (up) or ended (down, absent): its view is empty from now on.
  void reset_node(TrueTime at, NodeSlot node);
  // Some V* changed; `node` says that the membership of this one alone did.
  void target_changed(TrueTime at, std::optional<NodeSlot> node);
  // Returns whether the view changed: `peer` is now in it, or no longer.
  bool observe(TrueTime at, NodeSlot node, NodeSlot peer, bool member);
  // The node believes in everybody.
  void observe_all(TrueTime at, NodeSlot node);

  bool sees(NodeSlot node, NodeSlot peer) const;
  const SlotSet& view(NodeSlot node) const;

  void sample(TrueTime at);
  void finish(TrueTime at, Report& report, std::vector<EventReport>& timeline,
              std::vector<InvariantResult>& invariants);

 private:
  enum class Kind : std::uint8_t { kNobody, kEveryone, kOwn };
  static constexpr std::size_t kStart = std::numeric_limits<std::size_t>::max();

  // What one event did to the views, from its last change of them.
  struct Record {
    bool opened = false;  // has, or had, a window
    TrueTime last_step{};
    bool lost = false;    // in its windows somebody's view was wrong
    bool nobody = false;  // when its window ended, no node was alive
    double window_integral = 0;
    Duration window{};  // their length
    bool changed = false;
    std::uint32_t changes = 0;
    TrueTime first_change{}, last_change{};
    double integral_first = 0, integral_last = 0;  // of the disagreeing share over time
    std::optional<double> disagreement;
    bool agreed = false;
    TrueTime first_agreement{};
    std::uint32_t exits = 0;
    bool converged = false;
    Duration until{};  // stable entry, or the censoring bound
    std::string censored_by;
    Samples nodes;
  };

  // Ends the instant: applies what is pending and sees whether all agree.
  void settle();
  void recompute();
  void apply_flips();
  void set_mismatch(std::uint32_t node, std::uint32_t mismatch);
  std::uint32_t mismatch_of(std::uint32_t node) const;
  Record& record_of(std::size_t cause) { return cause == kStart ? start_ : records_[cause]; }
  void open_window(std::size_t cause, TrueTime at);
  void close_window(std::size_t next, bool end);
  void restart_clock(Record& record, TrueTime at);
  void report_disturbance(const Record& record, EventReport& event, Report& report) const;
  bool all_agree() const { return disagreeing_ == 0; }
  void report_convergence(const Record& record, EventReport& event, Report& report) const;

  const plan::Plan& plan_;
  const Target& target_;
  std::vector<Kind> kind_;
  std::vector<SlotSet> own_;
  SlotSet nobody_, everyone_;
  std::vector<std::uint32_t> mismatch_;  // of members; 0 for others
  std::vector<TrueTime> since_;          // when the mismatch last became 0
  std::vector<bool> counted_;            // was a member at the last settling
  std::vector<std::uint32_t> sizes_;     // of each component's V*
  std::uint32_t disagreeing_ = 0;

  TrueTime now_{};
  bool dirty_ = false;           // everything is to be computed anew
  std::vector<NodeSlot> flips_;  // single changes of one common target, pending
  std::uint32_t components_ = 1;
  bool agreed_ = true;  // at the end of the last instant
  TrueTime entered_{};
  double integral_entered_ = 0;
  double integral_ = 0;

  std::size_t marked_ = kStart;  // the event of this instant
  TrueTime marked_at_{};
  std::size_t current_ = kStart;  // whose window it is
  TrueTime opened_{};             // when it began
  double integral_opened_ = 0;
  Duration lived_{};  // how long some node lived
  Record start_;
  std::vector<Record> records_;
  Series series_{"view_disagreement_share", {}};
};

}  // namespace hearsay::measure
