#include "core/membership/announce.hpp"

#include <doctest/doctest.h>

#include "core/dissemination/publish.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/stubs.hpp"

namespace hearsay {
namespace {

using test::Loopback;

AnnounceConfig go_os() {
  AnnounceConfig config;
  config.use_preset(1);
  return config;
}

std::shared_ptr<const Composition> announcing(const AnnounceParams& params = {}) {
  return test::compose(std::make_shared<Announce>(params), std::make_shared<Publish>());
}

bool everybody_sees(Loopback& net, std::uint32_t members) {
  for (std::uint32_t i = 0; i < net.size(); ++i) {
    if (net.up(NodeSlot{i}) && net.view(NodeSlot{i}).members() != members) return false;
  }
  return true;
}

MessageRef announcement(Loopback& net, NodeSlot node, Epoch epoch, bool leaving = false) {
  auto draft = net.pool().make<Announcement>();
  draft->node = {node};
  draft->epoch = epoch;
  draft->sent = net.wall(node).time_since_epoch();
  draft->leaving = leaving;
  seal(*draft, net.directory());
  return std::move(draft).take();
}

// When `owner` last came to believe that of `peer`; nothing when it never did.
std::optional<TrueTime> when(Loopback& net, ObservationKind kind, NodeSlot owner, NodeSlot peer) {
  std::optional<TrueTime> at;
  for (const Observation& o : net.observations()) {
    if (o.kind == kind && o.node == owner && o.peer == peer) at = o.at;
  }
  return at;
}

TEST_CASE("announce: a new node is known one latency after its start, and knows everybody an interval later") {
  Loopback net(announcing(), {.nodes = 10, .latency_min = 100ms, .latency_max = 100ms});
  for (std::uint32_t i = 0; i < 9; ++i) net.start(NodeSlot{i});
  net.run_for(3s);
  CHECK(everybody_sees(net, 9));
  net.start(NodeSlot{9});
  net.run_for(100ms);
  for (std::uint32_t i = 0; i < 9; ++i) CHECK(net.view(NodeSlot{i}).members() == 10);
  net.run_for(1s);
  CHECK(everybody_sees(net, 10));
}

TEST_CASE("announce: the defaults keep the healthy through jitter, loss and skew") {
  Loopback net(announcing(), {.nodes = 8, .latency_min = 1ms, .latency_max = 900ms});
  std::uint64_t messages = 0;
  net.drop = [&](NodeSlot, NodeSlot, const Message&) { return ++messages % 5 == 0; };
  net.set_wall_offset(NodeSlot{1}, 3s);
  net.set_wall_offset(NodeSlot{2}, -1h);
  net.start_all();
  net.run_for(5min);
  CHECK(everybody_sees(net, 8));
  CHECK(net.count(ObservationKind::kMemberDead) == 0);
}

TEST_CASE("announce: a crash is seen after reap_after and within a reap_interval more") {
  AnnounceParams params;
  params.reap_after = 4s;
  params.reap_interval = 2s;
  Loopback net(announcing(params), {.nodes = 6});
  net.start_all();
  net.run_for(20s);
  const TrueTime crashed = net.now();
  net.crash(NodeSlot{5}, false);
  net.run_for(10s);
  for (std::uint32_t i = 0; i < 5; ++i) {
    const auto at = when(net, ObservationKind::kMemberDead, NodeSlot{i}, NodeSlot{5});
    REQUIRE(at.has_value());
    CHECK(*at > crashed + 3s);  // heard at most an interval before the crash
    CHECK(*at <= crashed + 6s + 1ms);
  }
  CHECK(everybody_sees(net, 5));
}

TEST_CASE("announce: a node that was given up is alive again when it is heard") {
  Loopback net(announcing(), {.nodes = 3});
  net.start_all();
  net.run_for(5s);
  bool cut = true;
  net.drop = [&](NodeSlot from, NodeSlot, const Message&) { return cut && from == NodeSlot{2}; };
  net.run_for(10s);
  CHECK(!net.view(NodeSlot{0}).is_member(NodeSlot{2}));
  CHECK(net.view(NodeSlot{0}).get(NodeSlot{2}).belief.status == Status::kDead);
  cut = false;
  net.run_for(1s + 1ms);
  CHECK(everybody_sees(net, 3));
  CHECK(when(net, ObservationKind::kMemberAlive, NodeSlot{0}, NodeSlot{2}) >
        when(net, ObservationKind::kMemberDead, NodeSlot{0}, NodeSlot{2}));
  // And silence counts anew.
  cut = true;
  net.run_for(10s);
  CHECK(!net.view(NodeSlot{0}).is_member(NodeSlot{2}));
}

TEST_CASE("announce: a farewell is believed at once and outlives announcements that were under way") {
  Loopback net(announcing(), {.nodes = 3});
  net.start_all();
  net.run_for(5s);
  net.leave(NodeSlot{2});
  net.run_for(1ms);
  CHECK(net.view(NodeSlot{0}).get(NodeSlot{2}).belief.status == Status::kLeft);
  net.inject(NodeSlot{2}, NodeSlot{0}, announcement(net, NodeSlot{2}, 1));
  net.run_for(20s);
  CHECK(!net.view(NodeSlot{0}).is_member(NodeSlot{2}));
  CHECK(net.count(ObservationKind::kMemberDead) == 0);
  net.crash(NodeSlot{2}, false);
  net.start(NodeSlot{2});
  net.run_for(1s);
  CHECK(everybody_sees(net, 3));
}

TEST_CASE("announce: the farewell of a stranger is not remembered") {
  Loopback net(announcing(), {.nodes = 2});
  net.start(NodeSlot{0});
  net.inject(NodeSlot{1}, NodeSlot{0}, announcement(net, NodeSlot{1}, 1, true));
  net.run_for(1s);
  CHECK(!net.view(NodeSlot{0}).get(NodeSlot{1}).known);
}

TEST_CASE("announce: a restarted node is known by its new epoch, its former life is ignored") {
  Loopback net(announcing(), {.nodes = 3});
  net.start_all();
  net.run_for(2s);
  net.crash(NodeSlot{1}, false);
  net.start(NodeSlot{1});
  net.run_for(10ms);
  CHECK(net.view(NodeSlot{0}).get(NodeSlot{1}).belief.epoch == 2);
  net.inject(NodeSlot{1}, NodeSlot{0}, announcement(net, NodeSlot{1}, 1, true));
  net.inject(NodeSlot{1}, NodeSlot{0}, announcement(net, NodeSlot{1}, 1));
  net.run_for(10ms);
  CHECK(net.view(NodeSlot{0}).get(NodeSlot{1}).belief == Belief{2, 0, Status::kAlive});
}

TEST_CASE("announce: costs N (N - 1) messages an interval") {
  AnnounceParams params;
  params.announce_start = false;
  params.phase = AnnounceParams::kStartPhase;
  Loopback net(announcing(params), {.nodes = 10});
  net.start_all();
  net.run_for(10s + 500ms);
  CHECK(net.counters("announce.Announcement").sent == 10 * 10 * 9);
}

TEST_CASE("announce: keeps one stamp a known slot and no more") {
  Loopback net(announcing(), {.nodes = 12, .spare_slots = 100});
  net.start_all();
  net.run_for(30s);
  for (std::uint32_t i = 0; i < 12; ++i) {
    CHECK(net.state<AnnounceState>(NodeSlot{i}, Role::kMembership).heard.size() == 12);
  }
}

TEST_CASE("announce: equal runs are equal, packed or not") {
  const auto run = [](bool wire) {
    Loopback net(announcing(), {.nodes = 6, .seed = 9, .latency_min = 1ms, .latency_max = 400ms, .wire = wire});
    net.start_all();
    net.run_for(20s);
    net.crash(NodeSlot{4}, false);
    net.run_for(20s);
    net.leave(NodeSlot{3});
    net.run_for(5s);
    return net.digest();
  };
  CHECK(run(false) == run(false));
  CHECK(run(false) == run(true));
}

TEST_CASE("go-os: a new node announces itself only after an interval") {
  Loopback net(announcing(go_os()), {.nodes = 2});
  net.start_all();
  net.run_for(1s);
  CHECK(everybody_sees(net, 1));
  net.run_for(1ms);
  CHECK(everybody_sees(net, 2));
}

TEST_CASE("go-os: one lost announcement gets a healthy node reaped until its next one") {
  Loopback net(announcing(go_os()), {.nodes = 4});
  net.drop = [&](NodeSlot from, NodeSlot to, const Message&) {
    return from == NodeSlot{2} && to == NodeSlot{0} && net.now() == TrueTime(9s);
  };
  net.start_all();
  net.run_for(30s);
  // Reapers look every 10 s; the announcement of that very moment is still on its way.
  CHECK(net.count(ObservationKind::kMemberDead) == 1);
  CHECK(when(net, ObservationKind::kMemberDead, NodeSlot{0}, NodeSlot{2}) == TrueTime(10s));
  CHECK(when(net, ObservationKind::kMemberAlive, NodeSlot{0}, NodeSlot{2}) == TrueTime(10s + 1ms));
}

TEST_CASE("go-os: a clock 2 s ahead empties the ring every ten seconds") {
  Loopback net(announcing(go_os()), {.nodes = 5});
  net.set_wall_offset(NodeSlot{1}, 2s);
  net.start_all();
  net.run_for(9s + 900ms);
  CHECK(everybody_sees(net, 5));
  net.run_for(100ms);
  CHECK(net.view(NodeSlot{1}).members() == 1);
  CHECK(net.view(NodeSlot{1}).is_member(NodeSlot{1}));
  CHECK(net.view(NodeSlot{0}).members() == 5);
  net.run_for(1s);
  CHECK(everybody_sees(net, 5));
  net.run_for(30s);
  CHECK(net.count(ObservationKind::kMemberDead) == 4 * 4);
}

TEST_CASE("go-os: a clock behind keeps the dead") {
  Loopback net(announcing(go_os()), {.nodes = 3});
  net.set_wall_offset(NodeSlot{0}, -1min);
  net.start_all();
  net.run_for(5s);
  net.crash(NodeSlot{2}, false);
  net.run_for(45s);
  CHECK(net.view(NodeSlot{0}).is_member(NodeSlot{2}));
  CHECK(!net.view(NodeSlot{1}).is_member(NodeSlot{2}));
}

TEST_CASE("go-os: a step of its clock makes a node reap itself, which the default does not") {
  for (const bool original : {true, false}) {
    CAPTURE(original);
    AnnounceParams params = original ? AnnounceParams(go_os()) : AnnounceParams();
    Loopback net(announcing(params), {.nodes = 3});
    net.start_all();
    net.run_for(9s + 500ms);
    net.set_wall_offset(NodeSlot{0}, 1h);
    net.run_for(500ms);
    CHECK(when(net, ObservationKind::kMemberDead, NodeSlot{0}, NodeSlot{0}).has_value() == original);
    net.run_for(2s);
    CHECK(net.view(NodeSlot{0}).is_member(NodeSlot{0}));
  }
}

TEST_CASE("go-os: who leaves is missed only by the reaper") {
  Loopback net(announcing(go_os()), {.nodes = 3});
  net.start_all();
  net.run_for(5s);
  net.leave(NodeSlot{2});
  net.run_for(4s + 900ms);
  CHECK(net.view(NodeSlot{0}).is_member(NodeSlot{2}));
  net.run_for(200ms);
  CHECK(!net.view(NodeSlot{0}).is_member(NodeSlot{2}));
  CHECK(net.count(ObservationKind::kMemberLeft) == 0);
}

TEST_CASE("announce: whole seconds are rounded down before and after the epoch") {
  // The silence from -0.5 s to 0.6 s is one whole second, from floor(-0.5) = -1 to 0, and not none.
  AnnounceParams params = go_os();
  params.reap_interval = 100ms;
  params.announce_start = false;
  Loopback net(announcing(params), {.nodes = 2});
  net.set_wall_offset(NodeSlot{0}, -net.wall(NodeSlot{0}).time_since_epoch() - 500ms);
  net.start(NodeSlot{0});
  auto draft = net.pool().make<Announcement>();
  draft->node = {NodeSlot{1}};
  draft->epoch = 1;
  draft->sent = -500ms;
  net.inject(NodeSlot{1}, NodeSlot{0}, std::move(draft));
  net.run_for(1s + 400ms);  // 0.9 s by its clock: 0 - -1 = 1, not more than one
  CHECK(net.view(NodeSlot{0}).is_member(NodeSlot{1}));
  net.run_for(200ms);  // 1.1 s: 1 - -1 = 2
  CHECK(!net.view(NodeSlot{0}).is_member(NodeSlot{1}));
}

TEST_CASE("announce: described for the catalogue") {
  const CatalogueEntry entry = announce_entry();
  CHECK(entry.role == Role::kMembership);
  CHECK(entry.name == "announce");
  REQUIRE(entry.presets.size() == 2);
  CHECK(entry.presets[1].name == "go-os");
  const auto config = entry.configure();
  config->use_preset(1);
  REQUIRE(config->check().has_value());
  const auto original = std::dynamic_pointer_cast<const Announce>(config->build());
  REQUIRE(original != nullptr);
  CHECK(original->params().reap_after == 1s);
  CHECK(original->params().reap_interval == 10s);
  config->use_preset(0);
  CHECK(std::dynamic_pointer_cast<const Announce>(config->build())->params().reap_after == 5s);
  AnnounceConfig hasty;
  hasty.reap_after = 500ms;
  CHECK(!hasty.check().has_value());
}

}  // namespace
}  // namespace hearsay
