#include "cli/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include "cli/exit_codes.hpp"

namespace hearsay::cli {

namespace {

// Between fork and exec, in a copy of a process with threads: only what is async-signal-safe.
[[noreturn]] void become(const char* path, char* const* arguments, char* const* environment, int fd, int as,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kFailure);  // it ended before that was set
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  const int nothing = ::open("/dev/null", O_RDWR);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(nothing, STDOUT_FILENO) < 0) ::_exit(kFailure);
  if (fd == as) {
    ::fcntl(fd, F_SETFD, 0);
  } else if (::dup2(fd, as) < 0) {
    ::_exit(kFailure);
  }
  ::close_range(static_cast<unsigned>(std::max(as, STDERR_FILENO)) + 1, ~0U, 0);
  ::execve(path, arguments, environment);
  ::_exit(kFailure);
}

std::vector<char*> environment_without_options() {
  std::vector<char*> environment;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view variable = *at;
    // Plug-ins are no option of a verb: who is started needs them, too.
    if (!variable.starts_with("HEARSAY_") || variable.starts_with("HEARSAY_PLUGIN=")) environment.push_back(*at);
  }
  environment.push_back(const_cast<char*>("PYTHONHASHSEED=0"));  // a ring in Python is to be the same in each process
  environment.push_back(nullptr);
  return environment;
}

std::string end_text(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments, int fd, int as) {
  return start_program("/proc/self/exe", arguments, fd, as);
}

Result<ChildProcess> ChildProcess::start_program(const std::string& path, const std::vector<std::string>& arguments,
                                                 int fd, int as) {
  std::vector<char*> words;
  words.reserve(arguments.size() + 2);
  std::string program = path == "/proc/self/exe" ? "hearsay" : path;
  words.push_back(program.data());
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const std::vector<char*> environment = environment_without_options();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(path.c_str(), words.data(), environment.data(), fd, as, parent);
  const int error = errno;
  ::close(fd);
  if (pid > 0) return ChildProcess(pid);
  return fail(ErrorCode::kUnavailable, fmt::format("no process for {}: {} (ulimit -u shows how many there may be)",
                                                   program, std::strerror(error)));
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

std::string ChildProcess::ended(Duration limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (pid_ >= 0 && ended_.empty()) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = end_text(status);
    } else if (std::chrono::steady_clock::now() >= until) {
      break;
    } else {
      std::this_thread::sleep_for(1ms);
    }
  }
  return ended_;
}

}  // namespace hearsay::cli
