// What a split does to a cluster, and what mends it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using measure::Results;
using test::event_of;
using test::plan_of;
using test::run;

std::string split(std::string_view rejoin, std::string_view network = "latency = \"5ms\"") {
  return "duration = \"150s\"\n[nodes]\ncount = 10\n[membership]\nstrategy = \"swim\"\nrejoin = \"" +
         std::string(rejoin) + "\"\n[network]\n" + std::string(network) +
         "\n[[event]]\nat = \"5s\"\nlabel = \"split\"\nkind = \"partition\"\nsides = [\"n0..n4\", \"n5..n9\"]\n"
         "[[event]]\nat = \"80s\"\nlabel = \"heal\"\nkind = \"heal\"\n[[expect]]\ninvariant = \"views_agree_at_end\"\n";
}

TEST_CASE("a split of swim is seen by everybody and mended by the rejoin healer alone") {
  const Results healed = run(plan_of(split("push-pull")));
  CHECK(healed.passed());
  CHECK(event_of(healed, "split").converged_s.has_value());
  CHECK(event_of(healed, "heal").converged_s.has_value());
  const Results apart = run(plan_of(split("none")));
  CHECK_FALSE(apart.passed());
  CHECK(event_of(apart, "split").converged_s.has_value());
  CHECK_FALSE(event_of(apart, "heal").converged_s.has_value());
}

TEST_CASE("while nothing heals, nothing of the other side is heard") {
  const plan::Plan plan = plan_of(R"(
duration = "60s"
[nodes]
count = 6
[membership]
strategy = "static"
[replication]
strategy = "anti-entropy"
n = 6
r = "one"
w = "one"
[[op]]
at = "10s"
node = "n0"
put = "k"
value = "v"
[[op]]
at = "29s"
node = "n5"
get = "k"
[[op]]
at = "31s"
node = "n2"
get = "k"
[[op]]
at = "55s"
node = "n5"
get = "k"
[[event]]
at = "5s"
kind = "partition"
sides = ["n0..n2", "n3..n5"]
for = "35s"
)");
  std::vector<bool> found;
  RunOptions options;
  options.operations = [&](const measure::OpRecord& op) {
    if (op.op == OpKind::kGet) found.push_back(op.reply.ok);
  };
  CHECK(run(plan, 1, options).passed());
  CHECK(found == std::vector<bool>{false, true, true});
}

// Whether n1 has what was put at n0 while the two were cut off from each other, long after the cut.
bool arrives_after(std::string_view kind, std::string_view mode, std::string_view end) {
  const plan::Plan plan = plan_of(fmt::format(R"(
duration = "30s"
[nodes]
count = 2
[membership]
strategy = "static"
[replication]
strategy = "none"
n = 2
r = "one"
w = "one"
[network]
kind = "{}"
latency = "5ms"
[[op]]
at = "3s"
node = "n0"
put = "k"
value = "v"
[[op]]
at = "28s"
node = "n1"
get = "k"
[[event]]
at = "2s"
kind = "partition"
sides = ["n0", "n1"]
mode = "{}"
{}
)",
                                              kind, mode, end));
  bool found = false;
  RunOptions options;
  options.operations = [&](const measure::OpRecord& op) { found = found || (op.op == OpKind::kGet && op.reply.ok); };
  CHECK(run(plan, 1, options).passed());
  return found;
}

TEST_CASE("what a cut held arrives after its end, however it ends, what it dropped never does") {
  for (const std::string_view end : {"for = \"5s\"", "[[event]]\nat = \"7s\"\nkind = \"heal\""}) {
    CAPTURE(end);
    CHECK(arrives_after("udp", "hold", end));
    CHECK(arrives_after("zmq", "hold", end));
    CHECK(arrives_after("zmq", "drop", end));  // TCP sends it again
    CHECK_FALSE(arrives_after("udp", "drop", end));
  }
}

}  // namespace
}  // namespace hearsay::world
