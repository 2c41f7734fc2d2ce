#include "core/protocol/directory.hpp"

#include <fmt/format.h>

#include <limits>

namespace hearsay {

Result<NodeSlot> Directory::intern(std::string_view name, std::string_view address, double weight, std::uint32_t zone) {
  return add(name, address, weight, zone, true);
}

Result<NodeSlot> Directory::introduce(std::string_view name, std::string_view address, double weight,
                                      std::uint32_t zone) {
  return add(name, address, weight, zone, false);
}

Result<NodeSlot> Directory::add(std::string_view name, std::string_view address, double weight, std::uint32_t zone,
                                bool replace) {
  if (name.empty()) return invalid("a node's name must not be empty");
  if (name.size() > kMaxNameBytes || address.size() > kMaxAddressBytes) {
    return invalid(fmt::format("a node's name and address have at most {} bytes each", kMaxNameBytes));
  }
  if (!(weight > 0 && weight <= kMaxWeight)) {
    return invalid(fmt::format("the weight of '{}' must be above 0 and at most {}", name, kMaxWeight));
  }
  const NodeId id = node_id(name);
  if (const NodeSlot known = find(id); known != kNoSlot) {
    if (this->name(known) != name) {
      return invalid(
          fmt::format("the names '{}' and '{}' have the same id; rename one of them", this->name(known), name));
    }
    if (replace && set_details(known, address, weight, zone)) ++ring_changes_;
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

const Directory::Details* Directory::details(NodeSlot slot) const {
  if (details_of_.empty() || details_of_[raw(slot)] == kNoDetails) return nullptr;
  return &details_[details_of_[raw(slot)]];
}

Directory::Details& Directory::own_details(NodeSlot slot) {
  if (details_of_.empty()) details_of_.assign(ids_.size(), kNoDetails);
  std::uint32_t& place = details_of_[raw(slot)];
  if (place == kNoDetails) {
    place = static_cast<std::uint32_t>(details_.size());
    details_.emplace_back();
  }
  return details_[place];
}

bool Directory::set_details(NodeSlot slot, std::string_view address, double weight, std::uint32_t zone) {
  if (details(slot) == nullptr && address.empty() && weight == 1.0 && zone == 0) return false;
  Details& details = own_details(slot);
  const bool moved = details.weight != weight || details.zone != zone;
  if (!address.empty()) details.address = address;
  details.weight = weight;
  details.zone = zone;
  return moved;
}

bool Directory::outdates(NodeSlot slot, IdentityAge age) const {
  const Details* known = details(slot);
  return age > (known == nullptr ? IdentityAge{} : known->age);
}

bool Directory::adopt(NodeSlot slot, IdentityAge age, std::string_view address, double weight, std::uint32_t zone) {
  if (!outdates(slot, age)) return false;
  if (set_details(slot, address, weight, zone)) ++ring_changes_;
  // Who has nothing but the defaults, as a million simulated nodes have, pays no memory for how old they are.
  if (details(slot) != nullptr) own_details(slot).age = age;
  return true;
}

void Directory::keep_own(NodeSlot slot) {
  own_details(slot).age = {std::numeric_limits<Epoch>::max(), std::numeric_limits<Incarnation>::max()};
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
  if (const Details* known = details(slot); known != nullptr) {
    identity.address = known->address;
    identity.weight = known->weight;
    identity.zone = known->zone;
  }
  return identity;
}

std::size_t Directory::memory_bytes() const {
  return ids_.capacity() * sizeof(NodeId) + name_ends_.capacity() * sizeof(std::uint64_t) + names_.capacity() +
         details_of_.capacity() * sizeof(std::uint32_t) + details_.capacity() * sizeof(Details) +
         index_.capacity() * sizeof(std::uint32_t);
}

}  // namespace hearsay
