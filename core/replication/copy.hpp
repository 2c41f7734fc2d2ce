// A copy of an item on its way to a replica, and the proof that it is fresh.
//
// What travels is the TTL that is left, so a copy that is held up on its way would live too long where it arrives. A
// replica therefore hands out tickets: its own monotonic time, which only it can read. Whoever sends it a copy returns
// the ticket, and says how long he kept it. Since the ticket was issued, less the time it was kept, is an upper bound
// of the copy's way, and above `copy_window` the replica refuses the copy and sends a new ticket instead. This is the
// rule "a copy is accepted only as an answer to a request younger than T" without a request before every copy: answers
// carry tickets anyhow. Refused: comparing wall clocks, which is what a skewed clock breaks.
#pragma once

#include <string>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/request.hpp"
#include "core/kv/version.hpp"

namespace hearsay {

// Meaningless to everybody but the node that issued it.
struct Ticket {
  std::uint32_t life = 0;  // the issuer's epoch + 1; 0: no ticket
  Duration issued{0};      // by the issuer's monotonic clock

  explicit operator bool() const { return life != 0; }
  friend bool operator==(const Ticket&, const Ticket&) = default;
  // Whatever a peer claims, differences of times do not overflow.
  static constexpr std::int64_t kLatest = std::int64_t{1} << 62;
  bool valid() const { return issued.count() > -kLatest && issued.count() < kLatest; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.life, "life", "epoch of the issuer, plus 1; 0: no ticket");
    v(m.issued, "issued", "the issuer's monotonic clock");
  }
};

// A ticket on its way back.
struct Voucher {
  Ticket ticket;
  Duration held{0};

  friend bool operator==(const Voucher&, const Voucher&) = default;
  bool valid() const { return held >= Duration::zero(); }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.ticket, "ticket", "a ticket of the receiver");
    v(m.held, "held", "how long the sender kept it");
  }
};

struct Copy {
  std::string key;
  Bytes value;  // empty for a tombstone
  Version version;
  bool tombstone = false;
  Duration left{0};  // of a value's TTL, 0 = never expires; of a tombstone's grace, 0 = a fresh one

  // Whether the time it takes to arrive matters.
  bool ages() const { return !tombstone && left > Duration::zero(); }

  // Ranges that a stranger may not exceed.
  bool valid() const {
    return !key.empty() && key.size() <= kMaxKeyBytes && value.size() <= kMaxValueBytes && version &&
           version.plausible() && left >= Duration::zero() && left <= kTenYears;
  }

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.key, "key", "the key, with its namespace");
    v(m.value, "value", "the value; empty for a tombstone");
    v(m.version, "version", "version of the write");
    v(m.tombstone, "tombstone", "whether it says that the key was deleted or has expired");
    v(m.left, "left",
      "of a value: TTL left, 0 for none; of a tombstone: time it is still kept, 0 for the receiver's grace");
  }
};

}  // namespace hearsay
