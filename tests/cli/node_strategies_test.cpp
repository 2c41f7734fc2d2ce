#include "cli/node_strategies.hpp"

#include <doctest/doctest.h>

using namespace hearsay;
using namespace hearsay::cli;

namespace {

// The error that these options give, "ok" when there is none.
std::string said(NodeSettings settings, std::vector<std::string> overrides = {}) {
  settings.overrides = std::move(overrides);
  const auto chosen = choose_strategies(settings);
  return chosen ? "ok" : chosen.error().message;
}

bool begins(const std::string& text, std::string_view with) {
  INFO(text);
  return text.starts_with(with);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a node without options has the defaults and one copy") {
  const auto chosen = choose_strategies({});
  REQUIRE(chosen);
  CHECK(chosen->replicas == 1);
  CHECK(chosen->text == "swim, push, anti-entropy, karger");
  CHECK(chosen->composition != nullptr);
}

TEST_CASE("strategies, presets and parameters are those of a scenario") {
  NodeSettings settings;
  settings.membership = "announce";
  settings.dissemination = "publish";
  settings.ring = "stathat";
  settings.replicas = 3;
  settings.overrides = {"replication.strategy=none"};
  auto chosen = choose_strategies(settings);
  REQUIRE(chosen);
  CHECK(chosen->text == "announce, publish, none, stathat");
  CHECK(chosen->replicas == 3);
  settings = {};
  settings.overrides = {"membership.preset=wan", "membership.probe_interval=4s", "replication.n=5"};
  chosen = choose_strategies(settings);
  REQUIRE(chosen);
  CHECK(chosen->text == "swim (wan), push, anti-entropy, karger");
  CHECK(chosen->replicas == 5);
}

TEST_CASE("a wrong name is told of the option that gave it") {
  NodeSettings settings;
  settings.membership = "swmi";
  CHECK(begins(said(settings), "--membership: unknown membership strategy 'swmi'"));
  CHECK(has(said(settings), "did you mean 'swim'?"));
  for (const char* wrong : {"true", "a\"\n\\", "\xff", ""}) {
    settings.membership = std::string(wrong);
    CHECK(begins(said(settings), "--membership: "));
  }
  settings = {};
  settings.ring = "kargre";
  CHECK(begins(said(settings), "--ring: "));
  settings = {};
  settings.dissemination = "pushy";
  CHECK(begins(said(settings), "--dissemination: "));
  settings = {};
  settings.replicas = 99;
  CHECK(begins(said(settings), "--replicas: "));
  CHECK(begins(said({}, {"membership.strategy=swmi"}), "--set membership.strategy: unknown"));
  CHECK(begins(said({}, {" replication.n = 99"}), "--set replication.n: "));
}

TEST_CASE("a wrong parameter is told of its --set") {
  CHECK(begins(said({}, {"membership.probe_intervall=1s"}), "--set membership.probe_intervall: "));
  CHECK(has(said({}, {"membership.probe_intervall=1s"}), "did you mean 'probe_interval'?"));
  CHECK(begins(said({}, {"membership.probe_interval=soon"}), "--set membership.probe_interval: "));
  CHECK(begins(said({}, {"membership.preset=lna"}), "--set membership.preset: "));
  CHECK(begins(said({}, {"membership=swim"}), "--set membership: "));
  CHECK(begins(said({}, {"nonsense"}), "--set 'nonsense': no '='"));
}

TEST_CASE("values that do not fit together are told of --set, whichever came first") {
  const std::string text = said({}, {"membership.probe_timeout=10s"});
  CHECK(begins(text, "--set: [membership] with strategy 'swim': "));
}

TEST_CASE("a node has roles and nothing else of a scenario") {
  CHECK(begins(said({}, {"network.latency=1ms"}), "--set network.latency: a node has no 'network'"));
  CHECK(has(said({}, {"membreship.rejoin=none"}), "did you mean 'membership'?"));
  CHECK(begins(said({}, {"duration=3s"}), "--set duration: a node has no 'duration'"));
}
