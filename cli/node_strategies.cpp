#include "cli/node_strategies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "cli/options.hpp"
#include "cli/plugins.hpp"
#include "sim/plan/compose.hpp"
#include "sim/plan/input.hpp"
#include "sim/plan/override.hpp"
#include "sim/plan/parameters.hpp"
#include "sim/plan/reader.hpp"

namespace hearsay::cli {

namespace {

// What a scenario needs beside its strategies. No key of it can be wrong, so that no message is about it.
constexpr std::string_view kNodeScenario = "duration = \"1s\"\nnodes.count = 1\n";

constexpr std::array kRoles{Role::kMembership, Role::kDissemination, Role::kReplication, Role::kRing};

// An option of the node's own, as the assignment that it stands for.
struct Standing {
  std::string_view option;
  std::string_view key;
  std::string value;
};

// Announcements are for everybody; rumors need members to pass them on to.
std::string dissemination_of(const NodeSettings& settings) {
  if (!settings.dissemination.empty()) return settings.dissemination;
  return settings.membership == "announce" ? "publish" : "push";
}

std::vector<Standing> standing_for(const NodeSettings& settings) {
  return {{"--membership", "membership.strategy", toml_text(settings.membership)},
          {"--dissemination", "dissemination.strategy", toml_text(dissemination_of(settings))},
          {"--ring", "ring.strategy", toml_text(settings.ring)},
          {"--replicas", "replication.n", std::to_string(settings.replicas)}};
}

// A node has roles, and nothing else that a scenario has.
Result<void> check_roles(const std::vector<std::string>& overrides) {
  std::vector<std::string_view> roles;
  for (const Role role : kRoles) roles.push_back(to_string(role));
  for (const std::string& override_ : overrides) {
    plan::Input root;
    if (auto applied = plan::apply_override(root, override_); !applied) return applied;
    const std::string& role = root.keys.front();
    if (std::ranges::find(roles, role) != roles.end()) continue;
    return invalid(fmt::format("--set {}: a node has no {}; expected role.parameter=value with one of {}{}",
                               root.values.front().set_by, plan::quote(role), plan::list_of(roles),
                               plan::did_you_mean(role, roles)));
  }
  return {};
}

// The reader speaks of the assignments that the options stand for: back to the options.
Error in_own_words(Error error, const std::vector<Standing>& standing, const std::vector<std::string>& overrides) {
  for (const Standing& one : standing) {
    const bool given = std::ranges::any_of(
        overrides, [&](std::string_view text) { return plan::trimmed(text.substr(0, text.find('='))) == one.key; });
    if (given) continue;
    for (const std::string& prefix :
         {fmt::format("--set {}: ", one.key), fmt::format("--set {}: ", plan::quote(one.key))}) {
      if (!error.message.starts_with(prefix)) continue;
      const std::string rest = error.message.substr(prefix.size());
      // Of a section as a whole: its values do not fit together, whichever of them came first.
      error.message = fmt::format("{}: {}", rest.starts_with('[') ? "--set" : one.option, rest);
    }
  }
  return error;
}

std::string named(const plan::StrategyChoice& choice) {
  return choice.preset.empty() ? std::string(choice.entry->name)
                               : fmt::format("{} ({})", choice.entry->name, choice.preset);
}

}  // namespace

Result<NodeStrategies> choose_strategies(const NodeSettings& settings) {
  if (auto fine = check_roles(settings.overrides); !fine) {
    return invalid(plan::one_line(fine.error().message));
  }
  const std::vector<Standing> standing = standing_for(settings);
  std::vector<std::string> assignments;
  for (const Standing& one : standing) assignments.push_back(fmt::format("{}={}", one.key, one.value));
  assignments.insert(assignments.end(), settings.overrides.begin(), settings.overrides.end());
  plan::ReaderOptions options;
  options.read_files = false;
  const auto plan = plan::read_text(kNodeScenario, "--set", assignments, catalogue(), options);
  if (!plan) return tl::unexpected(in_own_words(plan.error(), standing, settings.overrides));
  NodeStrategies strategies;
  strategies.composition = std::make_shared<const Composition>(plan::compose(*plan));
  strategies.replicas = static_cast<std::uint32_t>(plan::integer_parameter(*plan->replication.config, "n").value_or(0));
  strategies.text = fmt::format("{}, {}, {}, {}", named(plan->membership), named(plan->dissemination),
                                named(plan->replication), named(plan->ring));
  return strategies;
}

}  // namespace hearsay::cli
