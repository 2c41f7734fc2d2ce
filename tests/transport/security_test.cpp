// Configurations, whole and half; and real sockets.
#include "transport/security.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "tests/transport/files.hpp"
#include "tests/transport/sockets.hpp"
#include "transport/key_files.hpp"
#include "transport/zap.hpp"

namespace hearsay::transport {
namespace {

using test::bind_for_test;
using test::connect_for_test;
using test::context_for_test;
using test::eventually;
using test::new_keys;
using test::next_message;
using test::send_text;
using test::socket_for_test;
using test::TemporaryFolder;
using test::Texts;

// ---- configurations ------------------------------------------------------------------------------------------------

TEST_CASE("half of a configuration is refused, and says what is missing") {
  const TemporaryFolder folder;
  REQUIRE(write_keys(folder / "own", new_keys()).has_value());
  REQUIRE(write_keys(folder / "node", new_keys()).has_value());
  const std::string own = folder / "own.key";
  const std::string node = folder / "node.pub";
  const std::string list = folder.write("list", "");
  const struct {
    SecurityOptions options;
    bool binds, connects;
    const char* missing;
  } cases[] = {
      {{"", node, ""}, true, true, "a key file of one's own is missing (`hearsay keygen"},
      {{"", "", list}, true, false, "a key file of one's own is missing"},
      {{"", node, list}, false, true, "a key file of one's own is missing"},
      {{own, node, ""}, true, true, "an allow list is missing"},
      {{own, "", ""}, true, false, "an allow list is missing"},
      {{own, "", ""}, false, true, "the nodes' public key is missing"},
      {{own, "", list}, false, true, "the nodes' public key is missing"},
      {{folder / "none", node, list}, true, true, "none: No such file"},
      {{own, folder / "none", list}, true, true, "none: No such file"},
      {{own, node, folder / "none"}, true, true, "none: No such file"},
      // What is not needed is read all the same.
      {{own, node, folder / "none"}, false, true, "none: No such file"},
      {{own, own, ""}, false, true, "give the file with the public one"},
  };
  for (const auto& [options, binds, connects, missing] : cases) {
    CAPTURE(missing);
    const auto security = load_security(options, binds, connects);
    REQUIRE_FALSE(security.has_value());
    CHECK(security.error().code == ErrorCode::kInvalidArgument);
    CHECK_MESSAGE(security.error().message.find(missing) != std::string::npos, security.error().message);
  }
}

TEST_CASE("a whole configuration is read") {
  const TemporaryFolder folder;
  const KeyPair own = new_keys();
  const KeyPair node = new_keys();
  REQUIRE(write_keys(folder / "own", own).has_value());
  REQUIRE(write_keys(folder / "node", node).has_value());
  const std::string key_file = folder / "own.key";
  const std::string list = folder.write("list", node.public_key);

  const auto off = load_security({}, true, true);
  REQUIRE(off.has_value());
  CHECK_FALSE(off->enabled);

  const auto client = load_security({key_file, folder / "node.pub", ""}, false, true);
  REQUIRE_MESSAGE(client.has_value(), client.error().message);
  CHECK(client->enabled);
  CHECK(client->own.secret_key == own.secret_key);
  CHECK(client->server_key == node.public_key);

  // Nodes share a pair: each meets the others' key as its own, and lets it in.
  const auto member = load_security({key_file, "", list}, true, true);
  REQUIRE_MESSAGE(member.has_value(), member.error().message);
  CHECK(member->server_key == own.public_key);
  std::vector<std::string> both{own.public_key, node.public_key};
  std::sort(both.begin(), both.end());
  CHECK(member->allowed == both);
}

// ---- sockets -------------------------------------------------------------------------------------------------------

// Sends over and over, and says whether a message of this one arrived within the time.
bool gets_through(zmq::socket_t& from, zmq::socket_t& to, Duration within) {
  static int calls = 0;
  const std::string mark = std::to_string(++calls);
  const std::string_view text[] = {mark};
  Frames frames;
  return eventually(
      [&] {
        (void)send(from, text);
        return receive(to, frames) == Receipt::kMessage && frames[0] == mark;
      },
      within);
}

// A server, whose key is known, and a handler that lets `allowed` in.
struct Server {
  explicit Server(std::vector<std::string> allowed) {
    std::sort(allowed.begin(), allowed.end());
    security = {true, new_keys(), "", std::move(allowed)};
    auto started = ZapHandler::start(context, security);
    REQUIRE_MESSAGE(started.has_value(), started.error().message);
    zap = std::move(*started);
    pull = socket_for_test(context, zmq::socket_type::pull);
    REQUIRE(zap->apply_server(pull).has_value());
    endpoint = bind_for_test(pull);
  }
  zmq::socket_t client(const Security& with) {
    zmq::socket_t push = socket_for_test(context, zmq::socket_type::push);
    REQUIRE(apply_client(push, with).has_value());
    connect_for_test(push, endpoint);
    return push;
  }

