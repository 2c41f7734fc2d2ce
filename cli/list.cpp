#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/bytes_text.hpp"
#include "cli/failure.hpp"
#include "cli/plugins.hpp"
#include "cli/verbs.hpp"
#include "core/base/nearest.hpp"
#include "core/protocol/ring.hpp"
#include "sim/measure/metric_names.hpp"
#include "sim/plan/input.hpp"
#include "sim/plan/parameters.hpp"

namespace hearsay::cli {

namespace {

constexpr std::array kListed{Role::kMembership, Role::kDissemination, Role::kReplication, Role::kRing};
constexpr std::string_view kMetrics = "metrics";

int unknown(std::string_view what, std::string_view wanted, const std::vector<std::string_view>& known) {
  std::string text = fmt::format("there is no {} '{}'; there are: {}", what, wanted, fmt::join(known, ", "));
  if (const auto near = nearest(wanted, known)) text += fmt::format("; did you mean '{}'?", *near);
  return failed({ErrorCode::kInvalidArgument, text});
}

// Words of a text in lines of at most `width`, each after the first indented.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column + end > width && column > indent) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) out += ' ';
    out += text.substr(0, end);
    column += end + 1;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_default(const CatalogueEntry& entry) { return entry.name == plan::default_strategy(entry.role); }

// "probe_interval = 5s, gossip_nodes = 4": what a preset sets.
std::string sets_text(const CatalogueEntry& entry, std::size_t preset) {
  std::vector<std::string> parts;
  for (const plan::ParameterDescription& p : plan::changed_by_preset(entry, preset)) {
    parts.push_back(fmt::format("{} = {}", p.name, p.value));
  }
  return parts.empty() ? "the defaults" : fmt::format("{}", fmt::join(parts, ", "));
}

// What is true of a ring with its default parameters (core/protocol/ring.hpp).
struct Trait {
  std::string_view name;
  bool RingTraits::* is;
};
constexpr std::array kTraits{Trait{"set-pure", &RingTraits::set_pure},
                             Trait{"minimal disruption", &RingTraits::minimal_disruption},
                             Trait{"any removal", &RingTraits::any_removal},
                             Trait{"native replicas", &RingTraits::native_replicas},
                             Trait{"weights", &RingTraits::weights},
                             Trait{"zones", &RingTraits::zones},
                             Trait{"needs an agreed index", &RingTraits::agreed_index},
                             Trait{"needs loads", &RingTraits::needs_loads}};

// None for other roles.
std::vector<std::string_view> traits_of(const CatalogueEntry& entry) {
  std::vector<std::string_view> kept;
  if (entry.role != Role::kRing) return kept;
  const auto built = entry.configure()->build();
  const RingTraits traits = static_cast<const Ring&>(*built).traits();
  for (const Trait& trait : kTraits) {
    if (traits.*trait.is) kept.push_back(trait.name);
  }
  return kept;
}

nlohmann::ordered_json strategy_json(const CatalogueEntry& entry, bool with_parameters) {
  nlohmann::ordered_json json{{"role", to_string(entry.role)},
                              {"name", entry.name},
                              {"default", is_default(entry)},
                              {"summary", entry.summary},
                              {"source", entry.source}};
  json["presets"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < entry.presets.size(); ++i) {
    nlohmann::ordered_json sets = nlohmann::ordered_json::object();
    for (const plan::ParameterDescription& p : plan::changed_by_preset(entry, i)) sets[p.name] = p.value;
    json["presets"].push_back(nlohmann::ordered_json{
        {"name", entry.presets[i].name}, {"doc", entry.presets[i].doc}, {"sets", std::move(sets)}});
  }
  if (entry.role == Role::kRing) json["traits"] = traits_of(entry);
  if (!with_parameters) return json;
  json["parameters"] = nlohmann::ordered_json::array();
  for (const plan::ParameterDescription& p : plan::describe(*entry.configure())) {
    json["parameters"].push_back(nlohmann::ordered_json{{"name", p.name},
                                                        {"type", p.type},
                                                        {"unit", p.unit},
                                                        {"default", p.value},
                                                        {"range", p.range},
                                                        {"doc", p.doc}});
  }
  return json;
}

std::string strategy_text(const CatalogueEntry& entry, const Palette& palette) {
  std::string out = fmt::format("{} {}{}\n  {}\n  {}\n", to_string(entry.role), palette.bold(entry.name),
                                is_default(entry) ? " (the default)" : "", wrapped(entry.summary, 2, 110),
                                palette.dim("After: " + wrapped(entry.source, 9, 110)));
  if (const auto traits = traits_of(entry); !traits.empty()) {
    out += fmt::format("  {}\n", wrapped(fmt::format("Traits: {}", fmt::join(traits, ", ")), 12, 110));
  }
  if (!entry.presets.empty()) out += fmt::format("\nPresets\n");
  for (std::size_t i = 0; i < entry.presets.size(); ++i) {
    out += fmt::format("  {:<14} {}\n{:17}{}\n", entry.presets[i].name, wrapped(entry.presets[i].doc, 17, 110), "",
                       palette.dim(wrapped(sets_text(entry, i), 17, 110)));
  }
  const auto parameters = plan::describe(*entry.configure());
  if (parameters.empty()) {
    out += fmt::format("\nNo parameters.\n");
    return out;
  }
  out += fmt::format("\nParameters (in a scenario: [{}])\n", to_string(entry.role));
  for (const plan::ParameterDescription& p : parameters) {
    const std::string unit = p.unit.empty() ? "" : " " + p.unit;
    out += fmt::format("  {} = {}{}   {}\n      {}\n", palette.bold(p.name), p.value, unit, palette.dim(p.range + unit),
                       wrapped(p.doc, 6, 110));
  }
  return out;
}

int list_metrics(const ListSettings& settings) {
  std::string out;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const measure::MetricInfo& metric : measure::metric_infos()) {
    all.push_back({{"name", metric.name},
                   {"unit", metric.unit()},
                   {"population", metric.population},
                   {"definition", metric.definition}});
    if (!settings.json) out += fmt::format("{:<40} {}\n", metric.name, wrapped(metric.definition, 41, 120));
  }
  for (const measure::InvariantInfo& invariant : measure::invariant_infos()) {
    all.push_back({{"invariant", invariant.name}, {"definition", invariant.definition}});
    if (!settings.json) out += fmt::format("{:<40} {}\n", invariant.name, wrapped(invariant.definition, 41, 120));
  }
  return print_or_fail(settings.json ? json_text(all, 2) : out);
}

int list_one(const ListSettings& settings, Role role) {
  const CatalogueEntry* entry = catalogue().find(role, settings.name);
  if (entry == nullptr) {
    std::vector<std::string_view> names;
    for (const CatalogueEntry* known : catalogue().list(role)) names.push_back(known->name);
    return unknown(std::string(to_string(role)) + " strategy", settings.name, names);
  }
  if (settings.json) return print_or_fail(json_text(nlohmann::ordered_json::array({strategy_json(*entry, true)}), 2));
  return print_or_fail(strategy_text(*entry, Palette(settings.color, stdout)));
}

}  // namespace

