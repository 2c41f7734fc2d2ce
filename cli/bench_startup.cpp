// `hearsay bench startup`: how long until a store, a process and a cluster are there.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "cli/bench_cluster.hpp"
#include "cli/bench_report.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/node_process.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/node_client.hpp"

namespace hearsay::cli {

namespace {

using Clock = std::chrono::steady_clock;
using transport::LiveNode;
using transport::Now;

constexpr Duration kStartPatience = 60s;
// Each repeat of each thing, in the order in which they are to be shown.
struct Times {
  std::vector<std::pair<std::string, std::vector<double>>> ns;

  void add(const std::string& name, Clock::duration took) {
    auto found = std::ranges::find(ns, name, &std::pair<std::string, std::vector<double>>::first);
    if (found == ns.end()) found = ns.insert(ns.end(), {name, {}});
    found->second.push_back(std::chrono::duration<double, std::nano>(took).count());
  }
};

// Of others, by their name here; measured once on another machine of two cores, pinned to one: for an idea of the size.
struct Published {
  std::string_view name;
  std::string_view text;
};
constexpr std::array kPublished{
    Published{"process: first get", "redis 6.1, memcached 5.0 (first reply)"},
    Published{"2 nodes: all see all", "zyre 1.0"},
    Published{"10 nodes: all see all", "zyre 22.5, memberlist 404"},
    Published{"50 nodes: all see all", "zyre 335, memberlist 1082"},
};

Result<void> first_put_and_get(Kv& kv, const std::string& what, Clock::time_point begin, Times& times) {
  if (auto put = kv.put({"bench:first", "hello", 1min}); !put) return put;
  times.add(what + ": first put", Clock::now() - begin);
  const auto item = kv.get("bench:first");
  if (!item) return tl::unexpected(item.error());
  times.add(what + ": first get", Clock::now() - begin);
  return {};
}

Result<void> open_store(const KvOptions& options, Times& times) {
  const auto begin = Clock::now();
  auto kv = open_kv(options);
  if (!kv) return tl::unexpected(kv.error());
  times.add("store: ready", Clock::now() - begin);
  return first_put_and_get(**kv, "store", begin, times);
}

// What a node of its own process is given: what the store was given. Its environment has no options.
std::vector<std::string> arguments_of(const KvOptions& store, const std::string& name) {
  std::vector<std::string> arguments{"--name", name};
  const auto add = [&arguments](const char* option, const std::string& value) {
    if (!value.empty()) arguments.insert(arguments.end(), {option, value});
  };
  add("--namespace", store.name_space);
  add("--key-file", store.security.key_file);
  add("--server-key", store.security.server_key);
  add("--allow-file", store.security.allow_file);
  return arguments;
}

// A process from fork on, and a client of it in this one.
Result<void> open_process(const BenchStartupSettings& settings, Times& times) {
  const auto begin = Clock::now();
  auto process = NodeProcess::start(arguments_of(settings.store, "bench"));
  if (!process) return tl::unexpected(process.error());
  const auto endpoint = process->wait_ready(kStartPatience);
  if (!endpoint) return tl::unexpected(endpoint.error());
  times.add("process: ready", Clock::now() - begin);
  KvOptions options = settings.store;
  options.backend = "service";
  options.servers = {*endpoint};
  auto kv = open_kv(options);
  if (!kv) return tl::unexpected(kv.error());
  return first_put_and_get(**kv, "process", begin, times);
}

// Who of a cluster sees all others, by what its nodes report of themselves: to ask them would take their time.
class Complete {
 public:
  explicit Complete(std::uint32_t nodes) : nodes_(nodes), alive_(nodes) {}

  // For one node's observations, which come one at a time.
  void observe(std::uint32_t node, const Observation& observation) {
    std::set<std::uint32_t>& alive = alive_[node];
    const bool was = alive.size() + 1 == nodes_;
    switch (observation.kind) {
      case ObservationKind::kMemberAlive:
        if (observation.peer != observation.node) alive.insert(raw(observation.peer));
        break;
      case ObservationKind::kMemberDead:
      case ObservationKind::kMemberLeft: alive.erase(raw(observation.peer)); break;
      default: return;
    }
    const bool is = alive.size() + 1 == nodes_;
    if (was == is) return;
    if (is) last_ns_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    count_.fetch_add(is ? 1 : -1, std::memory_order_acq_rel);
  }
  bool all() const { return count_.load(std::memory_order_acquire) == static_cast<int>(nodes_); }
  Clock::time_point since() const { return Clock::time_point(Clock::duration(last_ns_.load())); }

