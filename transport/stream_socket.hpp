// A stream socket to a server of another kind (Redis, memcached), with deadlines that hold: client libraries' own
// timeouts start anew with every packet, and some let a SIGPIPE through or abort on what a server says.
//
// Errors: kUnavailable when nobody answers or the server hung up, kTimeout; the socket is then of no use. Threading:
// one thread at a time, but interrupt().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "transport/kv_server.hpp"

namespace hearsay::transport {

using SteadyTime = std::chrono::steady_clock::time_point;

class StreamSocket {
 public:
  // kUnavailable when nobody takes the connection by the deadline. A host's name is looked up by the system, which
  // takes its time; its addresses are tried in their order.
  static Result<std::unique_ptr<StreamSocket>> connect(const KvServer& server, SteadyTime deadline);
  ~StreamSocket();
  StreamSocket(const StreamSocket&) = delete;
  StreamSocket& operator=(const StreamSocket&) = delete;

  // Sends the bytes while it hands what comes, in pieces, to take(piece): true when that was all, false when there is
  // more to come, or an error, which is returned.
  Result<void> exchange(std::string_view bytes, const std::function<Result<bool>(std::string_view piece)>& take,
                        SteadyTime deadline);

  // Whether nothing has come unasked: not even the end.
  bool usable() const;
  // Ends an exchange of another thread.
  void interrupt();

 private:
  StreamSocket(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  tl::unexpected<Error> broke(std::string_view why) const;

  const int fd_;
  const std::string peer_;
};

}  // namespace hearsay::transport
