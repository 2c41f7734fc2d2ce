#include "transport/kv_server.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>

namespace hearsay::transport {

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kMaxHost = 253;  // RFC 1035, 2.3.4

// An error is one line, whatever was written.
std::string printable(std::string_view text) {
  std::string shown(text.substr(0, 300));
  std::replace_if(shown.begin(), shown.end(), [](char c) { return c < ' ' || c == 0x7f; }, '?');
  return shown;
}

tl::unexpected<Error> no_server(std::string_view text, std::string_view why) {
  return invalid(fmt::format("servers: '{}' {}; write \"host:port\" or \"unix:/path\"", printable(text), why));
}

bool host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_' || c == ':' || c == '%';
}

}  // namespace

std::string KvServer::string() const {
  if (!path.empty()) return fmt::format("unix:{}", path);
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<KvServer> parse_kv_server(std::string_view text, std::uint16_t default_port) {
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (!path.starts_with('/')) return no_server(text, "has no absolute path");
    if (path.size() >= sizeof(sockaddr_un::sun_path)) return no_server(text, "has a path of over 107 bytes");
    if (path.find('\0') != std::string_view::npos) return no_server(text, "has a NUL in its path");
    return KvServer{{}, 0, std::string(path)};
  }
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {  // RFC 3986: an IPv6 address, which has colons of its own
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return no_server(text, "lacks a ']'");
    host = text.substr(1, end - 1);
    has_port = end + 1 < text.size();
    if (has_port && text[end + 1] != ':') return no_server(text, "has no ':' after its ']'");
    port = has_port ? text.substr(end + 2) : port;
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    has_port = true;
    port = text.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) return no_server(text, "has two colons");
  }
  if (host.empty()) return no_server(text, "names no host");
  if (host.size() > kMaxHost) return no_server(text, "has a host of over 253 bytes");
  for (const char c : host) {
    if (!host_character(c)) return no_server(text, "has a character that no host has");
  }
  KvServer server{std::string(host), default_port, {}};
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), server.port);
    if (error != std::errc() || end != port.data() + port.size() || server.port == 0) {
      return no_server(text, "has no port from 1 to 65535");
    }
  }
  return server;
}

}  // namespace hearsay::transport
