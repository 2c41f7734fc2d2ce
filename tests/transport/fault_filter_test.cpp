// Over 400 lines: each fault and each bound of one class, on one pair of nodes.
#include "transport/fault_filter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace hearsay::transport {
namespace {

using Verdict = FaultFilter::Verdict;
using Cut = FaultRule::Cut;
using Texts = std::vector<std::string>;

constexpr NodeId kSelf{1};
constexpr NodeId kPeer{2};
constexpr NodeId kOther{3};
constexpr auto kDatagram = SendClass::kDatagram;
constexpr auto kStream = SendClass::kStream;

MonoTime at(Duration since_start) { return MonoTime{} + since_start; }

DurationDistribution constantly(Duration value) { return *DurationDistribution::constant(value); }

FaultRule rule(std::optional<std::uint32_t> event, std::vector<NodeId> peers = {kPeer}) {
  FaultRule rule;
  rule.event = event;
  rule.peers = std::move(peers);
  return rule;
}
FaultRule cut(std::uint32_t event, Cut kind, Duration delay = 0ms) {
  FaultRule cut = rule(event);
  cut.cut = kind;
  cut.cut_delay = delay;
  return cut;
}
FaultRule lossy(std::optional<std::uint32_t> event, Ratio loss) {
  FaultRule lossy = rule(event);
  lossy.loss = loss;
  return lossy;
}
FaultRule slow(std::optional<std::uint32_t> event, DurationDistribution latency) {
  FaultRule slow = rule(event);
  slow.latency = latency;
  return slow;
}

// A filter, and what it did with each message.
struct Filter : FaultFilter {
  explicit Filter(LinkKind kind = LinkKind::kUdp) : Filter(FaultFilterOptions{.kind = kind}) {}
  explicit Filter(const FaultFilterOptions& options) : FaultFilter(kSelf, options) {}

