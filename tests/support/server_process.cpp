#include "tests/support/server_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace hearsay::test {

namespace {

constexpr auto kUp = std::chrono::seconds(20);  // a machine that does other things, too
constexpr auto kPause = std::chrono::milliseconds(2);
constexpr int kAttempts = 5;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error(what); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    give_up("no free port on 127.0.0.1");
  }
  return ntohs(address.sin_port);
}

// Runs a program; the log takes what it prints. It ends with the thread that calls this.
pid_t run(const std::vector<std::string>& words, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) give_up("no pipe");
  Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) give_up("no process");
  if (child == 0) {  // nothing but what is safe between fork and exec
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (getppid() != parent || out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(127);
    execvp(arguments[0], arguments.data());
    const int error = errno;
    (void)!write(ends[1], &error, sizeof error);
    _exit(127);
  }
  write_end.reset();
  int error = 0;
  if (read(read_end.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    waitpid(child, nullptr, 0);
    give_up("cannot start " + words.front() + " (" + std::generic_category().message(error) +
            "): `tools/install-dependencies test` installs it");
  }
  return child;
}

}  // namespace

ServerProcess::ServerProcess(Kind kind, On on, std::vector<std::string> more_arguments)
    : kind_(kind), on_(on), more_arguments_(std::move(more_arguments)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "hearsay-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) give_up("no temporary folder");
  folder_ = pattern;
  try {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (on_ == On::kTcp) port_ = free_port();
      if (start_once()) return;
    }
    give_up("the server does not stay up:\n" + log());
  } catch (...) {
    kill();
    std::filesystem::remove_all(folder_);
    throw;
  }
}

ServerProcess::~ServerProcess() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string ServerProcess::address() const {
  return on_ == On::kTcp ? "127.0.0.1:" + std::to_string(port_) : "unix:" + folder_ + "/socket";
}

void ServerProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void ServerProcess::start() {
  if (!running() && !start_once()) give_up("the server does not come up again:\n" + log());
}

void ServerProcess::freeze() {
  if (!running()) return;
  ::kill(pid_, SIGSTOP);
  int status = 0;
  while (waitpid(pid_, &status, WUNTRACED) < 0 && errno == EINTR) {
  }
}

void ServerProcess::thaw() {
  if (running()) ::kill(pid_, SIGCONT);
}

bool ServerProcess::start_once() {
  const std::string port = std::to_string(port_);
  const std::string path = folder_ + "/socket";
  std::vector<std::string> words;
  if (kind_ == Kind::kRedis) {
    words = {"redis-server", "--save", "", "--appendonly", "no", "--dir", folder_, "--port", port};
    const auto where = on_ == On::kTcp ? std::vector<std::string>{"--bind", "127.0.0.1"}
                                       : std::vector<std::string>{"--unixsocket", path};
    words.insert(words.end(), where.begin(), where.end());
  } else {
    words = {"memcached", "-m", "64", "-t", "2"};
    if (geteuid() == 0) words.insert(words.end(), {"-u", "root"});
    const auto where = on_ == On::kTcp ? std::vector<std::string>{"-l", "127.0.0.1", "-p", port}
                                       : std::vector<std::string>{"-s", path};
    words.insert(words.end(), where.begin(), where.end());
  }
  words.insert(words.end(), more_arguments_.begin(), more_arguments_.end());
  pid_ = run(words, folder_ + "/log");
  const auto deadline = std::chrono::steady_clock::now() + kUp;
  while (!answers()) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    if (std::chrono::steady_clock::now() > deadline) give_up("the server does not answer:\n" + log());
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

// Whether it takes a connection and says anything to a harmless command.
bool ServerProcess::answers() const {
  const Descriptor socket(::socket(on_ == On::kTcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int connected = -1;
  if (on_ == On::kTcp) {
    const sockaddr_in address = loopback(port_);
    connected = connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ + "/socket";
    if (path.size() >= sizeof address.sun_path) give_up("too long for a socket: " + path);
    path.copy(address.sun_path, path.size());
    connected = connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  if (connected != 0) return false;
  const std::string_view hello = kind_ == Kind::kRedis ? "PING\r\n" : "version\r\n";
  if (send(socket.get(), hello.data(), hello.size(), MSG_NOSIGNAL) < 0) return false;
  pollfd waiting{socket.get(), POLLIN, 0};
  char byte = 0;
  return poll(&waiting, 1, 1000) == 1 && recv(socket.get(), &byte, 1, 0) == 1;
}

std::string ServerProcess::log() const {
  std::ifstream file(folder_ + "/log");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

}  // namespace hearsay::test
