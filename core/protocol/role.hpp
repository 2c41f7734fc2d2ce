// The four roles a protocol is composed of.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearsay {

enum class Role : std::uint8_t {
  kMembership,     // who is in: alive, suspect, dead, left
  kDissemination,  // how an update spreads; only it sends to "everybody"
  kReplication,    // who holds a key's copies, how many must answer, how copies are repaired
  kRing,           // which members a key belongs to; pure, receives no message
};

inline constexpr int kRoles = 4;

std::string_view to_string(Role role);

}  // namespace hearsay
