// The messages of the transport itself, beside those of the strategies: how nodes introduce themselves, and how clients
// call a node. They are handled before the node's strategies see anything.
//
// A client is no member: its frames have an origin that it made up, and answers go back the way the call came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/kv/request.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/message.hpp"

namespace hearsay::transport {

// What a node says of itself: enough to reach it.
struct Card {
  std::string name;
  std::string address;  // address.hpp
  double weight = 1.0;
  std::uint32_t zone = 0;
  Epoch epoch = 0;

  bool valid() const {
    return !name.empty() && name.size() <= Directory::kMaxNameBytes && address.size() <= Directory::kMaxAddressBytes &&
           weight > 0 && weight <= Directory::kMaxWeight;
  }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.name, "name", "the node's name");
    v(m.address, "address", "where its sockets are: tcp://HOST:PORT,PUBPORT");
    v(m.weight, "weight", "share of the ring relative to others");
    v(m.zone, "zone", "failure domain");
    v(m.epoch, "epoch", "its boot generation");
  }
};

// The first message of every connection between nodes.
struct Hello : MessageOf<Hello> {
  static constexpr std::string_view kName = "link.Hello";
  static constexpr Role kRole = Role::kMembership;
  Card node;
  bool answer = false;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.node, "node", "the sender");
    v(m.answer, "answer", "whether a link.Welcome is wanted");
  }
};

// The answer to a Hello that asked for one.
struct Welcome : MessageOf<Welcome> {
  static constexpr std::string_view kName = "link.Welcome";
  static constexpr Role kRole = Role::kMembership;
  static constexpr std::size_t kMaxPeers = 1000;
  Card node;
  std::string holder;
  std::vector<Card> peers;
  bool valid() const { return holder.size() <= Directory::kMaxAddressBytes && peers.size() <= kMaxPeers; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.node, "node", "the sender");
    v(m.holder, "holder", "where the sender knows another node of the asker's name; empty: nowhere");
    v(m.peers, "peers", "members the sender knows, itself and the asker left out; empty where strategies tell of them");
  }
};

// ---- clients -------------------------------------------------------------------------------------------------------

struct ClientOp {
  OpKind op = OpKind::kGet;
  std::string key;
  Bytes value;
  Duration ttl{0};
  bool valid() const { return op <= OpKind::kDel; }  // check(Request) does the rest, and is answered
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.op, "op", "0 get, 1 put, 2 del");
    v(m.key, "key", "the key, with its namespace");
    v(m.value, "value", "of a put");
    v(m.ttl, "ttl", "of a put: how long it shall live; 0: for ever");
  }
};

struct Call : MessageOf<Call> {
  static constexpr std::string_view kName = "client.Call";
  static constexpr Role kRole = Role::kReplication;
  static constexpr std::size_t kMaxOps = 512;
  std::uint64_t id = 0;
  std::vector<ClientOp> ops;
  bool valid() const { return !ops.empty() && ops.size() <= kMaxOps; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the client's number of the call, returned with the answer");
    v(m.ops, "ops", "what to do, 1 to 512; each stands for itself");
  }
};

struct ClientResult {
  bool ok = false;
  std::uint8_t error = 0;
  Bytes value;
  Duration ttl_left{0};
  Version version;
  // A get whose value does not fit into this answer beside those before it; to be asked for again.
  static constexpr std::uint8_t kNoRoom = 100;
  bool valid() const { return ok || error <= static_cast<std::uint8_t>(ErrorCode::kInternal) || error == kNoRoom; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.ok, "ok", "whether it was done");
    v(m.error, "error",
      "when not: 0 not found, 1 invalid argument, 2 too large, 3 unavailable, 4 timeout, 5 closed, 6 corrupt, "
      "7 internal, 100 no room in this answer: ask again");
    v(m.value, "value", "of a get");
    v(m.ttl_left, "ttl_left", "of a get; 0: never expires");
    v(m.version, "version", "that a get found, or a write was given");
  }
};

struct Answer : MessageOf<Answer> {
  static constexpr std::string_view kName = "client.Answer";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  std::vector<ClientResult> results;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the number in client.Call");
    v(m.results, "results", "one for each op, in their order");
  }
};

