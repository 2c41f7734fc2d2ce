#include "transport/security.hpp"

#include <algorithm>
#include <utility>

#include "transport/key_files.hpp"
#include "transport/zmq_error.hpp"

namespace hearsay::transport {

Result<Security> load_security(const SecurityOptions& options, bool binds, bool connects) {
  Security security;
  if (!options.enabled()) return security;
  if (options.key_file.empty()) {
    return invalid(
        "security is half configured: a key file of one's own is missing (`hearsay keygen PREFIX` makes PREFIX.key); "
        "give it with --key-file, or none of the key files");
  }
  if (binds && options.allow_file.empty()) {
    return invalid(
        "security is half configured: an allow list is missing, without which nobody could be told from anybody; give "
        "with --allow-file a file of the public keys that are let in, one a line (`cat *.pub` makes one)");
  }
  if (connects && !binds && options.server_key.empty()) {
    return invalid(
        "security is half configured: the nodes' public key is missing, without which anybody could pose as one; give "
        "the file of it (.pub) with --server-key");
  }

  auto own = read_key_pair(options.key_file);
  if (!own) return tl::unexpected(own.error());
  security.own = std::move(*own);
  security.server_key = security.own.public_key;
  if (!options.server_key.empty()) {
    auto key = read_public_key(options.server_key);
    if (!key) return tl::unexpected(key.error());
    security.server_key = std::move(*key);
  }
  if (!options.allow_file.empty()) {
    auto allowed = read_allow_list(options.allow_file);
    if (!allowed) return tl::unexpected(allowed.error());
    security.allowed = std::move(*allowed);
  }
  if (binds) {
    const auto at = std::lower_bound(security.allowed.begin(), security.allowed.end(), security.own.public_key);
    if (at == security.allowed.end() || *at != security.own.public_key) {
      security.allowed.insert(at, security.own.public_key);
    }
  }
  security.enabled = true;
  return security;
}

Result<void> apply_client(zmq::socket_t& socket, const Security& security) {
  if (!security.enabled) return {};
  try {
    socket.set(zmq::sockopt::curve_serverkey, security.server_key);
    socket.set(zmq::sockopt::curve_publickey, security.own.public_key);
    socket.set(zmq::sockopt::curve_secretkey, security.own.secret_key);
    return {};
  } catch (const zmq::error_t& error) {
    return zmq_failure(error.num(), "setting CURVE's keys");
  }
}

}  // namespace hearsay::transport
