// A cluster that runs SWIM in the in-memory driver, and the questions its tests ask.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "core/membership/swim.hpp"
#include "core/membership/swim_strategy.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/stubs.hpp"

namespace hearsay::test {

constexpr NodeSlot n(std::uint32_t i) { return NodeSlot{i}; }

class SwimCluster : public Loopback {
 public:
  SwimCluster(const SwimConfig& config, const Options& options)
      : Loopback(compose(std::make_shared<SwimStrategy>(config)), options) {}

  swim::SwimState& swim(NodeSlot node) { return state<swim::SwimState>(node, Role::kMembership); }

  MaybeBelief belief(NodeSlot node, NodeSlot subject) { return view(node).get(subject); }
  bool believes(NodeSlot node, NodeSlot subject, Status status) {
    const MaybeBelief now = belief(node, subject);
    return now.known && now.belief.status == status;
  }

  // Every running node's members are the running nodes.
  bool converged() {
    for (std::uint32_t i = 0; i < size(); ++i) {
      if (!up(n(i))) continue;
      for (std::uint32_t j = 0; j < size(); ++j) {
        if (view(n(i)).is_member(n(j)) != up(n(j))) return false;
      }
    }
    return true;
  }
  // Every running node but the subject believes it to be so.
  bool all_believe(NodeSlot subject, Status status) {
    for (std::uint32_t i = 0; i < size(); ++i) {
      if (n(i) != subject && up(n(i)) && !believes(n(i), subject, status)) return false;
    }
    return true;
  }

  // When somebody first reported this of the subject, after `since`.
  std::optional<TrueTime> first(ObservationKind kind, NodeSlot subject, TrueTime since = TrueTime{}) {
    const auto found = std::find_if(observations().begin(), observations().end(), [&](const Observation& o) {
      return o.kind == kind && o.peer == subject && o.at >= since;
    });
    return found == observations().end() ? std::nullopt : std::optional(found->at);
  }
  std::size_t count_about(ObservationKind kind, NodeSlot subject) {
    return static_cast<std::size_t>(
        std::count_if(observations().begin(), observations().end(),
                      [&](const Observation& o) { return o.kind == kind && o.peer == subject; }));
  }

  // Cuts the first `size` nodes off from the others, both ways; 0 heals.
  void split(std::uint32_t first_others) {
    if (first_others == 0) {
      drop = nullptr;
      return;
    }
    drop = [first_others](NodeSlot from, NodeSlot to, const Message&) {
      return (raw(from) < first_others) != (raw(to) < first_others);
    };
  }
};

inline Duration seconds(double s) { return Duration(static_cast<std::int64_t>(s * 1e9)); }

}  // namespace hearsay::test
