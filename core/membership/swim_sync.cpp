// Exchanges of the full state: joining through seeds, periodic push-pull, and the healer of splits.
#include <algorithm>

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
//
// A joiner's introduction goes to everyone whom its first answer shows to be a member, also to those it has heard of
// already: it may know them by gossip, and they need not know it. Later answers, and those of further seeds, add only
// who is new. At most one message a member of the page, so Sync::kPageMembers a step.
void SwimStrategy::on_sync(Step& step, State& s, NodeSlot from, const Sync& sync) const {
  const MessageRef hello = introduction(step, s, from, sync);
  for (const MemberFact& fact : sync.members) {
    const NodeSlot subject = fact.subject.slot;
    const bool heard_of = s.introduced && step.view().get(subject).known;
    hear(step, s, {subject, {fact.epoch, fact.incarnation, fact.status}, kNoSlot}, Via::kSync);
    if (!hello || heard_of || subject == step.self() || subject == from) continue;
    if (step.view().is_member(subject)) step.send(subject, hello);
  }
  if (hello && sync.last) s.introduced = true;
  if (!sync.reply && sync.last) send_state(step, from, true);
}

// What a joiner tells those that `sync` shows, when that is a seed's answer; nothing otherwise.
MessageRef SwimStrategy::introduction(Step& step, const State& s, NodeSlot from, const Sync& sync) const {
  if (!config_.introduce || !sync.reply || s.leaving || !contains(s.seeds, from)) return {};
  const Update self{step.self(), {step.epoch(), s.incarnation, Status::kAlive}, kNoSlot};
  // Too long a name for a datagram: counted when it was announced.
  if (Broadcasts::encoded_bytes(self, step.directory()) > room()) return {};
  auto message = step.make<Gossip>();
  message->facts.add(self, step.directory());
  return step.sealed(std::move(message));
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
