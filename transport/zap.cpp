#include "transport/zap.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

#include "transport/key_files.hpp"
#include "transport/zmq_error.hpp"

namespace hearsay::transport {
namespace {

constexpr const char* kAddress = "inproc://zeromq.zap.01";  // RFC 27's
constexpr std::string_view kVersion = "1.0";
constexpr std::string_view kDomain = "hearsay";
constexpr int kEnforceDomain = 93;  // ZMQ_ZAP_ENFORCE_DOMAIN: a draft in the header, but there since libzmq 4.3.0
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxRequestId = 255;

// Of a request as REP hands it out: without the delimiter.
enum Part : std::size_t { kVersionPart, kIdPart, kDomainPart, kAddressPart, kIdentityPart, kMechanismPart, kKeyPart };
constexpr std::size_t kParts = kKeyPart + 1;

bool well_formed(const Frames& request) {
  return request.size() > kMechanismPart && request[kVersionPart] == kVersion &&
         request[kIdPart].size() <= kMaxRequestId;
}

// The client's key; empty where it has none, because it does not speak CURVE.
std::string key_of(const Frames& request) {
  if (request.size() != kParts || request[kMechanismPart] != "CURVE" || request[kKeyPart].size() != kKeyBytes)
    return {};
  std::array<char, kKeyCharacters + 1> text{};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(request[kKeyPart].data());
  return zmq_z85_encode(text.data(), bytes, kKeyBytes) == nullptr ? std::string() : std::string(text.data());
}

}  // namespace

ZapHandler::ZapHandler(const Security& security, zmq::socket_t socket, Wake wake)
    : security_(security), socket_(std::move(socket)), wake_(std::move(wake)) {}

Result<std::unique_ptr<ZapHandler>> ZapHandler::start(zmq::context_t& context, const Security& security) {
  auto wake = Wake::make();
  if (!wake) return tl::unexpected(wake.error());
  if (!security.enabled) {
    return std::unique_ptr<ZapHandler>(new ZapHandler(security, zmq::socket_t(), std::move(*wake)));
  }
  auto socket = make_socket(context, zmq::socket_type::rep);
  if (!socket) return tl::unexpected(socket.error());
  if (zmq_bind(socket->handle(), kAddress) != 0) {
    if (zmq_errno() == EADDRINUSE) return invalid("this context has a handler of keys (ZAP) already; it takes one");
    return zmq_failure(zmq_errno(), "starting the handler of keys (ZAP)");
  }
  std::unique_ptr<ZapHandler> handler(new ZapHandler(security, std::move(*socket), std::move(*wake)));

  // Signals are for the threads that expect them.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<void> started;
  try {
    handler->thread_ = std::thread([&self = *handler] { self.run(); });
  } catch (const std::system_error&) {
    started = zmq_failure(EAGAIN, "starting the handler of keys (ZAP)");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return tl::unexpected(started.error());
  return handler;
}

ZapHandler::~ZapHandler() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  wake_.signal();
  thread_.join();
}

Result<void> ZapHandler::apply_server(zmq::socket_t& socket) const {
  if (!security_.enabled) return {};
  try {
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, security_.own.secret_key);
    // Without a domain libzmq asks nobody; unless the domain is enforced, it lets in whomever it could not ask about.
    socket.set(zmq::sockopt::zap_domain, kDomain);
  } catch (const zmq::error_t& error) {
    return zmq_failure(error.num(), "setting CURVE's keys");
  }
  const int on = 1;
  if (zmq_setsockopt(socket.handle(), kEnforceDomain, &on, sizeof on) != 0) {
    return fail(ErrorCode::kInternal, "this libzmq cannot be made to refuse clients that no handler was asked about");
  }
  return {};
}

void ZapHandler::run() {
  Frames request;
  std::array<zmq::pollitem_t, 2> items{zmq::pollitem_t{socket_.handle(), 0, ZMQ_POLLIN, 0}, wake_.item()};
  while (!stopping_.load()) {
    if (!poll(items, Duration{-1})) break;  // the context was shut down
    const auto received = receive(socket_, request);
    if (!received) break;
    switch (*received) {
      case Receipt::kNothing: break;
      case Receipt::kMessage: answer(request); break;
      case Receipt::kTooLong:
        // REP owes an answer to every request; one without meaning lets the connection run into its time limit.
        malformed_.fetch_add(1, std::memory_order_relaxed);
        const std::string_view nothing[] = {""};
        (void)send(socket_, nothing);
        break;
    }
  }
  // Closing frees the address later, at the leisure of libzmq's own thread.
  (void)zmq_unbind(socket_.handle(), kAddress);
  socket_.close();
}

void ZapHandler::answer(Frames& request) {
  if (!well_formed(request)) {
    malformed_.fetch_add(1, std::memory_order_relaxed);
    const std::string_view nothing[] = {""};
    (void)send(socket_, nothing);
    return;
  }
  const std::string key = key_of(request);
  const bool allowed = !key.empty() && request[kDomainPart] == kDomain &&
                       std::binary_search(security_.allowed.begin(), security_.allowed.end(), key);
  (allowed ? accepted_ : refused_).fetch_add(1, std::memory_order_relaxed);
  // Version, id, status, its text, the user (readable as a message's "User-Id"), metadata.
  const std::string_view reply[] = {
      kVersion, request[kIdPart], allowed ? "200" : "400", allowed ? "OK" : "this key is not on the allow list", key,
      ""};
  (void)send(socket_, reply);
}

}  // namespace hearsay::transport