  zmq::context_t context = context_for_test();
  Security security;
  std::unique_ptr<ZapHandler> zap;
  zmq::socket_t pull;
  std::string endpoint;
};

// How long a refused message is waited for. Nothing can be proved by waiting; what ends each wait for a refusal is the
// handler's count where there is one, and an allowed client that came after and was served.
constexpr Duration kShort = 50ms;

TEST_CASE("a key on the allow list gets through, and whose it is can be read") {
  const KeyPair own = new_keys();
  Server server({new_keys().public_key, own.public_key});
  zmq::socket_t push = server.client({true, own, server.security.own.public_key, {}});
  CHECK(send_text(push, {"secret"}));
  zmq::message_t message;
  CHECK(eventually([&] { return server.pull.recv(message, zmq::recv_flags::dontwait).has_value(); }));
  CHECK(message.to_string_view() == "secret");
  CHECK(std::string_view(message.gets("User-Id")) == own.public_key);
  CHECK(server.zap->accepted() == 1);
  CHECK(server.zap->refused() == 0);
}

TEST_CASE("a stranger's key is refused and counted, and the others are served") {
  const KeyPair friendly = new_keys();
  Server server({friendly.public_key});
  zmq::socket_t stranger = server.client({true, new_keys(), server.security.own.public_key, {}});
  CHECK(eventually([&] { return server.zap->refused() == 1; }));
  CHECK_FALSE(gets_through(stranger, server.pull, kShort));
  zmq::socket_t friends = server.client({true, friendly, server.security.own.public_key, {}});
  CHECK(gets_through(friends, server.pull, test::kDeadline));
  CHECK_FALSE(gets_through(stranger, server.pull, kShort));
  CHECK(server.zap->accepted() == 1);
}

TEST_CASE("an empty allow list lets nobody in") {
  Server server({});
  zmq::socket_t stranger = server.client({true, new_keys(), server.security.own.public_key, {}});
  CHECK(eventually([&] { return server.zap->refused() == 1; }));
  CHECK_FALSE(gets_through(stranger, server.pull, kShort));
}

TEST_CASE("a client without keys is refused") {
  const KeyPair friendly = new_keys();
  Server server({friendly.public_key});
  zmq::socket_t plain = server.client({});
  zmq::socket_t friends = server.client({true, friendly, server.security.own.public_key, {}});
  CHECK(gets_through(friends, server.pull, test::kDeadline));
  CHECK_FALSE(gets_through(plain, server.pull, kShort));
  CHECK(server.zap->accepted() == 1);
}

TEST_CASE("a client that expects another server gets nowhere") {
  const KeyPair friendly = new_keys();
  Server server({friendly.public_key});
  zmq::socket_t misled = server.client({true, friendly, new_keys().public_key, {}});
  CHECK_FALSE(gets_through(misled, server.pull, kShort));
  CHECK(server.zap->accepted() == 0);
}

TEST_CASE("a client with keys does not talk to a server without") {
  zmq::context_t context = context_for_test();
  zmq::socket_t pull = socket_for_test(context, zmq::socket_type::pull);
  const std::string endpoint = bind_for_test(pull);
  zmq::socket_t push = socket_for_test(context, zmq::socket_type::push);
  REQUIRE(apply_client(push, {true, new_keys(), new_keys().public_key, {}}).has_value());
  connect_for_test(push, endpoint);
  CHECK_FALSE(gets_through(push, pull, kShort));
}

// libzmq's own behaviour, which all of this leans on: who does not ask lets everybody in.
TEST_CASE("CURVE alone lets anybody in") {
  zmq::context_t context = context_for_test();
  const KeyPair server = new_keys();
  zmq::socket_t pull = socket_for_test(context, zmq::socket_type::pull);
  pull.set(zmq::sockopt::curve_server, true);
  pull.set(zmq::sockopt::curve_secretkey, server.secret_key);
  pull.set(zmq::sockopt::zap_domain, std::string("hearsay"));
  const std::string endpoint = bind_for_test(pull);
  zmq::socket_t push = socket_for_test(context, zmq::socket_type::push);
  REQUIRE(apply_client(push, {true, new_keys(), server.public_key, {}}).has_value());
  connect_for_test(push, endpoint);
  CHECK(gets_through(push, pull, test::kDeadline));
}

TEST_CASE("where no handler answers nobody gets in") {
  const KeyPair friendly = new_keys();
  Server server({friendly.public_key});
  const Security client{true, friendly, server.security.own.public_key, {}};

  // In another context than the handler's ...
  zmq::context_t other = context_for_test();
  zmq::socket_t pull = socket_for_test(other, zmq::socket_type::pull);
  REQUIRE(server.zap->apply_server(pull).has_value());
  const std::string endpoint = bind_for_test(pull);
  zmq::socket_t push = socket_for_test(server.context, zmq::socket_type::push);
  REQUIRE(apply_client(push, client).has_value());
  connect_for_test(push, endpoint);
  CHECK_FALSE(gets_through(push, pull, kShort));

  // ... and after the handler's end, which those who are in survive.
  zmq::socket_t early = server.client(client);
  CHECK(gets_through(early, server.pull, test::kDeadline));
  server.zap.reset();
  CHECK(gets_through(early, server.pull, test::kDeadline));
  zmq::socket_t late = server.client(client);
  CHECK_FALSE(gets_through(late, server.pull, kShort));
}

TEST_CASE("requests to the handler that are none are counted, and it goes on") {
  const KeyPair friendly = new_keys();
  Server server({friendly.public_key});
  zmq::socket_t asks = socket_for_test(server.context, zmq::socket_type::req);
  connect_for_test(asks, "inproc://zeromq.zap.01");
  const std::string key(32, 'k');
  const std::vector<std::string_view> malformed[] = {
      {""},
      {"1.0", "1", "hearsay", "127.0.0.1", ""},
      {"2.0", "1", "hearsay", "127.0.0.1", "", "CURVE", key},
      std::vector<std::string_view>(1000, "frame"),
  };
  std::uint64_t count = 0;
  for (const auto& request : malformed) {
    CHECK(send(asks, request) == Sent::kSent);
    CHECK(next_message(asks) == Texts{""});
    CHECK(server.zap->malformed() == ++count);
  }
  const std::vector<std::string_view> refused[] = {
      {"1.0", "7", "hearsay", "127.0.0.1", "", "NULL"},
      {"1.0", "7", "hearsay", "127.0.0.1", "", "PLAIN", "user", "password"},
      {"1.0", "7", "hearsay", "127.0.0.1", "", "CURVE", "short"},
      {"1.0", "7", "hearsay", "127.0.0.1", "", "CURVE", key},
  };
  count = 0;
  for (const auto& request : refused) {
    CHECK(send(asks, request) == Sent::kSent);
    const Texts reply = next_message(asks);
    REQUIRE(reply.size() == 6);
    CHECK(reply[1] == "7");
    CHECK(reply[2] == "400");
    CHECK(server.zap->refused() == ++count);
  }
  CHECK(server.zap->accepted() == 0);
  zmq::socket_t friends = server.client({true, friendly, server.security.own.public_key, {}});
  CHECK(gets_through(friends, server.pull, test::kDeadline));
}

TEST_CASE("the list counts over ipc too, and nothing does over inproc") {
  const TemporaryFolder folder;
  const KeyPair friendly = new_keys();
  Server server({friendly.public_key});
  const auto client_of = [&](const std::string& endpoint, const Security& with) {
    zmq::socket_t push = socket_for_test(server.context, zmq::socket_type::push);
    REQUIRE(apply_client(push, with).has_value());
    connect_for_test(push, endpoint);
    return push;
  };
  const std::string ipc = bind_for_test(server.pull, "ipc://" + (folder / "socket"));
  zmq::socket_t stranger = client_of(ipc, {true, new_keys(), server.security.own.public_key, {}});
  CHECK(eventually([&] { return server.zap->refused() == 1; }));
  CHECK_FALSE(gets_through(stranger, server.pull, kShort));
  zmq::socket_t friends = client_of(ipc, {true, friendly, server.security.own.public_key, {}});
  CHECK(gets_through(friends, server.pull, test::kDeadline));

  const std::string inproc = bind_for_test(server.pull, "inproc://open");
  zmq::socket_t plain = client_of(inproc, {});
  CHECK(gets_through(plain, server.pull, test::kDeadline));
}

TEST_CASE("a handler stops cleanly, alone and with its context") {
  const Security security{true, new_keys(), "", {}};
  zmq::context_t context = context_for_test();
  for (int i = 0; i < 20; ++i) {
    auto zap = ZapHandler::start(context, security);
    REQUIRE_MESSAGE(zap.has_value(), zap.error().message);
    const auto second = ZapHandler::start(context, security);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::kInvalidArgument);
  }
  auto zap = ZapHandler::start(context, security);
  REQUIRE(zap.has_value());
  context.shutdown();
  context.close();
  zap->reset();
}

TEST_CASE("a handler of no security does nothing") {
  zmq::context_t context = context_for_test();
  auto zap = ZapHandler::start(context, {});
  REQUIRE(zap.has_value());
  zmq::socket_t pull = socket_for_test(context, zmq::socket_type::pull);
  CHECK((*zap)->apply_server(pull).has_value());
  const std::string endpoint = bind_for_test(pull);
  zmq::socket_t push = socket_for_test(context, zmq::socket_type::push);
  CHECK(apply_client(push, {}).has_value());
  connect_for_test(push, endpoint);
  CHECK(gets_through(push, pull, test::kDeadline));
  CHECK((*zap)->accepted() == 0);
}

}  // namespace
}  // namespace hearsay::transport
