// The ring `redis-slots`: the key space of Redis Cluster (Redis Cluster Specification, Redis 3.0, 2015).
//
// A key falls into one of 16384 slots, by CRC16 of the key or of its hash tag: what is between the first '{' and the
// first '}' behind it, if that is not empty. Slots are given out in runs, as `redis-cli --cluster create` does it for
// masters in the order of their names: everybody has 16384 / n of them, rounded down or up. Redis-cli's sums are
// floats; from 7542 members on they may leave none to the last one, and beyond 16384 members the last ones have none.
//
// Redis moves slots one by one, by an administrator's plan. There is no administrator here: a placement is what a new
// cluster of the same members would have, a function of the set alone, and a change in the middle moves the ends of all
// runs and with them up to half of all keys. That is what an agreed map of slots spares Redis. Weights and zones are
// ignored. Replicas are the next members by name, those without slots included.
//
// A lookup is one access to a table of 32 KB, which all sizes have; 4 bytes a member besides. Slot s is the hashes with
// s in the upper 14 bits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/ring.hpp"
#include "core/ring/slots.hpp"

namespace hearsay {

// CRC-16/XMODEM: polynomial 0x1021, from 0; crc16("123456789") is 0x31c3.
std::uint16_t crc16(std::string_view bytes);

// The slot of a key, 0 to 16383.
std::uint32_t redis_slot(std::string_view key);

class RedisSlotsPlacement final : public Placement {
 public:
  static constexpr unsigned kSlotBits = 14;
  static constexpr std::uint32_t kSlots = 1U << kSlotBits;

  // Members in the order of their names.
  explicit RedisSlotsPlacement(std::vector<NodeSlot> by_name);

  NodeSlot lookup(std::uint64_t hash) const override {
    return by_name_.empty() ? kNoSlot : by_name_[rank_[hash >> (64 - kSlotBits)]];
  }
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override;
  bool arcs(std::vector<Arc>& out) const override;
  std::size_t members() const override { return by_name_.size(); }
  std::size_t memory_bytes() const override {
    return sizeof(*this) + rank_.capacity() * sizeof(rank_[0]) + by_name_.capacity() * sizeof(by_name_[0]);
  }

 private:
  std::vector<std::uint16_t> rank_;  // [slot]: whose it is, by name
  std::vector<NodeSlot> by_name_;
};

class RedisSlots final : public Ring {
 public:
  RingTraits traits() const override {
    return {.any_removal = false, .minimal_disruption = false, .agreed_index = true};
  }
  RingTheory theory(std::size_t members) const override {
    return theory_of_partitions(1U << RedisSlotsPlacement::kSlotBits, members);
  }
  // The key's slot in the upper 14 bits.
  std::uint64_t hash_key(std::string_view key) const override {
    return std::uint64_t{redis_slot(key)} << (64 - RedisSlotsPlacement::kSlotBits);
  }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override;
};

struct RedisSlotsConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "redis-slots";
  static constexpr std::string_view kSummary =
      "The 16384 slots of Redis Cluster, in equal runs by name: keys with one hash tag stay together.";
  static constexpr std::string_view kSource = "Redis Cluster Specification, 2015; redis-cli --cluster create";

  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const RedisSlots>(); }
};

CatalogueEntry redis_slots_entry();

}  // namespace hearsay
