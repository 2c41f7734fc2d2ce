// The coordinator's messages: a copy to a replica and its answer, a read and its answer, and the request for a ticket.
// Every answer carries a fresh ticket (copy.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"
#include "core/protocol/message.hpp"
#include "core/replication/copy.hpp"

namespace hearsay {

// Asks a replica for a ticket, where the coordinator holds none that is young enough.
struct KvGreet : MessageOf<KvGreet> {
  static constexpr std::string_view kName = "kv.Greet";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the coordinator's number of the request");
  }
};

struct KvTicket : MessageOf<KvTicket> {
  static constexpr std::string_view kName = "kv.Ticket";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  Ticket ticket;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the number in kv.Greet or kv.Store");
    v(m.ticket, "ticket", "to be returned with the copy");
  }
};

// A put or a del, or a read's repair (id 0, unanswered).
struct KvStore : MessageOf<KvStore> {
  static constexpr std::string_view kName = "kv.Store";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  Copy copy;
  Voucher voucher;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the coordinator's number of the request; 0: do not answer");
    v(m.copy, "copy", "what to hold");
    v(m.voucher, "voucher", "proof of freshness; needed for a value with a TTL");
  }
};

enum class StoreOutcome : std::uint8_t {
  kHeld,        // the replica holds this version
  kSuperseded,  // it holds a newer one
  kRefused,     // it is full
};

struct KvStored : MessageOf<KvStored> {
  static constexpr std::string_view kName = "kv.Stored";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  Version version;
  StoreOutcome outcome = StoreOutcome::kHeld;
  Version newest;
  Ticket ticket;
  bool valid() const { return outcome <= StoreOutcome::kRefused; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the number in kv.Store");
    v(m.version, "version", "the version in kv.Store");
    v(m.outcome, "outcome", "0 held, 1 superseded, 2 refused");
    v(m.newest, "newest", "the version held, when superseded");
    v(m.ticket, "ticket", "for the next copy");
  }
};

struct KvFetch : MessageOf<KvFetch> {
  static constexpr std::string_view kName = "kv.Fetch";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  std::string key;
  bool valid() const { return !key.empty() && key.size() <= kMaxKeyBytes; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the coordinator's number of the request");
    v(m.key, "key", "what to read");
  }
};

struct KvFound : MessageOf<KvFound> {
  static constexpr std::string_view kName = "kv.Found";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  Version version;
  bool live = false;
  Bytes value;
  Duration left{0};
  Ticket ticket;
  bool valid() const {
    return left >= Duration::zero() && left <= kTenYears && value.size() <= kMaxValueBytes && version.plausible();
  }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the number in kv.Fetch");
    v(m.version, "version", "the version held; zero when nothing is");
    v(m.live, "live", "false for a miss or a tombstone");
    v(m.value, "value", "the value, when live");
    v(m.left, "left", "of a value: TTL left, 0 for none; of a tombstone: time it is still kept");
    v(m.ticket, "ticket", "for a repair");
  }
};

}  // namespace hearsay
