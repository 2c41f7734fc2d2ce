// The load of a run: who asks what, when, and what is recorded of it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/world/world_plan.hpp"

namespace hearsay::world {
namespace {

using measure::OpRecord;

// Everybody a member, one copy of each item: the load is what matters here.
constexpr std::string_view kQuiet = R"(
duration = "100s"
[nodes]
count = 6
[membership]
strategy = "static"
[replication]
strategy = "none"
n = 1
r = "one"
w = "one"
[network]
latency = "5ms"
)";

std::vector<OpRecord> operations(const std::string& text, std::uint64_t seed = 1) {
  std::vector<OpRecord> records;
  RunOptions options;
  options.operations = [&](const OpRecord& record) { records.push_back(record); };
  const plan::Plan plan = test::plan_of(std::string(kQuiet) + text);
  (void)test::run(plan, seed, options);
  std::ranges::sort(records, {}, &OpRecord::id);
  return records;
}

Duration since_start(TrueTime time) { return time.time_since_epoch(); }

TEST_CASE("a single op happens at its time and node, and a get finds what was put") {
  const auto ops = operations(R"(
[[op]]
at = "5s"
node = "n1"
put = "k"
value = "v"
ttl = "20s"
[[op]]
at = "10s"
node = "n4"
get = "k"
[[op]]
at = "40s"
node = "n4"
get = "k"
)");
  REQUIRE(ops.size() == 3);
  CHECK(since_start(ops[0].invoked) == 5s);
  CHECK(ops[0].node == NodeSlot{1});
  CHECK(ops[0].client == measure::kNoClient);
  CHECK(ops[0].reply.ok);
  CHECK(ops[1].reply.ok);
  CHECK(ops[1].reply.value.view() == "v");
  CHECK(ops[1].completed >= ops[1].invoked);
  CHECK_FALSE(ops[2].reply.ok);
  CHECK(ops[2].reply.error == ErrorCode::kNotFound);
}

TEST_CASE("a steady client asks at equal gaps, between its start and its stop") {
  const auto ops =
      operations("[[client]]\nnodes = \"n2\"\nrate = \"4/s\"\nsteady = true\nstart = \"10s\"\nstop = \"20s\"");
  CHECK(ops.size() == 40);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    CHECK(ops[i].node == NodeSlot{2});
    CHECK(since_start(ops[i].invoked) >= 10s);
    CHECK(since_start(ops[i].invoked) < 20s);
    if (i > 0) CHECK(ops[i].invoked - ops[i - 1].invoked == 250ms);
  }
}

TEST_CASE("an open loop has its rate, its mix and its clients") {
  const auto ops = operations(
      "[[client]]\nnodes = \"n0..n1\"\nper_node = 2\nrate = \"20/s\"\nput = 1\nget = 2\ndel = 1\nkeys = 10\nvalue_size "
      "= \"33B\"\n"
      "ttl = {distribution = \"uniform\", min = \"1s\", max = \"2s\"}");
  const double n = static_cast<double>(ops.size());
  CHECK(std::fabs(n - 8000) < 4 * std::sqrt(8000.0));  // Poisson
  std::map<OpKind, double> kinds;
  std::map<NodeSlot, double> nodes;
  std::set<std::string> keys;
  for (const OpRecord& op : ops) {
    ++kinds[op.op];
    ++nodes[op.node];
    keys.insert(op.key);
    if (op.op == OpKind::kPut) {
      REQUIRE(op.ttl >= 1s);
      REQUIRE(op.ttl <= 2s);
    } else {
      REQUIRE(op.ttl == 0s);
      if (op.reply.ok && op.op == OpKind::kGet) REQUIRE(op.reply.value.view().size() == 33);
    }
  }
  const double sd = std::sqrt(n * 0.25 * 0.75);
  CHECK(std::fabs(kinds[OpKind::kPut] - n / 4) < 4 * sd);
  CHECK(std::fabs(kinds[OpKind::kDel] - n / 4) < 4 * sd);
  CHECK(nodes.size() == 2);
  CHECK(keys.size() == 10);
  CHECK(keys.contains("key-0"));
  CHECK(keys.contains("key-9"));
}

TEST_CASE("keys go in sequence or by Zipf's law") {
  const auto sequence = operations(
      "[[client]]\nnodes = \"n0\"\nrate = \"1/s\"\npopularity = \"sequential\"\nkeys = 7\nkey_prefix = \"s\"");
  REQUIRE(sequence.size() > 20);
  for (std::size_t i = 0; i < sequence.size(); ++i) CHECK(sequence[i].key == fmt::format("s{}", i % 7));

  const auto zipf =
      operations("[[client]]\nnodes = \"n0\"\nrate = \"50/s\"\npopularity = \"zipf\"\nzipf_exponent = 1.0\nkeys = 100");
  std::map<std::string, double> counts;
  for (const OpRecord& op : zipf) ++counts[op.key];
  // 1/H(100) = 0.193 of all ask for the first, half as many for the second.
  const double n = static_cast<double>(zipf.size());
  CHECK(std::fabs(counts["key-0"] / n - 0.193) < 0.025);
  CHECK(std::fabs(counts["key-1"] / n - 0.096) < 0.02);
}

