// All nodes of a run in one piece of memory: slots of a multiple of 64 bytes that hold the driver's record and, right
// behind it, the strategies' states, so that an input touches one place. Huge pages, because at a million nodes the
// translation of addresses costs as much as the memory itself. One thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/ids.hpp"
#include "core/protocol/node.hpp"
#include "sim/measure/truth.hpp"

namespace hearsay::world {

// What the driver keeps of a node beside the strategies' states.
struct NodeRecord {
  std::uint32_t next_seq = 0;  // of the next event it causes; goes on after a restart
  std::uint32_t boot_seq = 0;  // its timers of an earlier life have smaller ones
  std::uint32_t index = 0;     // inputs handled so far: their place in the fingerprint
  Epoch epoch = 0;             // 0: never started
  std::uint32_t clock = 0;     // index of its clock; 0 is true time
  measure::ProcessState state = measure::ProcessState::kAbsent;
  bool running = false;       // takes inputs: up or leaving
  bool backlogged = false;    // paused or slow: inputs go through its backlog
  bool rate_changes = false;  // its clock changes its rate during the run: its timers are kept to be moved
};

class NodeArena {
 public:
  NodeArena(std::uint32_t nodes, StateLayout layout);
  ~NodeArena();
  NodeArena(const NodeArena&) = delete;
  NodeArena& operator=(const NodeArena&) = delete;

  NodeRecord& operator[](std::uint32_t slot) { return *reinterpret_cast<NodeRecord*>(base_ + slot * stride_); }
  const NodeRecord& operator[](std::uint32_t slot) const {
    return *reinterpret_cast<const NodeRecord*>(base_ + slot * stride_);
  }
  void* block(std::uint32_t slot) { return base_ + slot * stride_ + state_offset_; }
  const void* block(std::uint32_t slot) const { return base_ + slot * stride_ + state_offset_; }
  void prefetch(std::uint32_t slot) const { __builtin_prefetch(base_ + slot * stride_, 1); }

  std::uint32_t size() const { return nodes_; }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  std::uint32_t nodes_;
  std::size_t state_offset_;
  std::size_t stride_;
  std::size_t bytes_;
  std::byte* base_;
};

}  // namespace hearsay::world
