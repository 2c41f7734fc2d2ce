// Over 400 lines: both ends of one link, the half in Python and the half here, which change together.
#include "cli/python_ring.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cli/child_process.hpp"
#include "core/ring/owner_placement.hpp"

namespace hearsay::cli {

namespace {

// Speaks over descriptor 3. A request is a letter, a number of a placement and a count, then as many items; an answer
// is a count of bytes (negative: of what went wrong) and those.
constexpr const char* kDriver = R"py(
import sys
sys.path = [folder for folder in sys.path if folder]  # a module beside whoever runs this is none of ours
import os, socket, struct, traceback
path = sys.argv[1]
sys.path.insert(0, os.path.dirname(path))  # what is beside the ring is its own
link = socket.socket(fileno=3).makefile("rwb")
def answer(data, failed=False):
    link.write(struct.pack("<q", -len(data) - 1 if failed else len(data)) + data)
    link.flush()
def what_went_wrong():
    kind, error, trace = sys.exc_info()
    lines = [f for f in traceback.extract_tb(trace) if f.filename == path]
    line = lines[-1].lineno if lines else getattr(error, "lineno", None)
    return f"{path}{':' + str(line) if line else ''}: {kind.__name__}: {error}"
spaces = {}
code = None
def handle(op, number, count):
    global code
    if op == b"O":
        with open(path, encoding="utf-8") as file:
            code = compile(file.read(), path, "exec")
        space = {"__name__": "ring", "__file__": path}
        exec(code, space)
        for name in ("update", "lookup"):
            if not callable(space.get(name)):
                raise NameError(f"it has no function {name}(...)")
        return " ".join([str(int(space.get("TIME_LIMIT_S", 30))), *sorted(space.get("PROMISES", ("all",)))]).encode()
    if op == b"P":
        members = []
        for _ in range(count):
            weight, zone, size = struct.unpack("<dII", link.read(16))
            members.append((link.read(size).decode(errors="surrogateescape"), weight, zone))
        space = {"__name__": "ring", "__file__": path}
        exec(code, space)
        space["update"](list(members))
        spaces[number] = (space["lookup"], {name: i for i, (name, _, _) in enumerate(members)}, len(members))
        return b""
    if op == b"L":
        hashes = struct.unpack(f"<{count}Q", link.read(8 * count))
        lookup, places, size = spaces[number]
        found = []
        for key_hash in hashes:
            owner = lookup(key_hash)
            place = places.get(owner, -1) if isinstance(owner, str) else owner
            if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < size:
                raise LookupError(f"lookup({key_hash:#x}) returned {owner!r}, which is no member")
            found.append(place)
        return struct.pack(f"<{count}I", *found)
    spaces.pop(number, None)
    return b""
def serve():
    while len(head := link.read(13)) == 13:
        op, number, count = struct.unpack("<cQI", head)
        try:
            data = handle(op, number, count)
        except BaseException:
            answer(what_went_wrong().encode(errors="replace"), True)
        else:
            answer(data)
try:
    serve()
    sys.stdout.flush()
except OSError:
    pass  # whoever asks is gone, and says why
os._exit(0)  # an end as usual would flush the link, and complain
)py";

template <class T>
void put(std::string& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  std::array<char, sizeof value> bytes{};
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

class Python {
 public:
  Python(ChildProcess process, int fd, std::string path)
      : process_(std::move(process)), fd_(fd), path_(std::move(path)) {
    limit(kFirstLimit);
  }
  Python(const Python&) = delete;
  Python& operator=(const Python&) = delete;
  ~Python() { ::close(fd_); }

  // Throws std::runtime_error with what went wrong.
  std::string ask(char op, std::uint64_t number, std::uint32_t count, std::string_view items) {
    const std::lock_guard guard(mutex_);
    if (!gone_.empty()) throw std::runtime_error(gone_);
    until_ = std::chrono::steady_clock::now() + limit_;
    std::string out(1, op);
    put(out, number);
    put(out, count);
    out += items;
    send(out);
    std::int64_t size = 0;
    receive(reinterpret_cast<char*>(&size), sizeof size);
    if (size < -kLongestAnswer || size > kLongestAnswer) {
      distrust_locked();
    }
    std::string answer(static_cast<std::size_t>(size < 0 ? -size - 1 : size), '\0');
    receive(answer.data(), answer.size());
    if (size < 0) throw std::runtime_error(answer);
    return answer;
  }

  // Throws: what came is no answer, and nothing is asked from here on.
  [[noreturn]] void distrust() {
    const std::lock_guard guard(mutex_);
    distrust_locked();
  }

  // How long an answer may take.
  void limit(std::chrono::seconds time) {
    limit_ = time;
    const timeval wait{.tv_sec = time.count(), .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  }

 private:
  [[noreturn]] void distrust_locked() {
    gone_ = fmt::format("{}: something else wrote to descriptor 3, which answers go over", path_);
    throw std::runtime_error(gone_);
  }

  static constexpr std::chrono::seconds kFirstLimit{30};
  static constexpr std::int64_t kLongestAnswer = std::int64_t{1} << 20;  // of 4,096 keys it is 16 KiB

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) give_up(errno);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void receive(char* to, std::size_t size) {
    while (size > 0) {
      // All of the answer has one limit, however slowly it comes.
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
      pollfd item{fd_, POLLIN, 0};
      const int ready = left.count() <= 0 ? 0 : ::poll(&item, 1, static_cast<int>(left.count()));
      if (ready == 0) give_up(EAGAIN);
      const ssize_t got = ready < 0 ? -1 : ::recv(fd_, to, size, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) give_up(got < 0 ? errno : 0);
      to += got;
      size -= static_cast<std::size_t>(got);
    }
  }
  // Nothing is asked from here on: an answer that comes late would be taken for another question's.
  [[noreturn]] void give_up(int error) {
    if (error == EAGAIN || error == EWOULDBLOCK) {
      gone_ =
          fmt::format("{}: no answer within {} s; TIME_LIMIT_S = ... in the file allows more", path_, limit_.count());
    } else {
      const std::string how = process_.ended(1s);
      gone_ = fmt::format("{}: python3 {}", path_, how.empty() ? "does not answer" : how);
    }
    throw std::runtime_error(gone_);
  }

  std::mutex mutex_;
  ChildProcess process_;
  int fd_;
  std::string path_;
  std::chrono::seconds limit_{};
  std::chrono::steady_clock::time_point until_;
  std::string gone_;  // why nobody answers any more
};

// The order in which keys were asked for. Who measures or checks a ring asks placement after placement for the same
// keys, so that those which follow can be fetched along with one: a question a key would be a switch of processes each.
class Order {
 public:
  std::mutex mutex;  // of this and of what its placements know

  void note(std::uint64_t hash) {
    if (list_.size() == kMostKnown) {
      list_.clear();
      at_.clear();
    }
    if (at_.try_emplace(hash, list_.size()).second) list_.push_back(hash);
  }
  std::span<const std::uint64_t> after(std::uint64_t hash) const {
    const auto found = at_.find(hash);
    if (found == at_.end()) return {};
    const auto rest = std::span(list_).subspan(found->second + 1);
    return rest.first(std::min(rest.size(), kAhead));
  }

  static constexpr std::size_t kMostKnown = std::size_t{1} << 18;

 private:
  static constexpr std::size_t kAhead = 256;
  std::vector<std::uint64_t> list_;
  std::unordered_map<std::uint64_t, std::size_t> at_;
};

class PythonPlacement final : public OwnerPlacement {
 public:
  PythonPlacement(std::shared_ptr<Python> python, std::shared_ptr<Order> order, std::uint64_t number,
                  std::span<const RingMember> members)
      : OwnerPlacement(members), python_(std::move(python)), order_(std::move(order)), number_(number) {
    std::string items;
    for (const RingMember& member : members) {
      put(items, member.weight);
      put(items, member.zone);
      put(items, static_cast<std::uint32_t>(member.name.size()));
      items += member.name;
    }
    if (!members.empty()) python_->ask('P', number_, static_cast<std::uint32_t>(members.size()), items);
  }
  ~PythonPlacement() override {
    try {
      python_->ask('D', number_, 0, {});
    } catch (const std::exception&) {
      python_.reset();  // it is gone, and what it held with it
    }
  }

  NodeSlot lookup(std::uint64_t hash) const override {
    NodeSlot owner = kNoSlot;
    lookup_batch({&hash, 1}, {&owner, 1});
    return owner;
  }
  void lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const override {
    if (slots().empty()) {
      std::ranges::fill(out.first(hashes.size()), kNoSlot);
      return;
    }
    if (hashes.size() <= kFew) return lookup_few(hashes, out);
    constexpr std::size_t kAtOnce = 4096;
    for (std::size_t begin = 0; begin < hashes.size(); begin += kAtOnce) {
      const std::size_t some = std::min(kAtOnce, hashes.size() - begin);
      ask(hashes.subspan(begin, some), out.subspan(begin, some));
    }
  }
  std::size_t memory_bytes() const override { return sizeof(*this) + slots_bytes(); }

 private:
  static constexpr std::size_t kFew = 16;

  void lookup_few(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
    const std::lock_guard guard(order_->mutex);
    std::vector<std::uint64_t> wanted;
    for (const std::uint64_t hash : hashes) {
      order_->note(hash);
      if (!known_.contains(hash)) wanted.push_back(hash);
    }
    if (!wanted.empty()) {
      if (known_.size() >= Order::kMostKnown) known_.clear();
      wanted.assign(hashes.begin(), hashes.end());
      for (const std::uint64_t hash : order_->after(hashes.back())) {
        if (!known_.contains(hash)) wanted.push_back(hash);
      }
      std::vector<NodeSlot> owners(wanted.size());
      ask(wanted, owners);
      for (std::size_t i = 0; i < wanted.size(); ++i) known_[wanted[i]] = owners[i];
    }
    for (std::size_t i = 0; i < hashes.size(); ++i) out[i] = known_.at(hashes[i]);
  }

  void ask(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const {
    std::string items;
    for (const std::uint64_t hash : hashes) put(items, hash);
    const std::string found = python_->ask('L', number_, static_cast<std::uint32_t>(hashes.size()), items);
    std::uint32_t place = 0;
    if (found.size() != hashes.size() * sizeof place) python_->distrust();
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      std::memcpy(&place, found.data() + i * sizeof place, sizeof place);
      if (place >= slots().size()) python_->distrust();
      out[i] = slots()[place];
    }
  }

  std::shared_ptr<Python> python_;
  std::shared_ptr<Order> order_;
  std::uint64_t number_;
  mutable std::unordered_map<std::uint64_t, NodeSlot> known_;
};

class PythonRing final : public Ring {
 public:
  PythonRing(std::shared_ptr<Python> python, RingTraits traits) : python_(std::move(python)), traits_(traits) {}

  RingTraits traits() const override { return traits_; }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const PythonPlacement>(python_, order_, ++last_, members);
  }

 private:
  std::shared_ptr<Python> python_;
  std::shared_ptr<Order> order_ = std::make_shared<Order>();
  RingTraits traits_;
  mutable std::atomic<std::uint64_t> last_{0};
};

constexpr int kLongestLimit = 86'400;

// In PATH.
std::string find_python() {
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = std::string(rest.substr(0, end)) + "/python3";
    if (::access(file.c_str(), X_OK) == 0) return file;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Result<RingTraits> traits_of(std::string_view words) {
  RingTraits traits;
  const std::pair<std::string_view, bool RingTraits::*> known[] = {
      {"weights", &RingTraits::weights},
      {"set-pure", &RingTraits::set_pure},
      {"minimal-disruption", &RingTraits::minimal_disruption},
      {"any-removal", &RingTraits::any_removal}};
  if (words == "all") return traits;  // a file that says nothing
  // What is named is promised, and nothing else.
  traits = {.any_removal = false, .set_pure = false, .minimal_disruption = false};
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, end);
    const auto found = std::ranges::find(known, word, [](const auto& one) { return one.first; });
    if (found == std::end(known)) {
      return invalid(fmt::format("PROMISES: '{}' is none of weights, set-pure, minimal-disruption, any-removal", word));
    }
    traits.*found->second = true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return traits;
}

}  // namespace

