// The addresses of sockets, as ZeroMQ writes them: tcp://HOST:PORT, ipc://PATH, inproc://NAME. Checked here, before
// libzmq sees them, so that whoever mistyped one is told what was wrong and how it is written.
//
// Values only; any thread. Nothing is resolved or opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::transport {

// Longer ones are refused unread: one that came from a peer must not fill a log.
inline constexpr std::size_t kMaxEndpointBytes = 255;

enum class EndpointUse : std::uint8_t {
  kBind,     // tcp: "*" or 0 as port takes a free one
  kConnect,  // tcp: a port from 1 to 65535
};

struct Endpoint {
  enum class Transport : std::uint8_t { kTcp, kIpc, kInproc };
  Transport transport = Transport::kTcp;
  std::string host;        // tcp: address, name or interface, without the brackets of IPv6; else the path or name
  std::uint16_t port = 0;  // tcp; 0: a free one
  bool ipv6 = false;       // tcp: the host was written in brackets

  // Whether nobody outside this machine reaches it: ipc, inproc, 127.0.0.0/8, ::1, localhost, the interface lo. Other
  // names are taken to lead outside.
  bool local() const;
};

// kInvalidArgument with the way it is written. To listen on every interface is asked for as 0.0.0.0 or [::]; the host
// "*" is refused, since it looks like the port's "*" and means the whole world.
Result<Endpoint> parse_endpoint(std::string_view text, EndpointUse use);

// What somebody gave as an address, for one line of a log or a terminal: shortened, and printable.
std::string shown(std::string_view text);

}  // namespace hearsay::transport
