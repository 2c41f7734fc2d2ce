// A node's address: where its two sockets are. It travels as one string in the node's identity:
//   tcp://HOST:PORT,PUBPORT    the ROUTER's port, and the XPUB's at the same host
//   inproc://NAME, ipc://PATH  the ROUTER; the XPUB is there with ".pub" behind
// A stranger's address is checked before anything connects to it. Plain values; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace hearsay::transport {

struct Address {
  std::string router;  // the endpoint that messages and calls go to
  std::string pub;     // the endpoint that news comes from

  // kInvalidArgument for what is none.
  static Result<Address> parse(std::string_view text);
  // Of two bound endpoints, as ZeroMQ reports them.
  static std::string join(std::string_view router, std::string_view pub);
};

}  // namespace hearsay::transport
