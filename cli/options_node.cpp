// The options of what serves: `hearsay node`, `serve` and `broker`; and of what goes with them, `status` and `keygen`.
#include "cli/declare.hpp"
#include "cli/shared_options.hpp"
#include "core/protocol/directory.hpp"
#include "core/replication/params.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

namespace {

constexpr const char* kNodeText =
    "Examples:\n"
    "  hearsay node --name a --bind tcp://127.0.0.1:27801\n"
    "  hearsay node --name b --bind tcp://127.0.0.1:27802 --seed-node tcp://127.0.0.1:27801\n"
    "  hearsay node --name c --seed-node tcp://127.0.0.1:27801 --membership swim --set membership.preset=local\n\n"
    "Prints one line when it is ready (its endpoint, and how long that took), logs to stderr, and leaves the others\n"
    "when it is asked to end (SIGTERM, SIGINT). hearsay list ROLE NAME shows what --set may change.";

constexpr const char* kServeText =
    "Example:\n  hearsay serve --name store --bind tcp://127.0.0.1:27800\n\n"
    "A store of one process, for those who stay out of a ring: hearsay kv and backend 'service' are its clients.";

constexpr const char* kBrokerText =
    "Example:\n  hearsay broker --frontend tcp://127.0.0.1:27700 --backend tcp://127.0.0.1:27701\n"
    "  hearsay node --name a --broker tcp://127.0.0.1:27700,tcp://127.0.0.1:27701\n\n"
    "Passes on what nodes publish, so that each has one connection instead of one to every other.";

std::string check_name(const std::string& text) {
  if (text.empty() || text.size() > Directory::kMaxNameBytes) {
    return "expected a name of 1 to " + std::to_string(Directory::kMaxNameBytes) + " bytes";
  }
  return plan::is_utf8(text) ? "" : "is not UTF-8";
}

std::string check_broker(const std::string& text) {
  const BrokerEndpoints endpoints = broker_endpoints(text);
  const std::string wrong = check_endpoint(endpoints.xsub);
  return wrong.empty() ? check_endpoint(endpoints.xpub) : wrong;
}

void add_serving(Options& options, ServingSettings& settings) {
  options.text("--name", settings.name, "NAME", "Its name, which no other node of the cluster has", check_name);
  options.require("--name", "--name a");
  options.text("--bind", settings.bind, "ENDPOINT", "Where it is reached; port * takes a free one", check_endpoint);
  options.text("--advertise", settings.advertise, "HOST",
               "The address by which others reach it, where that is not the one it binds (0.0.0.0, a NAT)");
  add_namespace(options, settings.name_space);
  add_topic(options, settings.topic);
  add_service(options, settings.service);
  add_security(options, settings.security, true);
  add_log_level(options, settings.log_level);
  options.duration("--ready-timeout", settings.ready_timeout, 1ms, 1h, "How long it may take to be ready");
  options.flag("--json", settings.json, "Prints the ready line as a JSON object");
  options.flag("--quiet,-q", settings.quiet, "Logs nothing");
}

}  // namespace

BrokerEndpoints broker_endpoints(const std::string& text) {
  const std::size_t comma = text.find(',');
  return {text.substr(0, comma), comma == std::string::npos ? "" : text.substr(comma + 1)};
}

void declare_node(VerbSet& verbs, Body<NodeSettings> body) {
  auto [options, node] = verbs.add<NodeSettings>("node", "Runs a node of a cluster", kNodeText, std::move(body));
  add_serving(options, node);
  options.list("--seed-node", node.seed_nodes, ',', true, "ENDPOINT",
               "A node to join through; may be repeated. Without one it begins a cluster", check_endpoint);
  options.number("--replicas", node.replicas, {0, static_cast<std::uint64_t>(kMaxReplicas)}, "N",
                 "Copies of an item, on as many nodes; 0 is all. The same for all nodes");
  options.text("--membership", node.membership, "NAME", "Who is in: a strategy of hearsay list membership");
  options.text("--dissemination", node.dissemination, "NAME",
               "How news spread: of hearsay list dissemination; push otherwise, publish for membership announce");
  options.text("--ring", node.ring, "NAME", "Who has which key: of hearsay list ring. The same for all nodes");
  options.list("--set", node.overrides, ';', false, "ROLE.PARAMETER=VALUE",
               "A strategy's parameter or preset, as in --set membership.preset=wan; may be repeated");
  options.real("--weight", node.weight, 0.001, Directory::kMaxWeight, "W",
               "Its share of the ring, relative to others'");
  options.number("--zone", node.zone, {0, std::numeric_limits<std::uint32_t>::max()}, "N",
                 "Its failure domain: copies go to different ones where the ring knows how");
  options.text("--broker", node.broker, "XSUB,XPUB",
               "The two endpoints of hearsay broker, its frontend first; a mesh without", check_broker);
}

void declare_serve(VerbSet& verbs, Body<ServeSettings> body) {
  auto [options, serve] = verbs.add<ServeSettings>("serve", "Runs a store of one process", kServeText, std::move(body));
  add_serving(options, serve);
  options.number("--max-items", serve.max_items, {1, std::uint64_t{1} << 30U}, "N", "Items it holds; more are refused");
  options.size("--max-bytes", serve.max_bytes, 1, std::int64_t{1} << 40,
               "Keys and values it holds together; more are refused");
}

void declare_broker(VerbSet& verbs, Body<BrokerSettings> body) {
  auto [options, broker] = verbs.add<BrokerSettings>("broker", "Runs the proxy of a star, for nodes with --broker",
                                                     kBrokerText, std::move(body));
  options.text("--frontend", broker.frontend, "ENDPOINT", "Where nodes publish (XSUB)", check_endpoint);
  options.require("--frontend", "--frontend tcp://127.0.0.1:27700");
  options.text("--backend", broker.backend, "ENDPOINT", "Where nodes subscribe (XPUB)", check_endpoint);
  options.require("--backend", "--backend tcp://127.0.0.1:27701");
  add_security(options, broker.security, true);
  add_log_level(options, broker.log_level);
  options.flag("--json", broker.json, "Prints the ready line as a JSON object");
  options.flag("--quiet,-q", broker.quiet, "Logs nothing");
}

void declare_status(VerbSet& verbs, Body<StatusSettings> body) {
  auto [options, status] =
      verbs.add<StatusSettings>("status", "Shows a node's members, ring and counters",
                                "Example:\n  hearsay status tcp://127.0.0.1:27801", std::move(body));
  options.argument("ENDPOINT", status.endpoint, true, "The node to ask", check_endpoint);
  add_namespace(options, status.name_space);
  add_service(options, status.service);
  add_security(options, status.security, false);
  options.duration("--timeout", status.timeout, 1ms, 1h, "How long to wait for the answer");
  options.flag("--json", status.json, "Prints one JSON object");
}

void declare_keygen(VerbSet& verbs, Body<KeygenSettings> body) {
  auto [options, keygen] = verbs.add<KeygenSettings>(
      "keygen", "Makes a key pair for CURVE",
      "Example:\n  hearsay keygen cluster\n\nWrites the key pair and the public key alone, into two files.",
      std::move(body));
  options.argument("PREFIX", keygen.prefix, true, "What the files' names begin with");
  options.flag("--json", keygen.json, "Prints the files' names and the public key as a JSON object");
}

}  // namespace hearsay::cli
