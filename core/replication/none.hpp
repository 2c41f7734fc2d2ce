// Replication without repair: the coordinator alone. What a failed write left out stays out, and nothing moves when the
// ring changes. The preset go-os is go-os/kv's direct replication, with its defects.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/protocol/catalogue.hpp"
#include "core/replication/coordinated.hpp"

namespace hearsay {

struct PlainKv {
  PlainKv(const ReplicationParams& params, MonoTime now) : replica(params, now) {}
  void digest(Hasher& hasher) const {
    replica.digest(hasher);
    coordinator.digest(hasher);
  }
  Replica replica;
  Coordinator coordinator;
};

using NoneState = LazyKv<PlainKv>;

class NoneReplication final : public Coordinated<NoneReplication, PlainKv> {
 public:
  using Coordinated::Coordinated;
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
