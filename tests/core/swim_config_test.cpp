#include <doctest/doctest.h>

#include <set>

#include "core/membership/swim.hpp"

namespace hearsay {
namespace {

// Sees that every value lies in its range and every parameter explains itself.
class SwimInspector final : public ParamVisitor {
 public:
  void duration(std::string_view name, Duration& value, ParamRange<Duration> range, std::string_view doc) override {
    seen(name, value >= range.min && value <= range.max, doc);
  }
  void integer(std::string_view name, std::int64_t& value, ParamRange<std::int64_t> range, std::string_view,
               std::string_view doc) override {
    seen(name, value >= range.min && value <= range.max, doc);
  }
  void real(std::string_view name, double& value, ParamRange<double> range, std::string_view,
            std::string_view doc) override {
    seen(name, value >= range.min && value <= range.max, doc);
  }
  void share(std::string_view name, double& value, std::string_view doc) override {
    seen(name, value >= 0 && value <= 1, doc);
  }
  void size(std::string_view name, std::int64_t& value, ParamRange<std::int64_t> range, std::string_view doc) override {
    seen(name, value >= range.min && value <= range.max, doc);
  }
  void boolean(std::string_view name, bool&, std::string_view doc) override { seen(name, true, doc); }
  void choice(std::string_view name, int& value, std::span<const std::string_view> choices,
              std::string_view doc) override {
    seen(name, value >= 0 && static_cast<std::size_t>(value) < choices.size(), doc);
  }
  std::set<std::string, std::less<>> names;

 private:
  void seen(std::string_view name, bool in_range, std::string_view doc) {
    CAPTURE(name);
    CHECK(in_range);
    CHECK(doc.size() > 40);
    CHECK(names.emplace(name).second);
  }
};

}  // namespace

TEST_CASE("swim's presets are memberlist's") {
  SwimConfig lan;
  CHECK(lan.probe_interval == 1s);
  CHECK(lan.probe_timeout == 500ms);
  CHECK(lan.indirect_checks == 3);
  CHECK(lan.suspicion_mult == 4);
  CHECK(lan.suspicion_max_timeout_mult == 6);
  CHECK(lan.retransmit_mult == 4);
  CHECK(lan.gossip_interval == 200ms);
  CHECK(lan.gossip_nodes == 3);
  CHECK(lan.gossip_to_the_dead_time == 30s);
  CHECK(lan.push_pull_interval == 30s);
  CHECK(lan.awareness_max_multiplier == 8);
  CHECK(lan.udp_buffer_size == 1400);

  SwimConfig wan;
  wan.use_preset(1);
  CHECK(wan.probe_interval == 5s);
  CHECK(wan.probe_timeout == 3s);
  CHECK(wan.suspicion_mult == 6);
  CHECK(wan.gossip_interval == 500ms);
  CHECK(wan.gossip_nodes == 4);
  CHECK(wan.push_pull_interval == 60s);

  SwimConfig local;
  local.use_preset(2);
  CHECK(local.probe_interval == 1s);
  CHECK(local.probe_timeout == 200ms);
  CHECK(local.suspicion_mult == 3);
  CHECK(local.indirect_checks == 1);
  CHECK(local.retransmit_mult == 2);
  CHECK(local.gossip_interval == 100ms);
  CHECK(local.push_pull_interval == 15s);
}

TEST_CASE("every swim parameter is in range in every preset and says what it costs") {
  const CatalogueEntry entry = swim_entry();
  CHECK(entry.role == Role::kMembership);
  CHECK(entry.name == "swim");
  REQUIRE(entry.presets.size() == 3);
  for (std::size_t i = 0; i < entry.presets.size(); ++i) {
    const auto config = entry.configure();
    config->use_preset(i);
    SwimInspector inspector;
    config->visit(inspector);
    CHECK(inspector.names.contains("probe_interval"));
    CHECK(inspector.names.contains("rejoin"));
    CHECK(config->check().has_value());
    CHECK(config->build()->role() == Role::kMembership);
  }
}

TEST_CASE("a probe timeout longer than the interval is refused") {
  SwimConfig config;
  config.probe_timeout = 2s;
  REQUIRE_FALSE(config.check().has_value());
  CHECK(config.check().error().code == ErrorCode::kInvalidArgument);
}

}  // namespace hearsay