 private:
  std::uint32_t nodes_;
  std::vector<std::set<std::uint32_t>> alive_;
  std::atomic<int> count_{0};
  std::atomic<std::int64_t> last_ns_{0};
};

std::string cluster_name(std::uint32_t nodes) { return fmt::format("{} nodes: all see all", nodes); }

tl::unexpected<Error> incomplete(std::uint32_t nodes) {
  return fail(ErrorCode::kTimeout, fmt::format("{} nodes did not find each other within a minute", nodes));
}

Result<void> open_cluster(const KvOptions& given, std::uint32_t count, Times& times) {
  Complete complete(count);
  auto composition = make_composition(given);
  if (!composition) return tl::unexpected(composition.error());
  std::vector<std::unique_ptr<LiveNode>> nodes;
  const auto begin = Clock::now();
  for (std::uint32_t i = 0; i < count; ++i) {
    transport::NodeOptions options = node_options(given);
    options.name = fmt::format("bench-{}", i);
    if (i > 0) options.seeds = {nodes.front()->endpoint()};
    options.observe = [&complete, i](MonoTime, const Observation& observation, const Directory&) {
      complete.observe(i, observation);
    };
    auto node = LiveNode::open(options, *composition);
    if (!node) return tl::unexpected(node.error());
    nodes.push_back(std::move(*node));
  }
  for (Clock::time_point look = begin + kInterruptLook;; std::this_thread::sleep_for(200us)) {
    if (was_interrupted()) return {};
    const auto at = Clock::now();
    if (complete.all()) break;
    if (at < look) continue;
    look = at + kInterruptLook;
    if (at > begin + kStartPatience) return incomplete(count);
  }
  // The reports are believed where the nodes say the same.
  if (!std::ranges::all_of(nodes, [&](const auto& node) { return node->members() == count; })) {
    return fail(ErrorCode::kInternal, "nodes reported members that they do not have");
  }
  times.add(cluster_name(count), complete.since() - begin);
  return {};
}

// The same of processes, which are asked, each until it sees all: so a node may have seen all for as long as a turn.
Result<void> open_process_cluster(const KvOptions& store, std::uint32_t count, Times& times) {
  const auto channel = transport::Channel::make(store.topic, store.service, store.name_space);
  if (!channel) return tl::unexpected(channel.error());
  const auto security = transport::load_security(store.security, false, true);
  if (!security) return tl::unexpected(security.error());
  auto context = transport::make_context();
  if (!context) return tl::unexpected(context.error());
  transport::NodeClient client(*context, channel->calls, {}, *security);

  const auto begin = Clock::now();
  std::vector<NodeProcess> processes;
  std::vector<std::string> endpoints;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::vector<std::string> arguments = arguments_of(store, fmt::format("bench-{}", i));
    if (i > 0) arguments.insert(arguments.end(), {"--seed-node", endpoints.front()});
    auto process = NodeProcess::start(arguments);
    if (!process) return tl::unexpected(process.error());
    processes.push_back(std::move(*process));
    if (i > 0) continue;
    const auto endpoint = processes.front().wait_ready(kStartPatience);
    if (!endpoint) return tl::unexpected(endpoint.error());
    endpoints.push_back(*endpoint);
  }
  for (std::uint32_t i = 1; i < count; ++i) {
    const auto endpoint = processes[i].wait_ready(kStartPatience);
    if (!endpoint) return tl::unexpected(endpoint.error());
    endpoints.push_back(*endpoint);
  }
  for (const std::string& endpoint : endpoints) {
    for (;;) {
      if (was_interrupted()) return {};
      const auto status = client.status(endpoint, Now::read_mono() + kStartPatience);
      if (!status) return tl::unexpected(status.error());
      if (status->members == count) break;
      if (Clock::now() > begin + kStartPatience) return incomplete(count);
      std::this_thread::sleep_for(1ms);
    }
  }
  times.add(fmt::format("{} of processes", cluster_name(count)), Clock::now() - begin);
  return {};
}

Result<Times> measure(const BenchStartupSettings& settings) {
  Times times;
  std::vector<std::uint32_t> sizes;
  for (const std::string& text : settings.nodes) {
    std::uint64_t size = 0;
    if (!detail::read_whole(text, {2, 500}, size).empty()) return invalid("--nodes: not a number of nodes");
    sizes.push_back(static_cast<std::uint32_t>(size));
  }
  if (settings.nodes.empty()) sizes = {2, 10, 50};
  const bool alone = settings.store.backend == "gossip" && settings.store.servers.empty();
  if (!alone && (settings.processes || !settings.nodes.empty())) {
    return invalid(fmt::format("{}: clusters are started of gossip alone, and without --servers",
                               settings.processes ? "--processes" : "--nodes"));
  }
  if (settings.store.backend == "service" && settings.store.servers.empty()) {
    return invalid("--servers is missing: which nodes to ask");
  }
  const auto repeat = [&](auto&& once) -> Result<void> {
    for (std::uint32_t i = 0; i < settings.repeats && !was_interrupted(); ++i) {
      if (Result<void> done = once(); !done) return done;
    }
    return {};
  };
  if (auto done = repeat([&] { return open_store(settings.store, times); }); !done) return tl::unexpected(done.error());
  if (!alone) return times;
  if (auto done = repeat([&] { return open_process(settings, times); }); !done) return tl::unexpected(done.error());
  for (const std::uint32_t size : sizes) {
    auto done = repeat([&] {
      return settings.processes ? open_process_cluster(settings.store, size, times)
                                : open_cluster(settings.store, size, times);
    });
    if (!done) return tl::unexpected(done.error());
  }
  return times;
}

std::string text_of(const BenchStartupSettings& settings, const Times& times) {
  std::vector<std::vector<std::string>> rows{{"ms", "median", "min", "max", "others"}};
  for (const auto& [name, ns] : times.ns) {
    std::vector<double> sorted = ns;
    std::ranges::sort(sorted);
    const auto ms = [](double value) { return number_text(value / 1e6); };
    const auto other = std::ranges::find_if(kPublished, [&](const Published& p) { return name.starts_with(p.name); });
    rows.push_back({name, ms(sorted[sorted.size() / 2]), ms(sorted.front()), ms(sorted.back()),
                    settings.store.backend != "gossip" || other == kPublished.end() ? "" : std::string(other->text)});
  }
  std::string text = fmt::format("{}, each {} times{}\n\n", settings.store.backend, settings.repeats,
                                 settings.pin ? fmt::format(", on core {}", *settings.pin) : "");
  text += table_text(rows);
  if (settings.store.backend == "gossip") {
    text += "\nThe others were measured once, on another machine, pinned to one of its cores.\n";
  }
  return text;
}

}  // namespace

int bench_startup(const BenchStartupSettings& settings) {
  raise_descriptor_limit();
  if (settings.pin) {
    if (auto pinned = pin_to(*settings.pin); !pinned) return failed(pinned.error());
  }
  const SignalGuard guard;
  const auto times = measure(settings);
  // Its nodes may have heard the same ^C, and what then fails is no news.
  if (was_interrupted()) return kInterrupted;
  if (!times) return failed(times.error());
  std::string text;
  if (settings.json) {
    nlohmann::ordered_json benchmarks = nlohmann::ordered_json::array();
    for (const auto& [name, ns] : times->ns) {
      std::string word = name;
      word.erase(std::remove(word.begin(), word.end(), ':'), word.end());
      std::ranges::replace(word, ' ', '_');
      for (auto& one : repeated_json(fmt::format("startup/{}/{}", settings.store.backend, word), ns)) {
        benchmarks.push_back(std::move(one));
      }
    }
    text = document(std::move(benchmarks), {});
  } else {
    text = text_of(settings, *times);
  }
  return print_or_fail(text);
}

}  // namespace hearsay::cli
