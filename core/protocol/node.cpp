#include "core/protocol/node.hpp"

#include <algorithm>
#include <array>

#include "core/protocol/codec.hpp"

namespace hearsay {

namespace {
constexpr std::array kStateful{Role::kMembership, Role::kDissemination, Role::kReplication};

// A strategy that answers each delivery with another one would never end; more than this in one step is its error.
constexpr std::size_t kMaxRoleEvents = std::size_t{1} << 20;
}  // namespace

Composition::Composition(std::shared_ptr<const Strategy> membership, std::shared_ptr<const Strategy> dissemination,
                         std::shared_ptr<const Strategy> replication, std::shared_ptr<const Ring> ring)
    : strategies_{std::move(membership), std::move(dissemination), std::move(replication)}, ring_(std::move(ring)) {
  for (const Role role : kStateful) {
    const auto i = static_cast<std::size_t>(role);
    HEARSAY_CHECK(strategies_[i] != nullptr && strategies_[i]->role() == role);
    const StateLayout part = strategies_[i]->layout();
    layout_.alignment = std::max(layout_.alignment, part.alignment);
    offsets_[i] = (layout_.bytes + part.alignment - 1) / part.alignment * part.alignment;
    layout_.bytes = offsets_[i] + part.bytes;
  }
  HEARSAY_CHECK(ring_ != nullptr);
}

Result<void> Composition::register_messages(MessageTypes& types) const {
  for (const auto& strategy : strategies_) {
    for (const MessageType* type : strategy->messages()) {
      if (auto added = types.add(*type); !added) return added;
    }
  }
  return {};
}

void Node::construct() const {
  for (const Role role : kStateful) composition_.strategy(role).construct(state(role));
}

void Node::destroy() const {
  for (const Role role : kStateful) composition_.strategy(role).destroy(state(role));
}

void Node::start(Step& step, const Boot& boot) const {
  for (const Role role : kStateful) {
    enter(step, role).start(step, state(role), boot);
    if (role == Role::kMembership) step.placements().begin(step.view());
    settle(step);
  }
}

void Node::request(Step& step, const Request& request) const {
  enter(step, Role::kReplication).request(step, state(Role::kReplication), request);
  settle(step);
}

void Node::leave(Step& step) const {
  for (const Role role : {Role::kReplication, Role::kDissemination, Role::kMembership}) {
    enter(step, role).leave(step, state(role));
    settle(step);
  }
}

void Node::settle_events(Step& step) const {
  std::size_t events = 0;
  auto& changes = step.changes();
  auto& deliveries = step.deliveries();
  auto& handoffs = step.handoffs();
  // The lists grow while they are walked: indices, and copies of what is handed on.
  std::size_t change = 0;
  std::size_t placed = 0;  // changes that the ring was told of
  std::size_t delivery = 0;
  std::size_t handoff = 0;
  for (;;) {
    HEARSAY_CHECK(++events < kMaxRoleEvents);
    if (change < changes.size()) {
      if (placed < changes.size()) {
        step.placements().change(step.view(), std::span(changes).subspan(placed));
        placed = changes.size();
      }
      const MemberChange next = changes[change++];
      for (const Role role : {Role::kDissemination, Role::kReplication}) {
        enter(step, role).member_change(step, state(role), next);
      }
    } else if (delivery < deliveries.size()) {
      const auto [origin, message] = deliveries[delivery++];
      const Role role = message->type->role;
      enter(step, role).message(step, state(role), origin, *message);
    } else if (handoff < handoffs.size()) {
      const MessageRef message = handoffs[handoff++];
      enter(step, Role::kDissemination).disseminate(step, state(Role::kDissemination), *message);
    } else {
      break;
    }
  }
  changes.clear();
  deliveries.clear();
  handoffs.clear();
}

void Node::save(MonoTime now, Persisted& out) const {
  for (const Role role : kStateful) composition_.strategy(role).save(state(role), now, out);
}

void Node::digest(Hasher& hasher) const {
  for (const Role role : kStateful) composition_.strategy(role).digest(state(role), hasher);
}

}  // namespace hearsay
