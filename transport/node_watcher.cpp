#include "transport/node_watcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>

#include "core/base/hash.hpp"
#include "core/protocol/envelope.hpp"
#include "transport/node_core.hpp"

namespace hearsay::transport {

namespace {

// How long next() sleeps at a time, so that close() is noticed.
constexpr Duration kSlice = 50ms;
// Taken before it looks at the time again: nodes that tell without end must not hold it.
constexpr int kFramesATurn = 256;

}  // namespace

NodeWatcher::NodeWatcher(Options options) : options_(std::move(options)) {
  HEARSAY_CHECK(types_.add(message_type<ChangeNews>()).has_value());
}

Result<std::unique_ptr<NodeWatcher>> NodeWatcher::open(Options options, Duration limit) {
  std::unique_ptr<NodeWatcher> watcher(new NodeWatcher(std::move(options)));
  const Options& given = watcher->options_;
  auto socket = make_socket(*given.context, zmq::socket_type::sub, given.sockets);
  if (!socket) return tl::unexpected(socket.error());
  watcher->socket_ = std::move(*socket);
  if (auto secured = apply_client(watcher->socket_, *given.security); !secured) return tl::unexpected(secured.error());
  std::random_device device;
  const std::uint64_t mark = (std::uint64_t{device()} << 32 | device()) | 1;
  watcher->echo_ = fmt::format("{}{:016x}", given.channel.echoes(), mark);
  watcher->topic_ = given.channel.changes(given.key_prefix);
  watcher->socket_.set(zmq::sockopt::subscribe, watcher->topic_);
  watcher->socket_.set(zmq::sockopt::subscribe, watcher->echo_);
  if (auto found = watcher->look_for_members(); !found) return tl::unexpected(found.error());
  // From the echo on nothing is missed.
  const MonoTime until = Now::read_mono() + limit;
  std::array<zmq::pollitem_t, 1> items{{{watcher->socket_.handle(), 0, ZMQ_POLLIN, 0}}};
  while (watcher->echoes_ < watcher->connected_.size() && Now::read_mono() < until) {
    (void)poll(items, until - Now::read_mono());
    (void)watcher->take();
  }
  if (watcher->echoes_ == 0) return fail(ErrorCode::kUnavailable, "no node took the subscription in time");
  return watcher;
}

Result<void> NodeWatcher::look_for_members() {
  const bool first = next_look_ == MonoTime{};
  next_look_ = Now::read_mono() + kMembersInterval;
  auto members = options_.members();
  if (!members) return tl::unexpected(members.error());
  std::unordered_set<std::string> now;
  for (const Address& member : *members) now.insert(member.pub);
  std::erase_if(connected_, [&](const std::string& pub) {
    if (now.contains(pub)) return false;
    (void)disconnect(socket_, pub);
    return true;
  });
  for (const Address& member : *members) {
    if (!connected_.insert(member.pub).second) continue;
    if (auto there = transport::connect(socket_, member.pub); !there) return there;
    missed_ = missed_ || !first;  // what it told before this connection
  }
  return {};
}

Result<KvChange> NodeWatcher::next(Duration wait) {
  const MonoTime until = Now::read_mono() + std::min<Duration>(wait, 24h * 365);
  std::array<zmq::pollitem_t, 1> items{{{socket_.handle(), 0, ZMQ_POLLIN, 0}}};
  for (;;) {
    if (options_.closed->load(std::memory_order_acquire)) return fail(ErrorCode::kClosed, "the store was closed");
    if (auto change = take()) return std::move(*change);
    const MonoTime now = Now::read_mono();
    // Members that cannot be asked for now are asked for later; those that are known go on telling.
    if (now >= next_look_) (void)look_for_members();
    if (std::exchange(missed_, false)) return KvChange{KvChange::Kind::kMissed, {}};
    if (now >= until) return fail(ErrorCode::kTimeout, "nothing changed");
    auto ready = poll(items, std::min({until - now, kSlice, std::max(Duration(1ms), next_look_ - now)}));
    if (!ready) return tl::unexpected(ready.error());
  }
}

std::optional<KvChange> NodeWatcher::take() {
  Frames frames;
  for (int i = 0; i < kFramesATurn; ++i) {
    const auto receipt = receive(socket_, frames);
    if (!receipt || *receipt == Receipt::kNothing) return std::nullopt;
    if (*receipt != Receipt::kMessage) continue;
    if (frames.size() != 2) continue;
    if (frames[0] == echo_) {
      ++echoes_;
      continue;
    }
    if (frames[0] != topic_) continue;  // another watcher's, of keys that begin like this one's
    const Decoded frame = decode(frames[1], directory_, pool_, types_);
    if (frame.fault != DecodeFault::kNone) continue;
    auto change = told(as<ChangeNews>(*frame.message), frame.envelope.origin, frame.envelope.sequence);
    if (change) return change;
  }
  return std::nullopt;
}

std::optional<KvChange> NodeWatcher::told(const ChangeNews& news, NodeId origin, std::uint64_t number) {
  if (!news.key.starts_with(options_.key_prefix)) return std::nullopt;
  // A node numbers what it tells on this topic; it begins anew when it was restarted, or had nobody to tell.
  std::uint64_t& last = numbers_[origin];
  if (last != 0 && number != last + 1) missed_ = true;
  last = number;
  if (numbers_.size() > kRemembered) numbers_.clear();

  Hasher hasher;
  hasher.add(std::string_view(news.key));
  hasher.add(news.version.time);
  hasher.add(news.version.node);
  hasher.add(news.kind);
  const std::uint64_t mark = hasher.finish().lo;
  if (!remembered_.insert(mark).second) return std::nullopt;
  order_.push_back(mark);
  if (order_.size() > kRemembered) {
    remembered_.erase(order_.front());
    order_.pop_front();
  }
  KvChange change;
  change.kind = news.kind == ChangeNews::Kind::kPut   ? KvChange::Kind::kPut
                : news.kind == ChangeNews::Kind::kDel ? KvChange::Kind::kDel
                                                      : KvChange::Kind::kExpired;
  change.item.key = news.key.substr(options_.strip);
  change.item.value = std::string(news.value.view());
  change.item.expiration = news.ttl_left;
  return change;
}

}  // namespace hearsay::transport
