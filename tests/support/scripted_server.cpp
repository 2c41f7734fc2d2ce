#include "tests/support/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace hearsay::test {

namespace {

constexpr std::size_t kMostSent = std::size_t{64} << 20;
constexpr int kTurnMs = 20;  // how long it may take to notice that it is to stop

bool ready(int fd, short events) {
  pollfd waiting{fd, events, 0};
  return poll(&waiting, 1, kTurnMs) == 1;
}

}  // namespace

ScriptedServer::ScriptedServer(std::string answer) : answer_(std::move(answer)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 8) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

void ScriptedServer::serve() {
  while (!stop_) {
    if (!ready(listener_, POLLIN)) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) continue;
    std::size_t sent = 0;
    while (!stop_) {
      if (!ready(client, POLLIN)) continue;
      std::array<char, 65536> read{};
      if (recv(client, read.data(), read.size(), 0) <= 0 || answer_.empty()) break;
      std::size_t done = 0;
      while (!stop_ && done < answer_.size() && sent < kMostSent) {
        if (!ready(client, POLLOUT)) continue;
        const ssize_t n = send(client, answer_.data() + done, answer_.size() - done, MSG_NOSIGNAL);
        if (n <= 0) break;
        done += static_cast<std::size_t>(n);
        sent += static_cast<std::size_t>(n);
      }
      if (done < answer_.size()) break;
    }
    close(client);
  }
}

}  // namespace hearsay::test