  void rules(std::vector<FaultRule> rules, Duration now = 0ms) {
    const auto set = set_rules(std::move(rules), at(now));
    REQUIRE_MESSAGE(set.has_value(), set.error().message);
  }
  bool passes(Duration now, std::string_view text = "m", NodeId to = kPeer, SendClass send_class = kDatagram) {
    return admit(at(now), to, send_class, text) == Verdict::kPass;
  }
  // What is due by then, in order.
  Texts due(Duration now) {
    Texts texts;
    while (auto parcel = pop_due(at(now))) texts.emplace_back(parcel->bytes.view());
    return texts;
  }
  FaultEffect effect(std::uint32_t event) const {
    const auto found = effects().find(event);
    return found == effects().end() ? FaultEffect{} : found->second;
  }
};

TEST_CASE("without rules everything passes") {
  Filter filter;
  CHECK(filter.idle());
  CHECK(filter.passes(0ms));
  CHECK(filter.totals().passed == 1);
  CHECK_FALSE(filter.next_due().has_value());
  CHECK_FALSE(filter.pop_due(at(1h)).has_value());
  CHECK(filter.effects().empty());
}

TEST_CASE("a drop drops what goes to its peers, and nothing else") {
  Filter filter;
  filter.rules({cut(7, Cut::kDrop)});
  CHECK_FALSE(filter.idle());
  CHECK_FALSE(filter.passes(0ms));
  CHECK_FALSE(filter.passes(0ms, "m", kPeer, kStream));
  CHECK(filter.passes(0ms, "m", kOther));
  CHECK(filter.effect(7) == FaultEffect{.dropped = 2});
  CHECK(filter.totals().dropped_cut == 2);
  CHECK(filter.waiting() == 0);
  filter.rules({});
  CHECK(filter.idle());
  CHECK(filter.passes(0ms));
  CHECK(filter.effect(7).total() == 2);  // what it did stays known
}

// The two directions are two filters.
TEST_CASE("one way is a rule at one end") {
  Filter one;
  FaultFilter other(kPeer, {});
  one.rules({cut(0, Cut::kDrop)});
  CHECK_FALSE(one.passes(0ms));
  CHECK(other.admit(at(0ms), kSelf, kDatagram, "m") == Verdict::kPass);
}

TEST_CASE("a hold keeps the order and goes on at the heal") {
  Filter filter;
  filter.rules({cut(3, Cut::kHold)});
  for (const char* text : {"a", "b", "c"}) CHECK_FALSE(filter.passes(1ms, text));
  CHECK(filter.held(kPeer) == 3);
  CHECK(filter.waiting() == 3);
  CHECK(filter.due(1h).empty());
  CHECK(filter.effect(3) == FaultEffect{.held = 3});
  filter.rules({}, 5ms);
  CHECK_FALSE(filter.idle());  // they still wait
  CHECK(filter.held(kPeer) == 0);
  CHECK(filter.next_due() == at(5ms));
  CHECK(filter.due(5ms) == Texts{"a", "b", "c"});
  CHECK(filter.idle());
}

TEST_CASE("a cut of a zmq link holds, and its first retransmission after the heal brings all in order") {
  Filter filter(LinkKind::kZmq);
  filter.rules({cut(0, Cut::kDrop)});
  CHECK_FALSE(filter.passes(100ms, "a"));
  CHECK_FALSE(filter.passes(900ms, "b"));
  CHECK(filter.effect(0) == FaultEffect{.held = 2});
  // The first one was sent again 200, 600, 1400 ms later.
  filter.rules({}, 1s);
  CHECK(filter.next_due() == at(1500ms));
  // What is sent meanwhile waits behind it.
  CHECK_FALSE(filter.passes(1200ms, "c"));
  CHECK(filter.due(1499ms).empty());
  CHECK(filter.due(1500ms) == Texts{"a", "b", "c"});
  CHECK(filter.passes(1501ms, "d"));
}

TEST_CASE("a retransmission's back-off ends at its maximum") {
  Filter filter(FaultFilterOptions{.kind = LinkKind::kZmq, .retransmit_min = 1s, .retransmit_max = 4s});
  filter.rules({cut(0, Cut::kHold)});
  CHECK_FALSE(filter.passes(0s, "a"));
  filter.rules({}, 20s);
  CHECK(filter.next_due() == at(1s + 2s + 4s + 4s + 4s + 4s + 4s));
}

TEST_CASE("a cut that delays adds its delay, and several add up") {
  Filter filter;
  filter.rules({cut(0, Cut::kDelay, 30ms), cut(1, Cut::kDelay, 20ms)});
  CHECK_FALSE(filter.passes(0ms, "a"));
  CHECK(filter.next_due() == at(50ms));
  CHECK(filter.due(49ms).empty());
  CHECK(filter.due(50ms) == Texts{"a"});
  CHECK(filter.effect(0) == FaultEffect{.delayed = 1});
  CHECK(filter.effect(1) == FaultEffect{.delayed = 1});
}

TEST_CASE("a cut wins over loss and latency") {
  Filter filter;
  filter.rules({lossy(0, kAlways), slow(1, constantly(10ms)), cut(2, Cut::kHold), cut(3, Cut::kDelay, 5ms)});
  CHECK_FALSE(filter.passes(0ms));
  CHECK(filter.effect(0).total() == 0);
  CHECK(filter.effect(1).total() == 0);
  CHECK(filter.effect(2) == FaultEffect{.held = 1});
  CHECK(filter.effect(3).total() == 0);
  // And of two cuts the drop wins.
  filter.rules({cut(2, Cut::kHold), cut(4, Cut::kDrop)});
  CHECK_FALSE(filter.passes(0ms));
  CHECK(filter.effect(4) == FaultEffect{.dropped = 1});
  CHECK(filter.effect(2) == FaultEffect{.held = 1});
}

TEST_CASE("what is held meets the rules of the heal") {
  Filter filter;
  filter.rules({cut(0, Cut::kHold)});
  CHECK_FALSE(filter.passes(0ms, "a"));
  // Still cut by another one: it stays.
  filter.rules({cut(1, Cut::kHold)}, 1ms);
  CHECK(filter.held(kPeer) == 1);
  SUBCASE("latency") {
    filter.rules({slow(2, constantly(10ms))}, 2ms);
    CHECK(filter.next_due() == at(12ms));
    CHECK(filter.effect(2) == FaultEffect{.delayed = 1});
  }
  SUBCASE("loss") {
    filter.rules({lossy(2, kAlways)}, 2ms);
    CHECK(filter.waiting() == 0);
    CHECK(filter.effect(2) == FaultEffect{.dropped = 1});
  }
}

TEST_CASE("loss is lost on a datagram, and time on a stream") {
  Filter filter;
  filter.rules({lossy(0, kAlways)});
  CHECK_FALSE(filter.passes(0ms));
  CHECK(filter.effect(0) == FaultEffect{.dropped = 1});
  CHECK(filter.totals().dropped_loss == 1);
  CHECK(filter.waiting() == 0);
  CHECK_FALSE(filter.passes(0ms, "s", kPeer, kStream));
  CHECK(filter.waiting() == 1);
  CHECK(filter.effect(0) == FaultEffect{.dropped = 1, .delayed = 1});
  CHECK(*filter.next_due() > at(200ms));
}

TEST_CASE("loss takes its share, each peer by draws of its own") {
  const auto fates = [](bool with_other) {
    Filter filter;
    FaultRule rule = lossy(0, *Ratio::of(1, 4));
    rule.peers = {kPeer, kOther};
    filter.rules({rule});
    std::string seen;
    for (int i = 0; i < 4000; ++i) {
      if (with_other) (void)filter.passes(0ms, "m", kOther);
      seen += filter.passes(0ms) ? '+' : '-';
    }
    return seen;
  };
  const std::string alone = fates(false);
  const auto lost = std::count(alone.begin(), alone.end(), '-');
  CHECK(lost > 850);  // 1000, and five standard deviations of 27
  CHECK(lost < 1150);
  CHECK(fates(true) == alone);
}

TEST_CASE("another seed, node or peer has other weather") {
  const auto fates = [](NodeId self, std::uint64_t seed, NodeId to) {
    FaultFilter filter(self, {.seed = seed});
    FaultRule rule = lossy(0, *Ratio::of(1, 2));
    rule.peers = {to};
    REQUIRE(filter.set_rules({rule}, at(0ms)).has_value());
    std::string seen;
    for (int i = 0; i < 64; ++i) seen += filter.admit(at(0ms), to, kDatagram, "m") == Verdict::kPass ? '+' : '-';
    return seen;
  };
  const std::string one = fates(kSelf, 1, kPeer);
  CHECK(fates(kSelf, 1, kPeer) == one);
  CHECK(fates(kSelf, 2, kPeer) != one);
  CHECK(fates(kOther, 1, kPeer) != one);
  CHECK(fates(kSelf, 1, kOther) != one);
}

TEST_CASE("a duplicate is sent once more") {
  Filter filter;
  FaultRule twice = rule(0);
  twice.duplicate = kAlways;
  filter.rules({twice});
  CHECK(filter.passes(0ms, "a"));
  CHECK(filter.due(0ms) == Texts{"a"});
  CHECK(filter.effect(0) == FaultEffect{.duplicated = 1});
  filter.rules({twice, slow(1, constantly(4ms))});
  CHECK_FALSE(filter.passes(0ms, "b"));
  CHECK(filter.due(4ms) == Texts{"b", "b"});
}

TEST_CASE("one that is put behind is overtaken") {
  Filter filter;
  FaultRule behind = rule(0);
  behind.reorder = *Ratio::of(1, 2);
  behind.reorder_delay = constantly(10ms);
  filter.rules({behind});
  Texts sent;
  Texts arrived;
  for (int i = 0; i < 100; ++i) {
    sent.push_back(std::to_string(i));
    if (filter.passes(1ms * i, sent.back())) arrived.push_back(sent.back());
    for (std::string& text : filter.due(1ms * i)) arrived.push_back(std::move(text));
  }
  for (std::string& text : filter.due(1h)) arrived.push_back(std::move(text));
  CHECK_FALSE(arrived == sent);
  std::sort(arrived.begin(), arrived.end());
  std::sort(sent.begin(), sent.end());
  CHECK(arrived == sent);
  CHECK(filter.effect(0).reordered > 25);
  CHECK(filter.effect(0).total() == filter.effect(0).reordered);
}

// With every fault there is: a connection stays one.
TEST_CASE("a zmq link is in order and loses nothing, whatever the delays are") {
  const auto arrivals = [](LinkKind kind) {
    Filter filter(kind);
    FaultRule bad = slow(0, *DurationDistribution::uniform(0ms, 50ms));
    bad.loss = *Ratio::of(1, 10);
    bad.duplicate = *Ratio::of(1, 10);
    bad.reorder = *Ratio::of(1, 10);
    bad.reorder_delay = constantly(100ms);
    filter.rules({bad});
    Texts arrived;
    for (int i = 0; i < 1000; ++i) {
      // The loop of a node comes late now and then, and takes what is due after it sent.
      const std::string text = std::to_string(i);
      if (filter.passes(1ms * i, text)) arrived.push_back(text);
      if (i % 7 != 0) continue;
      for (std::string& due : filter.due(1ms * i)) arrived.push_back(std::move(due));
      if (i == 700) filter.rules({}, 700ms);  // and the last ones wait for what is on its way
    }
    for (std::string& due : filter.due(1h)) arrived.push_back(std::move(due));
    CHECK(filter.waiting() == 0);
    return arrived;
  };
  Texts sent;
  for (int i = 0; i < 1000; ++i) sent.push_back(std::to_string(i));
  CHECK(arrivals(LinkKind::kZmq) == sent);
  const Texts datagrams = arrivals(LinkKind::kUdp);
  CHECK_FALSE(std::is_sorted(datagrams.begin(), datagrams.end(),
                             [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); }));
}

