// A ring as a command names it: NAME of the catalogue, NAME:parameter=value,..., or a FILE.py (python_ring.hpp). Any
// thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay::cli {

// Members of one command: more take minutes and gigabytes to place, whatever the ring.
inline constexpr std::uint32_t kMostMembers = 1'000'000;

struct ChosenRing {
  std::string text;  // as it was given; of a file its name, unless two have the same
  std::shared_ptr<const Ring> ring;
};

// kInvalidArgument: no such ring or parameter, with the nearest one.
Result<ChosenRing> choose_ring(const std::string& text);
// All that the catalogue has, where none is given.
Result<std::vector<ChosenRing>> choose_rings(const std::vector<std::string>& texts);

}  // namespace hearsay::cli
