// Node sets as a scenario writes them: a string, or a list of strings, of which each is one of
//
//   n3            n0..n31          group:eu         region:us        all
//   3 random      10% random       10% random of group:eu
//
// Commas join, "!" in front takes away ("!n3" alone: all but n3). A random choice is drawn for each seed (from the
// nodes present at the start, unless it says of whom) and stands alone but for what is taken away from its pool.
#pragma once

#include <string_view>

#include "sim/plan/reading.hpp"

namespace hearsay::plan {

// Every node, those that join later too.
NodeSet all_nodes(Reading& reading);
// Reports what is wrong to the value's place; the result is then empty. `key` names the value in messages.
NodeSet parse_nodes(Reading& reading, const Input& value, std::string_view key);
// The set of a section's key, required; an absent one is reported.
NodeSet required_nodes(Reading& reading, const Section& section, std::string_view key = "nodes");
// The set of a section's key, or all nodes.
NodeSet nodes_or_all(Reading& reading, const Section& section, std::string_view key = "nodes");

}  // namespace hearsay::plan
