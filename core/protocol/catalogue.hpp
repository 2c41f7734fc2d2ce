// The catalogue: every strategy by role and name, with its typed parameters, presets and source. An explicit list,
// because a linker drops registrars that nobody refers to.
//
// A strategy's entry is its configuration struct:
//
//   struct SwimConfig {
//     static constexpr Role kRole = Role::kMembership;
//     static constexpr std::string_view kName = "swim";
//     static constexpr std::string_view kSummary = "...";       // one sentence
//     static constexpr std::string_view kSource = "Das, Gupta, Motivala 2002; ...";
//     static std::span<const Preset> presets();                 // optional; the first one equals the defaults
//     void use_preset(std::size_t index);                       // optional, with presets()
//     void visit(ParamVisitor& v);
//     Result<void> check() const;                               // what ranges cannot say
//     std::shared_ptr<const Component> build() const;           // check() has passed
//   };
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/params.hpp"
#include "core/protocol/role.hpp"
#include "core/protocol/strategy.hpp"

namespace hearsay {

struct Preset {
  std::string_view name;
  std::string_view doc;
};

// The parameters of one strategy, being set.
class StrategyConfig {
 public:
  virtual ~StrategyConfig() = default;
  virtual std::unique_ptr<StrategyConfig> clone() const = 0;
  virtual void visit(ParamVisitor& visitor) = 0;
  virtual void use_preset(std::size_t index) = 0;
  // kInvalidArgument when the values do not fit together.
  virtual Result<void> check() const = 0;
  virtual std::shared_ptr<const Component> build() const = 0;
};

// One strategy of the catalogue. `configure` makes a configuration with every default.
struct CatalogueEntry {
  Role role{};
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::span<const Preset> presets;
  std::function<std::unique_ptr<StrategyConfig>()> configure;
};

namespace detail {

template <class Config>
class ConfigOf final : public StrategyConfig {
 public:
  std::unique_ptr<StrategyConfig> clone() const override { return std::make_unique<ConfigOf>(*this); }
  void visit(ParamVisitor& visitor) override { config_.visit(visitor); }
  void use_preset([[maybe_unused]] std::size_t index) override {
    if constexpr (requires(Config& c) { c.use_preset(index); }) config_.use_preset(index);
  }
  Result<void> check() const override { return config_.check(); }
  std::shared_ptr<const Component> build() const override { return config_.build(); }

 private:
  Config config_;
};

}  // namespace detail

template <class Config>
CatalogueEntry entry_of() {
  CatalogueEntry entry;
  entry.role = Config::kRole;
  entry.name = Config::kName;
  entry.summary = Config::kSummary;
  entry.source = Config::kSource;
  if constexpr (requires { Config::presets(); }) entry.presets = Config::presets();
  entry.configure = []() -> std::unique_ptr<StrategyConfig> { return std::make_unique<detail::ConfigOf<Config>>(); };
  return entry;
}

class Catalogue {
 public:
  // kInvalidArgument when the role has that name already.
  Result<void> add(const CatalogueEntry& entry);
  const CatalogueEntry* find(Role role, std::string_view name) const;
  // All entries of a role, in the order they were added.
  std::vector<const CatalogueEntry*> list(Role role) const;

  // Everything hearsay ships.
  static const Catalogue& builtin();

 private:
  std::vector<CatalogueEntry> entries_;
};

}  // namespace hearsay
