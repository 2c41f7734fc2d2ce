#include "transport/memcached_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "core/kv/request.hpp"

namespace hearsay::transport {

namespace {

constexpr std::string_view kEnd = "\r\n";
// Our header with the longest key.
constexpr std::size_t kMaxStored = kMaxValueBytes + kMaxKeyBytes + 64;

tl::unexpected<Error> undecodable() { return fail(ErrorCode::kCorrupt, "what memcached sent does not decode"); }

// A line of an error, which may quote what it was sent.
tl::unexpected<Error> refused(std::string_view line) {
  std::string said(line.substr(0, 200));
  std::replace_if(said.begin(), said.end(), [](char c) { return c < ' ' || c == 0x7f; }, '?');
  return fail(ErrorCode::kUnavailable, fmt::format("memcached refused: {}", said));
}

bool is_error(std::string_view line) {
  return line == "ERROR" || line.starts_with("CLIENT_ERROR") || line.starts_with("SERVER_ERROR");
}

// What came and was not understood yet.
class Received {
 public:
  void add(std::string_view piece) {
    bytes_.erase(0, used_);
    used_ = 0;
    bytes_ += piece;
  }
  // The next line without its end, nothing while it is not whole. An error for one that is too long.
  Result<std::optional<std::string_view>> line() {
    const std::string_view rest = std::string_view(bytes_).substr(used_);
    const std::size_t end = rest.substr(0, kMaxMemcachedLine).find(kEnd);
    if (end == std::string_view::npos && rest.size() >= kMaxMemcachedLine) return undecodable();
    if (end == std::string_view::npos) return std::nullopt;
    used_ += end + kEnd.size();
    return rest.substr(0, end);
  }
  // As many bytes and the end of a line after them, nothing while they are not there.
  Result<std::optional<std::string_view>> block(std::size_t size) {
    const std::string_view rest = std::string_view(bytes_).substr(used_);
    if (rest.size() < size + kEnd.size()) return std::nullopt;
    if (rest.substr(size, kEnd.size()) != kEnd) return undecodable();
    used_ += size + kEnd.size();
    return rest.substr(0, size);
  }
  bool empty() const { return used_ == bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t used_ = 0;
};

// "VALUE name flags size"
struct ValueLine {
  std::string_view name;
  std::size_t size = 0;
};

std::optional<ValueLine> value_line(std::string_view line) {
  constexpr std::string_view kBegin = "VALUE ";
  if (!line.starts_with(kBegin)) return std::nullopt;
  line.remove_prefix(kBegin.size());
  const std::size_t name = line.find(' ');
  const std::size_t flags = name == std::string_view::npos ? name : line.find(' ', name + 1);
  if (flags == std::string_view::npos) return std::nullopt;
  ValueLine value{line.substr(0, name), 0};
  const std::string_view size = line.substr(flags + 1);
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), value.size);
  if (error != std::errc() || end != size.data() + size.size()) return std::nullopt;
  return value;
}

// The answer to a set or a delete; nothing for a line that is none.
std::optional<Result<void>> outcome(std::string_view line) {
  if (line == "STORED" || line == "DELETED" || line == "NOT_FOUND") return Result<void>();
  if (line.starts_with("SERVER_ERROR object too large")) {
    return Result<void>(fail(ErrorCode::kTooLarge, "memcached is set to take smaller values only"));
  }
  if (line.starts_with("SERVER_ERROR")) return Result<void>(refused(line));
  return std::nullopt;
}

}  // namespace

void MemcachedCommands::set(std::string_view name, std::string_view stored, std::int64_t exptime) {
  fmt::format_to(std::back_inserter(bytes_), "set {} 0 {} {}\r\n", name, exptime, stored.size());
  bytes_ += stored;
  bytes_ += kEnd;
  ++count_;
}

void MemcachedCommands::del(std::string_view name) {
  fmt::format_to(std::back_inserter(bytes_), "delete {}\r\n", name);
  ++count_;
}

Result<std::unique_ptr<MemcachedConnection>> MemcachedConnection::open(const KvServer& server, SteadyTime deadline) {
  auto socket = StreamSocket::connect(server, deadline);
  if (!socket) return tl::unexpected(socket.error());
  return std::unique_ptr<MemcachedConnection>(new MemcachedConnection(std::move(*socket)));
}

Result<void> MemcachedConnection::get(std::span<const std::string_view> names,
                                      const std::function<void(std::size_t i, std::string_view stored)>& found,
                                      SteadyTime deadline) {
  const std::string command = fmt::format("get {}\r\n", fmt::join(names, " "));
  Received received;
  std::size_t next = 0;              // values come in the order of the names, misses left out
  std::optional<std::size_t> value;  // the size of the value that comes now, of the name before `next`
  const auto take = [&](std::string_view piece) -> Result<bool> {
    received.add(piece);
    for (;;) {
      if (value) {
        const auto block = received.block(*value);
        if (!block) return tl::unexpected(block.error());
        if (!*block) return false;
        found(next - 1, **block);
        value.reset();
      }
      const auto line = received.line();
      if (!line) return tl::unexpected(line.error());
      if (!*line) return false;
      if (**line == "END") return received.empty() ? Result<bool>(true) : undecodable();
      if (is_error(**line)) return refused(**line);
      const auto header = value_line(**line);
      if (!header) return undecodable();
      while (next < names.size() && names[next] != header->name) ++next;
      if (next == names.size()) return undecodable();
      ++next;
      if (header->size > kMaxStored) {
        return fail(ErrorCode::kCorrupt, fmt::format("memcached holds a value of {} bytes there", header->size));
      }
      value = header->size;
    }
  };
  return socket_->exchange(command, take, deadline);
}

Result<void> MemcachedConnection::run(const MemcachedCommands& commands, std::vector<Result<void>>& results,
                                      SteadyTime deadline) {
  Received received;
  const std::size_t wanted = results.size() + commands.count();
  const auto take = [&](std::string_view piece) -> Result<bool> {
    received.add(piece);
    while (results.size() < wanted) {
      const auto line = received.line();
      if (!line) return tl::unexpected(line.error());
      if (!*line) return false;
      auto result = outcome(**line);
      if (!result && is_error(**line)) return refused(**line);
      if (!result) return undecodable();
      results.push_back(std::move(*result));
    }
    return received.empty() ? Result<bool>(true) : undecodable();
  };
  return socket_->exchange(commands.bytes(), take, deadline);
}

}  // namespace hearsay::transport