int list(const ListSettings& settings) {
  if (settings.role == kMetrics) {
    if (settings.name.empty()) return list_metrics(settings);
    return failed({ErrorCode::kInvalidArgument, "'list metrics' takes no name; it lists them all"});
  }
  std::vector<std::string_view> roles;
  roles.reserve(kListed.size() + 1);
  for (const Role role : kListed) roles.push_back(to_string(role));
  const auto wanted = std::find(roles.begin(), roles.end(), settings.role);
  if (!settings.role.empty() && wanted == roles.end()) {
    roles.push_back(kMetrics);
    return unknown("role", settings.role, roles);
  }
  if (!settings.name.empty()) return list_one(settings, kListed[static_cast<std::size_t>(wanted - roles.begin())]);

  const Palette palette(settings.color, stdout);
  std::string out;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Role role : kListed) {
    if (!settings.role.empty() && to_string(role) != settings.role) continue;
    if (!settings.json) out += fmt::format("{}\n", palette.bold(to_string(role)));
    for (const CatalogueEntry* entry : catalogue().list(role)) {
      if (settings.json) {
        all.push_back(strategy_json(*entry, false));
        continue;
      }
      const std::string summary = fmt::format("{}{}", entry->summary, is_default(*entry) ? " (the default)" : "");
      // Names that are longer push their own line alone.
      const std::size_t column = std::max<std::size_t>(17, entry->name.size() + 3);
      out += fmt::format("  {:<14} {}\n{:17}{}\n", entry->name, wrapped(summary, column, 110), "",
                         palette.dim(wrapped(entry->source, 17, 110)));
    }
  }
  if (settings.json) return print_or_fail(json_text(all, 2));
  return print_or_fail(
      out + "\n" +
      palette.dim("hearsay list ROLE NAME shows a strategy's parameters; hearsay list metrics what can be measured.") +
      "\n");
}

}  // namespace hearsay::cli