TEST_CASE("what an open loop asks does not depend on what it is answered") {
  const std::string client =
      "[[client]]\nnodes = \"all\"\nrate = \"5/s\"\nput = 1\nget = 1\ndel = 1\nttl = {distribution = "
      "\"exponential\", mean = \"3s\"}\n";
  const auto calm = operations(client);
  const auto stormy = operations(client +
                                 "[[event]]\nat = \"5s\"\nkind = \"loss\"\nloss = \"60%\"\n[[event]]\nat = \"20s\"\n"
                                 "kind = \"crash\"\nnodes = \"n3\"\nfor = \"20s\"\n");
  REQUIRE(calm.size() == stormy.size());
  bool answers_differ = false;
  for (std::size_t i = 0; i < calm.size(); ++i) {
    REQUIRE(calm[i].invoked == stormy[i].invoked);
    REQUIRE(calm[i].node == stormy[i].node);
    REQUIRE(calm[i].op == stormy[i].op);
    REQUIRE(calm[i].key == stormy[i].key);
    REQUIRE(calm[i].ttl == stormy[i].ttl);
    answers_differ |= calm[i].reply.ok != stormy[i].reply.ok;
  }
  CHECK(answers_differ);
}

TEST_CASE("a closed loop thinks after each answer, and asks one thing at a time") {
  const auto ops = operations("[[client]]\nnodes = \"n0\"\nthink = \"1s\"\nkeys = 50");
  REQUIRE(ops.size() > 50);
  for (std::size_t i = 1; i < ops.size(); ++i) REQUIRE(ops[i].invoked == ops[i - 1].completed + 1s);
}

TEST_CASE("a closed loop without think time asks at most once a microsecond") {
  const auto ops = operations("[[client]]\nnodes = \"n0\"\nthink = \"0s\"\nstop = \"200ms\"\nkeys = 50");
  REQUIRE(ops.size() > 20);
  bool at_once = false;  // a key of its own, in no time
  for (std::size_t i = 1; i < ops.size(); ++i) {
    REQUIRE(ops[i].invoked >= ops[i - 1].completed + 1us);
    at_once |= ops[i - 1].completed == ops[i - 1].invoked;
  }
  CHECK(at_once);
}

TEST_CASE("a closed loop that failed at once asked again within the instant, for ever") {
  std::vector<OpRecord> records;
  RunOptions options;
  options.operations = [&](const OpRecord& record) { records.push_back(record); };
  const plan::Plan plan = test::plan_of(R"(
duration = "10s"
[nodes]
count = 2
[membership]
strategy = "static"
[replication]
strategy = "none"
n = 3
w = 3
[[client]]
nodes = "n0"
think = "0s"
put = 1
)");
  (void)test::run(plan, 1, options);
  REQUIRE(records.size() > 10);
  CHECK(records.size() <= 101);  // one every 100 ms
  CHECK_FALSE(records[5].reply.ok);
  CHECK(records[5].completed == records[5].invoked);
}

TEST_CASE("a client at a node that is down is refused at once, one at a node that is absent has none") {
  const auto ops = operations(R"(
[[group]]
name = "late"
count = 1
present = false
[[client]]
nodes = "n2"
rate = "2/s"
steady = true
[[client]]
name = "late"
nodes = "late0"
rate = "2/s"
steady = true
[[event]]
at = "30s"
kind = "crash"
nodes = "n2"
for = "10s"
[[event]]
at = "60s"
kind = "join"
nodes = "late0"
)");
  int refused = 0;
  for (const OpRecord& op : ops) {
    if (op.client == 1) {
      REQUIRE(since_start(op.invoked) >= 60s);
      continue;
    }
    const bool down = since_start(op.invoked) >= 30s && since_start(op.invoked) < 40s;
    REQUIRE(op.answered == !down);
    if (!down) continue;
    ++refused;
    CHECK(op.reply.error == ErrorCode::kUnavailable);
    CHECK(op.completed == op.invoked);
  }
  CHECK(refused == 20);
  CHECK(std::ranges::count(ops, 1U, &OpRecord::client) == 80);
}

TEST_CASE("what is pending when its node dies, or when the run ends, is never answered") {
  // Most keys live elsewhere: with a latency of 200 ms some answers are always on their way.
  std::vector<OpRecord> ops = operations(R"(
[[client]]
nodes = "n2"
rate = "50/s"
steady = true
keys = 100
[[event]]
at = "1s"
kind = "latency"
latency = "200ms"
[[event]]
at = "30s"
kind = "crash"
nodes = "n2"
)");
  int lost = 0;
  for (const OpRecord& op : ops) {
    if (op.answered || since_start(op.invoked) >= 30s) continue;
    ++lost;
    CHECK_FALSE(op.cut_off);
    CHECK(since_start(op.completed) == 30s);
    CHECK(op.reply.error == ErrorCode::kUnavailable);
  }
  CHECK(lost > 5);

  ops = operations(
      "[[client]]\nnodes = \"n2\"\nrate = \"50/s\"\nsteady = true\n[[event]]\nat = \"1s\"\nkind = \"latency\"\nlatency "
      "= \"200ms\"");
  int open = 0;
  for (const OpRecord& op : ops) {
    if (op.answered) continue;
    ++open;
    CHECK(op.cut_off);
    CHECK(since_start(op.completed) == 100s);
  }
  CHECK(open > 5);
}

TEST_CASE("a change of the workload changes the rate and the mix from then on") {
  const auto ops = operations(R"(
[[client]]
name = "load"
nodes = "n0"
rate = "10/s"
steady = true
put = 1
[[event]]
at = "50s"
kind = "workload"
client = "load"
rate = "30/s"
put = 0
get = 1
)");
  int before = 0;
  int after = 0;
  for (const OpRecord& op : ops) {
    const bool changed = since_start(op.invoked) >= 50s;
    (changed ? after : before) += 1;
    CHECK(op.op == (changed ? OpKind::kGet : OpKind::kPut));
  }
  CHECK(before == 500);
  CHECK(std::abs(after - 1500) <= 3);
}

}  // namespace
}  // namespace hearsay::world
