// A bounded pool of connections to one server, so that threads do not queue behind each other: a call takes one for
// itself, made anew where none is idle. After an error it is thrown away, and with it all idle ones, which are likely
// to be as dead: the next calls begin afresh, whatever a client library remembers of failures.
//
// Threading: any thread. Connection has two functions: usable(), asked of an idle one before it is used again, and
// interrupt(), called from another thread so that a call under way ends early (a hint: the deadline ends it anyhow).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "transport/stream_socket.hpp"

namespace hearsay::transport {

template <class Connection>
class KvPool {
 public:
  using Owned = std::unique_ptr<Connection>;
  using Open = std::function<Result<Owned>(SteadyTime deadline)>;

  // Calls at a time; more wait. Raising costs the server a connection each.
  static constexpr std::size_t kMost = 16;

  explicit KvPool(Open open) : open_(std::move(open)) {}

  // use(Connection&) -> Result<void> with a connection of its own. An error of it is the connection's end; what leaves
  // the connection sound is not to be one. kUnavailable when none could be had by the deadline, kClosed after close().
  template <class Use>
  Result<void> use(SteadyTime deadline, Use&& use) {
    Result<Owned> connection = take(deadline);
    if (!connection) return tl::unexpected(std::move(connection).error());
    Result<void> done = use(**connection);
    if (!give(std::move(*connection), done.has_value())) return closed();
    return done;
  }

  void close() {
    std::vector<Owned> idle;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    idle.swap(idle_);
    for (Connection* each : busy_) each->interrupt();
    changed_.notify_all();
  }

 private:
  static tl::unexpected<Error> closed() { return fail(ErrorCode::kClosed, "the store was closed"); }

  Result<Owned> take(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    const auto free = [this] { return closed_ || taken_ < kMost; };
    if (!changed_.wait_until(lock, deadline, free)) {
      return fail(ErrorCode::kUnavailable, "all connections were in use");
    }
    if (closed_) return closed();
    ++taken_;
    while (!idle_.empty()) {
      Owned connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection->usable()) continue;
      busy_.push_back(connection.get());
      return connection;
    }
    lock.unlock();
    Result<Owned> made = open_(deadline);
    lock.lock();
    if (made && !closed_) {
      busy_.push_back(made->get());
      return made;
    }
    --taken_;
    changed_.notify_one();
    if (closed_) return closed();
    return made;
  }

  // False after close(): whatever came of it, it may be the interruption.
  bool give(Owned connection, bool sound) {
    std::vector<Owned> dropped;
    const std::lock_guard lock(mutex_);
    std::erase(busy_, connection.get());
    --taken_;
    changed_.notify_one();
    if (sound && !closed_) {
      idle_.push_back(std::move(connection));
    } else {
      dropped.swap(idle_);
    }
    return sound || !closed_;
  }

  const Open open_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Owned> idle_;
  std::vector<Connection*> busy_;
  std::size_t taken_ = 0;
  bool closed_ = false;
};

}  // namespace hearsay::transport
