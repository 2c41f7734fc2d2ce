#include "core/protocol/node.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <stdexcept>

#include "tests/support/loopback.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/stubs.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

constexpr NodeSlot kA{0};
constexpr NodeSlot kB{1};
constexpr NodeSlot kC{2};

using Log = std::vector<std::string>;

struct Note : MessageOf<Note> {
  static constexpr std::string_view kName = "test.Note";
  static constexpr Role kRole = Role::kReplication;
  static constexpr bool kDisseminated = true;
  std::uint32_t number = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.number, "number", "");
  }
};

struct Rumour : MessageOf<Rumour> {
  static constexpr std::string_view kName = "test.Rumour";
  static constexpr Role kRole = Role::kDissemination;
  MessageRef inner;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.inner, "inner", "");
  }
};

struct Accusation : MessageOf<Accusation> {
  static constexpr std::string_view kName = "test.Accusation";
  static constexpr Role kRole = Role::kMembership;
  NodeSlot subject = kNoSlot;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.subject, "subject", "");
  }
};

// Three strategies that write down what they are called with.
class LoggedMembership final : public StatefulOf<LoggedMembership, Role::kMembership, Nothing> {
 public:
  explicit LoggedMembership(Log& log) : log_(log) {}
  std::vector<const MessageType*> messages() const override { return {&message_type<Accusation>()}; }
  void on_start(Step& step, Nothing&, const Boot& boot) const {
    log_.push_back(fmt::format("membership start seeds={}", boot.seeds.size()));
    for (std::uint32_t i = 0; i < step.directory().size(); ++i) step.update_member(NodeSlot{i}, {1, 0, Status::kAlive});
  }
  void on_message(Step& step, Nothing&, NodeSlot from, const Message& message) const {
    log_.push_back(fmt::format("membership message from={}", raw(from)));
    step.update_member(as<Accusation>(message).subject, {1, 0, Status::kSuspect});
    step.update_member(as<Accusation>(message).subject, {1, 0, Status::kDead});
  }
  void on_leave(Step&, Nothing&) const { log_.push_back("membership leave"); }
  void on_save(const Nothing&, MonoTime, Persisted& out) const { out.incarnation = 42; }

 private:
  Log& log_;
};

class LoggedDissemination final : public StatefulOf<LoggedDissemination, Role::kDissemination, Nothing> {
 public:
  explicit LoggedDissemination(Log& log) : log_(log) {}
  bool publishes() const override { return true; }
  std::vector<const MessageType*> messages() const override { return {&message_type<Rumour>()}; }
  void on_start(Step&, Nothing&, const Boot&) const { log_.push_back("dissemination start"); }
  void on_member_change(Step&, Nothing&, const MemberChange& change) const {
    log_.push_back(
        fmt::format("dissemination change {} {}", raw(change.subject), to_string(change.after.belief.status)));
  }
  void on_message(Step& step, Nothing&, NodeSlot from, const Message& message) const {
    log_.push_back(fmt::format("dissemination message from={}", raw(from)));
    step.deliver(from, as<Rumour>(message).inner);
  }
  void on_disseminate(Step& step, Nothing&, const Message& message) const {
    log_.push_back("dissemination disseminate");
    auto rumour = step.make<Rumour>();
    rumour->inner = MessageRef(&message);
    step.publish(step.sealed(std::move(rumour)));
  }
  void on_leave(Step&, Nothing&) const { log_.push_back("dissemination leave"); }

 private:
  Log& log_;
};

struct Timers {
  TimerGate gate;
  std::vector<std::uint32_t> fired;
  std::vector<MonoTime> at;
};

class LoggedReplication final : public StatefulOf<LoggedReplication, Role::kReplication, Timers> {
 public:
  explicit LoggedReplication(Log& log) : log_(log) {}
  std::vector<const MessageType*> messages() const override { return {&message_type<Note>()}; }
  void on_start(Step&, Timers&, const Boot& boot) const {
    log_.push_back(boot.persisted == nullptr ? "replication start"
                                             : fmt::format("replication start incarnation={} away={}ms",
                                                           boot.persisted->incarnation, boot.persisted->away / 1ms));
  }
  void on_member_change(Step&, Timers&, const MemberChange& change) const {
    log_.push_back(fmt::format("replication change {} {}", raw(change.subject), to_string(change.after.belief.status)));
  }
  void on_message(Step&, Timers&, NodeSlot from, const Message& message) const {
    log_.push_back(fmt::format("replication message from={} number={}", raw(from), as<Note>(message).number));
  }
  // "say": to everybody. "arm": a timer in 1 s, superseding. "owner": who holds the key "k".
  void on_request(Step& step, Timers& state, const Request& request) const {
    Reply reply;
    reply.id = request.id;
    reply.ok = true;
    if (request.key == "say") {
      auto note = step.make<Note>();
      note->number = 5;
      step.disseminate(std::move(note));
    } else if (request.key == "arm") {
      state.gate.arm(step, 3, 1s);
    } else if (request.key == "owner") {
      reply.value = Bytes(std::string(step.directory()[step.placement().lookup(hash64("k"))].name));
    }
    step.reply(std::move(reply));
  }
  void on_timer(Step& step, Timers& state, Timer timer) const {
    CHECK(timer.kind == 3);
    if (!state.gate.is_current(timer)) return;
    state.fired.push_back(timer.argument);
    state.at.push_back(step.mono());
  }
  void on_leave(Step&, Timers&) const { log_.push_back("replication leave"); }
  void on_digest(const Timers& state, Hasher& hasher) const { hasher.add(state.fired.size()); }

