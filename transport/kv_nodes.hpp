// What the backends that are made of nodes share: the keys of all nodes together, and where the nodes are.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/address.hpp"
#include "transport/node_client.hpp"
#include "transport/node_watcher.hpp"

namespace hearsay::transport {

// Asks every node for the keys it holds, and returns the first `limit` of all, sorted, each once. Any thread. An error
// of any node is one of the whole: a list with keys missing would look like one without.
Result<std::vector<std::string>> list_everywhere(NodeClient& client, std::span<const Address> members,
                                                 std::string_view prefix, std::size_t limit, MonoTime deadline);

// Of the members alone that a node names.
std::vector<Address> addresses_of(const StatusAnswer& status);

}  // namespace hearsay::transport
