#include "cli/node_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/interrupt.hpp"

namespace hearsay::cli {

namespace {

// A ready line is far below it.
constexpr std::size_t kMaxBytes = 4096;
// How long a process that closed its stdout has to end.
constexpr Duration kDeathThroes = 1s;

}  // namespace

Result<NodeProcess> NodeProcess::start(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"node", "--json", "--quiet"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no process for a node: {}", std::strerror(errno)));
  }
  auto process = ChildProcess::start(words, ends[1], STDOUT_FILENO);
  if (process) return NodeProcess(std::move(*process), ends[0]);
  ::close(ends[0]);
  return tl::unexpected(process.error());
}

NodeProcess::NodeProcess(NodeProcess&& other) noexcept
    : process_(std::move(other.process_)), out_(std::exchange(other.out_, -1)) {}

NodeProcess::~NodeProcess() {
  if (out_ >= 0) ::close(out_);
}

Result<std::string> NodeProcess::wait_ready(Duration limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  std::string line;
  while (line.find('\n') == std::string::npos && line.size() < kMaxBytes) {
    if (was_interrupted()) return fail(ErrorCode::kClosed, "interrupted before a node's process was ready");
    const Duration left = std::min<Duration>(until - std::chrono::steady_clock::now(), kInterruptLook);
    if (left <= Duration::zero()) return fail(ErrorCode::kTimeout, "a node's process was not ready in time");
    pollfd item{out_, POLLIN, 0};
    if (::poll(&item, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count())) <= 0) continue;
    std::array<char, 512> buffer{};
    const ssize_t count = ::read(out_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const std::string end = process_.ended(kDeathThroes);
      return fail(ErrorCode::kUnavailable,
                  fmt::format("a node's process {} before it was ready", end.empty() ? "said nothing more" : end));
    }
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const auto ready = nlohmann::json::parse(line, nullptr, false);
  if (!ready.is_object() || !ready.contains("endpoint") || !ready["endpoint"].is_string()) {
    return fail(ErrorCode::kInternal, "a node's ready line is none");
  }
  return ready["endpoint"].get<std::string>();
}

}  // namespace hearsay::cli