TEST_CASE("the last rule that sets a value has its way, each value on its own") {
  Filter filter;
  filter.rules({slow(0, constantly(10ms)), lossy(1, kAlways), slow(2, constantly(30ms)), lossy(3, kNever)});
  CHECK_FALSE(filter.passes(0ms));
  CHECK(filter.next_due() == at(30ms));
  CHECK(filter.effect(0).total() == 0);  // the same without it
  CHECK(filter.effect(1).total() == 0);
  CHECK(filter.effect(2) == FaultEffect{.delayed = 1});
  CHECK(filter.effect(3) == FaultEffect{.spared = 1});
}

TEST_CASE("the scenario's network itself is credited to nobody, and what softens it is") {
  Filter filter;
  filter.rules({slow({}, constantly(10ms))});
  CHECK_FALSE(filter.passes(0ms));
  CHECK(filter.effects().empty());
  filter.rules({slow({}, constantly(10ms)), slow(1, constantly(2ms))});
  CHECK_FALSE(filter.passes(0ms));
  CHECK(filter.effect(1) == FaultEffect{.sooner = 1});
}

TEST_CASE("an event of several rules is credited once") {
  Filter filter;
  filter.rules({cut(5, Cut::kDrop), cut(5, Cut::kDrop)});
  CHECK_FALSE(filter.passes(0ms));
  CHECK(filter.effect(5) == FaultEffect{.dropped = 1});
}

