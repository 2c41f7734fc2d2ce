#include "cli/node_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/exit_codes.hpp"

namespace hearsay::cli {

namespace {

// A ready line is far below it.
constexpr std::size_t kMostBytes = 4096;

// Between fork and exec, in a copy of a process with threads: only what is async-signal-safe.
[[noreturn]] void become(char* const* words, int out, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kFailure);  // it ended before that was set
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0) ::_exit(kFailure);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execv("/proc/self/exe", words);
  ::_exit(kFailure);
}

}  // namespace

Result<NodeProcess> NodeProcess::start(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts{"hearsay", "node", "--json", "--quiet"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> words;
  words.reserve(texts.size() + 1);
  for (std::string& text : texts) words.push_back(text.data());
  words.push_back(nullptr);
  std::array<int, 2> ends{};
  const auto refused = [] {
    return fail(ErrorCode::kUnavailable, fmt::format("no process for a node: {}", std::strerror(errno)));
  };
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return refused();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(words.data(), ends[1], parent);
  ::close(ends[1]);
  if (pid > 0) return NodeProcess(pid, ends[0]);
  ::close(ends[0]);
  return refused();
}

NodeProcess::NodeProcess(NodeProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)), out_(other.out_) {}

NodeProcess::~NodeProcess() {
  if (pid_ < 0) return;
  ::close(out_);
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<std::string> NodeProcess::wait_ready(Duration limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  std::string line;
  while (line.find('\n') == std::string::npos && line.size() < kMostBytes) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return fail(ErrorCode::kTimeout, "a node's process was not ready in time");
    pollfd item{out_, POLLIN, 0};
    if (::poll(&item, 1, static_cast<int>(left)) <= 0) continue;
    std::array<char, 512> buffer{};
    const ssize_t count = ::read(out_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(ErrorCode::kUnavailable, "a node's process ended before it was ready");
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const auto ready = nlohmann::json::parse(line, nullptr, false);
  if (!ready.is_object() || !ready.contains("endpoint") || !ready["endpoint"].is_string()) {
    return fail(ErrorCode::kInternal, "a node's ready line is none");
  }
  return ready["endpoint"].get<std::string>();
}

}  // namespace hearsay::cli
