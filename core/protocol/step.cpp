#include "core/protocol/step.hpp"

namespace hearsay {

namespace {

ObservationKind kind_of(Status status) {
  switch (status) {
    case Status::kAlive: return ObservationKind::kMemberAlive;
    case Status::kSuspect: return ObservationKind::kMemberSuspect;
    case Status::kDead: return ObservationKind::kMemberDead;
    case Status::kLeft: return ObservationKind::kMemberLeft;
  }
  return ObservationKind::kMemberForgotten;
}

}  // namespace

Step::Step(const Environment& environment)
    : environment_(environment),
      randoms_{Random(stream_key(environment.seed, Purpose::kMembership), 0, draws_[0]),
               Random(stream_key(environment.seed, Purpose::kDissemination), 0, draws_[1]),
               Random(stream_key(environment.seed, Purpose::kReplication), 0, draws_[2]),
               Random(stream_key(environment.seed, Purpose::kRing), 0, draws_[3])} {}

bool Step::update_member(NodeSlot subject, Belief belief) {
  HEARSAY_CHECK(role_ == Role::kMembership);
  const MaybeBelief before = view().get(subject);
  if (!environment_.views->merge(self_, subject, belief)) return false;
  changes_.push_back({subject, before, {true, belief}});
  observe(kind_of(belief.status), subject, belief.incarnation);
  return true;
}

void Step::forget_member(NodeSlot subject) {
  HEARSAY_CHECK(role_ == Role::kMembership);
  const MaybeBelief before = view().get(subject);
  if (!before.known) return;
  environment_.views->forget(self_, subject);
  changes_.push_back({subject, before, {}});
  observe(ObservationKind::kMemberForgotten, subject, before.belief.incarnation);
}

void Step::update_everyone(Belief belief) {
  HEARSAY_CHECK(role_ == Role::kMembership);
  environment_.views->merge_everyone(self_, belief);
  observe(ObservationKind::kMembersAll, kNoSlot, view().members());
}

void Step::clear() {
  for (Action& action : actions_) {
    if (action.message != nullptr) (void)MessageRef::adopt(action.message);
  }
  actions_.clear();
  replies_.clear();
  observations_.clear();
  key_changes_.clear();
  changes_.clear();
  handoffs_.clear();
  deliveries_.clear();
}

}  // namespace hearsay
