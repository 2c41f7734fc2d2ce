// A plan: a scenario with every default filled in and every name resolved. What a driver executes (the simulator, or
// the controller of a real run) and what the measurement judges by. Plain values; immutable once read; safe to share
// between threads that only read.
//
// Random choices a scenario leaves open ("3 random nodes") are resolved per seed by resolve(), so that all seeds share
// one plan.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/ids.hpp"
#include "core/base/ratio.hpp"
#include "core/base/time.hpp"
#include "core/kv/request.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/protocol/directory.hpp"

namespace hearsay::plan {

inline constexpr std::uint32_t kMaxNodes = 4'000'000;

// A place in a scenario file: 1-based.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// ---- who -----------------------------------------------------------------------------------------------------------

// Name, weight and zone are in Plan::directory. Eight bytes: a million nodes are a plan too.
struct NodeSpec {
  std::uint16_t group = 0;   // index into Plan::groups
  std::uint16_t region = 0;  // index into Plan::regions
  bool present = true;       // false: comes with a join event
};

struct Group {
  std::string name;
};

// Nodes of an event, a client or an op: named ones, or a number drawn at random from a pool.
struct NodeSet {
  std::vector<NodeSlot> nodes;        // ascending; the pool when `draw` is set
  std::optional<std::uint32_t> draw;  // this many of them, at random, by seed
  std::string text;                   // as the scenario says it, for reports
};

// The nodes meant, ascending. `stream` tells one random choice of a run from another (an event's index, say).
std::vector<NodeSlot> resolve(const NodeSet& set, std::uint64_t seed, std::uint64_t stream);

// ---- the network ---------------------------------------------------------------------------------------------------

enum class LinkKind : std::uint8_t {
  kUdp,  // each message on its own: lost, duplicated, reordered
  kZmq,  // per pair ordered and not lost while the link is up: held across a cut and replayed, dropped beyond the
         // high-water mark
};

// How one message fares between two regions.
struct LinkSpec {
  DurationDistribution latency;  // one way; minimum at least 1 ns
  Ratio loss;
  Ratio duplicate;
  Ratio reorder;  // share of messages delayed by reorder_delay on top, so that later ones overtake
  DurationDistribution reorder_delay;
};

struct NetworkSpec {
  LinkKind kind = LinkKind::kUdp;
  // regions x regions, row = sender's region. One region: one entry.
  std::vector<LinkSpec> links;
  // A node's uplink; 0 = unlimited. A message waits for those before it; beyond queue_bytes waiting it is dropped.
  std::int64_t bandwidth_bits = 0;  // per second
  std::int64_t queue_bytes = 0;
  // zmq: messages held per pair while it is cut; the newest is dropped beyond (as ZMQ_SNDHWM does).
  std::uint32_t high_water_mark = 1000;
  // zmq and streams: a lost or held segment is sent again after this, doubling up to the maximum (TCP, RFC 6298).
  Duration retransmit_min = 200ms;
  Duration retransmit_max = 120s;
};

// ---- clocks --------------------------------------------------------------------------------------------------------

struct ClockSpec {
  NodeSet nodes;
  DurationDistribution offset;    // of the wall clock; drawn per node
  bool offset_both_ways = true;   // the drawn offset is ahead or behind with equal chance
  bool offset_behind = false;     // otherwise: behind instead of ahead
  double drift_ppm = 0.0;         // both clocks run fast by this (negative: slow)
  double drift_ppm_spread = 0.0;  // drawn uniformly in +- this, on top
};

// ---- workload ------------------------------------------------------------------------------------------------------

struct OpSpec {
  Duration at{};
  NodeSlot node = kNoSlot;
  OpKind op = OpKind::kGet;
  std::string key;
  std::string value;
  Duration ttl{0};  // 0 = never expires
  Place place;
};

// Clients issue requests at nodes.
struct ClientSpec {
  std::string name;
  NodeSet nodes;  // one client per node and `per_node`
  std::uint32_t per_node = 1;
  bool open_loop = true;
  double rate_hz = 1.0;        // open loop: mean arrivals of each client, exponential gaps unless `steady`
  bool steady = false;         // open loop: equal gaps (with a random phase)
  DurationDistribution think;  // closed loop: pause between an answer and the next request
  Duration start{0};
  Duration stop{};  // of issuing; defaults to the scenario's end
  std::uint32_t put_weight = 1;
  std::uint32_t get_weight = 1;
  std::uint32_t del_weight = 0;
  enum class Popularity : std::uint8_t { kUniform, kZipf, kSequential };
  Popularity popularity = Popularity::kUniform;
  double zipf_exponent = 0.99;
  std::uint64_t keys = 1000;  // "prefix0" .. "prefix<keys-1>"
  std::string key_prefix = "key-";
  IntDistribution value_bytes;
  std::optional<DurationDistribution> ttl;  // nothing: never expires
  Place place;
};

// ---- the time line -------------------------------------------------------------------------------------------------

struct Partition {
  std::string name;            // heal refers to it; unique among those active
  std::vector<NodeSet> sides;  // disjoint; nodes on no side form one more side with each other, unless empty
  bool rest_is_side = true;
  // allowed[i][j]: side i reaches side j. Symmetric complete partition: the identity. One way, bridge, majorities:
  // others.
  std::vector<std::vector<bool>> allowed;
  enum class Mode : std::uint8_t { kDrop, kDelay, kHold };
  Mode mode = Mode::kDrop;
  Duration delay{0};  // of kDelay, on top of the latency
};
struct Heal {
  std::string partition;  // empty: all
};
// A partition that comes and goes: cut for duty x period, whole for the rest.
struct Flap {
  Partition partition;
  Duration period{};
  double duty = 0.5;
  Duration until{};  // ends healed
};
// Overrides of the network for messages between nodes of the sets, until `until`; each value replaces the link's own.
struct LinkChange {
  NodeSet from;
  NodeSet to;
  bool both_ways = true;
  std::optional<Ratio> loss;
  std::optional<Ratio> duplicate;
  std::optional<Ratio> reorder;
  std::optional<DurationDistribution> latency;
  std::optional<DurationDistribution> reorder_delay;
  std::optional<Duration> until;
};
struct Crash {
  NodeSet nodes;
  std::optional<Duration> restart_after;  // each node comes back this much later
  bool keep_state = false;                // when it restarts
};
struct Restart {
  NodeSet nodes;  // must be down
  bool keep_state = false;
};
// One after the other: crash, wait `down`, restart, wait `pause`.
struct RollingRestart {
  NodeSet nodes;
  Duration down{};
  Duration pause{};
  bool keep_state = true;
  bool leave_first = false;  // leaves before it stops
};
struct Pause {
  NodeSet nodes;
  std::optional<Duration> resume_after;
};
struct Resume {
  NodeSet nodes;
};
struct Join {
  NodeSet nodes;       // not present yet, or left
  Duration spread{0};  // evenly over this long
};
struct Leave {
  NodeSet nodes;
  Duration grace = 1s;  // between telling the others and stopping
};
// Each input takes the node this long; later ones wait in line.
struct SlowNode {
  NodeSet nodes;
  Duration step{};
  std::optional<Duration> until;
};
struct ClockChange {
  NodeSet nodes;
  Duration step{0};                 // wall clock jumps by this, either way
  std::optional<double> drift_ppm;  // both clocks run at this drift from now on
};
// Nodes fail and come back at random, each with exponential times up and down.
struct Churn {
  NodeSet nodes;
  Duration mean_up{};
  Duration mean_down{};
  bool keep_state = false;
  Duration until{};
};
struct WorkloadChange {
  std::string client;  // name of a client
  std::optional<double> rate_hz;
  std::optional<std::uint32_t> put_weight, get_weight, del_weight;
};

using Action = std::variant<Partition, Heal, Flap, LinkChange, Crash, Restart, RollingRestart, Pause, Resume, Join,
                            Leave, SlowNode, ClockChange, Churn, WorkloadChange>;

struct Event {
  Duration at{};
  std::string label;  // unique; "partition@10s" unless the scenario names it
  Action action;
  Place place;
};

std::string_view kind_of(const Action& action);  // "partition", "heal", ...

// ---- expectations --------------------------------------------------------------------------------------------------

struct Expectation {
  std::string metric;         // a metric's name, or an invariant's with neither bound
  std::optional<double> min;  // in the metric's unit
  std::optional<double> max;
  // By which share, from 0 to 1, its bounds are widened in a real run, instead of by the run's own; of an invariant
  // none.
  std::optional<double> tolerance;
  std::string text;  // as the scenario says it
  Place place;
};

// ---- everything ----------------------------------------------------------------------------------------------------

// A role's strategy and its parameters.
struct StrategyChoice {
  const CatalogueEntry* entry = nullptr;
  std::string preset;  // empty: defaults
  std::shared_ptr<const StrategyConfig> config;
};

struct MeasureSpec {
  Duration sample_interval = 1s;  // of series
  bool views = true;              // view convergence and failure detection; a bit a pair of nodes
  bool ring = true;               // ring disagreement (needs the views)
  bool values = true;             // value convergence and expiry (needs the keys)
};

struct Plan {
  std::string file;    // as given; empty for a plan made in code
  std::string source;  // the file's text, for the run folder
  std::string name;
  std::string question;
  std::uint64_t seed = 1;
  Duration duration{};
  Duration start_spread{0};  // nodes present at the start come up evenly over this long

  std::vector<Group> groups;
  std::vector<std::string> regions;
  Directory directory{kMaxNodes};  // names, weights, zones
  std::vector<NodeSpec> nodes;     // index = slot in the directory
  NodeSet seeds;                   // whom a starting node asks first

  StrategyChoice membership;
  StrategyChoice dissemination;
  StrategyChoice replication;
  StrategyChoice ring;

  NetworkSpec network;
  std::vector<ClockSpec> clocks;
  std::vector<ClientSpec> clients;
  std::vector<OpSpec> ops;    // ascending by time
  std::vector<Event> events;  // ascending by time
  std::vector<Expectation> expectations;
  MeasureSpec measure;
  bool shared_views = true;  // false: a private array a node (slower, same fingerprint)
};

}  // namespace hearsay::plan
