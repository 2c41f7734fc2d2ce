// What each verb of the program does; the options are parsed already. Each returns an exit code.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "core/base/time.hpp"
#include "core/kv/kv.hpp"
#include "core/protocol/role.hpp"
#include "transport/kv_options.hpp"
#include "transport/security.hpp"

namespace hearsay::cli {

// The simulator ------------------------------------------------------------------------------------------------------

struct RunSettings {
  enum class On : std::uint8_t { kSimulated, kZmq };
  std::string file;
  On on = On::kSimulated;
  bool processes = false;              // on zmq: a process a node
  std::string tolerance;               // on zmq: "20%", as a scenario has a share; empty: kDefaultTolerance
  std::optional<std::uint64_t> seed;   // otherwise the scenario's
  std::uint32_t runs = 1;              // seeds seed, seed + 1, ...
  std::uint32_t jobs = 0;              // 0: as many as there are cores
  std::vector<std::string> overrides;  // key=value
  std::string out = "runs";
  bool json = false;
  bool wire = false;
  bool quiet = false;
  ColorChoice color = ColorChoice::kAuto;
};

inline constexpr double kDefaultTolerance = 0.2;

int run(const RunSettings& settings);

struct CheckSettings {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
  bool json = false;
};

int check(const CheckSettings& settings);

struct ListSettings {
  std::string role;  // empty: all roles
  std::string name;  // empty: all strategies of the role
  bool json = false;
  ColorChoice color = ColorChoice::kAuto;
};

int list(const ListSettings& settings);

// Rings alone, without a cluster: NAME or NAME:parameter=value,... of the catalogue.
struct RingCompareSettings {
  std::vector<std::string> rings;  // empty: all of them
  std::vector<std::string> nodes{"10", "100", "1000"};
  std::uint64_t keys = 100'000;
  std::uint32_t sets = 5;
  std::uint64_t seed = 1;
  bool no_times = false;  // figures that are the same on every machine alone
  std::string scenario;   // a file, to run with each ring; empty: none
  bool json = false;
};

int ring_compare(const RingCompareSettings& settings);

// The skeleton of a strategy of one's own, as a plug-in.
struct NewSettings {
  Role role = Role::kRing;
  std::string name;
  std::string folder;
};

int new_strategy(const NewSettings& settings);

struct RingCheckSettings {
  std::vector<std::string> rings;
  std::uint32_t trials = 200;
  std::uint64_t seed = 1;
  bool json = false;
};

int ring_check(const RingCheckSettings& settings);

struct RingLookupSettings {
  std::string ring;
  std::vector<std::string> keys;
  std::vector<std::string> members;  // NAME or NAME=WEIGHT
  std::string members_file;          // one a line
  std::uint32_t replicas = 1;
  bool json = false;
};

int ring_lookup(const RingLookupSettings& settings);

struct CompareSettings {
  std::string left, right;  // run folders, or links to them
  bool json = false;
  ColorChoice color = ColorChoice::kAuto;
};

int compare(const CompareSettings& settings);

// Real sockets -------------------------------------------------------------------------------------------------------

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };

// What a node and a standalone service have in common.
struct ServingSettings {
  std::string name;
  std::string bind = "tcp://127.0.0.1:*";  // "*" takes a free port
  std::string advertise;                   // host by which others reach it; empty: the one it binds
  std::string name_space;
  std::string topic = "go.micro.kv.announce";
  std::string service = "go.micro.kv";
  transport::SecurityOptions security;
  LogLevel log_level = LogLevel::kInfo;
  Duration ready_timeout = 10s;  // until it is ready, or gives up
  bool json = false;             // the ready line as an object
  bool quiet = false;            // no log at all
};

// Of the XSUB/XPUB proxy of a star, as its peers see it: they publish to `xsub` and subscribe to `xpub`.
struct BrokerEndpoints {
  std::string xsub, xpub;
};
// Of "XSUB,XPUB". Pure.
BrokerEndpoints broker_endpoints(const std::string& text);

