// Anti-entropy between two replicas: A. Demers et al., Epidemic Algorithms for Replicated Database Maintenance (PODC
// 1987), section 1.3, over digests of versions; pushing, pulling or both.
//
// A round picks a peer and compares an interval of the keys that both replicate, as much as a packet's digest can name;
// a cursor for each peer goes on from there next time. Copies travel only as answers to a digest or a want, so that
// each has a ticket. What does not fit a packet is named, and asked for by the receiver: one packet is on its way at a
// time. Equal replicas exchange digests and nothing else. Everything is idempotent: lost, doubled and reordered
// messages cost time.
//
// Rings of 32 bits have keys that share a hash. They are compared and sent together; of a hash with more than
// kMaxElements keys a digest names a part, which the next one goes on from, and which can only be pushed.
//
// One thread; stateless but for the replica's peer table. A message costs a look at 2 * kMaxScan items at most, and one
// at kMaxScan for each entry whose hash as many keys share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/protocol/step.hpp"
#include "core/replication/repair_messages.hpp"
#include "core/replication/replica.hpp"

namespace hearsay {

enum class RepairMode : int { kPush, kPull, kPushPull };

struct RepairLimits {
  RepairMode mode = RepairMode::kPushPull;
  std::uint32_t packet_size = 1400;

  std::uint8_t flags() const {
    return mode == RepairMode::kPush ? kPush : mode == RepairMode::kPull ? kPull : kPush | kPull;
  }
  // How many entries a digest of one packet has.
  std::size_t max_entries() const;
};

// The low half of XXH3-64 of the key.
std::uint32_t key_check(std::string_view key);

class Repairer {
 public:
  // Items of the store that one message may make a node look at.
  static constexpr std::size_t kMaxScan = 4096;
  // Bytes of a message of copies of one hash; a single copy may take more. A frame may have twice as many.
  static constexpr std::size_t kMaxDeltaBytes = 2 * 1024 * 1024;
  // Hashes that a delta or want names: about half a packet.
  static constexpr std::size_t kMaxRest = 64;

  // Picks a peer for a round: a random other replica of the first held key after a random place, so that peers come up
  // in proportion to what is shared with them; a random member when nothing is held. kNoSlot when there is none.
  static NodeSlot pick_peer(Step& step, Replica& replica);
  // Sends the digest of the next interval to a peer.
  static void compare(Step& step, Replica& replica, const RepairLimits& limits, NodeSlot peer);

  // `leaving`: this node is about to go and confirms nothing.
  static void on_digest(Step& step, Replica& replica, const RepairLimits& limits, bool leaving, NodeSlot from,
                        const RepairDigest& digest);
  static void on_want(Step& step, Replica& replica, const RepairLimits& limits, NodeSlot from, const RepairWant& want);
  // Appends the hashes of keys that it took to `taken`.
  static void on_delta(Step& step, Replica& replica, NodeSlot from, const RepairDelta& delta,
                       std::vector<std::uint64_t>& taken);

 private:
  static void send_copies(Step& step, Replica& replica, const RepairLimits& limits, NodeSlot to, Voucher voucher,
                          std::span<const std::uint64_t> hashes, std::uint64_t resume);
};

}  // namespace hearsay