Result<std::shared_ptr<const Ring>> open_python_ring(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return invalid(fmt::format("{}: is a folder", path));
  if (!std::filesystem::is_regular_file(path, error)) return invalid(fmt::format("{}: there is no such file", path));
  const std::string python3 = find_python();
  if (python3.empty()) return fail(ErrorCode::kUnavailable, "there is no python3 in PATH");
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no socket pair: {}", std::strerror(errno)));
  }
  auto process = ChildProcess::start_program(python3, {"-c", kDriver, std::filesystem::absolute(path, error)}, ends[1]);
  if (!process) {
    ::close(ends[0]);
    return tl::unexpected(process.error());
  }
  auto python = std::make_shared<Python>(std::move(*process), ends[0], path);
  try {
    const std::string said = python->ask('O', 0, 0, {});
    const std::size_t space = std::min(said.find(' '), said.size());
    int seconds = 0;
    std::from_chars(said.data(), said.data() + space, seconds);
    if (seconds < 1 || seconds > kLongestLimit) {
      return invalid(fmt::format("{}: TIME_LIMIT_S: expected a number from 1 to {}", path, kLongestLimit));
    }
    python->limit(std::chrono::seconds(seconds));
    const auto traits = traits_of(std::string_view(said).substr(std::min(space + 1, said.size())));
    if (!traits) return invalid(fmt::format("{}: {}", path, traits.error().message));
    return std::make_shared<const PythonRing>(std::move(python), *traits);
  } catch (const std::exception& wrong) {
    return invalid(wrong.what());
  }
}

}  // namespace hearsay::cli
