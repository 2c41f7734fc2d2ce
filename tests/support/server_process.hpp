// A real redis-server or memcached for a test: started in a temporary folder, on a unix socket there or on a free port
// of 127.0.0.1, and killed and reaped when the object goes, or when the thread that made it ends.
//
// Errors are std::runtime_error, which fails the test with what is wrong: a missing binary names the script that
// installs it, a server that does not come up shows its log. One thread at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hearsay::test {

class ServerProcess {
 public:
  enum class Kind : std::uint8_t { kRedis, kMemcached };
  enum class On : std::uint8_t { kUnixSocket, kTcp };

  // Returns when it answers.
  explicit ServerProcess(Kind kind, On on = On::kUnixSocket, std::vector<std::string> more_arguments = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // "unix:/path" or "127.0.0.1:port", as KvOptions::servers takes it; the same after a restart.
  std::string address() const;

  void kill();    // -9; its connections break and what it held is gone
  void start();   // again, at the same address
  void freeze();  // SIGSTOP: connections are taken by the system, nothing is answered
  void thaw();
  bool running() const { return pid_ > 0; }

 private:
  bool start_once();  // false: the port was taken meanwhile
  bool answers() const;
  std::string log() const;

  Kind kind_;
  On on_;
  std::vector<std::string> more_arguments_;
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace hearsay::test
