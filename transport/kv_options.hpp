// How a key-value store is opened: which backend, where, and its limits. The names are go-os/kv's where it has them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/kv/kv.hpp"
#include "transport/security.hpp"

namespace hearsay {

struct KvOptions {
  std::string backend = "gossip";  // gossip, service, memory, redis or memcached
  // Whom to ask. gossip: endpoints of nodes to join through, none to begin a cluster; service: endpoints of nodes;
  // redis, memcached: "host:port" or "unix:/path".
  std::vector<std::string> servers;
  std::string name_space;
  Duration timeout = 500ms;             // of a call
  transport::SecurityOptions security;  // gossip and service

  // gossip (and, of these, service: topic and service) ------------------------------------------------------------
  std::string topic = "go.micro.kv.announce";  // of announcements and other news; part of every frame
  std::string service = "go.micro.kv";         // of calls
  std::string name;                            // of the node; empty: made up
  std::string bind = "tcp://127.0.0.1:*";      // ROUTER; "*" takes a free port
  std::int64_t replicas = 1;                   // copies of an item; a quorum of them answers each call
  Duration gossip_interval{0};                 // 0: the membership's own
  Duration reaper_interval{0};                 // of membership announce; 0: its own
  std::string membership = "swim";             // or announce
  Duration join_timeout = 5s;                  // how long opening waits for a server to answer
};

// Opens a store. Errors: kInvalidArgument for options that make no sense (the message names one), and those of
// open_gossip_kv(), which starts a node and waits for it to join. The others wait for no server, nor need there be one
// yet: one that is missing makes calls fail, not the handle, and they work as soon as it is there.
Result<std::unique_ptr<Kv>> open_kv(const KvOptions& options);

}  // namespace hearsay
