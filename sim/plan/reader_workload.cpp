// [[client]] and [[op]]: what is asked of the nodes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/samplers.hpp"
#include "core/kv/request.hpp"
#include "sim/plan/node_sets.hpp"
#include "sim/plan/reading.hpp"

namespace hearsay::plan {

namespace {

constexpr std::array<std::string_view, 17> kClientKeys{
    "name", "nodes", "per_node", "rate",       "think",         "steady",     "start",      "stop", "put",
    "get",  "del",   "keys",     "popularity", "zipf_exponent", "key_prefix", "value_size", "ttl"};
constexpr std::array<std::string_view, 3> kPopularities{"uniform", "zipf", "sequential"};
constexpr std::array<std::string_view, 9> kOpKeys{"at", "node", "op", "key", "put", "get", "del", "value", "ttl"};
constexpr std::array<std::string_view, 3> kOps{"get", "put", "del"};
constexpr ParamRange<std::int64_t> kWeights{0, 1'000'000'000};
// So slow that a scenario of ten years sees one, so fast that the mean gap is ten nanoseconds.
constexpr ParamRange<double> kRates{1e-8, 1e8};

std::uint32_t weight(const Section& section, std::string_view key, std::uint32_t fallback) {
  return static_cast<std::uint32_t>(section.integer(key, fallback, kWeights));
}

bool is_never(const Section& section) {
  const Input* ttl = section.find("ttl");
  return ttl != nullptr && ttl->kind == Input::Kind::kString && ttl->text == "never";
}

void read_rhythm(const Reading& reading, const Section& section, ClientSpec& client) {
  section.at_most_one({"rate", "think"});
  client.open_loop = !section.has("think");
  client.rate_hz = section.event_rate("rate", client.rate_hz, kRates);
  client.think = read_durations(section, "think", {}, reading.files);
  client.steady = section.boolean("steady", false);
  if (client.steady && !client.open_loop) {
    section.report("steady", "a closed loop keeps no rhythm; expected it beside 'rate' alone");
  }
  const Duration end = reading.plan.duration;
  client.start = section.duration("start", 0ns);
  client.stop = section.duration("stop", end);
  if (client.start >= end) section.report("start", "at or after the scenario's end; expected a time before it");
  if (client.stop > end) section.report("stop", "after the scenario's end; expected a time up to it");
  if (client.stop <= client.start) section.report("stop", "not after 'start'; expected a later time");
}

void read_mix(const Section& section, ClientSpec& client) {
  // Naming one leaves the others out: put = 1 alone means puts alone.
  const bool named = section.has("put") || section.has("get") || section.has("del");
  client.put_weight = weight(section, "put", named ? 0 : 1);
  client.get_weight = weight(section, "get", named ? 0 : 1);
  client.del_weight = weight(section, "del", 0);
  if (client.put_weight + client.get_weight + client.del_weight == 0) {
    section.report("put", "the weights of put, get and del are 0 together; expected one above it");
  }
}

void read_keys(const Section& section, ClientSpec& client) {
  client.popularity = static_cast<ClientSpec::Popularity>(section.choice("popularity", 0, kPopularities));
  if (section.has("zipf_exponent") && client.popularity != ClientSpec::Popularity::kZipf) {
    section.report("zipf_exponent", "the popularity is not \"zipf\"; expected popularity = \"zipf\" beside it");
  }
  client.zipf_exponent = section.real("zipf_exponent", client.zipf_exponent, {0.0, Zipf::kMaxExponent});
  client.keys = static_cast<std::uint64_t>(section.integer("keys", 1000, {1, 1'000'000'000}));
  client.key_prefix = section.text("key_prefix", client.key_prefix);
  const std::size_t longest = client.key_prefix.size() + std::to_string(client.keys - 1).size();
  if (longest > kMaxKeyBytes) {
    section.report("key_prefix", fmt::format("keys of up to {} bytes; expected at most {}", longest, kMaxKeyBytes));
  }
}

void read_ttl(const Reading& reading, const Section& section, ClientSpec& client) {
  if (!section.has("ttl") || is_never(section)) return;
  const DurationDistribution ttl = read_durations(section, "ttl", {}, reading.files);
  if (ttl.maximum() == 0ns) section.report("ttl", "0s; expected a duration above zero, or \"never\"");
  client.ttl = ttl;
}

void read_client(Reading& reading, const Section& section, std::size_t index) {
  ClientSpec client;
  client.place = section.table().place;
  client.name = section.name("name", fmt::format("client{}", index));
  for (const ClientSpec& other : reading.plan.clients) {
    if (other.name == client.name) {
      section.report("name", fmt::format("a second client {}; expected a name of its own", quote(client.name)));
    }
  }
  client.nodes = nodes_or_all(reading, section);
  client.per_node = static_cast<std::uint32_t>(section.integer("per_node", 1, {1, 1'000'000}));
  read_rhythm(reading, section, client);
  read_mix(section, client);
  read_keys(section, client);
  client.value_bytes = read_sizes(section, "value_size", IntDistribution::constant(64).value_or(IntDistribution()),
                                  static_cast<std::int64_t>(kMaxValueBytes), reading.files);
  read_ttl(reading, section, client);
  reading.plan.clients.push_back(std::move(client));
}

void check_key(const Section& section, std::string_view named_by, const std::string& key) {
  if (key.empty() || key.size() > kMaxKeyBytes) {
    section.report(named_by, fmt::format("a key of {} bytes; expected 1 to {}", key.size(), kMaxKeyBytes));
  }
}

// put = "k", or op = "put" with key = "k".
void read_what(const Section& section, OpSpec& op) {
  section.at_most_one({"put", "get", "del", "op"});
  for (std::size_t i = 0; i < kOps.size(); ++i) {
    if (!section.has(kOps[i])) continue;
    if (section.has("key")) section.report("key", fmt::format("'{}' names the key already", kOps[i]));
    op.op = static_cast<OpKind>(i);
    op.key = section.text(kOps[i], "");
    check_key(section, kOps[i], op.key);
    return;
  }
  if (!section.require("op", "put = \"key\", get = \"key\" or del = \"key\"")) return;
  op.op = static_cast<OpKind>(section.choice("op", 0, kOps));
  if (!section.require("key", "key = \"k1\"")) return;
  op.key = section.text("key", "");
  check_key(section, "key", op.key);
}

void read_op(Reading& reading, const Section& section) {
  OpSpec op;
  op.place = section.table().place;
  if (section.require("at", "at = \"5s\"")) op.at = section.duration("at", 0ns);
  if (op.at >= reading.plan.duration) {
    section.report("at", "at or after the scenario's end; expected a time before it");
  }
  const NodeSet node = required_nodes(reading, section, "node");
  if (reading.diagnostics.failed()) return;
  if (node.draw || node.nodes.size() != 1) {
    section.report("node", fmt::format("{} is not one node; expected a single one", quote(node.text)));
    return;
  }
  op.node = node.nodes.front();
  read_what(section, op);
  for (const std::string_view key : {"value", "ttl"}) {
    if (op.op != OpKind::kPut && section.has(key)) {
      section.report(key, fmt::format("a {} has none; expected it with a put alone", to_string(op.op)));
    }
  }
  op.value = section.text("value", "");
  if (op.value.size() > kMaxValueBytes) {
    section.report("value", fmt::format("{} bytes; expected at most {}", op.value.size(), kMaxValueBytes));
  }
  if (section.has("ttl") && !is_never(section)) {
    op.ttl = section.duration("ttl", 1s);
    if (op.ttl == 0ns) section.report("ttl", "0s; expected a duration above zero, or \"never\"");
  }
  reading.plan.ops.push_back(std::move(op));
}

}  // namespace

void read_clients(Reading& reading) {
  std::uint64_t clients = 0;
  std::size_t index = 0;
  for (const Input* table : tables(reading.diagnostics, reading.root, "client", kMaxClientKinds, "[[client]]")) {
    const Section section(reading.diagnostics, table, "[[client]]", kClientKeys);
    if (reading.diagnostics.failed()) return;
    read_client(reading, section, index++);
    if (reading.diagnostics.failed()) return;
    const ClientSpec& client = reading.plan.clients.back();
    clients += std::uint64_t{client.nodes.draw.value_or(static_cast<std::uint32_t>(client.nodes.nodes.size()))} *
               client.per_node;
    if (clients > kMaxClients) section.report("per_node", fmt::format("more than {} clients together", kMaxClients));
  }
}

void read_ops(Reading& reading) {
  for (const Input* table : tables(reading.diagnostics, reading.root, "op", kMaxOps, "[[op]]")) {
    const Section section(reading.diagnostics, table, "[[op]]", kOpKeys);
    if (reading.diagnostics.failed()) return;
    read_op(reading, section);
    if (reading.diagnostics.failed()) return;
  }
  auto& ops = reading.plan.ops;
  std::stable_sort(ops.begin(), ops.end(), [](const OpSpec& a, const OpSpec& b) { return a.at < b.at; });
}

}  // namespace hearsay::plan
