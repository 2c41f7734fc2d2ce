#include "core/protocol/observation.hpp"

namespace hearsay {

std::string_view to_string(ObservationKind kind) {
  switch (kind) {
    case ObservationKind::kMemberAlive: return "member_alive";
    case ObservationKind::kMemberSuspect: return "member_suspect";
    case ObservationKind::kMemberDead: return "member_dead";
    case ObservationKind::kMemberLeft: return "member_left";
    case ObservationKind::kMemberForgotten: return "member_forgotten";
    case ObservationKind::kRefuted: return "refuted";
    case ObservationKind::kStored: return "stored";
    case ObservationKind::kTombstone: return "tombstone";
    case ObservationKind::kExpired: return "expired";
    case ObservationKind::kDropped: return "dropped";
    case ObservationKind::kRepaired: return "repaired";
    case ObservationKind::kOverflow: return "overflow";
    case ObservationKind::kMembersAll: return "members_all";
  }
  return "unknown";
}

}  // namespace hearsay
