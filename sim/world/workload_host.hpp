// What the load of a run needs of whoever drives it, the simulator or the controller of a real run: a clock to
// schedule by, nodes to ask, and an ear for what became of each request. One thread.
#pragma once

#include <cstdint>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/kv/request.hpp"
#include "sim/measure/truth.hpp"

namespace hearsay::world {

class WorkloadHost {
 public:
  virtual ~WorkloadHost() = default;

  virtual TrueTime now() const = 0;
  virtual measure::ProcessState state(NodeSlot node) const = 0;
  // Whether a process of the node is there to take a request.
  virtual bool running(NodeSlot node) const = 0;

  // Has Workload::on_client_event called at `at`.
  virtual void push_client(TrueTime at, std::uint32_t client, NodeSlot node, std::uint32_t argument) = 0;
  // Hands a request to a running node; the reply goes to Workload::on_reply, within this call or later. False: refused,
  // and no reply will come.
  [[nodiscard]] virtual bool request(NodeSlot node, std::uint32_t client, Request request) = 0;

  virtual void op_invoked(const measure::OpRecord& op) = 0;
  virtual void op_completed(const measure::OpRecord& op) = 0;
};

}  // namespace hearsay::world