TEST_CASE("beyond a bound the newest is dropped, and counted") {
  SUBCASE("held for a peer") {
    Filter filter(FaultFilterOptions{.held_per_peer = 2});
    filter.rules({cut(0, Cut::kHold)});
    for (const char* text : {"a", "b", "c"}) CHECK_FALSE(filter.passes(0ms, text));
    CHECK(filter.effect(0) == FaultEffect{.dropped = 1, .held = 2});
    CHECK(filter.totals().dropped_queue == 1);
    filter.rules({});
    CHECK(filter.due(0ms) == Texts{"a", "b"});
  }
  SUBCASE("messages that wait") {
    Filter filter(FaultFilterOptions{.max_waiting = 2});
    filter.rules({slow(0, constantly(1s))});
    for (const char* text : {"a", "b", "c"}) CHECK_FALSE(filter.passes(0ms, text));
    CHECK(filter.effect(0) == FaultEffect{.dropped = 1, .delayed = 2});
    CHECK(filter.totals().dropped_queue == 1);
    CHECK(filter.due(1s) == Texts{"a", "b"});
    CHECK_FALSE(filter.passes(1s, "d"));
    CHECK(filter.waiting() == 1);
  }
  SUBCASE("bytes that wait") {
    Filter filter(FaultFilterOptions{.max_waiting_bytes = 10});
    filter.rules({cut(0, Cut::kHold)});
    CHECK_FALSE(filter.passes(0ms, "12345678"));
    CHECK_FALSE(filter.passes(0ms, "123"));
    CHECK_FALSE(filter.passes(0ms, "12"));
    CHECK(filter.effect(0) == FaultEffect{.dropped = 1, .held = 2});
    filter.rules({});
    CHECK(filter.due(0ms) == Texts{"12345678", "12"});
    filter.rules({cut(0, Cut::kHold)});
    CHECK_FALSE(filter.passes(0ms, "1234567890"));
    CHECK(filter.held(kPeer) == 1);
  }
  SUBCASE("duplicates") {
    Filter filter(FaultFilterOptions{.max_waiting = 1});
    FaultRule twice = rule(0);
    twice.duplicate = kAlways;
    filter.rules({twice});
    CHECK(filter.passes(0ms, "a"));
    CHECK(filter.passes(0ms, "b"));
    CHECK(filter.due(0ms) == Texts{"a"});
    CHECK(filter.effect(0) == FaultEffect{.duplicated = 1});
  }
}

