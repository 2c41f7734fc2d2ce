// The files that CURVE's keys are kept in.
//
//   PREFIX.key   # a comment        the pair of one node, or of a cluster whose nodes share it. Mode 0600: a file that
//                public KEY         others could read is refused
//                secret KEY
//   PREFIX.pub   # a comment        the public key alone, to be handed out
//                KEY
//   an allow list                   public keys, one a line, of whom a node lets in: what `cat *.pub` makes
//
// KEY is 40 characters of Z85 (ZeroMQ RFC 32). Blank lines are skipped; a comment begins with a "#" at the beginning of
// a line or after a space. A key may contain a "#", but none begins with one.
//
// Any thread. Errors are kInvalidArgument and name file and line; files that are too large, or none (a pipe, a folder),
// are refused unread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "transport/security.hpp"

namespace hearsay::transport {

inline constexpr std::size_t kKeyCharacters = 40;
inline constexpr std::size_t kMaxKeyFileBytes = 1024 * 1024;
inline constexpr std::size_t kMaxAllowedKeys = 10'000;

// A new pair from the system's random numbers. kInternal: libzmq was built without CURVE.
Result<KeyPair> generate_keys();

// Writes PREFIX.key (mode 0600) and PREFIX.pub (0644). Never overwrites: kInvalidArgument if one of them exists, and
// neither is left behind if the other cannot be written.
Result<void> write_keys(const std::string& prefix, const KeyPair& pair);

// Checks that the two keys belong together and that nobody but the owner may read the file.
Result<KeyPair> read_key_pair(const std::string& path);
// Exactly one key. Told when it is given a .key file instead.
Result<std::string> read_public_key(const std::string& path);
// Sorted, each once. A list that others may write is refused. An empty one is legal: nobody.
Result<std::vector<std::string>> read_allow_list(const std::string& path);

}  // namespace hearsay::transport
