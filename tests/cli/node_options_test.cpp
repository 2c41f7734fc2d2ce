#include <doctest/doctest.h>

#include <optional>

#include "cli/declare.hpp"
#include "cli/exit_codes.hpp"
#include "tests/cli/captured.hpp"

using namespace hearsay;
using namespace hearsay::cli;

namespace {

// The settings that the words come to, or what is said of them.
template <class Settings>
struct Parsed {
  std::optional<Settings> settings;
  std::string errors;
};

template <class Settings>
Parsed<Settings> parsed(void (*declare)(VerbSet&, Body<Settings>), const std::vector<std::string>& words) {
  Parsed<Settings> result;
  const auto said = test::captured([&] {
    VerbSet verbs;
    declare(verbs, [&](const Settings& settings) {
      result.settings = settings;
      return int{kOk};
    });
    return verbs.run(words);
  });
  result.errors = said.errors;
  CHECK(said.code == (result.settings ? kOk : kUsage));
  return result;
}

std::string node_errors(std::vector<std::string> words) {
  words.insert(words.begin(), {"node", "--name", "a"});
  return parsed(declare_node, words).errors;
}

}  // namespace

TEST_CASE("a node's options become its settings") {
  const auto all = parsed(declare_node, {"node",
                                         "--name",
                                         "a",
                                         "--bind",
                                         "tcp://127.0.0.1:27801",
                                         "--seed-node",
                                         "tcp://h:1",
                                         "--seed-node",
                                         "tcp://h:2,tcp://h:3",
                                         "--namespace",
                                         "ns",
                                         "--topic",
                                         "t",
                                         "--replicas",
                                         "3",
                                         "--membership",
                                         "announce",
                                         "--dissemination",
                                         "publish",
                                         "--ring",
                                         "stathat",
                                         "--set",
                                         "membership.a=[1,2]",
                                         "--set",
                                         "ring.b=c",
                                         "--weight",
                                         "2.5",
                                         "--zone",
                                         "7",
                                         "--broker",
                                         "tcp://h:4,tcp://h:5",
                                         "--key-file",
                                         "k",
                                         "--allow-file",
                                         "l",
                                         "--server-key",
                                         "s",
                                         "--log-level",
                                         "debug",
                                         "--ready-timeout",
                                         "3s",
                                         "--json",
                                         "--quiet"});
  REQUIRE(all.settings);
  const NodeSettings& node = *all.settings;
  CHECK(node.name == "a");
  CHECK(node.bind == "tcp://127.0.0.1:27801");
  CHECK(node.seed_nodes == std::vector<std::string>{"tcp://h:1", "tcp://h:2", "tcp://h:3"});
  CHECK(node.name_space == "ns");
  CHECK(node.topic == "t");
  CHECK(node.replicas == 3);
  CHECK(node.membership == "announce");
  CHECK(node.dissemination == "publish");
  CHECK(node.ring == "stathat");
  CHECK(node.overrides == std::vector<std::string>{"membership.a=[1,2]", "ring.b=c"});
  CHECK(node.weight == 2.5);
  CHECK(node.zone == 7);
  CHECK(broker_endpoints(node.broker).xsub == "tcp://h:4");
  CHECK(broker_endpoints(node.broker).xpub == "tcp://h:5");
  CHECK(node.security.key_file == "k");
  CHECK(node.security.allow_file == "l");
  CHECK(node.security.server_key == "s");
  CHECK(node.log_level == LogLevel::kDebug);
  CHECK(node.ready_timeout == 3s);
  CHECK(node.json);
  CHECK(node.quiet);
}

TEST_CASE("a node needs a name alone") {
  CHECK(parsed(declare_node, {"node", "--name", "a"}).settings);
  const auto empty = parsed(declare_node, {"node", "--namespace=", "--name", "a"});
  REQUIRE(empty.settings);
  CHECK(empty.settings->name == "a");
  CHECK(parsed(declare_node, {"node"}).errors.starts_with("hearsay: --name is required, as in --name a"));
  CHECK(parsed(declare_node, {"node", "--name="}).errors.starts_with("hearsay: --name: expected a name of 1 to 255"));
  CHECK(parsed(declare_node, {"node", "--name", std::string(256, 'x')}).errors.starts_with("hearsay: --name: "));
}

TEST_CASE("what a node's option cannot be is said of the option") {
  for (const std::string endpoint :
       {"127.0.0.1:1", "tcp://", "tcp://h", "tcp://h:", "tcp://h:x", "tcp://h:65536", "tpc://h:1"}) {
    CAPTURE(endpoint);
    CHECK(node_errors({"--bind", endpoint}).starts_with("hearsay: --bind: "));
    CHECK(node_errors({"--seed-node", endpoint}).starts_with("hearsay: --seed-node: "));
  }
  for (const std::string endpoint : {"tcp://*:*", "tcp://[::1]:5", "ipc:///run/x", "inproc://x"}) {
    CAPTURE(endpoint);
    CHECK(node_errors({"--bind", endpoint}).empty());
  }
  CHECK(node_errors({"--broker", "tcp://h:1"}).starts_with("hearsay: --broker: "));
  CHECK(node_errors({"--broker", "tcp://h:1,tcp://h:2,tcp://h:3"}).starts_with("hearsay: --broker: "));
  CHECK(node_errors({"--replicas", "17"}).starts_with("hearsay: --replicas: '17' is not a whole number from 0 to 16"));
  for (const std::string weight : {"0", "-1", "nan", "inf", "1001", "x", ""}) {
    CAPTURE(weight);
    CHECK(node_errors({"--weight=" + weight}).starts_with("hearsay: --weight: "));
  }
  CHECK(node_errors({"--namespace", "a/b"}).starts_with("hearsay: --namespace: "));
  CHECK(node_errors({"--log-level", "lots"}).starts_with("hearsay: --log-level: 'lots' is none of debug"));
  CHECK(node_errors({"--ready-timeout", "0s"}).starts_with("hearsay: --ready-timeout: "));
  CHECK(node_errors({"--wieght", "1"}).find("did you mean '--weight'?") != std::string::npos);
}

TEST_CASE("the other verbs of real sockets have theirs") {
  const auto served = parsed(declare_serve, {"serve", "--name", "s", "--max-items", "5", "--max-bytes", "64KiB"});
  REQUIRE(served.settings);
  CHECK(served.settings->max_items == 5);
  CHECK(served.settings->max_bytes == 65536);
  const auto broker = parsed(declare_broker, {"broker", "--frontend", "tcp://h:1", "--backend", "tcp://h:2"});
  REQUIRE(broker.settings);
  CHECK(broker.settings->frontend == "tcp://h:1");
  CHECK(broker.settings->backend == "tcp://h:2");
  CHECK(parsed(declare_broker, {"broker", "--frontend", "tcp://h:1"})
            .errors.starts_with("hearsay: --backend is required"));
  const auto status = parsed(declare_status, {"status", "tcp://h:1", "--timeout", "2s"});
  REQUIRE(status.settings);
  CHECK(status.settings->endpoint == "tcp://h:1");
  CHECK(status.settings->timeout == 2s);
  CHECK(parsed(declare_status, {"status", "h:1"}).errors.starts_with("hearsay: ENDPOINT: 'h:1' is none; expected"));
  const auto keygen = parsed(declare_keygen, {"keygen", "x/y"});
  REQUIRE(keygen.settings);
  CHECK(keygen.settings->prefix == "x/y");
}