TEST_CASE("rules that are none are refused, and those in force stay") {
  Filter filter;
  filter.rules({cut(0, Cut::kDrop)});
  std::vector<FaultRule> bad;
  SUBCASE("too many") { bad.assign(kMaxFaultRules + 1, rule(0)); }
  SUBCASE("an event out of range") { bad = {rule(kMaxFaultEvents)}; }
  SUBCASE("a delay below zero") { bad = {cut(0, Cut::kDelay, -1ns)}; }
  SUBCASE("a delay without end") { bad = {cut(0, Cut::kDelay, Duration::max())}; }
  SUBCASE("too many peers") {
    bad = {rule(0)};
    for (std::uint64_t i = 0; i <= kMaxFaultPeers; ++i) bad.front().peers.push_back(NodeId{100 + i});
  }
  const auto set = filter.set_rules(bad, at(0ms));
  REQUIRE_FALSE(set.has_value());
  CHECK(set.error().code == ErrorCode::kInvalidArgument);
  CHECK_FALSE(filter.passes(0ms));
}

TEST_CASE("a dead peer's connection takes what was held with it") {
  Filter filter(LinkKind::kZmq);
  filter.rules({slow(0, constantly(10ms))});
  CHECK_FALSE(filter.passes(0ms, "on its way"));
  filter.rules({cut(1, Cut::kHold)});
  CHECK_FALSE(filter.passes(0ms, "held"));
  filter.forget(kPeer);
  filter.forget(kOther);  // of whom nothing is known
  CHECK(filter.held(kPeer) == 0);
  CHECK(filter.waiting() == 1);
  CHECK(filter.totals().dropped_forgot == 1);
  // The next life waits for nothing.
  filter.rules({}, 1ms);
  CHECK(filter.passes(1ms, "new"));
  CHECK(filter.due(10ms) == Texts{"on its way"});
  CHECK(filter.idle());
  CHECK(filter.passes(10ms, "newer"));
}

TEST_CASE("a parcel knows where it was going") {
  Filter filter;
  filter.rules({slow(0, constantly(1ms))});
  CHECK(filter.admit(at(0ms), kPeer, kDatagram, std::string_view("\0x", 2), 42) == Verdict::kTaken);
  const auto parcel = filter.pop_due(at(1ms));
  REQUIRE(parcel.has_value());
  CHECK(parcel->to == kPeer);
  CHECK(parcel->route == 42);
  CHECK(parcel->bytes.view() == std::string_view("\0x", 2));
}

}  // namespace
}  // namespace hearsay::transport
