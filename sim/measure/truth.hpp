// What really happened, as a driver reports it to the measurement: true time, live processes, reachability, what
// clients asked and were answered. Nodes never see any of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/request.hpp"
#include "core/protocol/message.hpp"
#include "sim/plan/reachability.hpp"

namespace hearsay::measure {

// Where a node's process is.
enum class ProcessState : std::uint8_t {
  kAbsent,  // never started, or left and stopped
  kUp,
  kPaused,   // runs no step; still a live process to its peers' timeouts
  kLeaving,  // told the others, still receiving
  kDown,     // crashed
};

// What one event of the time line did, counted while it was in force. An event whose effect is nothing fails the run.
//
// Of a message, what a change of the links did is the difference to what the same draws would have made of it without
// that change: so a change for the better has an effect, and one to the values that were there has none.
struct EventEffect {
  std::uint64_t dropped = 0;  // messages
  std::uint64_t delayed = 0;
  std::uint64_t held = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t spared = 0;    // a loss, a duplication or being put behind others
  std::uint64_t sooner = 0;    // arrived earlier
  std::uint64_t nodes = 0;     // crashed, restarted, paused, joined, left, slowed; each once
  std::uint64_t returned = 0;  // restarts, resumptions and joins that the event itself brought after it hit a node
  std::uint64_t deferred = 0;  // inputs that waited at a paused or slow node
  std::uint64_t clocks = 0;    // moved
  std::uint64_t clients = 0;   // changed
  std::uint64_t healed = 0;    // partitions ended
  std::uint64_t total() const {
    return dropped + delayed + held + duplicated + reordered + spared + sooner + nodes + returned + deferred + clocks +
           clients + healed;
  }
};

// One client request, whole: from invocation to answer (or to the end of the run without one).
struct OpRecord {
  std::uint64_t id = 0;      // unique in the run, ascending by invocation
  NodeSlot node = kNoSlot;   // whom the client asked
  std::uint32_t client = 0;  // index of the client, or kNoClient for an [[op]]
  OpKind op{};
  std::string key;
  std::uint64_t key_hash = 0;  // the ring's
  Duration ttl{0};             // of a put; 0 = never
  TrueTime invoked{};
  TrueTime completed{};
  bool answered = false;  // false: no reply arrived before the node died or the run ended
  bool cut_off = false;   // the run ended first: what would have become of it is not known
  Reply reply;
};
inline constexpr std::uint32_t kNoClient = 0xffffffff;

// Traffic so far, by message type; cumulative.
struct TypeTraffic {
  const MessageType* type = nullptr;
  std::uint64_t messages = 0;  // handed to the network, a publish counted once per receiver
  std::uint64_t bytes = 0;
};
struct Traffic {
  std::vector<TypeTraffic> by_type;  // sorted by name
  std::uint64_t delivered = 0;
  std::uint64_t dropped_loss = 0;
  std::uint64_t dropped_cut = 0;    // by a partition
  std::uint64_t dropped_down = 0;   // receiver not up, or held on a connection whose process ended
  std::uint64_t dropped_queue = 0;  // bandwidth queue, high-water mark, a paused node's backlog
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t held = 0;
};

}  // namespace hearsay::measure
