#include "sim/plan/parameters.hpp"

#include <fmt/format.h>

#include "core/base/quantity.hpp"

namespace hearsay::plan {

namespace {

class Describer final : public ParamVisitor {
 public:
  std::vector<ParameterDescription> all;

  void duration(std::string_view name, Duration& value, ParamRange<Duration> range, std::string_view doc) override {
    const std::string longest = range.max == kTenYears ? "ten years" : format_duration(range.max);
    add(name, "duration", "", format_duration(value), fmt::format("{}..{}", format_duration(range.min), longest), doc);
  }
  void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t> range, std::string_view unit,
               std::string_view doc) override {
    add(name, "integer", unit, fmt::format("{}", value), fmt::format("{}..{}", range.min, range.max), doc);
  }
  void real(std::string_view name, double& value, ParamRange<double> range, std::string_view unit,
            std::string_view doc) override {
    add(name, "number", unit, fmt::format("{}", value), fmt::format("{}..{}", range.min, range.max), doc);
  }
  void share(std::string_view name, double& value, std::string_view doc) override {
    add(name, "share", "", fmt::format("{}", value), "0..1", doc);
  }
  void size(std::string_view name, std::int64_t& bytes, ParamRange<std::int64_t> range, std::string_view doc) override {
    add(name, "size", "", format_size(bytes), fmt::format("{}..{}", format_size(range.min), format_size(range.max)),
        doc);
  }
  void boolean(std::string_view name, bool& value, std::string_view doc) override {
    add(name, "boolean", "", value ? "true" : "false", "true | false", doc);
  }
  void choice(std::string_view name, int& value, std::span<const std::string_view> choices,
              std::string_view doc) override {
    std::string words;
    for (const std::string_view word : choices) words += fmt::format("{}{}", words.empty() ? "" : " | ", word);
    add(name, "choice", "", std::string(choices[static_cast<std::size_t>(value)]), std::move(words), doc);
  }

 private:
  void add(std::string_view name, std::string_view type, std::string_view unit, std::string value, std::string range,
           std::string_view doc) {
    all.push_back({std::string(name), std::string(type), std::string(unit), std::move(value), std::move(range),
                   std::string(doc)});
  }
};

class IntegerFinder final : public ParamVisitor {
 public:
  explicit IntegerFinder(std::string_view wanted) : wanted_(wanted) {}
  std::optional<std::int64_t> found;

  void duration(std::string_view, Duration&, ParamRange<Duration>, std::string_view) override {}
  void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t>, std::string_view,
               std::string_view) override {
    if (name == wanted_) found = value;
  }
  void real(std::string_view, double&, ParamRange<double>, std::string_view, std::string_view) override {}
  void share(std::string_view, double&, std::string_view) override {}
  void size(std::string_view, std::int64_t&, ParamRange<std::int64_t>, std::string_view) override {}
  void boolean(std::string_view, bool&, std::string_view) override {}
  void choice(std::string_view, int&, std::span<const std::string_view>, std::string_view) override {}

 private:
  std::string_view wanted_;
};

}  // namespace

std::vector<ParameterDescription> describe(const StrategyConfig& config) {
  Describer describer;
  config.clone()->visit(describer);
  return std::move(describer.all);
}

std::vector<ParameterDescription> changed_by_preset(const CatalogueEntry& entry, std::size_t preset) {
  const std::vector<ParameterDescription> defaults = describe(*entry.configure());
  const std::unique_ptr<StrategyConfig> config = entry.configure();
  config->use_preset(preset);
  std::vector<ParameterDescription> changed;
  std::vector<ParameterDescription> values = describe(*config);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].value != defaults[i].value) changed.push_back(std::move(values[i]));
  }
  return changed;
}

std::string_view default_strategy(Role role) {
  switch (role) {
    case Role::kMembership: return "swim";
    case Role::kDissemination: return "push";
    case Role::kReplication: return "anti-entropy";
    case Role::kRing: return "karger";
  }
  return "";
}

std::optional<std::int64_t> integer_parameter(const StrategyConfig& config, std::string_view name) {
  IntegerFinder finder(name);
  config.clone()->visit(finder);
  return finder.found;
}

}  // namespace hearsay::plan
