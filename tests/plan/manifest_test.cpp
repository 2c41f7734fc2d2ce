#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "sim/plan/manifest.hpp"
#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::test;

namespace {

constexpr std::string_view kEverything = R"(
question = "what is in a manifest?"
[nodes]
count = 8
[[region]]
name = "home"
[[region]]
name = "away"
[[group]]
name = "late"
count = 2
region = "away"
present = false
[membership]
preset = "wan"
probe_timeout = "1s"
[network]
loss = "1%"
bandwidth = "10Mbit/s"
[[network.link]]
from = "home"
to = "away"
latency = {distribution = "uniform", min = "40ms", max = "90ms"}
[[clock]]
nodes = "n0"
offset = "-5s"
[[client]]
name = "load"
ttl = "30s"
[[op]]
at = "1s"
node = "n3"
put = "k"
value = "v"
[[event]]
at = "10s"
kind = "partition"
label = "split"
sides = ["2 random of group:nodes", "rest"]
for = "10s"
[[event]]
at = "30s"
kind = "join"
nodes = "group:late"
[[event]]
at = "35s"
kind = "loss"
loss = "50%"
for = "5s"
[[expect]]
metric = "convergence_s[split]"
max = "9s"
[[expect]]
invariant = "never_early"
)";

}  // namespace

TEST_CASE("a manifest has everything, defaults resolved") {
  const auto plan = read(kEverything, {"seed=9"});
  if (!plan) FAIL(plan.error().message);
  const nlohmann::ordered_json json = plan::manifest(*plan);
  CHECK(json["seed"] == 9);
  CHECK(json["duration"] == "1min");
  CHECK(json["groups"][0]["count"] == 8);
  CHECK(json["groups"][0]["last"] == "n7");
  CHECK(json["groups"][1]["region"] == "away");
  CHECK(json["groups"][1]["present"] == false);
  CHECK(json["seeds"]["text"] == "n0, n1, n2");
  CHECK(json["membership"]["preset"] == "wan");
  const nlohmann::ordered_json parameters = {{"probe_interval", "5s"}, {"probe_timeout", "1s"}, {"indirect_checks", 3},
                                             {"suspicion_mult", 4},    {"rejoin", "push-pull"}, {"refute", true},
                                             {"packet", "1400B"},      {"awareness", 0.25}};
  CHECK(json["membership"]["parameters"] == parameters);
  CHECK(json["replication"]["parameters"]["n"] == 3);
  CHECK(json["network"]["kind"] == "udp");
  CHECK(json["network"]["links"].size() == 4);
  CHECK(json["network"]["links"][1]["latency"] ==
        nlohmann::ordered_json{{"distribution", "uniform"}, {"min", "40ms"}, {"max", "90ms"}});
  CHECK(json["network"]["links"][3]["from"] == "away");
  CHECK(json["network"]["links"][0]["loss"].get<double>() == doctest::Approx(0.01));
  CHECK(json["network"]["bandwidth"] == "10Mbit/s");
  CHECK(json["network"]["queue"] == "256KiB");
  CHECK(json["clocks"][0]["direction"] == "behind");
  CHECK(json["clients"][0]["value_size"]["value"] == "64");
  CHECK(json["clients"][0]["ttl"]["value"] == "30s");
  CHECK(json["ops"][0]["node"] == "n3");
  CHECK(json["ops"][0]["ttl"] == "never");
  REQUIRE(json["events"].size() == 4);
  CHECK(json["events"][0]["sides"][0] ==
        nlohmann::ordered_json{{"text", "2 random of group:nodes"}, {"draw", 2}, {"of", 8}});
  CHECK(json["events"][0]["reaches"] == nlohmann::ordered_json{"10", "01"});
  CHECK(json["events"][1]["kind"] == "heal");
  CHECK(json["events"][1]["partition"] == "split");
  CHECK(json["events"][3]["loss"] == 0.5);
  CHECK(json["events"][3]["until"] == "40s");
  CHECK(json["expectations"][0]["max"] == 9.0);
  CHECK(json["expectations"][1]["invariant"] == "never_early");
  CHECK(json["measure"]["sample_interval"] == "1s");
  CHECK(json["simulator"]["views"] == "shared");
}

TEST_CASE("two readings of a scenario have one manifest, and an override changes it") {
  const std::string once = plan::manifest(*read(kEverything)).dump();
  CHECK(once == plan::manifest(*read(kEverything)).dump());
  CHECK(once != plan::manifest(*read(kEverything, {"nodes.count=9"})).dump());
}

TEST_CASE("every kind of event is in the manifest with its own keys") {
  for (const auto& [keys, key] : std::initializer_list<std::pair<std::string, std::string>>{
           {"kind = \"flap\"\nisolate = \"n1\"\nperiod = \"2s\"", "period"},
           {"kind = \"crash\"\nnodes = \"n1\"\nfor = \"2s\"", "for"},
           {"kind = \"restart\"\nnodes = \"n1\"", "keep_state"},
           {"kind = \"rolling-restart\"\nnodes = \"n1\"\ndown = \"1s\"", "down"},
           {"kind = \"pause\"\nnodes = \"n1\"\nfor = \"1s\"", "for"},
           {"kind = \"resume\"\nnodes = \"n1\"", "nodes"},
           {"kind = \"leave\"\nnodes = \"n1\"", "grace"},
           {"kind = \"slow\"\nnodes = \"n1\"\nstep = \"1s\"", "step"},
           {"kind = \"clock\"\nnodes = \"n1\"\ndrift = \"5ppm\"", "drift_ppm"},
           {"kind = \"churn\"\nnodes = \"n1\"\nmean_up = \"1s\"\nmean_down = \"1s\"", "mean_down"},
           {"kind = \"workload\"\nclient = \"a\"\nrate = \"5/s\"", "rate_per_s"}}) {
    CAPTURE(keys);
    const auto plan = read("[[client]]\nname = \"a\"\n[[event]]\nat = \"5s\"\n" + keys);
    REQUIRE(plan);
    const nlohmann::ordered_json json = plan::manifest(*plan);
    CHECK(json["events"][0]["kind"] == plan::kind_of(plan->events[0].action));
    CHECK(json["events"][0].contains(key));
  }
}
