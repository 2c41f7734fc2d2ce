// Exchanges of the full state: joining through seeds, periodic push-pull, and the healer of splits.
#include <algorithm>
#include <utility>

#include "core/membership/swim_strategy.hpp"

namespace hearsay {

using namespace swim;

// Asks every seed, and again later while nobody else is known.
void SwimStrategy::ask_seeds(Step& step, State& s) const {
  if (s.leaving || s.seeds.empty() || step.view().members() > 1) return;
  for (const NodeSlot seed : s.seeds) {
    if (seed != step.self()) send_state(step, seed, false);
  }
  step.arm(kJoin, config_.join_retry_interval);
}

// memberlist answers with what it knew before it merged the request. Here the request is merged first: a member that
// learns from it that it is dead to the asker's side refutes in the answer, and one exchange heals what takes two
// there. As in memberlist, what was news is passed on, also by a joiner: when many join at once, each seed's answer is
// only a part, and without that the early ones wait for the next push-pull.
void SwimStrategy::on_sync(Step& step, State& s, NodeSlot from, const Sync& sync) const {
  const bool stranger = !step.view().is_member(from);
  for (const MemberFact& fact : sync.members) {
    hear(step, s, {fact.subject.slot, {fact.epoch, fact.incarnation, fact.status}, kNoSlot}, Via::kSync);
  }
  if (stranger && !sync.reply && step.view().is_member(from)) introduce(step, s, from);
  if (!sync.reply && sync.last) send_state(step, from, true);
}

// Remembers who joined through this node; all who did within a moment are introduced together.
void SwimStrategy::introduce(Step& step, State& s, NodeSlot joiner) const {
  if (!config_.introduce || s.leaving || s.joiners.size() == kMaxJoiners) return;
  if (s.joiners.empty()) step.arm(kIntroduce, kIntroduceDelay);
  s.joiners.push_back(joiner);
}

// Tells every member of them. A seed is connected to whoever joined through it, so a cluster that starts at once needs
// no other connection before everyone knows everyone. What is lost is gossiped, as ever.
void SwimStrategy::on_introduce(Step& step, State& s) const {
  const std::vector<NodeSlot> joiners = std::exchange(s.joiners, {});
  const View view = step.view();
  for (auto next = joiners.begin(); next != joiners.end();) {
    auto message = step.make<Gossip>();
    NodeSlot only = kNoSlot;  // told of itself alone, a joiner need not be
    for (std::size_t used = 0; next != joiners.end(); ++next) {
      const Update update{*next, view.get(*next).belief, kNoSlot};
      if (!is_member(update.belief.status)) continue;
      const std::size_t bytes = Broadcasts::encoded_bytes(update, step.directory());
      if (bytes > room()) continue;  // too long a name for a datagram: counted when it was heard
      if (used + bytes > room()) break;
      used += bytes;
      only = message->facts.empty() ? *next : kNoSlot;
      message->facts.add(update, step.directory());
    }
    if (message->facts.empty()) continue;
    const MessageRef introduction = step.sealed(std::move(message));
    view.for_each_known([&](NodeSlot member, const Belief& belief) {
      if (is_member(belief.status) && member != step.self() && member != only) step.send(member, introduction);
    });
  }
}

// All pages at once: each counts alone, so that they may arrive in any order, and nobody has to collect them.
void SwimStrategy::send_state(Step& step, NodeSlot to, bool reply) const {
  const auto page = [&] {
    auto draft = step.make<Sync>();
    draft->reply = reply;
    return draft;
  };
  auto draft = page();
  step.view().for_each_known([&](NodeSlot subject, const Belief& belief) {
    if (draft->members.size() == Sync::kPageMembers) {
      step.send(to, std::move(draft), SendClass::kStream);
      draft = page();
    }
    draft->members.push_back({Identity{subject}, belief.epoch, belief.incarnation, belief.status});
  });
  draft->last = true;
  step.send(to, std::move(draft), SendClass::kStream);
}

void SwimStrategy::on_push_pull(Step& step, State& s, bool stagger) const {
  if (s.leaving) return;
  step.arm(kPushPull, push_pull_scale(config_.push_pull_interval, step.view().known()), 1);
  NodeSlot partner = kNoSlot;
  if (!stagger && pick_helpers(step, kNoSlot, std::span(&partner, 1)) == 1) send_state(step, partner, false);
}

// serf, every reconnect_interval: with probability failed / alive (everyone who is neither failed nor left, itself
// included) it joins one failed member drawn uniformly, so that the cluster as a whole tries each failed member about
// once an interval. Members that left are not tried.
void SwimStrategy::on_reconnect(Step& step, State& s) const {
  if (s.leaving) return;
  step.arm(kReconnect, config_.reconnect_interval);
  const View view = step.view();
  s.graves.clear_empty(view);
  const auto failed = [](const Grave& grave) { return grave.belief.status == Status::kDead; };
  const auto count = static_cast<std::uint64_t>(std::count_if(s.graves.all().begin(), s.graves.all().end(), failed));
  if (count == 0 || step.random().below(std::max(1U, view.members())) >= count) return;
  std::uint64_t skip = step.random().below(count);
  const auto chosen = std::find_if(s.graves.all().begin(), s.graves.all().end(),
                                   [&](const Grave& grave) { return failed(grave) && skip-- == 0; });
  send_state(step, chosen->subject, false);
}

}  // namespace hearsay
