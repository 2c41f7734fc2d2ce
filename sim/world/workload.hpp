// The load of a run: single ops at a time and node, and clients that issue requests, open loop at a rate or closed loop
// with a pause. Every request is recorded whole, from invocation to answer, by true time.
//
// A client's draws come from a stream of its own, one for each purpose of the next request, so that what the protocol
// answers never changes what an open loop asks next. A client of a node that is down, or whose backlog is full, is
// refused at once (kUnavailable); a node that is not there (before it joins, after it left) has no clients. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/samplers.hpp"
#include "core/protocol/ring.hpp"
#include "sim/plan/plan.hpp"
#include "sim/world/workload_host.hpp"

namespace hearsay::world {

class Workload {
 public:
  // All must outlive the workload.
  Workload(const plan::Plan& plan, std::uint64_t seed, const Ring& ring, WorkloadHost& host);

  // Schedules the first requests.
  void begin();
  // `due`: when it was to be; a driver in real time may be late, and the next arrival of an open loop does not wait.
  void on_client_event(std::uint32_t client, NodeSlot node, std::uint32_t argument, TrueTime due);
  // To a request that awaits it.
  void on_reply(const Reply& reply);
  bool awaits(RequestId id) const { return pending_.contains(static_cast<std::uint64_t>(id)); }
  // A node's process ended: its clients get no answer to what is pending.
  void on_process_end(NodeSlot node);
  // Returns how many clients changed.
  std::size_t change(const plan::WorkloadChange& change);
  // Gives up what is still pending.
  void finish();

 private:
  struct Client {
    std::uint32_t spec = 0;
    NodeSlot node = kNoSlot;
    std::uint64_t issued = 0;
  };
  // What a client spec has become, changes applied.
  struct Behaviour {
    DurationDistribution gap;  // open loop: between arrivals
    std::uint32_t put = 0, get = 0, del = 0;
    std::optional<Zipf> zipf;
  };
  struct Pending {
    measure::OpRecord record;
    std::uint32_t client = 0;
  };

  void set_rate(Behaviour& behaviour, const plan::ClientSpec& spec, double rate_hz);
  Request next_request(std::uint32_t client);
  void issue(std::uint32_t client, NodeSlot node, Request request);
  void complete(Pending pending, const Reply& reply, bool answered);
  void schedule(std::uint32_t client, TrueTime at);
  void schedule_next(std::uint32_t client, bool after_answer, TrueTime from);
  std::uint64_t draw(std::uint32_t client, std::uint32_t what) const;
  bool is_client(std::uint32_t client) const { return client < clients_.size(); }

  const plan::Plan& plan_;
  const Ring& ring_;
  WorkloadHost& host_;
  std::uint64_t key_;
  std::vector<Behaviour> behaviours_;  // by client spec
  std::vector<Client> clients_;
  std::uint64_t next_op_ = 0;
  std::unordered_map<std::uint64_t, Pending> pending_;  // by request id; looked up, sorted before it is walked
};

}  // namespace hearsay::world
