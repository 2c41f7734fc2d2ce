// The store that a benchmark measures: opened as a program opens it, with nodes of this process around it where the
// backend has nodes and no servers were given. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/kv/kv.hpp"
#include "transport/kv_options.hpp"
#include "transport/live_node.hpp"

namespace hearsay::cli {

class BenchCluster {
 public:
  // gossip: `nodes` of them, the store's own included; service: as many, which the store asks. Returns when all see
  // all. Errors: as open_kv()'s; kTimeout when they do not find each other in 30 s; kClosed when the program is
  // interrupted.
  static Result<BenchCluster> open(KvOptions options, std::uint32_t nodes);

  Kv& kv() { return *kv_; }
  // Of gossip with one copy of an item: those of `keys` that the store's own node has, and those that others have.
  struct Split {
    std::vector<std::string> own;
    std::vector<std::string> remote;
  };
  Result<Split> split(std::span<const std::string> keys) const;

 private:
  Result<void> wait_complete(std::uint32_t nodes) const;

  KvOptions options_;
  std::vector<std::unique_ptr<transport::LiveNode>> others_;  // outlive the store, which leaves them
  std::unique_ptr<Kv> kv_;
};

// Lets the process have as many descriptors as the system allows: two hundred nodes of one process need thousands.
void raise_descriptor_limit();
// All threads from now on stay on the core. kInvalidArgument: there is no such core.
Result<void> pin_to(std::uint64_t core);

}  // namespace hearsay::cli
