#include "core/protocol/catalogue.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <set>
#include <string>

#include "core/protocol/codec.hpp"

namespace hearsay {
namespace {

constexpr Role kAllRoles[] = {Role::kMembership, Role::kDissemination, Role::kReplication, Role::kRing};

bool is_word(std::string_view text) {
  for (const char c : text) {
    if (std::islower(static_cast<unsigned char>(c)) == 0 && std::isdigit(static_cast<unsigned char>(c)) == 0 &&
        c != '_' && c != '-') {
      return false;
    }
  }
  return !text.empty();
}

// Holds every parameter to what error messages, listings and the reference need of it.
class Inspector final : public ParamVisitor {
 public:
  void duration(std::string_view name, Duration& value, ParamRange<Duration> range, std::string_view doc) override {
    inspect(name, doc, range.min <= value && value <= range.max);
  }
  void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t> range, std::string_view unit,
               std::string_view doc) override {
    inspect(name, doc, range.min <= value && value <= range.max && !unit.empty());
  }
  void real(std::string_view name, double& value, ParamRange<double> range, std::string_view unit,
            std::string_view doc) override {
    inspect(name, doc, range.min <= value && value <= range.max && !unit.empty());
  }
  void share(std::string_view name, double& value, std::string_view doc) override {
    inspect(name, doc, 0 <= value && value <= 1);
  }
  void size(std::string_view name, std::int64_t& value, ParamRange<std::int64_t> range, std::string_view doc) override {
    inspect(name, doc, range.min <= value && value <= range.max);
  }
  void boolean(std::string_view name, bool&, std::string_view doc) override { inspect(name, doc, true); }
  void choice(std::string_view name, int& value, std::span<const std::string_view> choices,
              std::string_view doc) override {
    inspect(name, doc, value >= 0 && static_cast<std::size_t>(value) < choices.size());
    for (const std::string_view word : choices) CHECK(is_word(word));
  }

 private:
  void inspect(std::string_view name, std::string_view doc, bool in_range) {
    CAPTURE(name);
    CHECK(is_word(name));
    CHECK(names_.insert(std::string(name)).second);
    CHECK(doc.size() > 20);
    CHECK(in_range);
  }
  std::set<std::string> names_;
};

TEST_CASE("catalogue: of the disseminations only publish needs a driver to listen to everybody's announcements") {
  for (const CatalogueEntry* entry : Catalogue::builtin().list(Role::kDissemination)) {
    CAPTURE(entry->name);
    const auto built = entry->configure()->build();
    CHECK(static_cast<const Strategy&>(*built).publishes() == (entry->name == "publish"));
  }
}

TEST_CASE("catalogue: every strategy is described, has valid defaults and presets, and builds what it says") {
  for (const Role role : kAllRoles) {
    for (const CatalogueEntry* entry : Catalogue::builtin().list(role)) {
      CAPTURE(entry->name);
      CHECK(entry->role == role);
      CHECK(is_word(entry->name));
      CHECK(entry->summary.back() == '.');
      CHECK(!entry->source.empty());
      const auto config = entry->configure();
      for (std::size_t preset = 0; preset < std::max<std::size_t>(1, entry->presets.size()); ++preset) {
        if (!entry->presets.empty()) config->use_preset(preset);
        Inspector inspector;
        config->visit(inspector);
        CHECK(config->check().has_value());
        CHECK(config->build()->role() == role);
      }
    }
  }
}

TEST_CASE("catalogue: finds by role and name, and refuses a name twice") {
  const Catalogue& builtin = Catalogue::builtin();
  REQUIRE(builtin.find(Role::kRing, "karger") != nullptr);
  CHECK(builtin.find(Role::kMembership, "karger") == nullptr);
  CHECK(builtin.find(Role::kDissemination, "publish") != nullptr);
  CHECK(builtin.find(Role::kMembership, "announce") != nullptr);
  Catalogue copy = builtin;
  CHECK(!copy.add(*builtin.find(Role::kRing, "karger")).has_value());
}

TEST_CASE("catalogue: all messages of all strategies have tags of their own") {
  MessageTypes types;
  for (const Role role : {Role::kMembership, Role::kDissemination, Role::kReplication}) {
    for (const CatalogueEntry* entry : Catalogue::builtin().list(role)) {
      const auto strategy = std::dynamic_pointer_cast<const Strategy>(entry->configure()->build());
      REQUIRE(strategy != nullptr);
      for (const MessageType* type : strategy->messages()) {
        CAPTURE(type->name);
        CHECK(types.add(*type).has_value());
        CHECK(type->name.find('.') != std::string_view::npos);
      }
    }
  }
}

}  // namespace
}  // namespace hearsay
