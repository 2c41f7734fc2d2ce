// What a node remembers of the protocol: some 400 bytes, and vectors that are empty while the cluster is quiet. What it
// believes of the members is in its view.
//
// One thread. Every vector is bounded: queue_limit, suspicion_limit, twice the known members (graves), kMaxRelays,
// kMaxSeeds, kMaxJoiners.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/membership/swim_broadcasts.hpp"
#include "core/membership/swim_graveyard.hpp"
#include "core/membership/swim_suspicions.hpp"
#include "core/protocol/view.hpp"

namespace hearsay::swim {

inline constexpr std::size_t kMaxRelays = 64;
inline constexpr std::size_t kMaxSeeds = 64;
// Introduced together; who joins beyond them is gossiped.
inline constexpr std::size_t kMaxJoiners = 1024;
inline constexpr Duration kIntroduceDelay = 1ms;

// The one probe that is under way.
struct Probe {
  NodeSlot target = kNoSlot;  // kNoSlot: none
  Belief accused;             // what was believed of the target when the probe began: what a failure accuses
  std::uint32_t sequence = 0;
  std::uint8_t ticks_left = 0;  // probe intervals until it has failed
  std::uint8_t nacks_expected = 0;
  std::uint8_t nacks = 0;

  bool active() const { return target != kNoSlot; }
};

// A ping sent on somebody else's behalf.
struct Relay {
  std::uint32_t sequence = 0;  // of our ping
  NodeSlot asker = kNoSlot;
  std::uint32_t asked = 0;  // the asker's number
};

struct SwimState {
  Incarnation incarnation = 0;
  std::uint32_t sequence = 0;  // of the last ping
  std::uint8_t awareness = 0;  // Lifeguard's local health: 0 is healthy
  bool leaving = false;
  bool gossip_armed = false;

  Probe probe;
  std::uint64_t round_key = 0;  // the order of this round of probes: a keyed permutation of the first round_size slots
  std::uint32_t round_size = 0;
  std::uint32_t round_position = 0;

  MonoTime reap_at = MonoTime::max();  // when the next grave may be forgotten
  MonoTime
      gossip_origin{};  // gossips happen at this time plus whole intervals, whether or not those before were needed

  Broadcasts broadcasts;
  Suspicions suspicions;
  Graveyard graves;
  std::vector<Relay> relays;
  std::vector<NodeSlot> seeds;
  std::vector<NodeSlot> joiners;  // through this node, and not introduced yet

  void digest(Hasher& hasher) const;
};

}  // namespace hearsay::swim
