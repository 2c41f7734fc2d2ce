#include <doctest/doctest.h>

#include "sim/plan/parameters.hpp"
#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::plan;
using namespace hearsay::test;

namespace {

std::string value_of(const StrategyChoice& choice, std::string_view name) {
  for (const ParameterDescription& parameter : describe(*choice.config)) {
    if (parameter.name == name) return parameter.value;
  }
  return "none";
}

}  // namespace

TEST_CASE("a scenario of a duration alone has every default") {
  const auto plan = read("");
  REQUIRE(plan);
  CHECK(plan->name == "x");
  CHECK(plan->seed == 1);
  CHECK(plan->duration == 60s);
  CHECK(plan->nodes.size() == 64);
  CHECK(plan->directory.name(NodeSlot{63}) == "n63");
  CHECK(plan->groups.size() == 1);
  CHECK(plan->seeds.nodes.size() == 3);
  CHECK(plan->membership.entry->name == "swim");
  CHECK(plan->dissemination.entry->name == "push");
  CHECK(plan->replication.entry->name == "anti-entropy");
  CHECK(plan->ring.entry->name == "karger");
  REQUIRE(plan->network.links.size() == 1);
  CHECK(plan->network.links[0].latency.positive());
  CHECK(plan->events.empty());
  CHECK(plan->shared_views);
}

TEST_CASE("the general keys are read") {
  const auto plan = read("name = \"split-1\"\nquestion = \"does it heal?\"\nseed = 42\nstart_spread = \"2s\"\n");
  REQUIRE(plan);
  CHECK(plan->name == "split-1");
  CHECK(plan->question == "does it heal?");
  CHECK(plan->seed == 42);
  CHECK(plan->start_spread == 2s);
  CHECK(plan->source.starts_with("duration"));
}

TEST_CASE("groups have names, regions, weights, zones and may be absent") {
  const auto plan = read(R"(
[[region]]
name = "eu"
[[region]]
name = "us"
[[group]]
name = "a"
count = 2
region = "us"
weight = 2.5
zone = 7
[[group]]
name = "b"
prefix = "x-"
count = 1
present = false
)");
  REQUIRE(plan);
  REQUIRE(plan->nodes.size() == 3);
  CHECK(plan->directory[NodeSlot{1}].name == "a1");
  CHECK(plan->directory[NodeSlot{1}].weight == 2.5);
  CHECK(plan->directory[NodeSlot{1}].zone == 7);
  CHECK(plan->nodes[1].region == 1);
  CHECK(plan->nodes[1].present);
  CHECK(plan->directory[NodeSlot{2}].name == "x-0");
  CHECK(plan->nodes[2].region == 0);
  CHECK_FALSE(plan->nodes[2].present);
  CHECK(plan->nodes[2].group == 1);
}

TEST_CASE("a preset comes before the parameters beside it") {
  const auto plan = read(
      "[membership]\nprobe_timeout = \"3s\"\npreset = \"wan\"\nrejoin = \"none\"\nrefute = false\n"
      "packet = \"2KiB\"\nawareness = \"10%\"\nsuspicion_mult = 5\nindirect_checks = 2\n");
  REQUIRE(plan);
  CHECK(plan->membership.preset == "wan");
  CHECK(value_of(plan->membership, "probe_interval") == "5s");
  CHECK(value_of(plan->membership, "probe_timeout") == "3s");
  CHECK(value_of(plan->membership, "rejoin") == "none");
  CHECK(value_of(plan->membership, "refute") == "false");
  CHECK(value_of(plan->membership, "packet") == "2KiB");
  CHECK(value_of(plan->membership, "awareness") == "0.1");
  CHECK(value_of(plan->membership, "suspicion_mult") == "5");
  CHECK(value_of(plan->membership, "indirect_checks") == "2");
}

TEST_CASE("parameters are listed with their unit, range and default") {
  const auto all = describe(*catalogue().find(Role::kMembership, "swim")->configure());
  REQUIRE(all.size() == 8);
  CHECK(all[0].name == "probe_interval");
  CHECK(all[0].type == "duration");
  CHECK(all[0].value == "1s");
  CHECK(all[0].range == "1ms..1h");
  CHECK(all[0].doc == "how often a member probes another");
  CHECK(all[2].unit == "members");
  CHECK(all[4].range == "none | push-pull");
  CHECK(all[6].value == "1400B");
  CHECK(integer_parameter(*catalogue().find(Role::kMembership, "swim")->configure(), "indirect_checks") == 3);
  CHECK_FALSE(integer_parameter(*catalogue().find(Role::kMembership, "swim")->configure(), "probe_interval"));
}

TEST_CASE("clients are read, open loop and closed") {
  const auto plan = read(R"(
[[client]]
name = "load"
nodes = "n0..n3"
per_node = 2
rate = "30/min"
steady = true
start = "5s"
stop = "50s"
put = 1
get = 9
keys = 100
popularity = "zipf"
zipf_exponent = 1.2
key_prefix = "k:"
value_size = {distribution = "uniform", min = "10B", max = "1KiB"}
ttl = {distribution = "exponential", mean = "20s", min = "1s"}
[[client]]
think = "100ms"
del = 1
ttl = "never"
)");
  REQUIRE(plan);
  REQUIRE(plan->clients.size() == 2);
  const ClientSpec& load = plan->clients[0];
  CHECK(load.nodes.nodes.size() == 4);
  CHECK(load.open_loop);
  CHECK(load.rate_hz == 0.5);
  CHECK(load.steady);
  CHECK(load.stop == 50s);
  CHECK(load.get_weight == 9);
  CHECK(load.del_weight == 0);
  CHECK(load.popularity == ClientSpec::Popularity::kZipf);
  CHECK(load.value_bytes.maximum() == 1024);
  CHECK(load.ttl->minimum() == 1s);
  const ClientSpec& closed = plan->clients[1];
  CHECK(closed.name == "client1");
  CHECK(closed.nodes.nodes.size() == 64);
  CHECK_FALSE(closed.open_loop);
  CHECK(closed.think.mean() == 100ms);
  CHECK(closed.stop == 60s);
  CHECK(closed.put_weight == 0);
  CHECK(closed.del_weight == 1);
  CHECK_FALSE(closed.ttl);
}