// Asks for keys that a node itself holds.
struct ListCall : MessageOf<ListCall> {
  static constexpr std::string_view kName = "client.List";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  std::string prefix;
  std::uint64_t hash = 0;
  std::string key;
  bool valid() const { return prefix.size() <= kMaxKeyBytes && key.size() <= kMaxKeyBytes; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the client's number of the call");
    v(m.prefix, "prefix", "of the keys wanted, with the namespace");
    v(m.hash, "hash", "where to go on, from client.Keys; 0 at first");
    v(m.key, "key", "where to go on, from client.Keys; empty at first");
  }
};

struct ListAnswer : MessageOf<ListAnswer> {
  static constexpr std::string_view kName = "client.Keys";
  static constexpr Role kRole = Role::kReplication;
  static constexpr std::size_t kMaxKeys = 512;
  static constexpr std::size_t kMaxScan = 8192;  // items a node looks at for one page
  std::uint64_t id = 0;
  std::vector<std::string> keys;
  bool more = false;
  std::uint64_t hash = 0;
  std::string key;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the number in client.List");
    v(m.keys, "keys", "some of the keys that this node holds, in the order of (hash, key)");
    v(m.more, "more", "whether there may be others");
    v(m.hash, "hash", "where to go on");
    v(m.key, "key", "where to go on");
  }
};

// What a node tells those who watch keys, on its XPUB: a change of its own copy. Every replica tells of its own.
struct ChangeNews : MessageOf<ChangeNews> {
  static constexpr std::string_view kName = "client.Change";
  static constexpr Role kRole = Role::kReplication;
  enum class Kind : std::uint8_t { kPut, kDel, kExpired };
  Kind kind{};
  std::string key;
  Bytes value;
  Duration ttl_left{0};
  Version version;
  bool valid() const { return kind <= Kind::kExpired && key.size() <= kMaxKeyBytes; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.kind, "kind", "0 put, 1 deleted, 2 expired");
    v(m.key, "key", "the key, with its namespace");
    v(m.value, "value", "of a put");
    v(m.ttl_left, "ttl_left", "of a put; 0: never expires");
    v(m.version, "version", "of the value, or of the deletion: the same at every replica");
  }
};

struct StatusCall : MessageOf<StatusCall> {
  static constexpr std::string_view kName = "client.Ask";
  static constexpr Role kRole = Role::kReplication;
  std::uint64_t id = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the client's number of the call");
  }
};

struct MemberStatus {
  Card node;
  Incarnation incarnation = 0;
  std::uint8_t status = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.node, "node", "who it is");
    v(m.incarnation, "incarnation", "number of its last refutation");
    v(m.status, "status", "0 alive, 1 suspect, 2 dead, 3 left");
  }
};

struct Counter {
  std::string name;
  std::uint64_t value = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.name, "name", "what is counted");
    v(m.value, "value", "since the node started");
  }
};

struct StatusAnswer : MessageOf<StatusAnswer> {
  static constexpr std::string_view kName = "client.Status";
  static constexpr Role kRole = Role::kReplication;
  static constexpr std::size_t kMaxMembers = 1000;
  std::uint64_t id = 0;
  Card node;
  bool ready = false;
  Duration uptime{0};
  std::uint32_t members = 0;
  std::vector<MemberStatus> known;
  std::vector<Counter> counters;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.id, "id", "the number in client.Ask");
    v(m.node, "node", "the node that answers");
    v(m.ready, "ready", "whether it has joined");
    v(m.uptime, "uptime", "since it started");
    v(m.members, "members", "members in its view, itself included");
    v(m.known, "known", "whom it knows, the dead included; 1000 at most");
    v(m.counters, "counters", "what it counted since it started");
  }
};

// All of them.
inline std::vector<const MessageType*> messages() {
  return {&message_type<Hello>(),      &message_type<Welcome>(),    &message_type<Call>(),
          &message_type<Answer>(),     &message_type<ListCall>(),   &message_type<ListAnswer>(),
          &message_type<ChangeNews>(), &message_type<StatusCall>(), &message_type<StatusAnswer>()};
}

}  // namespace hearsay::transport
