#include "transport/broker.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <thread>

#include "tests/transport/files.hpp"
#include "tests/transport/sockets.hpp"

namespace hearsay::transport {
namespace {

using test::bind_for_test;
using test::connect_for_test;
using test::context_for_test;
using test::eventually;
using test::next_message;
using test::send_text;
using test::socket_for_test;
using test::Texts;

// A broker that runs in a thread of its own until it goes out of scope.
class Running {
 public:
  explicit Running(const BrokerOptions& options = {}, const Security& security = {}) {
    auto started = Broker::start(options, security);
    REQUIRE_MESSAGE(started.has_value(), started.error().message);
    broker_ = std::move(*started);
    thread_ = std::thread([this] { result_ = broker_->run(); });
  }
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void stop() {
    if (!thread_.joinable()) return;
    broker_->stop();
    thread_.join();
    CHECK(result_.has_value());
  }
  Broker& operator*() { return *broker_; }
  Broker* operator->() { return broker_.get(); }

 private:
  std::unique_ptr<Broker> broker_;
  Result<void> result_;
  std::thread thread_;
};

// XPUB and XSUB, for they show the subscriptions.
struct Peers {
  explicit Peers(Broker& broker, const Security& security = {}) : broker_(broker), security_(security) {}
  zmq::socket_t publisher() { return peer(zmq::socket_type::xpub, broker_.publishers()); }
  zmq::socket_t subscriber() { return peer(zmq::socket_type::xsub, broker_.subscribers()); }
  zmq::socket_t peer(zmq::socket_type type, const std::string& endpoint) {
    zmq::socket_t socket = socket_for_test(context_, type);
    REQUIRE(apply_client(socket, security_).has_value());
    connect_for_test(socket, endpoint);
    return socket;
  }

