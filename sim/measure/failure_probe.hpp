// Failure detection: of each crash, how long until the first live member of the dead node's component declares it dead,
// and until none has it in its view; and the declarations that were wrong.
//
// - The observers of a death are the live members of the dead node's component at that moment. One that had it out of
//   its view already detected it at once. Full detection is the last moment that somebody's view lost it, and is
//   censored when the node comes back, or the run ends, before that.
// - A false positive is a member declared dead or forgotten while live and in the declarer's component. The mistake
//   lasts until the accuser has it in its view again; it is censored when either dies or leaves first.
// - A healthy accuser is one that no event of the time line has paused, slowed or set the clock of so far.
// - A suspicion is an incarnation of a member that somebody suspects: counted once, however many adopt it, since every
//   node that hears of one observes it. It is false when the member is live and in the component of one of them.
//
// One thread. O(1) an observation, O(slots) a crash, O(open deaths) the end of a process. Open deaths and open mistakes
// are bounded; what is over is counted as such.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/protocol/observation.hpp"
#include "sim/measure/view_probe.hpp"

namespace hearsay::measure {

class FailureProbe {
 public:
  static constexpr std::size_t kMaxOpenMistakes = 1'000'000;

  FailureProbe(const plan::Plan& plan, std::uint64_t seed, const Target& target, const ViewProbe& views,
               Findings& findings);

  void event(TrueTime at, std::size_t index);
  // Before the target and the views learn of it.
  void process(TrueTime at, NodeSlot node, ProcessState before, ProcessState after);
  // After the view probe; `changed` is what it returned.
  void observe(const Observation& observation, bool changed);
  void finish(TrueTime at, Report& report, std::vector<EventReport>& timeline,
              std::vector<InvariantResult>& invariants);

 private:
  struct Death {
    TrueTime at{};
    std::size_t event = 0;
    SlotSet observers;
    std::uint32_t left = 0;  // observers that still see it
    std::optional<TrueTime> first, full;
  };
  struct PerEvent {
    std::uint64_t deaths = 0;
    Duration first{}, full{};  // the slowest
    bool first_censored = false, full_censored = false;
  };

  void died(TrueTime at, NodeSlot node);
  void close(TrueTime at, NodeSlot node);
  void observer_gone(TrueTime at, NodeSlot observer);
  void suspected(const Observation& observation);
  void end_mistake(std::uint64_t pair, TrueTime since, TrueTime at, bool retracted);
  static std::uint64_t pair_of(NodeSlot accuser, NodeSlot accused) {
    return std::uint64_t{raw(accuser)} << 32 | raw(accused);
  }

  static constexpr std::size_t kNoEvent = static_cast<std::size_t>(-1);

  const plan::Plan& plan_;
  std::uint64_t seed_;
  const Target& target_;
  const ViewProbe& views_;
  Findings& findings_;
  std::vector<std::unique_ptr<Death>> deaths_;  // by slot, open ones
  std::vector<NodeSlot> open_;                  // slots with one
  std::vector<bool> troubled_;
  std::vector<bool> accused_wrongly_, doubted_wrongly_;  // ever declared dead, suspected, while it lived
  // By member, of its present life: the incarnations below these were suspected already.
  std::vector<std::uint64_t> suspected_, suspected_wrongly_;
  std::vector<TrueTime> gone_at_;  // last time that the process ended or left
  std::unordered_map<std::uint64_t, TrueTime> mistakes_;
  std::vector<PerEvent> per_event_;
  std::size_t marked_ = kNoEvent;
  TrueTime marked_at_{};
  Samples first_, full_, durations_;
  std::uint64_t false_positives_ = 0, at_healthy_ = 0, untracked_ = 0;
  std::uint64_t suspicions_ = 0, false_suspicions_ = 0, refutations_ = 0;
};

}  // namespace hearsay::measure
