#include "transport/kv_nodes.hpp"

#include <set>

#include "core/protocol/view.hpp"

namespace hearsay::transport {

Result<std::vector<std::string>> list_everywhere(NodeClient& client, std::span<const Address> members,
                                                 std::string_view prefix, std::size_t limit, MonoTime deadline) {
  std::set<std::string> keys;
  for (const Address& member : members) {
    auto listed = client.list(member.router, prefix, deadline, [&](const std::string& key) {
      // A node's page may have anything in it.
      if (!key.starts_with(prefix)) return;
      keys.insert(key);
      if (keys.size() > limit) keys.erase(std::prev(keys.end()));
    });
    if (!listed) return tl::unexpected(listed.error());
  }
  return std::vector<std::string>(keys.begin(), keys.end());
}

std::vector<Address> addresses_of(const StatusAnswer& status) {
  std::vector<Address> addresses;
  for (const MemberStatus& member : status.known) {
    if (!is_member(static_cast<Status>(member.status))) continue;
    if (auto where = Address::parse(member.node.address)) addresses.push_back(std::move(*where));
  }
  return addresses;
}

}  // namespace hearsay::transport
