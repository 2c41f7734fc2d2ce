// Replication without repair: the coordinator alone. What a failed write left out stays out, and nothing moves when the
// ring changes. The preset go-os is go-os/kv's direct replication, with its defects.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/protocol/catalogue.hpp"
#include "core/replication/coordinator.hpp"

namespace hearsay {

// A node's state: nothing until the first request, message or restored item, since most of a million nodes may never
// see one.
struct PlainKv {
  PlainKv(const ReplicationParams& params, MonoTime now) : replica(params, now) {}
  Replica replica;
  Coordinator coordinator;
};

struct NoneState {
  std::unique_ptr<PlainKv> kv;
};

class NoneReplication final : public StatefulOf<NoneReplication, Role::kReplication, NoneState> {
 public:
  explicit NoneReplication(const ReplicationParams& params) : params_(params) {}
  std::vector<const MessageType*> messages() const override { return Coordinator::messages(); }

  void on_start(Step& step, NoneState& state, const Boot& boot) const;
  void on_message(Step& step, NoneState& state, NodeSlot from, const Message& message) const;
  void on_timer(Step& step, NoneState& state, Timer timer) const;
  void on_request(Step& step, NoneState& state, const Request& request) const;
  void on_save(const NoneState& state, MonoTime now, Persisted& out) const;
  void on_digest(const NoneState& state, Hasher& hasher) const;

 private:
  PlainKv& kv(const Step& step, NoneState& state) const;
  ReplicationParams params_;
};

struct NoneConfig {
  static constexpr Role kRole = Role::kReplication;
  static constexpr std::string_view kName = "none";
  static constexpr std::string_view kSummary =
      "The coordinator alone: writes go to the n replicas once, and nothing is repaired or handed over.";
  static constexpr std::string_view kSource =
      "go-os/kv (direct replication); quorums: Gifford 1979, DeCandia et al. 2007";

  NoneConfig();
  static std::span<const Preset> presets();
  void use_preset(std::size_t index);
  void visit(ParamVisitor& visitor) { params.visit(visitor); }
  Result<void> check() const { return params.check(); }
  std::shared_ptr<const Component> build() const { return std::make_shared<NoneReplication>(params); }

  ReplicationParams params;
};

CatalogueEntry none_entry();

}  // namespace hearsay