 private:
  Log& log_;
};

std::shared_ptr<const Composition> logged(Log& log) {
  return compose(std::make_shared<LoggedMembership>(log), std::make_shared<LoggedDissemination>(log),
                 std::make_shared<LoggedReplication>(log));
}

Request asking(const char* key) {
  Request request;
  request.key = key;
  return request;
}

}  // namespace

TEST_CASE("starting goes through the roles in order, and view changes before the next role starts") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 1});
  loopback.start_all();
  CHECK(log == Log{"membership start seeds=0", "dissemination change 0 alive", "replication change 0 alive",
                   "dissemination start", "replication start"});
}

TEST_CASE("both other roles hear of each change before any hears of the next") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 2});
  loopback.start_all();
  log.clear();
  auto accusation = loopback.pool().make<Accusation>();
  accusation->subject = kA;
  loopback.inject(kA, kB, std::move(accusation));
  loopback.run_for(1s);
  CHECK(log == Log{"membership message from=0", "dissemination change 0 suspect", "replication change 0 suspect",
                   "dissemination change 0 dead", "replication change 0 dead"});
  CHECK(loopback.count(ObservationKind::kMemberSuspect) == 1);
  CHECK(loopback.count(ObservationKind::kMemberDead, kB) == 1);
  CHECK(loopback.count(ObservationKind::kMemberDead, kA) == 0);
  CHECK_FALSE(loopback.view(kB).is_member(kA));
}

TEST_CASE("what is disseminated reaches its role at everybody else, with its origin") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 3, .wire = true});
  loopback.start_all();
  log.clear();
  CHECK(loopback.call(kC, asking("say")).has_value());
  loopback.run_for(1s);
  CHECK(log == Log{"dissemination disseminate", "dissemination message from=2", "replication message from=2 number=5",
                   "dissemination message from=2", "replication message from=2 number=5"});
  CHECK(loopback.counters("test.Rumour").sent == 2);
  CHECK(loopback.counters("test.Rumour").delivered == 2);
  CHECK(loopback.counters("test.Note").sent == 0);
}

TEST_CASE("leaving goes from replication to membership") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 1});
  loopback.start_all();
  log.clear();
  loopback.leave(kA);
  CHECK(log == Log{"replication leave", "dissemination leave", "membership leave"});
}

TEST_CASE("a timer armed again supersedes the one before") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 1});
  loopback.start_all();
  loopback.request(kA, asking("arm"));
  loopback.run_for(500ms);
  loopback.request(kA, asking("arm"));
  const MonoTime armed = loopback.mono(kA);
  loopback.run_for(10s);
  const Timers& timers = loopback.state<Timers>(kA, Role::kReplication);
  CHECK(timers.fired == std::vector<std::uint32_t>{2});
  CHECK(timers.at == std::vector<MonoTime>{armed + Duration(1s)});
}

TEST_CASE("a crash ends timers and state, a restart is a new epoch that finds what was kept") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 2});
  loopback.start_all();
  loopback.request(kA, asking("arm"));
  loopback.crash(kA);
  CHECK_FALSE(loopback.up(kA));
  loopback.run_for(100ms);
  log.clear();
  loopback.start(kA);
  CHECK(loopback.epoch(kA) == 2);
  CHECK(log.back() == "replication start incarnation=42 away=100ms");
  loopback.run_for(10s);
  CHECK(loopback.state<Timers>(kA, Role::kReplication).fired.empty());

  loopback.crash(kA, false);
  loopback.start(kA);
  CHECK(log.back() == "replication start");
}

TEST_CASE("a node that is down loses what is sent to it, a paused one takes it later") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 3});
  loopback.start_all();
  loopback.crash(kB);
  loopback.pause(kC);
  log.clear();
  for (const NodeSlot to : {kB, kC}) loopback.inject(kA, to, loopback.pool().make<Note>());
  const RequestId id = loopback.request(kC, asking("nothing"));
  loopback.run_for(1s);
  CHECK(log.empty());
  CHECK(loopback.reply(id) == nullptr);
  CHECK(loopback.counters("test.Note").dropped == 1);
  loopback.resume(kC);
  CHECK(log == Log{"replication message from=0 number=0"});
  REQUIRE(loopback.reply(id) != nullptr);
  CHECK(loopback.pool().live() == 0);
}

