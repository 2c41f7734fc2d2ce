// One connection to a memcached server: its text protocol (memcached's doc/protocol.txt), as far as a store needs it.
//
// Own code, since libmemcached's is not to be had: a "END" where it expects "STORED" fails an assertion of its, which
// ends the process, and a SERVER_ERROR to a get is reported as a miss. Found with servers that lie
// (tests/transport/kv_memcached_test.cpp); libmemcached still says which server has a key (kv_memcached.cpp).
//
// Bounds, whatever the server says: a line has at most kMaxMemcachedLine bytes, a value the interface's limit with our
// header. Threading: one thread at a time, but interrupt().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "transport/kv_server.hpp"
#include "transport/stream_socket.hpp"

namespace hearsay::transport {

inline constexpr std::size_t kMaxMemcachedLine = 2048;

// Commands that are answered by one line each. Names are those of memcached_key().
class MemcachedCommands {
 public:
  void set(std::string_view name, std::string_view stored, std::int64_t exptime);
  void del(std::string_view name);
  const std::string& bytes() const { return bytes_; }
  std::size_t count() const { return count_; }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

class MemcachedConnection {
 public:
  static Result<std::unique_ptr<MemcachedConnection>> open(const KvServer& server, SteadyTime deadline);

  // Errors of all: StreamSocket's; kUnavailable for what the server says that it cannot; kCorrupt for what it must not
  // say. After any of them the connection is of no use.

  // Calls found(i, stored) for each of the names that is there; what it did before an error stands.
  Result<void> get(std::span<const std::string_view> names,
                   const std::function<void(std::size_t i, std::string_view stored)>& found, SteadyTime deadline);

  // Appends a result for each command, as far as they came. A refusal of one command alone (no memory, too large) is
  // its result and no error of the connection.
  Result<void> run(const MemcachedCommands& commands, std::vector<Result<void>>& results, SteadyTime deadline);

  bool usable() const { return socket_->usable(); }
  void interrupt() { socket_->interrupt(); }

 private:
  explicit MemcachedConnection(std::unique_ptr<StreamSocket> socket) : socket_(std::move(socket)) {}

  std::unique_ptr<StreamSocket> socket_;
};

}  // namespace hearsay::transport
