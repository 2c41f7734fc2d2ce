// What the controller of a real run and the processes of its nodes tell each other, over a socket pair that a process
// is born with (control_link.hpp). Written and read by the same visitors as what nodes send each other (codec.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/kv/request.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/message.hpp"
#include "core/protocol/observation.hpp"
#include "transport/messages.hpp"

namespace hearsay::cli::control {

// Entries of one list, below what the codec takes: longer ones are parted.
inline constexpr std::size_t kMaxListed = 512;

// ---- to a node -----------------------------------------------------------------------------------------------------

struct Begin : MessageOf<Begin> {
  static constexpr std::string_view kName = "control.Begin";
  static constexpr Role kRole = Role::kMembership;
  std::vector<std::string> seeds;
  std::vector<transport::Card> peers;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.seeds, "seeds", "endpoints to join through");
    v(m.peers, "peers", "nodes that are known from the start");
  }
};

struct Faults : MessageOf<Faults> {
  static constexpr std::string_view kName = "control.Faults";
  static constexpr Role kRole = Role::kMembership;
  std::vector<std::uint32_t> events;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.events, "events", "of the time line, that are in force, in the order of their beginning");
  }
};

struct Ask : MessageOf<Ask> {
  static constexpr std::string_view kName = "control.Ask";
  static constexpr Role kRole = Role::kMembership;
  std::uint64_t id = 0;
  OpKind op = OpKind::kGet;
  std::string key;
  Bytes value;
  Duration ttl{0};
  bool valid() const { return op <= OpKind::kDel; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the request's number, returned with the reply");
    v(m.op, "op", "0 get, 1 put, 2 del");
    v(m.key, "key", "the key");
    v(m.value, "value", "of a put");
    v(m.ttl, "ttl", "of a put; 0: for ever");
  }
};

struct Forget : MessageOf<Forget> {
  static constexpr std::string_view kName = "control.Forget";
  static constexpr Role kRole = Role::kMembership;
  NodeId peer{};
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.peer, "peer", "whose process ended");
  }
};

struct Leave : MessageOf<Leave> {
  static constexpr std::string_view kName = "control.Leave";
  static constexpr Role kRole = Role::kMembership;
  template <class M, class V>
  static void fields(M&, V&) {}
};

struct End : MessageOf<End> {
  static constexpr std::string_view kName = "control.End";
  static constexpr Role kRole = Role::kMembership;
  template <class M, class V>
  static void fields(M&, V&) {}
};

// ---- from a node ---------------------------------------------------------------------------------------------------

struct Ready : MessageOf<Ready> {
  static constexpr std::string_view kName = "control.Ready";
  static constexpr Role kRole = Role::kMembership;
  std::string address;
  std::string error;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.address, "address", "where the node is bound");
    v(m.error, "error", "why it is not; empty: it is");
  }
};

struct Trouble : MessageOf<Trouble> {
  static constexpr std::string_view kName = "control.Trouble";
  static constexpr Role kRole = Role::kMembership;
  bool fatal = false;
  std::string text;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.fatal, "fatal", "the run cannot go on");
    v(m.text, "text", "what is wrong");
  }
};

struct Seen {
  Duration at{0};
  ObservationKind kind{};
  NodeId peer{};
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  Version version;
  bool valid() const { return static_cast<int>(kind) < kObservationKinds; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.at, "at", "by the machine's monotonic clock");
    v(m.kind, "kind", "what was observed");
    v(m.peer, "peer", "about whom; 0: nobody");
    v(m.key, "key", "hash of the key");
    v(m.value, "value", "of the observation");
    v(m.version, "version", "of the key");
  }
};

struct Answered {
  Duration at{0};
  std::uint64_t id = 0;
  transport::ClientResult result;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.at, "at", "by the machine's monotonic clock");
    v(m.id, "id", "the number in control.Ask");
    v(m.result, "result", "the reply");
  }
};

struct Report : MessageOf<Report> {
  static constexpr std::string_view kName = "control.Report";
  static constexpr Role kRole = Role::kMembership;
  std::vector<Seen> seen;
  std::vector<Answered> answered;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.seen, "seen", "what the node observed");
    v(m.answered, "answered", "replies to requests");
  }
};

struct SentOfType {
  std::uint32_t tag = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.tag, "tag", "of the message's type");
    v(m.messages, "messages", "sent so far");
    v(m.bytes, "bytes", "in them");
  }
};

struct EffectOf {
  std::uint32_t event = 0;
  std::uint64_t dropped = 0, delayed = 0, held = 0, duplicated = 0, reordered = 0, spared = 0, sooner = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.event, "event", "of the time line");
    v(m.dropped, "dropped", "messages");
    v(m.delayed, "delayed", "messages");
    v(m.held, "held", "messages");
    v(m.duplicated, "duplicated", "messages");
    v(m.reordered, "reordered", "messages");
    v(m.spared, "spared", "messages");
    v(m.sooner, "sooner", "messages");
  }
};

struct Totals : MessageOf<Totals> {
  static constexpr std::string_view kName = "control.Totals";
  static constexpr Role kRole = Role::kMembership;
  bool last = false;
  std::vector<SentOfType> sent;
  std::vector<EffectOf> effects;
  std::uint64_t passed = 0, dropped_cut = 0, dropped_loss = 0, dropped_queue = 0, dropped_forgot = 0;
  std::uint64_t received = 0;
  std::uint64_t not_sent = 0;
  std::uint64_t lost = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.last, "last", "nothing comes after it");
    v(m.sent, "sent", "by type");
    v(m.effects, "effects", "of faults, by event");
    v(m.passed, "passed", "messages that no fault touched");
    v(m.dropped_cut, "dropped_cut", "messages");
    v(m.dropped_loss, "dropped_loss", "messages");
    v(m.dropped_queue, "dropped_queue", "beyond a bound of the filter");
    v(m.dropped_forgot, "dropped_forgot", "held for a peer that died");
    v(m.received, "received", "messages from peers");
    v(m.not_sent, "not_sent", "since a peer's queue was full");
    v(m.lost, "lost", "reports that there was no room for");
  }
};

}  // namespace hearsay::cli::control
