// What SWIM says on the wire.
//
// A life sign carries the member's whole identity, because the receiver may never have heard of it; an accusation or a
// departure carries the id alone, because whoever does not know the subject has nothing to change. Facts ride on pings,
// acks and gossips up to the datagram's size; a sync is a page of the full state, and each page counts alone, in any
// order. The id stays an id in memory: as a slot it would make the whole message unreadable where the subject is
// unknown, and an ack that is lost for a stranger's sake is a false suspicion.
//
// Plain values; immutable once sent.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/protocol/codec.hpp"
#include "core/protocol/message.hpp"
#include "core/protocol/view.hpp"

namespace hearsay::swim {

// "`subject` lives": said by itself, repeated by others.
struct AliveFact {
  Identity subject;
  Epoch epoch = 0;
  Incarnation incarnation = 0;

  template <class F, class V>
  static void fields(F& f, V& v) {
    v(f.subject, "subject", "the member that lives");
    v(f.epoch, "epoch", "its boot generation");
    v(f.incarnation, "incarnation", "its incarnation, which it raises to refute");
  }
  IdentityClaim identity_claim() const { return {subject.slot, {epoch, incarnation}}; }
  friend bool operator==(const AliveFact&, const AliveFact&) = default;
};

// "`subject` is suspect, dead or left."
struct GoneFact {
  NodeId subject{};
  Epoch epoch = 0;
  Incarnation incarnation = 0;
  Status status = Status::kSuspect;
  NodeId accuser{};

  template <class F, class V>
  static void fields(F& f, V& v) {
    v(f.subject, "subject", "the member it is about");
    v(f.epoch, "epoch", "the boot generation it is about");
    v(f.incarnation, "incarnation", "the incarnation it is about");
    v(f.status, "status", "1 suspect, 2 dead, 3 left");
    v(f.accuser, "accuser", "who suspects it, so that confirmations can be told apart; 0 for the dead and departed");
  }
  bool valid() const { return Status::kSuspect <= status && status <= Status::kLeft; }
  friend bool operator==(const GoneFact&, const GoneFact&) = default;
};

// A belief about a member, as it is heard and passed on; `accuser` of a suspicion.
struct Update {
  NodeSlot subject = kNoSlot;
  Belief belief;
  NodeSlot accuser = kNoSlot;
};

inline AliveFact alive_fact(const Update& update) {
  return {Identity{update.subject}, update.belief.epoch, update.belief.incarnation};
}
inline GoneFact gone_fact(const Update& update, const Directory& directory) {
  const bool accused = update.belief.status == Status::kSuspect && update.accuser != kNoSlot;
  return {directory.id(update.subject), update.belief.epoch, update.belief.incarnation, update.belief.status,
          accused ? directory.id(update.accuser) : NodeId{}};
}

// The facts a message carries.
struct Facts {
  std::vector<AliveFact> alive;
  std::vector<GoneFact> gone;

  bool empty() const { return alive.empty() && gone.empty(); }
  std::size_t size() const { return alive.size() + gone.size(); }
  void clear() {  // for the pool: keeps the storage
    alive.clear();
    gone.clear();
  }
  void add(const Update& update, const Directory& directory) {
    if (update.belief.status == Status::kAlive) {
      alive.push_back(alive_fact(update));
    } else {
      gone.push_back(gone_fact(update, directory));
    }
  }

  template <class F, class V>
  static void fields(F& f, V& v) {
    v(f.alive, "alive", "life signs");
    v(f.gone, "gone", "accusations and departures");
  }
};

struct Ping : MessageOf<Ping> {
  static constexpr std::string_view kName = "swim.Ping";
  static constexpr Role kRole = Role::kMembership;
  std::uint32_t sequence = 0;
  bool stream = false;
  Facts facts;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.sequence, "sequence", "number of the probe, which the ack repeats");
    v(m.stream, "stream", "asks for the ack over a stream");
    v(m.facts, "facts", "news that rides along");
  }
};

struct Ack : MessageOf<Ack> {
  static constexpr std::string_view kName = "swim.Ack";
  static constexpr Role kRole = Role::kMembership;
  std::uint32_t sequence = 0;
  Facts facts;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.sequence, "sequence", "number of the probe that is answered");
    v(m.facts, "facts", "news that rides along");
  }
};

// "Probe `target` for me." The relay pings it and passes the ack on; when none came in time it says so by a nack, from
// which the asker learns that at least its own link to the relay works.
struct PingReq : MessageOf<PingReq> {
  static constexpr std::string_view kName = "swim.PingReq";
  static constexpr Role kRole = Role::kMembership;
  std::uint32_t sequence = 0;
  Identity target;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.sequence, "sequence", "number of the asker's probe");
    v(m.target, "target", "whom to ping; its whole identity, as the relay may not know it yet");
  }
};

struct Nack : MessageOf<Nack> {
  static constexpr std::string_view kName = "swim.Nack";
  static constexpr Role kRole = Role::kMembership;
  std::uint32_t sequence = 0;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.sequence, "sequence", "number of the asker's probe that the relay could not complete");
  }
};

struct Gossip : MessageOf<Gossip> {
  static constexpr std::string_view kName = "swim.Gossip";
  static constexpr Role kRole = Role::kMembership;
  Facts facts;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.facts, "facts", "news");
  }
};

// One member in a full state: with its identity, whatever its status.
struct MemberFact {
  Identity subject;
  Epoch epoch = 0;
  Incarnation incarnation = 0;
  Status status = Status::kAlive;

  template <class F, class V>
  static void fields(F& f, V& v) {
    v(f.subject, "subject", "the member");
    v(f.epoch, "epoch", "its boot generation");
    v(f.incarnation, "incarnation", "its incarnation");
    v(f.status, "status", "0 alive, 1 suspect, 2 dead, 3 left");
  }
  bool valid() const { return status <= Status::kLeft; }
  // Who passes an accusation on may never have heard the life sign of that incarnation, only the identity before it.
  IdentityClaim identity_claim() const {
    return status == Status::kAlive ? IdentityClaim{subject.slot, {epoch, incarnation}} : IdentityClaim{};
  }
  friend bool operator==(const MemberFact&, const MemberFact&) = default;
};

// A page of a push-pull. The receiver of a request's last page answers with its own pages.
struct Sync : MessageOf<Sync> {
  static constexpr std::string_view kName = "swim.Sync";
  static constexpr Role kRole = Role::kMembership;
  // Members a page carries at most: the decoder's limit of elements.
  static constexpr std::size_t kPageMembers = kMaxElements;

  bool reply = false;
  bool last = false;
  std::vector<MemberFact> members;

  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.reply, "reply", "answers a request; is not answered");
    v(m.last, "last", "the last page to be sent; of a request, it asks for the answer");
    v(m.members, "members", "everyone its sender knows, over all pages; at most 1024 a page");
  }
};

}  // namespace hearsay::swim
