// Whether a ring of that many members fits into this machine, told before it is tried: rings of many points a member
// take gigabytes where others take a number each. One thread.
#pragma once

#include <cstddef>

#include "cli/chosen_ring.hpp"
#include "core/base/result.hpp"

namespace hearsay::cli {

// Of members of one command.
inline constexpr std::uint32_t kMostMembers = 1'000'000;

// kInvalidArgument, with what it would take and what to do instead. An estimate from rings of few members, which it
// builds where `members` are more than a few; `sets` of members are held beside the ring.
Result<void> fits_memory(const ChosenRing& chosen, std::size_t members, std::size_t sets = 1);

}  // namespace hearsay::cli
