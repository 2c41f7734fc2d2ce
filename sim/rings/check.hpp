// The conformance suite of the ring role: what every ring must do, and what this one promises (RingTraits), tried on
// random sets of members, changes and keys. What it finds it makes small: the fewest members, the fewest steps, one
// key.
//
// A promise that is not made is tried, too, and should break: the example shows what the ring's users must live with.
//
// One thread; the ring is only read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/ring.hpp"
#include "sim/rings/members.hpp"

namespace hearsay::rings {

// Members, what happens to them, and where it went wrong.
struct Case {
  std::vector<Member> start;
  std::vector<Change> changes;
  std::optional<std::uint64_t> hash;  // of the key that shows it; none where no key matters
  std::string what;                   // "when a leaves, it goes from b to c"
};

// "members a, b, c; b leaves; hash 0x...: ...".
std::string text_of(const Case& example);

struct Verdict {
  enum class Outcome : std::uint8_t {
    kHolds,        // required or promised, and never seen broken
    kBroken,       // required or promised, and broken: `example`
    kNotPromised,  // and `example` shows why, if one was found
  };
  std::string_view property;
  std::string_view meaning;
  Outcome outcome{};
  std::uint32_t trials = 0;
  std::optional<Case> example;
};

struct CheckOptions {
  std::uint64_t seed = 1;
  std::uint32_t trials = 200;  // of each property
};

// In a fixed order. Time: trials * members of a case (up to 45) * what the ring takes.
std::vector<Verdict> check(const Ring& ring, const CheckOptions& options = {});
bool passed(const std::vector<Verdict>& verdicts);

}  // namespace hearsay::rings
