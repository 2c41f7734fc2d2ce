// The replication `my-replication`. It begins as the coordinator that all of them share (core/replication/
// coordinated.hpp: quorums, versions, expiry) with a repair of its own: every interval a node sends the next items that
// it holds to one of their replicas each, needed or not.
#include "core/protocol/plugin.hpp"
#include "core/replication/coordinated.hpp"

namespace {

using namespace hearsay;

// What a node remembers, from its first request or copy on.
struct Kv {
  Kv(const ReplicationParams& params, MonoTime now) : replica(params, now) {}
  void digest(Hasher& hasher) const {
    replica.digest(hasher);
    coordinator.digest(hasher);
    hasher.add(next.hash);
    hasher.add(next.key);
  }
  Replica replica;
  Coordinator coordinator;
  StoreCursor next;  // where repair goes on
};

class MyReplication final : public Coordinated<MyReplication, Kv> {
 public:
  MyReplication(const ReplicationParams& params, Duration interval) : Coordinated(params), interval_(interval) {}

  void opened(Step& step) const { step.arm(kRoundTimer, Duration(step.random().between(1, interval_.count()))); }
  void other_timer(Step& step, Kv& own, Timer) const {
    step.arm(kRoundTimer, interval_);
    const bool more = own.replica.store().scan(own.next, kBatch, step.mono(), [&](const StoreItem& item) {
      // What ends on its way would live longer at its receiver.
      if (item.ttl_left > Duration::zero() && item.ttl_left < kLongestWay) return true;
      const auto nodes = own.replica.replicas(step, item.hash);
      const NodeSlot peer = nodes.empty() ? step.self() : nodes[step.random().below(nodes.size())];
      if (peer == step.self()) return true;
      auto copy = step.make<KvStore>();  // its id is 0: nobody waits for an answer
      copy->copy = Replica::copy_of(item);
      step.send(peer, std::move(copy));
      return true;
    });
    if (!more) own.next = {};
  }

 private:
  static constexpr std::size_t kBatch = 64;  // items looked at
  static constexpr Duration kLongestWay = 1s;

  Duration interval_;
};

struct MyReplicationConfig {
  static constexpr Role kRole = Role::kReplication;
  static constexpr std::string_view kName = "my-replication";
  static constexpr std::string_view kSummary = "What it does, in one sentence.";
  static constexpr std::string_view kSource = "Where it comes from: authors, title, year.";
  MyReplicationConfig() { params.copy_window = Duration::zero(); }  // copies come unasked, without a ticket (copy.hpp)
  void visit(ParamVisitor& v) {
    params.visit(v);
    v.duration("interval", interval, {1ms, 1h},
               "time between two batches of copies; shorter repairs sooner, and costs more");
  }
  Result<void> check() const { return params.check(); }
  std::shared_ptr<const Component> build() const { return std::make_shared<const MyReplication>(params, interval); }

  ReplicationParams params;
  Duration interval = 500ms;
};

}  // namespace

HEARSAY_PLUGIN(MyReplicationConfig)
