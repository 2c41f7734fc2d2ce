// Where a server of another kind (Redis, memcached) is: "host:port", "host", "[::1]:port" or "unix:/path". Plain
// values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::transport {

struct KvServer {
  std::string host;  // a name or an address; empty where there is a path
  std::uint16_t port = 0;
  std::string path;  // of a unix socket, absolute, at most 107 bytes (unix(7))

  // As it was written, with the port.
  std::string string() const;
};

// kInvalidArgument for anything else, quoting it. Nothing is looked up.
Result<KvServer> parse_kv_server(std::string_view text, std::uint16_t default_port);

}  // namespace hearsay::transport
