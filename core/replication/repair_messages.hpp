// Anti-entropy's messages. A digest says which versions the sender holds; the answer is the copies that the sender
// lacks (a delta), the keys that the receiver lacks (a want), or nothing at all when both hold the same. A delta
// without copies says how far the receiver has looked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/protocol/codec.hpp"
#include "core/protocol/message.hpp"
#include "core/replication/copy.hpp"

namespace hearsay {

// One item of a digest. Rings with 32-bit hashes have keys that share one: `check` tells them apart.
struct DigestEntry {
  std::uint64_t hash = 0;
  std::uint32_t check = 0;
  Version version;

  static constexpr std::uint32_t kMaxBytes = 1 + 9 + 5 + 1 + 9 + 9;
  friend bool operator==(const DigestEntry&, const DigestEntry&) = default;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.hash, "hash", "the ring's hash of the key");
    v(m.check, "check", "low 32 bits of XXH3-64 of the key");
    v(m.version, "version", "version held");
  }
};

enum RepairFlag : std::uint8_t {
  kPush = 1,     // the receiver may ask for what it lacks
  kPull = 2,     // the receiver sends what the sender lacks, within [from, to]
  kConfirm = 4,  // a hand-over: the receiver says which of the entries it holds
  kLeaving = 8,  // the sender is about to go: take them, whoever owns them by the receiver's view
};

struct RepairDigest : MessageOf<RepairDigest> {
  static constexpr std::string_view kName = "anti-entropy.Digest";
  static constexpr Role kRole = Role::kReplication;
  std::uint8_t flags = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  Ticket ticket;
  std::vector<DigestEntry> entries;
  bool valid() const {
    return flags < 16 && from <= to &&
           std::is_sorted(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.hash < b.hash; });
  }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.flags, "flags", "1 push, 2 pull, 4 confirm, 8 leaving");
    v(m.from, "from", "first hash of the interval; only for pull");
    v(m.to, "to", "last hash of the interval");
    v(m.ticket, "ticket", "for the delta that answers");
    v(m.entries, "entries", "what the sender holds of what both replicate, by hash");
  }
};

struct RepairWant : MessageOf<RepairWant> {
  static constexpr std::string_view kName = "anti-entropy.Want";
  static constexpr Role kRole = Role::kReplication;
  Ticket ticket;
  std::vector<std::uint64_t> wanted;
  std::vector<DigestEntry> held;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.ticket, "ticket", "for the delta that answers");
    v(m.wanted, "wanted", "hashes of keys whose copies are asked for");
    v(m.held, "held", "entries of a digest to confirm that the sender holds, or holds newer");
  }
};

struct RepairDelta : MessageOf<RepairDelta> {
  static constexpr std::string_view kName = "anti-entropy.Delta";
  static constexpr Role kRole = Role::kReplication;
  Voucher voucher;
  std::vector<Copy> copies;
  std::vector<std::uint64_t> rest;
  std::uint64_t next = 0;
  static constexpr std::size_t kRequiredFields = 3;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.voucher, "voucher", "the ticket of the digest or want");
    v(m.copies, "copies", "items, tombstones among them");
    v(m.rest, "rest", "hashes of keys that did not fit: to be asked for next");
    v(m.next, "next", "first hash of the digest's interval that was not looked at; 0 when all were");
  }
};

}  // namespace hearsay
