// The backend "memcached": a client of one or more memcached servers over the text protocol. Several share the keys by
// libmemcached's ketama ring; one that is down takes its keys with it, none of them moves.
//
// A stored value is a header and the value (integers little endian):
//
//   'h' 's'  version (1)  flags (1 byte)  deadline (8 bytes: wall time in ns since 1970; 0: never)
//   [ length of the key (1 byte)  key ]    where flags has bit 0
//   value
//
// since memcached's own expiry is in whole seconds, up to one too early, and says nothing of what is left. So the
// header's deadline is enforced here, and the server is told a time a second or two later, by which memory is freed.
//
// Keys: the text protocol takes neither spaces nor control characters. A key without them, that does not begin with
// '%', is sent as it is; any other as '%' and the 32 digits of its XXH3-128, with the whole key in the header. Where a
// header has another key, it is a miss: two such keys of one hash displace each other and are never taken for one
// another.
//
// Time: the deadline is of this machine's wall clock, read by others with theirs. So items end early or late by what
// the clocks differ, and by a step of one.
//
// Errors: kUnavailable when a server is not there, hangs up (a write may have been done) or refuses; kTimeout when it
// does not answer; kCorrupt where a key holds something without our header. The next call begins afresh. A server that
// was set to hold less than the interface's limit answers an oversize put with kTooLarge, and has then lost the old
// value.
//
// Threading: any thread; up to 16 calls at a time to a server, each on a connection of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/kv/kv.hpp"
#include "transport/kv_options.hpp"

namespace hearsay {

// Servers of one store.
inline constexpr std::size_t kMaxMemcachedServers = 100;

// A wall clock, called from any thread; empty: std::chrono::system_clock.
using WallSource = std::function<WallTime()>;

// options.servers, 127.0.0.1:11211 without; kInvalidArgument for what is none. Nothing is connected yet.
Result<std::unique_ptr<Kv>> open_memcached_kv(const KvOptions& options, WallSource clock = {});

namespace transport {

// What memcached is asked for instead of a key, and whether the header must tell the keys of one hash apart.
struct MemcachedKey {
  std::string name;  // 1 to 250 bytes of 0x21 to 0x7e
  bool hashed = false;
};
MemcachedKey memcached_key(std::string_view key);

// A value with its header. WallTime{}, 1970, is the deadline of what never expires.
std::string pack_memcached(std::string_view key, bool hashed, std::string_view value, WallTime deadline);

// The value of `key` in what is stored, valid as long as that is; nothing where the header has another key.
// kCorrupt for what has no header of ours.
struct MemcachedValue {
  std::string_view value;
  WallTime deadline{};
};
Result<std::optional<MemcachedValue>> unpack_memcached(std::string_view key, bool hashed, std::string_view stored);

// The exptime to give a server for what ends at `deadline` and was put at `now`: later than it, relative up to thirty
// days, then absolute, and 0 (never) for what is no 32-bit time.
std::int64_t memcached_exptime(Duration ttl, WallTime now);

}  // namespace transport
}  // namespace hearsay
