// The coordinator: any node answers a client's request for any key by asking the key's replicas, counted on its own
// view. G. DeCandia et al., Dynamo (SOSP 2007); quorums after D. Gifford, Weighted Voting (SOSP 1979).
//
// A put or del is given a version and sent to all replicas; w of them must hold it. If a replica answers that it holds
// a newer one, the write is given a higher version and sent again: a client whose coordinator's clock is behind would
// otherwise be told that a write succeeded which nobody can ever read. A get takes the newest of r answers.
//
// Errors: kUnavailable at once when the view has too few replicas, when too many refuse, or when max_pending requests
// are under way; kTimeout when too few answered in time, which leaves a write's outcome unknown. A replica that cannot
// be reached never turns into kNotFound, except by read_order first-hit, which does that on purpose.
//
// One thread; belongs to one node's state. Answers that are late, doubled or of a former life are ignored. An input
// costs O(replicas of the key).
#pragma once

#include <optional>
#include <vector>

#include "core/protocol/step.hpp"
#include "core/replication/kv_messages.hpp"
#include "core/replication/pending.hpp"
#include "core/replication/replica.hpp"

namespace hearsay {

class Coordinator {
 public:
  // How often a write that was superseded is given a higher version; by then, others are writing at the same time.
  static constexpr std::uint32_t kMaxAttempts = 4;
  // How often a copy goes to one replica in one request: tickets that are too old at once mean that copy_window is
  // below the round trip.
  static constexpr std::uint8_t kMaxSends = 4;
  // Above this a message asks for a connection instead of a datagram.
  static constexpr std::uint32_t kMaxDatagram = 1400;

  static const std::vector<const MessageType*>& messages();

  void request(Step& step, Replica& replica, const Request& request);
  // False when the message is none of the coordinator's. `stored` becomes the hash of a key that another node's copy
  // changed.
  bool message(Step& step, Replica& replica, NodeSlot from, const Message& message,
               std::optional<std::uint64_t>& stored);
  void timer(Step& step, Replica& replica, Timer timer);

  std::size_t pending() const { return pending_.size(); }
  void digest(Hasher& hasher) const { pending_.digest(hasher); }

 private:
  struct Answer {
    bool live = false;
    Version version;
    const Bytes* value = nullptr;
    Duration left{0};
    bool fresh = true;
  };

  // writes
  Copy copy_of(const Step& step, const Replica& replica, const Pending& pending) const;
  void write_all(Step& step, Replica& replica, Pending& pending);
  void write_one(Step& step, Replica& replica, Pending& pending, Target& target);
  void on_outcome(Step& step, Replica& replica, Pending& pending, Target& target, StoreOutcome outcome, Version newest);
  void settle_write(Step& step, Replica& replica, Pending& pending);
  // reads
  void read_all(Step& step, Replica& replica, Pending& pending);
  void read_next(Step& step, Replica& replica, Pending& pending);
  void ask(Step& step, Pending& pending, Target& target);
  void on_answer(Step& step, Replica& replica, Pending& pending, Target& target, const Answer& answer);
  void reply_get(Step& step, Pending& pending);
  void repair(Step& step, Replica& replica, Pending& pending);
  // both
  void reply(Step& step, Pending& pending, bool ok, ErrorCode error = ErrorCode::kInternal);
  void close_read(Step& step, Replica& replica, Pending& pending);
  // the replica's side
  void on_store(Step& step, Replica& replica, NodeSlot from, const KvStore& store,
                std::optional<std::uint64_t>& stored);
  void on_fetch(Step& step, Replica& replica, NodeSlot from, const KvFetch& fetch) const;
  // the coordinator's side
  void on_ticket(Step& step, Replica& replica, NodeSlot from, const KvTicket& ticket);
  void on_stored(Step& step, Replica& replica, NodeSlot from, const KvStored& stored);
  void on_found(Step& step, Replica& replica, NodeSlot from, const KvFound& found);

  PendingTable pending_;
};

}  // namespace hearsay
