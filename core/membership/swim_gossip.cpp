// Passing news on: what waits, what rides along, and gossips of its own while something waits.
#include <algorithm>
#include <array>

#include "core/membership/swim_strategy.hpp"

namespace hearsay {

using namespace swim;

namespace {
// What a message takes beside its facts: envelope, sequence, flags, array headers.
constexpr std::size_t kOverheadBytes = kEnvelopeBytes + 16;

// Members other than the node itself, which is none any more once it leaves.
std::uint64_t others(const View& view, NodeSlot self) { return view.members() - (view.is_member(self) ? 1U : 0U); }
}  // namespace

std::size_t SwimStrategy::room() const { return static_cast<std::size_t>(config_.udp_buffer_size) - kOverheadBytes; }

void SwimStrategy::pass_on(Step& step, State& s, const Update& update) const {
  const std::uint32_t bytes = Broadcasts::encoded_bytes(update, step.directory());
  if (bytes > room()) {
    // A name and address longer than a datagram: only full syncs, which are streams, can carry it.
    step.observe(ObservationKind::kOverflow, update.subject, 1);
    return;
  }
  const std::size_t dropped = s.broadcasts.add(update, bytes, static_cast<std::size_t>(config_.queue_limit));
  if (dropped > 0) step.observe(ObservationKind::kOverflow, kNoSlot, dropped);
}

// Fills what is left of a datagram.
void SwimStrategy::load(Step& step, State& s, Facts& facts) const {
  if (s.broadcasts.empty()) return;
  std::size_t used = 0;
  for (const GoneFact& fact : facts.gone) used += codec::size_of_struct(fact, step.directory());
  if (used >= room()) return;
  s.broadcasts.fill(facts, step.directory(), room() - used,
                    retransmit_limit(config_.retransmit_mult, step.view().known()));
}

// Gossips happen on a grid of the node's own: every interval from a random phase. A tick is armed only while something
// waits, for the grid's next point, so that a quiet cluster spends nothing and the phase does not depend on who woke
// it.
void SwimStrategy::wake_gossip(Step& step, State& s) const {
  if (s.gossip_armed || s.broadcasts.empty() || config_.gossip_nodes == 0) return;
  // Nobody to tell: the next life sign that is heard wakes it.
  if (others(step.view(), step.self()) == 0 && !s.graves.any_dead(recent_dead(step, s))) return;
  const Duration since = step.mono() - s.gossip_origin;
  const Duration delay = since < 0ns ? -since : config_.gossip_interval - since % config_.gossip_interval;
  s.gossip_armed = true;
  step.arm(kGossipTick, delay);
}

void SwimStrategy::on_gossip_tick(Step& step, State& s) const {
  s.gossip_armed = false;
  gossip(step, s);
}

// False when there was nothing to say or nobody to say it to.
bool SwimStrategy::gossip(Step& step, State& s) const {
  if (s.broadcasts.empty()) return false;
  const std::size_t dead = recent_dead(step, s);
  std::array<NodeSlot, 64> storage;  // the range of gossip_nodes
  const auto wanted = std::span(storage).first(static_cast<std::size_t>(config_.gossip_nodes));
  const std::size_t found = draw_distinct(
      wanted, 3 * wanted.size(), [&] { return pick_gossip_target(step, s, dead); }, [](NodeSlot) { return true; });
  std::size_t told = 0;
  for (; told < found && !s.broadcasts.empty(); ++told) {
    auto message = step.make<Gossip>();
    load(step, s, message->facts);
    step.send(wanted[told], std::move(message));
  }
  return told > 0;
}

// Uniform over the members and those who died within gossip_to_the_dead_time, so that whoever is dead only to this side
// can refute. As in memberlist not over those who left, who have nothing to refute: where one of them is drawn, a
// member takes his place.
NodeSlot SwimStrategy::pick_gossip_target(Step& step, const State& s, std::size_t recent_dead) const {
  const View view = step.view();
  if (recent_dead > 0) {
    const std::uint64_t drawn = step.random().below(others(view, step.self()) + recent_dead);
    if (drawn < recent_dead) {
      // Who came back since then is a member among the others.
      const Grave& grave = s.graves.newest(drawn);
      if (grave.belief.status == Status::kDead && grave.holds(view)) return grave.subject;
    }
  }
  return view.random_member(step.random());
}

// How many of the newest graves are that young, those of who left or came back among them.
std::size_t SwimStrategy::recent_dead(Step& step, const State& s) const {
  if (config_.gossip_to_the_dead_time == 0ns) return 0;
  return s.graves.count_since(step.mono() - config_.gossip_to_the_dead_time);
}

// Distinct random members that are alive, other than `except`; how many were found.
std::size_t SwimStrategy::pick_helpers(Step& step, NodeSlot except, std::span<NodeSlot> out) const {
  const View view = step.view();
  const std::size_t tries = std::min<std::size_t>(3 * std::size_t{view.members()}, 8 * out.size());
  return draw_distinct(
      out, tries, [&] { return view.random_member(step.random()); },
      [&](NodeSlot node) { return node != except && view.get(node).belief.status == Status::kAlive; });
}

}  // namespace hearsay
