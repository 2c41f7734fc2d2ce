#include "core/protocol/role.hpp"

namespace hearsay {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kMembership: return "membership";
    case Role::kDissemination: return "dissemination";
    case Role::kReplication: return "replication";
    case Role::kRing: return "ring";
  }
  return "unknown role";
}

}  // namespace hearsay
