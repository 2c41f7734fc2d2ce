// [membership], [dissemination], [replication] and [ring]: one strategy a role, with its parameters by name.
#include <fmt/format.h>

#include <array>

#include "sim/plan/parameters.hpp"
#include "sim/plan/reading.hpp"

namespace hearsay::plan {

namespace {

class NameCollector final : public ParamVisitor {
 public:
  std::vector<std::string_view> names;
  void duration(std::string_view name, Duration&, ParamRange<Duration>, std::string_view) override { add(name); }
  void integer(std::string_view name, std::int64_t&, ParamRange<std::int64_t>, std::string_view,
               std::string_view) override {
    add(name);
  }
  void real(std::string_view name, double&, ParamRange<double>, std::string_view, std::string_view) override {
    add(name);
  }
  void share(std::string_view name, double&, std::string_view) override { add(name); }
  void size(std::string_view name, std::int64_t&, ParamRange<std::int64_t>, std::string_view) override { add(name); }
  void boolean(std::string_view name, bool&, std::string_view) override { add(name); }
  void choice(std::string_view name, int&, std::span<const std::string_view>, std::string_view) override { add(name); }

 private:
  void add(std::string_view name) { names.push_back(name); }
};

class Setter final : public ParamVisitor {
 public:
  explicit Setter(const Section& section) : section_(section) {}

  void duration(std::string_view name, Duration& value, ParamRange<Duration> range, std::string_view) override {
    value = section_.duration(name, value, range);
  }
  void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t> range, std::string_view,
               std::string_view) override {
    value = section_.integer(name, value, range);
  }
  void real(std::string_view name, double& value, ParamRange<double> range, std::string_view,
            std::string_view) override {
    value = section_.real(name, value, range);
  }
  void share(std::string_view name, double& value, std::string_view) override { value = section_.share(name, value); }
  void size(std::string_view name, std::int64_t& bytes, ParamRange<std::int64_t> range, std::string_view) override {
    bytes = section_.size(name, bytes, range);
  }
  void boolean(std::string_view name, bool& value, std::string_view) override { value = section_.boolean(name, value); }
  void choice(std::string_view name, int& value, std::span<const std::string_view> choices, std::string_view) override {
    value = static_cast<int>(section_.choice(name, static_cast<std::size_t>(value), choices));
  }

 private:
  const Section& section_;
};

// Which strategy a section names, before its keys are known.
const CatalogueEntry* find_entry(Reading& reading, Role role, const Input* table, std::string_view fallback) {
  const std::string_view role_name = to_string(role);
  const Input* strategy = table != nullptr ? table->find("strategy") : nullptr;
  if (strategy != nullptr && strategy->kind != Input::Kind::kString) {
    reading.diagnostics.at(*strategy, fmt::format("strategy: {} is not a string; expected a {} strategy in quotes",
                                                  name_of(strategy->kind), role_name));
    return nullptr;
  }
  const std::string_view name = strategy != nullptr ? std::string_view(strategy->text) : fallback;
  if (const CatalogueEntry* entry = reading.catalogue.find(role, name)) return entry;
  std::vector<std::string_view> names;
  for (const CatalogueEntry* entry : reading.catalogue.list(role)) names.push_back(entry->name);
  const std::string message = fmt::format("unknown {} strategy {}; expected one of {}{}", role_name, quote(name),
                                          list_of(names), did_you_mean(name, names));
  if (strategy != nullptr) {
    reading.diagnostics.at(*strategy, message);
  } else if (table != nullptr) {
    reading.diagnostics.at_key(*table, message);
  } else {
    reading.diagnostics.at_file(message);
  }
  return nullptr;
}

void use_preset(const Section& section, StrategyChoice& choice, StrategyConfig& config) {
  if (!section.has("preset")) return;
  std::vector<std::string_view> names;
  for (const Preset& preset : choice.entry->presets) names.push_back(preset.name);
  if (names.empty()) {
    section.report("preset", fmt::format("'{}' has no presets; expected its parameters alone", choice.entry->name));
    return;
  }
  const std::size_t index = section.choice("preset", 0, names);
  choice.preset = names[index];
  config.use_preset(index);
}

void read_strategy(Reading& reading, Role role, StrategyChoice& choice) {
  const Input* table = table_of(reading, to_string(role));
  const std::string heading = fmt::format("[{}]", to_string(role));
  if (table != nullptr && table->kind != Input::Kind::kTable) {
    const Section not_a_table(reading.diagnostics, table, heading, {});
    return;
  }
  choice.entry = find_entry(reading, role, table, default_strategy(role));
  if (choice.entry == nullptr) return;
  std::unique_ptr<StrategyConfig> config = choice.entry->configure();
  NameCollector collector;
  config->visit(collector);
  std::vector<std::string_view> keys{"strategy", "preset"};
  keys.insert(keys.end(), collector.names.begin(), collector.names.end());

  const Section section(reading.diagnostics, table, fmt::format("{} with strategy '{}'", heading, choice.entry->name),
                        keys);
  use_preset(section, choice, *config);
  Setter setter(section);
  config->visit(setter);
  if (reading.diagnostics.failed()) return;
  if (const auto fine = config->check(); !fine) {
    const std::string message = fmt::format("{}: {}", section.what(), fine.error().message);
    if (table != nullptr) {
      reading.diagnostics.at_key(*table, message);
    } else {
      reading.diagnostics.at_file(message);
    }
    return;
  }
  choice.config = std::move(config);
}

}  // namespace

void read_strategies(Reading& reading) {
  read_strategy(reading, Role::kMembership, reading.plan.membership);
  read_strategy(reading, Role::kDissemination, reading.plan.dissemination);
  read_strategy(reading, Role::kReplication, reading.plan.replication);
  read_strategy(reading, Role::kRing, reading.plan.ring);
}

}  // namespace hearsay::plan
