#include "transport/endpoint.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>

namespace hearsay::transport {
namespace {

constexpr std::string_view kHow = "write tcp://HOST:PORT, ipc://PATH or inproc://NAME";

tl::unexpected<Error> not_an_endpoint(std::string_view text, std::string_view why) {
  return invalid(fmt::format("\"{}\" is no endpoint: {}", shown(text), why));
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

bool is_ipv6_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.' ||
         c == '%' || is_host_character(c);  // "%eth0", the scope
}

// The port's number; nothing where it is none.
std::string_view check_port(std::string_view port, EndpointUse use, std::uint16_t& number) {
  if (port == "*") {
    if (use == EndpointUse::kBind) return {};
    return "to connect needs the port that the other side was given, not \"*\"";
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool whole = error == std::errc() && end == port.data() + port.size();
  if (use == EndpointUse::kBind) {
    return whole ? "" : "the port must be \"*\" (a free one) or a number from 1 to 65535";
  }
  return whole && number != 0 ? "" : "the port must be a number from 1 to 65535";
}

Result<Endpoint> parse_tcp(std::string_view text, std::string_view address, EndpointUse use) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return not_an_endpoint(text, "a port is missing; write tcp://HOST:PORT");
  std::string_view host = address.substr(0, colon);
  Endpoint endpoint;
  if (const auto why = check_port(address.substr(colon + 1), use, endpoint.port); !why.empty()) {
    return not_an_endpoint(text, why);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    endpoint.ipv6 = true;
    if (!std::all_of(host.begin(), host.end(), is_ipv6_character)) {
      return not_an_endpoint(text, "what is in brackets is no IPv6 address");
    }
  } else if (host == "*") {
    return not_an_endpoint(text, use == EndpointUse::kBind
                                     ? "write 127.0.0.1 for this machine alone, or 0.0.0.0 to listen to everybody"
                                     : "the host is missing");
  } else if (host.empty()) {
    return not_an_endpoint(text, "the host is missing; 127.0.0.1 is this machine");
  } else if (!std::all_of(host.begin(), host.end(), is_host_character)) {
    return not_an_endpoint(text, "the host is neither a name nor an address (IPv6 goes in brackets)");
  }
  endpoint.host = host;
  return endpoint;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out(text.substr(0, kMaxEndpointBytes));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

bool Endpoint::local() const {
  if (transport != Transport::kTcp) return true;
  return host == "localhost" || host == "lo" || host == "::1" || host.starts_with("127.");
}

Result<Endpoint> parse_endpoint(std::string_view text, EndpointUse use) {
  if (text.size() > kMaxEndpointBytes) {
    return not_an_endpoint(text.substr(0, 32), fmt::format("it has over {} characters", kMaxEndpointBytes));
  }
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos) return not_an_endpoint(text, kHow);
  const std::string_view transport = text.substr(0, slashes);
  const std::string_view rest = text.substr(slashes + 3);
  if (rest.empty()) return not_an_endpoint(text, kHow);
  if (!printable(rest)) return not_an_endpoint(text, "it has a space or another character that none may have");
  if (transport == "tcp") return parse_tcp(text, rest, use);

  Endpoint endpoint;
  endpoint.host = rest;
  if (transport == "ipc") {
    endpoint.transport = Endpoint::Transport::kIpc;
    constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
    if (rest.size() > kMaxPath) {
      return not_an_endpoint(text, fmt::format("the system takes at most {} characters for a path", kMaxPath));
    }
    return endpoint;
  }
  if (transport == "inproc") {
    endpoint.transport = Endpoint::Transport::kInproc;
    return endpoint;
  }
  return not_an_endpoint(text, kHow);
}

}  // namespace hearsay::transport