struct NodeSettings : ServingSettings {
  std::vector<std::string> seed_nodes;  // endpoints to join through; none: it begins a cluster
  std::uint32_t replicas = 1;
  std::string membership = "swim";
  std::string dissemination;  // empty: push, and publish for membership announce
  std::string ring = "karger";
  std::vector<std::string> overrides;  // role.parameter=value; choose_strategies() in node_strategies.hpp reads them
  double weight = 1;
  std::uint32_t zone = 0;
  std::string broker;  // "XSUB,XPUB": broker_endpoints() parts them; empty: a mesh
};

int node(const NodeSettings& settings);

struct ServeSettings : ServingSettings {
  std::uint64_t max_items = std::uint64_t{1} << 24;
  std::int64_t max_bytes = std::int64_t{1} << 30;  // of keys and values together
};

int serve(const ServeSettings& settings);

struct BrokerSettings {
  std::string frontend;  // XSUB, where nodes publish
  std::string backend;   // XPUB, where nodes subscribe
  transport::SecurityOptions security;
  LogLevel log_level = LogLevel::kInfo;
  bool json = false;
  bool quiet = false;
};

int broker(const BrokerSettings& settings);

struct StatusSettings {
  std::string endpoint;
  std::string name_space;
  std::string service = "go.micro.kv";
  transport::SecurityOptions security;
  Duration timeout = 500ms;
  bool json = false;
};

int status(const StatusSettings& settings);

struct KeygenSettings {
  std::string prefix;  // of the two files
  bool json = false;
};

int keygen(const KeygenSettings& settings);

// The key-value store ------------------------------------------------------------------------------------------------

// One call by `hearsay kv VERB`. The backend is as the user named it: of "gossip", kv() is a client of the nodes.
struct KvSettings {
  enum class Op : std::uint8_t { kPut, kGet, kDel, kList, kWatch } op{};
  KvOptions store;
  std::string key;             // of list and watch: the prefix
  std::string value;           // of put; "-" is standard input
  Duration ttl{0};             // of put; 0: it never expires
  std::uint64_t limit = 1000;  // of list
  std::uint64_t count = 0;     // of watch: changes until it ends; 0: any number
  Duration span{0};            // of watch: how long; 0: until it is interrupted
  bool json = false;
  bool quiet = false;
};

using KvOpener = std::function<Result<std::unique_ptr<Kv>>(const KvOptions&)>;

int kv(const KvSettings& settings, const KvOpener& open);

// What is measured ---------------------------------------------------------------------------------------------------

// What the benchmarks have in common. Of `store` they take backend, servers, namespace, timeout and security.
struct BenchSettings {
  KvOptions store;
  std::optional<std::uint64_t> pin;  // the core that all threads stay on; otherwise they are the system's to place
  bool json = false;                 // as Google Benchmark prints it
};

struct BenchStartupSettings : BenchSettings {
  std::vector<std::string> nodes;  // sizes of clusters; empty: 2, 10 and 50
  std::uint32_t repeats = 5;
  bool processes = false;  // clusters of processes, not of threads
};

int bench_startup(const BenchStartupSettings& settings);

struct BenchLookupSettings : BenchSettings {
  std::uint64_t keys = 10'000;
  std::uint64_t value_bytes = 100;
  std::uint32_t threads = 1;
  Duration span = 5s;
  double read_share = 0.95;
  double miss_share = 0;       // of gets: of keys that nobody put
  bool is_zipf = false;        // otherwise all keys are as popular
  std::optional<double> zipf;  // its exponent; 0.99 otherwise
  bool is_open = false;        // calls start when they are due, whether the one before was answered or not
  double rate = 0;             // calls a second of all threads together; 0 (closed loop alone): as fast as answers come
  std::optional<std::uint64_t> nodes;  // to start; 1 otherwise
  std::uint32_t batch = 1;             // keys a call
};

int bench_lookup(const BenchLookupSettings& settings);

struct BenchExpirySettings : BenchSettings {
  std::uint64_t keys = 1'000'000;
  std::uint64_t value_bytes = 32;
  Duration ttl = 10s;  // from the first put; all have one deadline
};

int bench_expiry(const BenchExpirySettings& settings);

}  // namespace hearsay::cli
