#include "cli/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "cli/exit_codes.hpp"

namespace hearsay::cli {

namespace {

// Between fork and exec, in a copy of a process with threads: only what is async-signal-safe.
[[noreturn]] void become(char* const* arguments, int fd, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kFailure);  // it ended before that was set
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  const int nothing = ::open("/dev/null", O_RDWR);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(nothing, STDOUT_FILENO) < 0) ::_exit(kFailure);
  if (fd == ChildProcess::kGivenFd) {
    ::fcntl(fd, F_SETFD, 0);
  } else if (::dup2(fd, ChildProcess::kGivenFd) < 0) {
    ::_exit(kFailure);
  }
  ::close_range(ChildProcess::kGivenFd + 1, ~0U, 0);
  ::execv("/proc/self/exe", arguments);
  ::_exit(kFailure);
}

std::string end_text(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments, int fd) {
  std::vector<char*> words;
  words.reserve(arguments.size() + 2);
  std::string program = "hearsay";
  words.push_back(program.data());
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(words.data(), fd, parent);
  const int error = errno;
  ::close(fd);
  if (pid > 0) return ChildProcess(pid);
  return fail(
      ErrorCode::kUnavailable,
      fmt::format("no process for a node: {}; take fewer nodes, or leave --processes out", std::strerror(error)));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), ended_(std::move(other.ended_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || !ended_.empty()) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ChildProcess::signal(int number) const {
  // A process that was waited for has given its number back.
  if (pid_ >= 0 && ended_.empty()) ::kill(pid_, number);
}

std::string ChildProcess::ended() {
  int status = 0;
  if (pid_ >= 0 && ended_.empty() && ::waitpid(pid_, &status, WNOHANG) == pid_) ended_ = end_text(status);
  return ended_;
}

}  // namespace hearsay::cli
