// A ring as a Python file, for ideas of ten minutes: a process of python3 answers where keys belong. Slow, some
// microseconds a key, and otherwise a ring like any other. The file has
//
//   def update(members): ...      # (name, weight, zone) of each, in the order of ids; called once, before any lookup
//   def lookup(key_hash): ...     # the owner's name, or its place in `members`; key_hash is a whole number below 2^64
//   PROMISES = {"weights"}        # of RingTraits, these and no others; optional: all but weights
//   TIME_LIMIT_S = 60             # that an answer may take; optional: 30
//
// and is run anew for each set of members, so that what it remembers is of one set alone. Replicas come from hashing
// again (OwnerPlacement). Answers to few keys at once are kept while the placement lives.
//
// Any thread, one at a time.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/protocol/ring.hpp"

namespace hearsay::cli {

// kInvalidArgument: no such file, or Python cannot run it, with what it said; kUnavailable: no python3. Its placements
// throw std::runtime_error where the file's functions raise, or name nobody.
Result<std::shared_ptr<const Ring>> open_python_ring(const std::string& path);

}  // namespace hearsay::cli