TEST_CASE("ops come in order of time") {
  const auto plan = read(R"(
[[op]]
at = "9s"
node = "n1"
get = "k"
[[op]]
at = "2s"
node = "n0"
put = "k"
value = "v"
ttl = "30s"
[[op]]
at = "5s"
node = "n0"
op = "del"
key = "k"
)");
  REQUIRE(plan);
  REQUIRE(plan->ops.size() == 3);
  CHECK(plan->ops[0].op == OpKind::kPut);
  CHECK(plan->ops[0].ttl == 30s);
  CHECK(plan->ops[0].value == "v");
  CHECK(plan->ops[1].op == OpKind::kDel);
  CHECK(plan->ops[2].op == OpKind::kGet);
  CHECK(plan->ops[2].place.line == 3);
}

TEST_CASE("expectations have bounds in the metric's unit") {
  const auto plan = read(R"(
[[event]]
at = "5s"
kind = "crash"
nodes = "n1"
[[expect]]
metric = "convergence_s[crash@5s]"
max = "1.5min"
[[expect]]
metric = "get_latency_p99_ms"
min = "1us"
max = "2s"
[[expect]]
metric = "availability_share"
min = "99%"
[[expect]]
metric = "bytes_per_node_s"
max = "2kB/s"
[[expect]]
metric = "early_expiries_count"
max = 0
[[expect]]
invariant = "never_early"
)");
  REQUIRE(plan);
  REQUIRE(plan->expectations.size() == 6);
  CHECK(plan->expectations[0].max == 90.0);
  CHECK(plan->expectations[0].text == "convergence_s[crash@5s] <= 1.5min");
  CHECK(plan->expectations[1].min == 0.001);
  CHECK(plan->expectations[1].max == 2000.0);
  CHECK(plan->expectations[2].min == 0.99);
  CHECK(plan->expectations[3].max == 2000.0);
  CHECK(plan->expectations[4].max == 0.0);
  CHECK_FALSE(plan->expectations[5].max);
  CHECK(plan->expectations[5].metric == "never_early");
}

TEST_CASE("what is measured can be chosen") {
  const auto plan =
      read("[measure]\nsample_interval = \"100ms\"\nviews = false\nvalues = false\n[simulator]\nviews = \"private\"\n");
  REQUIRE(plan);
  CHECK(plan->measure.sample_interval == 100ms);
  CHECK_FALSE(plan->measure.views);
  CHECK_FALSE(plan->measure.ring);
  CHECK_FALSE(plan->measure.values);
  CHECK_FALSE(plan->shared_views);
}

TEST_CASE("a scenario of years is sampled less often instead of being refused") {
  const auto plan = plan::read_text("duration = \"3000d\"", "x.toml", {}, catalogue());
  REQUIRE(plan);
  CHECK(static_cast<std::uint64_t>(plan->duration / plan->measure.sample_interval) <= 100'000);
}

TEST_CASE(
    "a second mistake in a section does no harm: a sampling interval of 0 beside an unknown key divided by zero") {
  CHECK(said("[measure]\nsample_interval = \"0ms\"\nriew = false\n").starts_with("x.toml:4:1: unknown key 'riew'"));
}

TEST_CASE("a seed has all 64 bits, in quotes where TOML has no integer for it") {
  CHECK(read("seed = 9223372036854775807")->seed == 9223372036854775807U);
  CHECK(read("seed = \"18446744073709551615\"")->seed == 18446744073709551615U);
  CHECK(read("", {"seed=18446744073709551615"})->seed == 18446744073709551615U);
  CHECK(read("seed = \"0\"")->seed == 0);
}

TEST_CASE("a message is one line of bounded length, whatever it quotes") {
  CHECK(said("start_spread = \"\"\"1\n2\"\"\"").starts_with("x.toml:2:16: start_spread: \"1\\x0a2\": unknown unit"));
  CHECK(said("\"a\\nb\" = 1").starts_with("x.toml:2:1: unknown key 'a\\x0ab' in a scenario;"));
  // A line separator, a terminal's escape and text that runs from right to left.
  CHECK(said("name = \"a\\u2028b\"").starts_with("x.toml:2:8: name: 'a\\u2028b' is not a name"));
  CHECK(said("name = \"\\u001b[2J\"").starts_with("x.toml:2:8: name: '\\x1b[2J' is not a name"));
  CHECK(said("name = \"\\u202e\\u0085\"").starts_with("x.toml:2:8: name: '\\u202e\\u0085' is not a name"));
  CHECK(said("", {"membership.rejoin=a\nb"}).find("'a\\x0ab'") != std::string::npos);
  // What was expected is seen after a long value, too.
  const std::string unit(5000, 's');
  CHECK(said("start_spread = \"1" + unit + "\"") == "x.toml:2:16: start_spread: '1" + unit.substr(0, 59) +
                                                        "...' is too long; expected a duration such as \"500ms\"");
  CHECK(said("\"" + unit + "\" = 1").size() < 400);
  // The file's name is quoted as well.
  const auto plan = plan::read_text("a", "x\n" + unit, {}, catalogue());
  REQUIRE_FALSE(plan);
  CHECK(plan.error().message.starts_with("x\\x0ass"));
  CHECK(plan.error().message.size() == 2000 + 3 + 3);
}
