#include "core/protocol/directory.hpp"

#include <fmt/format.h>

namespace hearsay {

Result<NodeSlot> Directory::intern(std::string_view name, std::string_view address, double weight,
                                   std::uint32_t zone) {
  if (name.empty()) return invalid("a node's name must not be empty");
  const NodeId id = node_id(name);
  if (const NodeSlot known = find(id); known != kNoSlot) {
    NodeIdentity& node = nodes_[raw(known)];
    if (node.name != name) {
      return invalid(fmt::format("the names '{}' and '{}' have the same id; rename one of them", node.name, name));
    }
    if (!address.empty()) node.address = address;
    return known;
  }
  if (nodes_.size() >= capacity_) {
    return fail(ErrorCode::kTooLarge, fmt::format("the directory holds {} nodes already, its limit", capacity_));
  }
  const NodeSlot slot{size()};
  nodes_.push_back({id, std::string(name), std::string(address), weight, zone});
  index_.emplace(id, slot);
  return slot;
}

NodeSlot Directory::find(NodeId id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? kNoSlot : found->second;
}

}  // namespace hearsay
