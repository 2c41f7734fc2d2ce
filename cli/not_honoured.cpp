#include "cli/not_honoured.hpp"

#include <fmt/format.h>

namespace hearsay::cli {

namespace {

bool keeps_state(const plan::Action& action) {
  return std::visit(
      [](const auto& of) {
        if constexpr (requires { of.keep_state; }) {
          return of.keep_state;
        } else {
          return false;
        }
      },
      action);
}

}  // namespace

std::vector<std::string> not_honoured(const plan::Plan& plan, bool processes) {
  std::vector<std::string> lines;
  for (const plan::ClockSpec& clock : plan.clocks) {
    lines.push_back(fmt::format("[[clock]] of {}: all nodes have the machine's clocks", clock.nodes.text));
  }
  if (plan.network.bandwidth_bits > 0) {
    lines.emplace_back("network.bandwidth: the filter in front of the sockets takes no time for a message's size");
  }
  for (const plan::Event& event : plan.events) {
    if (std::holds_alternative<plan::ClockChange>(event.action)) {
      lines.push_back(fmt::format("event '{}': a process cannot move its clock", event.label));
    } else if (std::holds_alternative<plan::SlowNode>(event.action)) {
      lines.push_back(fmt::format("event '{}': a node cannot be made slow", event.label));
    } else if (processes && keeps_state(event.action)) {
      lines.push_back(fmt::format(
          "event '{}': keep_state: what a killed process knew is gone; without --processes it is kept", event.label));
    }
  }
  return lines;
}

}  // namespace hearsay::cli
