#include "core/protocol/directory.hpp"

#include <fmt/format.h>

namespace hearsay {

Result<NodeSlot> Directory::intern(std::string_view name, std::string_view address, double weight, std::uint32_t zone) {
  if (name.empty()) return invalid("a node's name must not be empty");
  if (name.size() > kMaxNameBytes || address.size() > kMaxAddressBytes) {
    return invalid(fmt::format("a node's name and address have at most {} bytes each", kMaxNameBytes));
  }
  if (!(weight > 0 && weight < 1e18)) return invalid(fmt::format("the weight of '{}' must be above 0", name));
  const NodeId id = node_id(name);
  if (const NodeSlot known = find(id); known != kNoSlot) {
    if (this->name(known) != name) {
      return invalid(
          fmt::format("the names '{}' and '{}' have the same id; rename one of them", this->name(known), name));
    }
    set_details(known, address, weight, zone);
    return known;
  }
  if (ids_.size() >= capacity_) {
    return fail(ErrorCode::kTooLarge, fmt::format("the directory holds {} nodes already, its limit", capacity_));
  }
  if ((ids_.size() + 1) * 3 > index_.size() * 2) grow_index();
  const NodeSlot slot{size()};
  index_[probe(id)] = raw(slot) + 1;
  ids_.push_back(id);
  names_ += name;
  name_ends_.push_back(names_.size());
  if (!details_of_.empty()) details_of_.push_back(kNoDetails);
  set_details(slot, address, weight, zone);
  return slot;
}

void Directory::set_details(NodeSlot slot, std::string_view address, double weight, std::uint32_t zone) {
  const bool has = !details_of_.empty() && details_of_[raw(slot)] != kNoDetails;
  if (!has && address.empty() && weight == 1.0 && zone == 0) return;
  if (details_of_.empty()) details_of_.assign(ids_.size(), kNoDetails);
  if (!has) {
    details_of_[raw(slot)] = static_cast<std::uint32_t>(details_.size());
    details_.emplace_back();
  }
  Details& details = details_[details_of_[raw(slot)]];
  if (!address.empty()) details.address = address;
  details.weight = weight;
  details.zone = zone;
}

std::size_t Directory::probe(NodeId id) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = raw(id) & mask;  // ids are hashes already
  while (index_[place] != 0 && ids_[index_[place] - 1] != id) place = (place + 1) & mask;
  return place;
}

void Directory::grow_index() {
  index_.assign(index_.empty() ? 16 : index_.size() * 2, 0);
  for (std::size_t i = 0; i < ids_.size(); ++i) index_[probe(ids_[i])] = static_cast<std::uint32_t>(i + 1);
}

NodeSlot Directory::find(NodeId id) const {
  if (index_.empty()) return kNoSlot;
  const std::uint32_t found = index_[probe(id)];
  return found == 0 ? kNoSlot : NodeSlot{found - 1};
}

NodeSlot Directory::find(std::string_view name) const {
  const NodeSlot slot = find(node_id(name));
  return slot != kNoSlot && this->name(slot) == name ? slot : kNoSlot;
}

std::string_view Directory::name(NodeSlot slot) const {
  const std::size_t i = raw(slot);
  const std::size_t begin = i == 0 ? 0 : name_ends_[i - 1];
  return std::string_view(names_).substr(begin, name_ends_[i] - begin);
}

NodeIdentity Directory::operator[](NodeSlot slot) const {
  NodeIdentity identity{id(slot), name(slot), {}, 1.0, 0};
  if (!details_of_.empty() && details_of_[raw(slot)] != kNoDetails) {
    const Details& details = details_[details_of_[raw(slot)]];
    identity.address = details.address;
    identity.weight = details.weight;
    identity.zone = details.zone;
  }
  return identity;
}

std::size_t Directory::memory_bytes() const {
  return ids_.capacity() * sizeof(NodeId) + name_ends_.capacity() * sizeof(std::uint64_t) + names_.capacity() +
         details_of_.capacity() * sizeof(std::uint32_t) + details_.capacity() * sizeof(Details) +
         index_.capacity() * sizeof(std::uint32_t);
}

}  // namespace hearsay