TEST_CASE("drop decides for each receiver") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 3});
  loopback.start_all();
  loopback.drop = [](NodeSlot from, NodeSlot to, const Message&) { return from == kA && to == kB; };
  log.clear();
  loopback.request(kA, asking("say"));
  loopback.run_for(1s);
  CHECK(loopback.counters("test.Rumour").sent == 2);
  CHECK(loopback.counters("test.Rumour").dropped == 1);
  CHECK(loopback.counters("test.Rumour").delivered == 1);
}

TEST_CASE("a placement follows the node's own view") {
  Log log;
  Loopback loopback(logged(log), {.nodes = 2});
  loopback.start_all();
  const std::string owner(loopback.call(kA, asking("owner"))->value.view());
  const NodeSlot slot = loopback.directory().find(owner);
  auto accusation = loopback.pool().make<Accusation>();
  accusation->subject = slot;
  loopback.inject(kB, kA, std::move(accusation));
  loopback.run_for(1s);
  CHECK(loopback.call(kA, asking("owner"))->value.view() != owner);
  CHECK(loopback.call(kB, asking("owner"))->value.view() == owner);
}

TEST_CASE("equal runs have equal digests, with random latencies and over the wire too") {
  const auto run = [](std::uint64_t seed, bool wire) {
    Log log;
    Loopback loopback(logged(log), {.nodes = 5, .seed = seed, .latency_max = 100ms, .wire = wire});
    loopback.start_all();
    for (std::uint32_t i = 0; i < 5; ++i) loopback.request(NodeSlot{i}, asking("say"));
    loopback.request(kA, asking("arm"));
    loopback.run_for(10s);
    return std::pair(loopback.digest(), log);
  };
  CHECK(run(1, false) == run(1, false));
  CHECK(run(1, false) == run(1, true));
  CHECK_FALSE(run(1, false).second == run(2, false).second);
}

TEST_CASE("the wire refuses what a real node would refuse") {
  Log log;
  Loopback loopback(compose(nullptr, nullptr, std::make_shared<LoggedReplication>(log)), {.nodes = 2, .wire = true});
  loopback.start_all();
  CHECK_NOTHROW(loopback.inject(kA, kB, loopback.pool().make<Note>()));
  // Its type belongs to no strategy of the composition.
  CHECK_THROWS_AS(loopback.inject(kA, kB, loopback.pool().make<Accusation>()), std::logic_error);
}

TEST_CASE("a role's draws depend on node, role and instant, not on what was drawn before") {
  Directory directory(2);
  for (const char* name : {"a", "b"}) REQUIRE(directory.intern(name).has_value());
  PrivateViews views(directory, 2);
  MessagePool pool;
  Step step({7, &directory, &views, &pool, nullptr, true});
  const auto draw = [&](NodeSlot node, Role role, std::uint64_t instant, int before) {
    step.begin(kNoSlot, 1, instant + 1, {}, {});  // some other step comes first
    step.begin(node, 1, instant, {}, {});
    step.act_as(role == Role::kMembership ? Role::kReplication : Role::kMembership);
    for (int i = 0; i < before; ++i) step.random().next();
    step.act_as(role);
    return step.random().next();
  };
  const std::uint64_t first = draw(kA, Role::kMembership, 5, 0);
  CHECK(draw(kA, Role::kMembership, 5, 0) == first);
  CHECK(draw(kA, Role::kMembership, 5, 3) == first);
  CHECK(draw(kB, Role::kMembership, 5, 0) != first);
  CHECK(draw(kA, Role::kReplication, 5, 0) != first);
  CHECK(draw(kA, Role::kMembership, 6, 0) != first);

  // A second input at the same instant goes on.
  step.begin(kA, 1, 9, {}, {});
  const std::uint64_t one = step.random().next();
  step.begin(kA, 1, 9, {}, {});
  CHECK(step.random().next() != one);
}

TEST_CASE("a step that is dropped undrained lets go of its messages") {
  Directory directory(1);
  REQUIRE(directory.intern("a").has_value());
  PrivateViews views(directory, 1);
  MessagePool pool;
  {
    Step step({7, &directory, &views, &pool, nullptr, true});
    step.begin(kA, 1, 1, {}, {});
    step.act_as(Role::kDissemination);
    step.send(kA, step.make<Note>());
    step.publish(step.sealed(step.make<Note>()));
    step.disseminate(step.make<Note>());
    CHECK(pool.live() == 3);
  }
  CHECK(pool.live() == 0);
}

TEST_CASE("a composition's states lie apart and aligned") {
  struct alignas(64) Wide {
    char bytes[64];
  };
  class WideMembership final : public StatefulOf<WideMembership, Role::kMembership, Wide> {
   public:
    std::vector<const MessageType*> messages() const override { return {}; }
  };
  Log log;
  const auto composition =
      compose(std::make_shared<WideMembership>(), nullptr, std::make_shared<LoggedReplication>(log));
  CHECK(composition->layout().alignment == 64);
  CHECK(composition->layout().bytes == sizeof(Wide) + sizeof(Timers));
  alignas(64) std::byte block[256];
  CHECK(composition->state(block, Role::kMembership) == block);
  CHECK(composition->state(block, Role::kReplication) == block + sizeof(Wide));
}
