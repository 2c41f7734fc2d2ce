#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/base/quantity.hpp"
#include "sim/plan/csv_table.hpp"
#include "tests/plan/read.hpp"

using namespace hearsay;
using namespace hearsay::plan;
using namespace hearsay::test;

TEST_CASE("the network's keys are read") {
  const auto plan = read(R"(
[network]
kind = "zmq"
latency = {distribution = "lognormal", median = "20ms", sigma = 0.5, min = "1ms"}
loss = "1%"
duplicate = 0.5
reorder = "0.1%"
reorder_delay = "30ms"
bandwidth = "10Mbit/s"
queue = "64KiB"
high_water_mark = 5
retransmit_min = "100ms"
retransmit_max = "2s"
)");
  REQUIRE(plan);
  const NetworkSpec& network = plan->network;
  CHECK(network.kind == LinkKind::kZmq);
  CHECK(network.links[0].latency.describe() == "lognormal median 20ms sigma 0.5 min 1ms");
  CHECK(network.links[0].loss == *Ratio::of(0.01));
  CHECK(network.links[0].duplicate == *Ratio::of(0.5));
  CHECK(network.links[0].reorder_delay.mean() == 30ms);
  CHECK(network.bandwidth_bits == 10'000'000);
  CHECK(network.queue_bytes == 65'536);
  CHECK(network.high_water_mark == 5);
  CHECK(network.retransmit_min == 100ms);
  CHECK(network.retransmit_max == 2s);
}

TEST_CASE("every kind of distribution is read") {
  for (const auto& [table, text] : std::initializer_list<std::pair<std::string, std::string>>{
           {"\"20ms\"", "constant 20ms"},
           {"{distribution = \"constant\", value = \"20ms\"}", "constant 20ms"},
           {"{distribution = \"uniform\", min = \"1ms\", max = \"9ms\"}", "uniform 1ms..9ms"},
           {"{distribution = \"exponential\", mean = \"20ms\", min = \"1ms\"}", "exponential mean 20ms min 1ms"},
           {"{distribution = \"normal\", mean = \"20ms\", sd = \"2ms\", min = \"1ms\"}",
            "normal mean 20ms sd 2ms min 1ms"},
           {"{distribution = \"pareto\", min = \"5ms\", shape = 2.5}", "pareto min 5ms shape 2.5"},
           {"{distribution = \"pareto\", min = \"5ms\", shape = 2, cap = \"1s\"}", "pareto min 5ms shape 2 cap 1s"}}) {
    CAPTURE(table);
    const auto plan = read("[network]\nlatency = " + table + "\n");
    REQUIRE(plan);
    CHECK(plan->network.links[0].latency.describe() == text);
  }
}

TEST_CASE("links between regions override the network, both ways unless one way") {
  const auto plan = read(R"(
[[region]]
name = "eu"
[[region]]
name = "us"
[[region]]
name = "ap"
[network]
latency = "1ms"
loss = "1%"
[[network.link]]
from = "eu"
to = "us"
latency = "80ms"
[[network.link]]
from = "us"
to = "ap"
latency = "150ms"
loss = 0
one_way = true
)");
  REQUIRE(plan);
  const auto& links = plan->network.links;
  REQUIRE(links.size() == 9);
  CHECK(links[0].latency.mean() == 1ms);
  CHECK(links[1].latency.mean() == 80ms);
  CHECK(links[1].loss == *Ratio::of(0.01));
  CHECK(links[3].latency.mean() == 80ms);
  CHECK(links[5].latency.mean() == 150ms);
  CHECK(links[5].loss.never());
  CHECK(links[7].latency.mean() == 1ms);
}

TEST_CASE("clocks are off and drift") {
  const auto plan = read(R"(
[[clock]]
nodes = "n0"
offset = "5s"
[[clock]]
nodes = "n1"
offset = "-2.5s"
drift = "-20ppm"
[[clock]]
offset = {distribution = "normal", mean = "0s", sd = "10ms"}
drift_spread = "50 ppm"
)");
  REQUIRE(plan);
  REQUIRE(plan->clocks.size() == 3);
  CHECK(plan->clocks[0].offset.mean() == 5s);
  CHECK_FALSE(plan->clocks[0].offset_both_ways);
  CHECK_FALSE(plan->clocks[0].offset_behind);
  CHECK(plan->clocks[1].offset.mean() == 2500ms);
  CHECK(plan->clocks[1].offset_behind);
  CHECK(plan->clocks[1].drift_ppm == -20.0);
  CHECK(plan->clocks[2].offset_both_ways);
  CHECK(plan->clocks[2].nodes.nodes.size() == 64);
  CHECK(plan->clocks[2].drift_ppm_spread == 50.0);
}

namespace {

Result<std::int64_t> nanoseconds(std::string_view text) {
  return parse_duration(text).map([](Duration d) { return d.count(); });
}

std::string csv(std::string_view text, std::string_view unit = "") {
  const auto table = parse_csv(text, "l.csv", unit, nanoseconds);
  if (!table) return table.error().message;
  std::string out;
  for (const auto& entry : table->entries())
    out += std::to_string(entry.value) + "x" + std::to_string(entry.weight) + " ";
  return out;
}

}  // namespace

TEST_CASE("an empirical table is a value a line, with a weight or without") {
  CHECK(csv("5ns\n3ns\n5ns\n") == "3x1 5x2 ");
  CHECK(csv("latency,weight\r\n# far\r\n\r\n5ns, 7\r\n3ns,2") == "3x2 5x7 ");
  CHECK(csv("5\n3\n", "us") == "3000x1 5000x1 ");
  CHECK(csv("value,weight\n5,2\n3,1\n", "us") == "3000x1 5000x2 ");
  CHECK(csv("\xef\xbb\xbf"
            "5ns\n") == "5x1 ");
  CHECK(csv("\xef\xbb\xbf"
            "latency\n5ns\n") == "5x1 ");
}

TEST_CASE("a decimal comma was read as a weight, and nan as a heading") {
  CHECK(csv("1\n2,5\n", "ms") ==
        "l.csv:2:1: '2,5': a weight, or a decimal comma? expected a point in the number, or a heading such as "
        "\"value,weight\" in the first line");
  CHECK(csv("nan\n5ns\n").starts_with("l.csv:1:1: \"nan\" is not a duration"));
  CHECK(csv("INF,2\n5ns\n").starts_with("l.csv:1:1: \"INF\" is not a duration"));
  CHECK(csv("nanoseconds\n5ns\n") == "5x1 ");
}

TEST_CASE("a wrong table is reported with its line and column") {
  CHECK(csv("") == "l.csv: no entries; expected lines of a value, or value,weight");
  CHECK(csv("1ms\n2\n") == "l.csv:2:1: \"2\" lacks a unit; a duration has one of ns us ms s min h d µs μs");
  CHECK(csv("1ms,x\n") == "l.csv:1:5: 'x' is not a weight; expected a whole number");
  CHECK(csv("1ms,1,2\n") == "l.csv:1:5: '1,2' is not a weight; expected a whole number");
  CHECK(csv("1ms,-1\n") == "l.csv:1:5: '-1' is not a weight; expected a whole number");
}

TEST_CASE("a distribution's file is looked for beside the scenario") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "hearsay-plan-test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "l.csv") << "10ms,1\n20ms,3\n";
  std::ofstream(folder / "s.toml")
      << "duration = \"5s\"\n[network]\nlatency = {distribution = \"empirical\", file = \"l.csv\"}\n";
  const auto plan = read_file((folder / "s.toml").string(), {}, catalogue());
  std::ofstream(folder / "l.csv") << "10ms,1\n0ms\n";
  const auto zero = read_file((folder / "s.toml").string(), {}, catalogue());
  std::filesystem::remove_all(folder);
  REQUIRE(plan);
  CHECK(plan->name == "s");
  CHECK(plan->network.links[0].latency.mean() == 17'500us);
  REQUIRE_FALSE(zero);
  CHECK(zero.error().message.ends_with(
      "s.toml:3:11: latency: its minimum is 0s; expected one above zero, such as \"1ms\""));
}
