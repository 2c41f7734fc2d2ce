// `hearsay node` and `hearsay serve`: a node that runs until it is asked to end.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/bytes_text.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/log.hpp"
#include "cli/node_strategies.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "cli/words.hpp"
#include "core/base/quantity.hpp"
#include "sim/plan/input.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/live_node.hpp"

namespace hearsay::cli {

namespace {

using transport::LiveNode;
using transport::NodeOptions;
using transport::StarOptions;

NodeOptions options_of(const ServingSettings& settings) {
  NodeOptions options;
  options.name = settings.name;
  options.links.bind = settings.bind;
  options.links.advertise = settings.advertise;
  options.topic = settings.topic;
  options.service = settings.service;
  options.name_space = settings.name_space;
  options.security = settings.security;
  options.log = make_log(settings.log_level, settings.quiet);
  return options;
}

std::string ready_line(const ServingSettings& settings, LiveNode& node, const std::string& text, Duration took) {
  if (!settings.json) {
    return fmt::format("{} is ready at {} after {} ({})\n", node.name(), node.endpoint(), human_duration(took), text);
  }
  const nlohmann::ordered_json json{{"ready", true},
                                    {"name", node.name()},
                                    {"endpoint", node.endpoint()},
                                    {"address", node.address()},
                                    {"ready_ms", std::chrono::duration<double, std::milli>(took).count()},
                                    {"members", node.members()},
                                    {"strategies", text}};
  return json_text(json);
}

// True once it is ready, false when it was asked to end before; an error when it cannot be.
Result<bool> wait_ready(LiveNode& node, const ServingSettings& settings, const std::string& asked) {
  const auto until = std::chrono::steady_clock::now() + settings.ready_timeout;
  for (;;) {
    auto ready = node.wait_ready(kInterruptLook);
    if (ready) return true;
    if (ready.error().code != ErrorCode::kTimeout) return tl::unexpected(ready.error());
    if (was_interrupted()) return false;
    if (std::chrono::steady_clock::now() >= until) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("'{}' has not joined within {}: no answer from {}; is it running, with the same --topic, "
                              "--namespace and keys?",
                              node.name(), format_duration(settings.ready_timeout), asked));
    }
  }
}

int serve_until_asked(const ServingSettings& settings, const NodeOptions& options, const NodeStrategies& strategies) {
  const auto started = std::chrono::steady_clock::now();
  const SignalGuard guard;
  auto opened = LiveNode::open(options, strategies.composition);
  if (!opened) return failed(opened.error());
  LiveNode& node = **opened;
  const StarOptions& broker = options.links.broker;
  const auto ready = wait_ready(
      node, settings,
      broker.used() ? "--broker " + broker.backend : fmt::format("--seed-node {}", fmt::join(options.seeds, ", ")));
  if (!ready) return failed(ready.error());
  if (!*ready) return kInterrupted;
  const std::string line = ready_line(settings, node, strategies.text, std::chrono::steady_clock::now() - started);
  if (const int code = print_or_fail(line); code != kOk) return code;
  while (!was_interrupted()) {
    if (auto lost = node.wait_end(kInterruptLook); !lost) return failed(lost.error());
  }
  options.log(transport::LogLevel::kInfo, fmt::format("{} leaves", node.name()));
  node.leave();
  return kOk;
}

}  // namespace

int node(const NodeSettings& given) {
  NodeSettings settings = given;
  if (settings.bind.starts_with("inproc:")) {
    return failed(
        Error{ErrorCode::kInvalidArgument,
              fmt::format("--bind {}: no other process could reach it; give tcp:// or ipc://", settings.bind)});
  }
  // A cluster on real sockets is complete as soon as its last node has joined, and its ring bounded whatever weights
  // others name; a --set may say otherwise.
  const auto prepend = [&](std::string assignment) {
    settings.overrides.insert(settings.overrides.begin(), std::move(assignment));
  };
  if (settings.membership == "swim") prepend("membership.introduce=true");
  if (settings.ring == "karger") prepend(fmt::format("ring.max_points={}", kMaxRingPoints));
  const auto strategies = choose_strategies(settings);
  if (!strategies) return failed(strategies.error());
  NodeOptions options = options_of(settings);
  options.seeds = settings.seed_nodes;
  options.weight = settings.weight;
  options.zone = settings.zone;
  if (!settings.broker.empty()) {
    const BrokerEndpoints broker = broker_endpoints(settings.broker);
    options.links.broker = {broker.xsub, broker.xpub};
  }
  return serve_until_asked(settings, options, *strategies);
}

int serve(const ServeSettings& settings) {
  NodeSettings alone;
  alone.membership = "static";
  // It has no replica that could bring back what was deleted, so nothing of that need be remembered.
  alone.overrides = {"replication.tombstone_grace=0s", fmt::format("replication.max_items={}", settings.max_items),
                     fmt::format("replication.max_bytes={}B", settings.max_bytes)};
  const auto strategies = choose_strategies(alone);
  if (!strategies) return failed(strategies.error());
  return serve_until_asked(settings, options_of(settings), *strategies);
}

}  // namespace hearsay::cli
