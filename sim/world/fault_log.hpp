// What the time line did, for a log and for the count of each event's effects: shared by all that carry a time line
// out. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "sim/measure/truth.hpp"
#include "sim/plan/plan.hpp"
#include "sim/world/timeline.hpp"

namespace hearsay::world {

// Something that an event of the time line did at one instant: to all nodes of a kind at once, or to links or clients.
struct FaultRecord {
  TrueTime at{};
  std::size_t event = 0;  // index in the plan
  std::string_view what;  // "cut", "heal", "crash", "restart", ... (one event may do several)
  // Whom it was done to, once each; of a cut one list a side, of a link change the senders, then the receivers.
  std::vector<std::vector<NodeSlot>> nodes;
};

// Gathers steps of one event and kind that follow each other into one record.
class FaultLog {
 public:
  using Tell = std::function<void(const FaultRecord&)>;
  // Both must outlive it; an empty `tell` makes it do nothing.
  FaultLog(const Timeline& timeline, const Tell& tell) : timeline_(timeline), tell_(tell) {}

  bool wanted() const { return static_cast<bool>(tell_); }
  // A step of an event was carried out, and something came of it.
  void note(TrueTime at, const TimelineStep& step);
  // Tells what was gathered.
  void flush();

 private:
  const Timeline& timeline_;
  const Tell& tell_;
  std::optional<FaultRecord> record_;
};

// Counts the nodes that events hit: each once for each event, and apart from that how often the event itself let it
// come back.
class NodeEffects {
 public:
  explicit NodeEffects(const plan::Plan& plan) : plan_(plan) {}
  // A step that changed a node's process.
  void credit(const TimelineStep& step, std::vector<measure::EventEffect>& effects);

 private:
  const plan::Plan& plan_;
  std::set<std::pair<std::size_t, std::uint32_t>> churned_;  // event and node: churn alone hits a node several times
};

}  // namespace hearsay::world
