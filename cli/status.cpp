// `hearsay status`: what a node knows and has counted.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/bytes_text.hpp"
#include "cli/failure.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "core/base/quantity.hpp"
#include "core/protocol/view.hpp"
#include "sim/plan/input.hpp"
#include "transport/channel.hpp"
#include "transport/node_client.hpp"
#include "transport/node_core.hpp"

namespace hearsay::cli {

namespace {

using Json = nlohmann::ordered_json;
using transport::MemberStatus;
using transport::StatusAnswer;

std::string_view status_of(const MemberStatus& member) {
  return member.status < kStatuses ? to_string(static_cast<Status>(member.status)) : "unknown";
}

Json json_of(const StatusAnswer& status) {
  Json members = Json::array();
  for (const MemberStatus& member : status.known) {
    members.push_back({{"name", plan::one_line(member.node.name)},
                       {"address", plan::one_line(member.node.address)},
                       {"status", status_of(member)},
                       {"epoch", member.node.epoch},
                       {"incarnation", member.incarnation},
                       {"weight", member.node.weight},
                       {"zone", member.node.zone}});
  }
  Json counters = Json::object();
  for (const transport::Counter& counter : status.counters) counters[plan::one_line(counter.name)] = counter.value;
  return {{"name", plan::one_line(status.node.name)},
          {"address", plan::one_line(status.node.address)},
          {"ready", status.ready},
          {"uptime_s", std::chrono::duration<double>(status.uptime).count()},
          {"epoch", status.node.epoch},
          {"member_count", status.members},
          {"members", std::move(members)},
          {"counters", std::move(counters)}};
}

std::string text_of(const StatusAnswer& status) {
  std::string text =
      fmt::format("{} at {}, {} for {}\n", plan::one_line(status.node.name), plan::one_line(status.node.address),
                  status.ready ? "ready" : "not ready", human_duration(status.uptime));
  text += fmt::format("\nMembers: {} of {} known\n", status.members, status.known.size());
  std::size_t width = 4;
  for (const MemberStatus& member : status.known) width = std::max(width, member.node.name.size());
  for (const MemberStatus& member : status.known) {
    text += fmt::format("  {:<{}}  {:<7}  {}{}\n", plan::one_line(member.node.name), std::min<std::size_t>(width, 40),
                        status_of(member), plan::one_line(member.node.address),
                        member.node.weight == 1.0 ? "" : fmt::format("  weight {}", member.node.weight));
  }
  text += "\nCounters\n";
  for (const transport::Counter& counter : status.counters) {
    if (counter.value > 0) text += fmt::format("  {:<26}{:>14}\n", plan::one_line(counter.name), counter.value);
  }
  return text;
}

}  // namespace

int status(const StatusSettings& settings) {
  const auto channel = transport::Channel::make(transport::kDefaultTopic, settings.service, settings.name_space);
  if (!channel) return failed(channel.error());
  const auto security = transport::load_security(settings.security, false, true);
  if (!security) return failed(security.error());
  auto context = transport::make_context();
  if (!context) return failed(context.error());
  transport::NodeClient client(*context, channel->calls, {}, *security);
  auto answer = client.status(settings.endpoint, transport::Now::read_mono() + settings.timeout);
  if (!answer) return failed(answer.error());
  return print_or_fail(settings.json ? json_text(json_of(*answer)) : text_of(*answer));
}

}  // namespace hearsay::cli
