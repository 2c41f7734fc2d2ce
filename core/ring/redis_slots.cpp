#include "core/ring/redis_slots.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hearsay {

namespace {

constexpr std::array<std::uint16_t, 256> kCrc16Table = [] {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i << 8;
    for (int bit = 0; bit < 8; ++bit) value = (value & 0x8000) != 0 ? (value << 1) ^ 0x1021U : value << 1;
    table[i] = static_cast<std::uint16_t>(value);
  }
  return table;
}();

// The last slot of each member's run, as redis-cli places them: by a sum of floats, rounded to the nearest. Members
// that come too late have none.
std::vector<std::uint32_t> run_ends(std::size_t members) {
  constexpr std::uint32_t kLast = RedisSlotsPlacement::kSlots - 1;
  std::vector<std::uint32_t> ends;
  const float length = static_cast<float>(RedisSlotsPlacement::kSlots) / static_cast<float>(members);
  float at = 0;
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < members && first <= kLast; ++i) {
    const float sum = at + length - 1.0F;
    // Half a slot added in double: a float has not the bits for it, and nothing is negative from there.
    const double rounded = static_cast<double>(sum) + 0.5;
    std::uint32_t last = rounded < 1 ? 0 : static_cast<std::uint32_t>(rounded);
    if (last > kLast || i + 1 == members) last = kLast;
    last = std::max(last, first);
    ends.push_back(last);
    first = last + 1;
    at += length;
  }
  return ends;
}

}  // namespace

std::uint16_t crc16(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char c : bytes) crc = (crc << 8 ^ kCrc16Table[(crc >> 8 ^ static_cast<std::uint8_t>(c)) & 0xff]) & 0xffff;
  return static_cast<std::uint16_t>(crc);
}

std::uint32_t redis_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % RedisSlotsPlacement::kSlots;
}

RedisSlotsPlacement::RedisSlotsPlacement(std::vector<NodeSlot> by_name) : by_name_(std::move(by_name)) {
  rank_.reserve(kSlots);
  std::uint16_t rank = 0;
  for (const std::uint32_t last : run_ends(by_name_.size())) {
    rank_.resize(last + 1, rank);
    ++rank;
  }
  // The last run reaches the last slot, so this is for no member at all.
  rank_.resize(kSlots);
}

std::size_t RedisSlotsPlacement::replicas(std::uint64_t hash, std::span<NodeSlot> out) const {
  const std::size_t count = std::min(out.size(), by_name_.size());
  if (count == 0) return 0;
  std::size_t rank = rank_[hash >> (64 - kSlotBits)];
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = by_name_[rank];
    if (++rank == by_name_.size()) rank = 0;
  }
  return count;
}

bool RedisSlotsPlacement::arcs(std::vector<Arc>& out) const {
  out.clear();
  for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
    const std::uint64_t last = ((slot + 1) << (64 - kSlotBits)) - 1;  // of the last slot, modulo 2^64: the greatest
    const NodeSlot owner = lookup(last);
    if (!out.empty() && out.back().owner == owner) out.pop_back();
    out.push_back({last, owner});
  }
  return true;
}

std::shared_ptr<const Placement> RedisSlots::place(std::span<const RingMember> members) const {
  std::vector<const RingMember*> order;
  order.reserve(members.size());
  for (const RingMember& member : members) order.push_back(&member);
  std::sort(order.begin(), order.end(), [](const RingMember* a, const RingMember* b) { return a->name < b->name; });
  std::vector<NodeSlot> by_name;
  by_name.reserve(order.size());
  for (const RingMember* member : order) by_name.push_back(member->slot);
  return std::make_shared<const RedisSlotsPlacement>(std::move(by_name));
}

CatalogueEntry redis_slots_entry() { return entry_of<RedisSlotsConfig>(); }

}  // namespace hearsay