 private:
  Broker& broker_;
  Security security_;
  zmq::context_t context_ = context_for_test();
};

void subscribe(zmq::socket_t& subscriber, const std::string& topic) {
  const std::string text = "\x01" + topic;
  const std::string_view frames[] = {text};
  CHECK(send(subscriber, frames) == Sent::kSent);
}

void publish(zmq::socket_t& publisher, std::string_view topic, std::string_view body) {
  const std::string_view frames[] = {topic, body};
  CHECK(send(publisher, frames) == Sent::kSent);
}

TEST_CASE("two publishers and two subscribers meet in the middle") {
  Running broker;
  CHECK(broker->publishers() != broker->subscribers());
  CHECK(broker->publishers().starts_with("tcp://127.0.0.1:"));
  Peers peers(*broker);
  zmq::socket_t publishers[] = {peers.publisher(), peers.publisher()};
  zmq::socket_t subscribers[] = {peers.subscriber(), peers.subscriber()};
  subscribe(subscribers[0], "a");
  subscribe(subscribers[1], "b");

  // A subscription reaches every publisher; when it is there, whatever it publishes arrives.
  for (zmq::socket_t& publisher : publishers) {
    Texts both{next_message(publisher).at(0), next_message(publisher).at(0)};
    std::sort(both.begin(), both.end());
    CHECK(both == Texts{"\x01"
                        "a",
                        "\x01"
                        "b"});
  }
  publish(publishers[0], "a", "first");
  CHECK(next_message(subscribers[0]) == Texts{"a", "first"});
  publish(publishers[1], "a", "second");
  CHECK(next_message(subscribers[0]) == Texts{"a", "second"});
  publish(publishers[0], "c", "nobody's");
  publish(publishers[0], "b", "third");
  CHECK(next_message(subscribers[1]) == Texts{"b", "third"});
  Frames frames;
  CHECK(receive(subscribers[0], frames) == Receipt::kNothing);

  const BrokerCounters counters = broker->counters();
  CHECK(counters.messages == 3);
  CHECK(counters.bytes == (1 + 5) + (1 + 6) + (1 + 5));
  CHECK(counters.subscriptions == 2);
  CHECK(counters.subscription_bytes == 4);
  CHECK(counters.too_long == 0);
}

TEST_CASE("a publisher that comes later is told the subscriptions there are") {
  Running broker;
  Peers peers(*broker);
  zmq::socket_t subscriber = peers.subscriber();
  subscribe(subscriber, "a");
  zmq::socket_t early = peers.publisher();
  CHECK(next_message(early) == Texts{"\x01"
                                     "a"});
  zmq::socket_t late = peers.publisher();
  CHECK(next_message(late) == Texts{"\x01"
                                    "a"});
  publish(late, "a", "x");
  CHECK(next_message(subscriber) == Texts{"a", "x"});
}

TEST_CASE("a flood from one side does not keep the other one out") {
  Running broker;
  Peers peers(*broker);
  zmq::socket_t publisher = peers.publisher();
  zmq::socket_t subscriber = peers.subscriber();
  subscribe(subscriber, "a");
  CHECK(next_message(publisher) == Texts{"\x01"
                                         "a"});
  // Nobody reads: the queues fill up, and the newest is dropped, but nothing stops and nothing grows.
  for (int i = 0; i < 20'000; ++i) publish(publisher, "a", "flood");
  zmq::socket_t other = peers.subscriber();
  subscribe(other, "b");
  CHECK(next_message(publisher) == Texts{"\x01"
                                         "b"});
  CHECK(next_message(subscriber) == Texts{"a", "flood"});
}

TEST_CASE("a message of too many frames is thrown away and counted, the next one goes through") {
  Running broker;
  Peers peers(*broker);
  zmq::socket_t publisher = peers.publisher();
  zmq::socket_t subscriber = peers.subscriber();
  subscribe(subscriber, "a");
  CHECK(next_message(publisher) == Texts{"\x01"
                                         "a"});
  const std::vector<std::string_view> many(100, "a");
  CHECK(send(publisher, many) == Sent::kSent);
  publish(publisher, "a", "next");
  CHECK(next_message(subscriber) == Texts{"a", "next"});
  CHECK(broker->counters().too_long == 1);
  CHECK(broker->counters().messages == 1);
}

TEST_CASE("with keys a stranger's subscription goes nowhere") {
  const KeyPair server = test::new_keys();
  const KeyPair node = test::new_keys();
  const KeyPair stranger = test::new_keys();
  Running broker({}, {true, server, "", {node.public_key}});
  Peers strangers(*broker, {true, stranger, server.public_key, {}});
  zmq::socket_t spy = strangers.subscriber();
  subscribe(spy, "spied");
  CHECK(eventually([&] { return broker->zap().refused() == 1; }));

  Peers peers(*broker, {true, node, server.public_key, {}});
  zmq::socket_t publisher = peers.publisher();
  zmq::socket_t subscriber = peers.subscriber();
  subscribe(subscriber, "a");
  CHECK(next_message(publisher) == Texts{"\x01"
                                         "a"});
  publish(publisher, "a", "x");
  CHECK(next_message(subscriber) == Texts{"a", "x"});
  CHECK(broker->counters().subscriptions == 1);
  CHECK(broker->zap().accepted() == 2);
}

TEST_CASE("it stops at once, also before it began and under load") {
  auto early = Broker::start({});
  REQUIRE(early.has_value());
  (*early)->stop();
  CHECK((*early)->run().has_value());

  Running broker;
  Peers peers(*broker);
  zmq::socket_t publisher = peers.publisher();
  zmq::socket_t subscriber = peers.subscriber();
  subscribe(subscriber, "a");
  CHECK(next_message(publisher) == Texts{"\x01"
                                         "a"});
  for (int i = 0; i < 5000; ++i) publish(publisher, "a", "load");
  broker.stop();  // returns, or the test never ends
}

Broker* signalled = nullptr;

TEST_CASE("a signal handler can stop it") {
  struct sigaction before{};
  struct sigaction stop{};
  stop.sa_handler = [](int) { signalled->stop(); };
  auto broker = Broker::start({});
  REQUIRE(broker.has_value());
  signalled = broker->get();
  REQUIRE(::sigaction(SIGUSR2, &stop, &before) == 0);
  std::thread other([main = ::pthread_self()] { ::pthread_kill(main, SIGUSR2); });
  CHECK((*broker)->run().has_value());
  other.join();
  ::sigaction(SIGUSR2, &before, nullptr);
}

TEST_CASE("an occupied endpoint is an error of the start") {
  Running broker;
  BrokerOptions same;
  same.subscribers = broker->subscribers();
  const auto second = Broker::start(same);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::kInvalidArgument);
  CHECK(second.error().message.find("is in use") != std::string::npos);
}

}  // namespace
}  // namespace hearsay::transport
