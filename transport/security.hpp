// CURVE (ZeroMQ RFC 26, CurveZMQ) for the sockets of a node or a client: a key pair of one's own, the node's public
// keys one connects to, and the list of public keys that are let in. Keys travel in files of the format that `hearsay
// keygen` writes (key_files.hpp). Off unless a key file is given; half of a configuration is refused, never ignored.
#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "core/base/result.hpp"

namespace hearsay::transport {

// Where the keys are; all empty: no security.
struct SecurityOptions {
  std::string key_file;    // own key pair
  std::string server_key;  // file of the public key of every node one connects to (a cluster's nodes share a pair)
  std::string allow_file;  // public keys of whom this node lets in; needed by whoever binds
  bool enabled() const { return !key_file.empty() || !server_key.empty() || !allow_file.empty(); }
};

// Keys in Z85, 40 characters each, as ZeroMQ takes them.
struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

// A configuration that is whole: read, checked, ready for sockets. Plain values; any thread.
struct Security {
  bool enabled = false;
  KeyPair own;
  std::string server_key;            // public
  std::vector<std::string> allowed;  // public, sorted, each once
};

// kInvalidArgument (naming the file, the line and the way out) for what cannot be read or is half configured: `binds`
// needs key_file and allow_file, `connects` needs key_file and server_key; who does both and names no server_key means
// a cluster whose nodes share this pair. Who binds lets its own key in too, for the same reason. What is given and not
// needed is still read and checked. All off: a Security that is off.
Result<Security> load_security(const SecurityOptions& options, bool binds, bool connects);

// Makes a socket a CURVE client with the keys of `security`; nothing where that is off. Before connect. Its server is
// authenticated by server_key. The counterpart for who binds is ZapHandler::apply_server (zap.hpp), which needs a
// running handler: without one CURVE lets everybody in.
Result<void> apply_client(zmq::socket_t& socket, const Security& security);

}  // namespace hearsay::transport
