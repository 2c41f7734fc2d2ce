#include "core/membership/swim_config.hpp"

#include <array>

#include "core/membership/swim.hpp"
#include "core/membership/swim_strategy.hpp"

namespace hearsay {

namespace {

constexpr std::array<Preset, 3> kSwimPresets{{
    {"lan", "one data centre: memberlist's default"},
    {"wan", "members far apart: slower probes, longer timeouts, one more peer a gossip"},
    {"local", "one machine: short timeouts, fewer copies, one relay"},
}};

constexpr std::array<std::string_view, 2> kProbeOrders{"round-robin", "random"};
constexpr std::array<std::string_view, 2> kRejoins{"none", "push-pull"};

void visit_detection(SwimConfig& c, ParamVisitor& v) {
  v.duration(
      "probe_interval", c.probe_interval, {1ms, 1h},
      "time between two probes of a member, each of one other member. Lower detects failures sooner; messages and "
      "wrong accusations on a slow network grow in proportion");
  v.duration(
      "probe_timeout", c.probe_timeout, {1ms, 1h},
      "wait for an answer to a direct probe before others are asked to try; at most probe_interval. Set it to the "
      "99th percentile of the round trip: lower asks for help too often, higher leaves the helpers less time");
  v.choice("probe_order", c.probe_order, kProbeOrders,
           "round-robin visits every member once a round in a random order, so that a crash is found within 2n - 1 "
           "intervals; random draws each target anew, as SWIM's first variant: no bound, the same mean for large n "
           "(hearsay's own; memberlist is round-robin)");
  v.integer("indirect_checks", c.indirect_checks, {0, 16}, "members",
            "how many others are asked to probe a member that did not answer. More survive more loss before a false "
            "accusation, at up to four messages each a failed probe; 0 trusts the direct probe alone");
  v.share(
      "nack_share", c.nack_share,
      "part of probe_timeout after which a helper without an answer says so. Lifeguard's paper has 80%; memberlist's "
      "code has 1, where with its LAN timing the nacks of a first failed probe come too late, and a healthy member "
      "that finds a dead one doubts itself. Lower reports sooner, and calls slow answers missing (hearsay's own; "
      "memberlist has 1)");
  v.boolean("disable_tcp_pings", c.disable_tcp_pings,
            "leave out the last try over a stream. On: a link that loses datagrams but carries streams makes healthy "
            "members suspects; off: such a link goes unnoticed for longer");
  v.integer(
      "awareness_max_multiplier", c.awareness_max_multiplier, {1, 64}, "times",
      "how far a member that doubts its own health stretches its failed probes (Lifeguard); 1 turns it off. Higher "
      "keeps a slow member from accusing healthy ones, and makes it detect real failures later");
}

void visit_suspicion(SwimConfig& c, ParamVisitor& v) {
  v.integer(
      "suspicion_mult", c.suspicion_mult, {1, 32}, "times",
      "least time under suspicion before death, times max(1, log10 n) * probe_interval; two less (at most 7) "
      "confirmations by others bring it down to that. Lower declares death sooner, higher leaves an accused member "
      "more time to refute");
  v.integer("suspicion_max_timeout_mult", c.suspicion_max_timeout_mult, {1, 64}, "times",
            "longest time under suspicion, in least ones: what one accuser nobody confirms has to wait. Lower lets an "
            "isolated or slow accuser kill sooner; higher delays detection where few members can confirm");
  v.integer(
      "suspicion_limit", c.suspicion_limit, {1, 1 << 20}, "suspicions",
      "suspects a member keeps on the clock at once, 72 bytes each while they last. Beyond it a suspect is not "
      "timed until the next probe of it fails, so that a large loss of members is declared later (hearsay's own)");
}

void visit_gossip(SwimConfig& c, ParamVisitor& v) {
  v.duration("gossip_interval", c.gossip_interval, {1ms, 1h},
             "time between two gossips while there is news that found no probe to ride on. Lower spreads it sooner, at "
             "more messages a second while there is news");
  v.integer(
      "gossip_nodes", c.gossip_nodes, {0, 64}, "members",
      "random members a gossip goes to. More spread news faster at as many messages each; 0 leaves it to the probes");
  v.duration("gossip_to_the_dead_time", c.gossip_to_the_dead_time, {0ns, 24h},
             "how long a dead member is still gossiped to, so that it can refute. Longer heals more splits by chance; "
             "shorter wastes less on the truly dead");
  v.integer(
      "retransmit_mult", c.retransmit_mult, {1, 32}, "times",
      "how often a member passes an update on, times ceil(log10(n + 1)). Lower saves bytes and leaves more members "
      "to the next full sync");
  v.size("udp_buffer_size", c.udp_buffer_size, {128, 65507},
         "largest datagram with its envelope; updates ride while there is room. Above the path's MTU datagrams are "
         "fragmented, and one lost fragment loses all; lower carries fewer updates a message");
  v.integer(
      "queue_limit", c.queue_limit, {1, 1 << 15}, "updates",
      "updates waiting to be passed on, about 30 bytes each. Beyond it those passed on most often go first; lower "
      "saves memory and loses news when many members change at once, which full syncs then repair (hearsay's own)");
}

void visit_sync(SwimConfig& c, ParamVisitor& v) {
  v.duration("push_pull_interval", c.push_pull_interval, {0ns, 24h},
             "time between two exchanges of the full state with a random member, times ceil(log2(n) - 5) + 1 above 32 "
             "members; 0 for never. Lower repairs sooner what gossip missed, at n entries each way");
  v.duration(
      "join_retry_interval", c.join_retry_interval, {1ms, 24h},
      "wait before seeds that did not answer are asked again, as long as nobody else is known (serf's agent waits "
      "30 s). Lower joins sooner once a seed is up, and knocks more often meanwhile (serf's)");
  v.boolean(
      "introduce", c.introduce,
      "a seed tells every member at once who joined through it. On: nodes that start together know each other two "
      "trips "
      "and a millisecond after the last one asked, at up to one message a member and join; off: the members learn of a "
      "joiner by gossip, which takes some rounds and costs less (memberlist has none; in ZeroMQ's RFC 36, ZRE, a "
      "joiner "
      "says HELLO to every peer)");
  v.boolean(
      "warm_start", c.warm_start,
      "begin a node's first life believing that every node of the directory lives, and ask no seed: a cluster that "
      "has been up for long, for experiments with thousands of members. Off: members join through the seeds (hearsay's "
      "own)");
  v.choice("rejoin", c.rejoin, kRejoins,
           "how a split that lasted heals: none leaves it to gossip to the dead, as memberlist does, and it need not; "
           "push-pull exchanges the full state with a failed member now and then, as serf does (serf's; memberlist is "
           "none)");
  v.duration("reconnect_interval", c.reconnect_interval, {1ms, 24h},
             "with rejoin = push-pull, time between two tries, each made with probability failed / alive, so that the "
             "cluster tries each failed member once. Lower heals sooner, and knocks more often at the dead (serf's)");
  v.duration(
      "reconnect_timeout", c.reconnect_timeout, {1ms, kTenYears},
      "how long a failed member is remembered and tried. Lower frees memory sooner; a split that lasts longer does "
      "not heal, and a stale life sign can then bring the dead back for a while (serf's)");
  v.duration("tombstone_timeout", c.tombstone_timeout, {1ms, kTenYears},
             "how long a member that left is remembered. Lower frees memory sooner and lets a stale life sign bring it "
             "back for a while (serf's)");
}

}  // namespace

std::span<const Preset> SwimConfig::presets() { return kSwimPresets; }

void SwimConfig::use_preset(std::size_t index) {
  HEARSAY_CHECK(index < kSwimPresets.size());
  *this = SwimConfig{};
  if (kSwimPresets[index].name == "wan") {
    probe_interval = 5s;
    probe_timeout = 3s;
    suspicion_mult = 6;
    gossip_interval = 500ms;
    gossip_nodes = 4;
    gossip_to_the_dead_time = 60s;
    push_pull_interval = 60s;
  } else if (kSwimPresets[index].name == "local") {
    probe_timeout = 200ms;
    indirect_checks = 1;
    suspicion_mult = 3;
    retransmit_mult = 2;
    gossip_interval = 100ms;
    gossip_to_the_dead_time = 15s;
    push_pull_interval = 15s;
  }
}

void SwimConfig::visit(ParamVisitor& v) {
  visit_detection(*this, v);
  visit_suspicion(*this, v);
  visit_gossip(*this, v);
  visit_sync(*this, v);
}

Result<void> SwimConfig::check() const {
  if (probe_timeout > probe_interval) {
    return invalid(
        "probe_timeout must not exceed probe_interval: nobody could be asked to help before the probe has failed");
  }
  return {};
}

std::shared_ptr<const Component> SwimConfig::build() const { return std::make_shared<SwimStrategy>(*this); }

CatalogueEntry swim_entry() { return entry_of<SwimConfig>(); }

}  // namespace hearsay
