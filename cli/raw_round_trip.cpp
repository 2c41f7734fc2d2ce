#include "cli/raw_round_trip.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "transport/socket.hpp"

namespace hearsay::cli {

RawRoundTrip::RawRoundTrip(zmq::context_t server, zmq::context_t client, std::size_t bytes)
    : server_(std::move(server)), client_(std::move(client)), payload_(bytes, 'p') {}

RawRoundTrip::~RawRoundTrip() {
  server_.shutdown();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<RawRoundTrip>> RawRoundTrip::open(std::size_t bytes) {
  auto server = transport::make_context();
  if (!server) return tl::unexpected(server.error());
  auto client = transport::make_context();
  if (!client) return tl::unexpected(client.error());
  std::unique_ptr<RawRoundTrip> raw(new RawRoundTrip(std::move(*server), std::move(*client), bytes));
  auto router = transport::make_socket(raw->server_, zmq::socket_type::router);
  if (!router) return tl::unexpected(router.error());
  const auto endpoint = transport::bind(*router, "tcp://127.0.0.1:*");
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto dealer = transport::make_socket(raw->client_, zmq::socket_type::dealer);
  if (!dealer) return tl::unexpected(dealer.error());
  if (auto done = transport::connect(*dealer, *endpoint); !done) return tl::unexpected(done.error());
  raw->dealer_ = std::move(*dealer);
  raw->dealer_.set(zmq::sockopt::rcvtimeo, 1000);
  raw->dealer_.set(zmq::sockopt::sndtimeo, 1000);
  raw->thread_ = std::thread(serve, std::move(*router));
  return raw;
}

void RawRoundTrip::serve(zmq::socket_t router) {
  try {
    zmq::message_t route;
    zmq::message_t payload;
    for (;;) {
      if (!router.recv(route) || !router.recv(payload)) continue;
      router.send(route, zmq::send_flags::sndmore);
      router.send(payload, zmq::send_flags::none);
    }
  } catch (const zmq::error_t&) {
    return;  // the context was shut down
  }
}

Result<void> RawRoundTrip::once() {
  try {
    zmq::message_t answer;
    if (dealer_.send(zmq::buffer(payload_), zmq::send_flags::none) && dealer_.recv(answer)) return {};
    return fail(ErrorCode::kTimeout, "a bare round trip took over a second");
  } catch (const zmq::error_t& error) {
    return fail(ErrorCode::kInternal, fmt::format("a bare round trip failed: {}", error.what()));
  }
}

}  // namespace hearsay::cli
