#include "cli/bench_cluster.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <unordered_set>
#include <utility>

#include "cli/interrupt.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/node_client.hpp"

namespace hearsay::cli {

namespace {

using transport::LiveNode;
using transport::Now;

constexpr Duration kJoinPatience = 30s;
tl::unexpected<Error> interrupted() { return fail(ErrorCode::kClosed, "interrupted before all nodes were there"); }

Result<void> wait_ready(LiveNode& node) {
  const auto give_up = Now::read_mono() + kJoinPatience;
  for (;;) {
    if (was_interrupted()) return interrupted();
    auto ready = node.wait_ready(kInterruptLook);
    if (ready || ready.error().code != ErrorCode::kTimeout || Now::read_mono() >= give_up) return ready;
  }
}

}  // namespace

Result<BenchCluster> BenchCluster::open(KvOptions options, std::uint32_t nodes) {
  BenchCluster cluster;
  const bool is_gossip = options.backend == "gossip";
  const bool has_nodes = is_gossip || options.backend == "service";
  options.join_timeout = kJoinPatience;
  if (is_gossip && options.name.empty()) options.name = "bench";
  if (has_nodes && options.servers.empty()) {
    auto composition = make_composition(options);
    if (!composition) return tl::unexpected(composition.error());
    std::vector<std::string> endpoints;
    for (std::uint32_t i = 0; i + (is_gossip ? 1 : 0) < nodes; ++i) {
      transport::NodeOptions node = node_options(options);
      node.name = fmt::format("bench-{}", i);
      node.seeds = endpoints.empty() ? std::vector<std::string>{} : std::vector{endpoints.front()};
      auto opened = LiveNode::open(node, *composition);
      if (!opened) return tl::unexpected(opened.error());
      if (auto ready = wait_ready(**opened); !ready) return tl::unexpected(ready.error());
      endpoints.push_back((*opened)->endpoint());
      cluster.others_.push_back(std::move(*opened));
    }
    options.servers = std::move(endpoints);
  }
  cluster.options_ = options;
  auto kv = open_kv(options);
  if (!kv) return tl::unexpected(kv.error());
  cluster.kv_ = std::move(*kv);
  if (!cluster.others_.empty()) {
    if (auto complete = cluster.wait_complete(nodes); !complete) return tl::unexpected(complete.error());
  }
  return cluster;
}

// The store's own node joined last, and was told of all others by the one it joined through.
Result<void> BenchCluster::wait_complete(std::uint32_t nodes) const {
  const auto give_up = Now::read_mono() + kJoinPatience;
  const auto all_see = [&] {
    return std::ranges::all_of(others_, [&](const auto& node) { return node->members() == nodes; });
  };
  while (!all_see()) {
    if (was_interrupted()) return interrupted();
    if (Now::read_mono() >= give_up) return fail(ErrorCode::kTimeout, "the nodes did not find each other in 30 s");
    std::this_thread::sleep_for(1ms);
  }
  return {};
}

Result<BenchCluster::Split> BenchCluster::split(std::span<const std::string> keys) const {
  const auto channel = transport::Channel::make(options_.topic, options_.service, options_.name_space);
  if (!channel) return tl::unexpected(channel.error());
  const auto security = transport::load_security(options_.security, false, true);
  if (!security) return tl::unexpected(security.error());
  auto context = transport::make_context();
  if (!context) return tl::unexpected(context.error());
  const auto deadline = Now::read_mono() + kJoinPatience;
  const std::string prefix = options_.name_space + "/";
  std::unordered_set<std::string> elsewhere;
  Split split;
  transport::NodeClient client(*context, channel->calls, {}, *security);
  if (!options_.servers.empty()) {
    const auto status = client.status(options_.servers.front(), deadline);
    if (!status) return tl::unexpected(status.error());
    for (const transport::MemberStatus& member : status->known) {
      if (member.node.name == options_.name) continue;
      const auto address = transport::Address::parse(member.node.address);
      if (!address) return tl::unexpected(address.error());
      auto listed = client.list(address->router, prefix + "bench:", deadline,
                                [&](const std::string& key) { elsewhere.insert(key); });
      if (!listed) return tl::unexpected(listed.error());
    }
  }
  for (const std::string& key : keys) (elsewhere.contains(prefix + key) ? split.remote : split.own).push_back(key);
  return split;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> pin_to(std::uint64_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (::sched_setaffinity(0, sizeof cores, &cores) == 0) return {};
  return invalid(fmt::format("--pin: core {} cannot be had: {}", core, std::strerror(errno)));
}

}  // namespace hearsay::cli
