// A server of one connection after the other that answers whatever comes with the same bytes: what a client makes of a
// server that lies. On a free port of 127.0.0.1; its thread ends with the object.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace hearsay::test {

class ScriptedServer {
 public:
  // `answer` is sent for each piece that is read, at most 64 MiB in all; empty: the connection is closed instead.
  explicit ScriptedServer(std::string answer);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve();

  std::string answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace hearsay::test
