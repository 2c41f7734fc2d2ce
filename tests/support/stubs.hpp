// Strategies that do next to nothing, to compose with the one under test.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/hash.hpp"
#include "core/protocol/node.hpp"

namespace hearsay::test {

struct Nothing {};

// Believes from the start that every node of the directory is alive, and never changes its mind.
class EverybodyAlive final : public StatefulOf<EverybodyAlive, Role::kMembership, Nothing> {
 public:
  std::vector<const MessageType*> messages() const override { return {}; }
  void on_start(Step& step, Nothing&, const Boot&) const {
    for (std::uint32_t i = 0; i < step.directory().size(); ++i) step.update_member(NodeSlot{i}, {1, 0, Status::kAlive});
  }
};

// Publishes what it is given as it is, once.
class PublishAsIs final : public StatefulOf<PublishAsIs, Role::kDissemination, Nothing> {
 public:
  bool publishes() const override { return true; }
  std::vector<const MessageType*> messages() const override { return {}; }
  void on_disseminate(Step& step, Nothing&, const Message& message) const { step.publish(MessageRef(&message)); }
};

class NoReplication final : public StatefulOf<NoReplication, Role::kReplication, Nothing> {
 public:
  std::vector<const MessageType*> messages() const override { return {}; }
};

// Key h belongs to member h modulo their number, in order of ids, and its replicas follow.
class ModuloRing final : public Ring {
 public:
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<ModuloPlacement>(members);
  }

 private:
  class ModuloPlacement final : public Placement {
   public:
    explicit ModuloPlacement(std::span<const RingMember> members) {
      for (const RingMember& member : members) slots_.push_back(member.slot);
    }
    NodeSlot lookup(std::uint64_t hash) const override {
      return slots_.empty() ? kNoSlot : slots_[hash % slots_.size()];
    }
    std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override {
      const std::size_t count = std::min(out.size(), slots_.size());
      for (std::size_t i = 0; i < count; ++i) out[i] = slots_[(hash % slots_.size() + i) % slots_.size()];
      return count;
    }
    std::size_t members() const override { return slots_.size(); }
    std::size_t memory_bytes() const override { return slots_.capacity() * sizeof(NodeSlot); }

   private:
    std::vector<NodeSlot> slots_;
  };
};

// The strategies given, stubs where null.
inline std::shared_ptr<const Composition> compose(std::shared_ptr<const Strategy> membership = nullptr,
                                                  std::shared_ptr<const Strategy> dissemination = nullptr,
                                                  std::shared_ptr<const Strategy> replication = nullptr,
                                                  std::shared_ptr<const Ring> ring = nullptr) {
  if (membership == nullptr) membership = std::make_shared<EverybodyAlive>();
  if (dissemination == nullptr) dissemination = std::make_shared<PublishAsIs>();
  if (replication == nullptr) replication = std::make_shared<NoReplication>();
  if (ring == nullptr) ring = std::make_shared<ModuloRing>();
  return std::make_shared<Composition>(std::move(membership), std::move(dissemination), std::move(replication),
                                       std::move(ring));
}

}  // namespace hearsay::test
