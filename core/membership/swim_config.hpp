// SWIM's parameters, by memberlist's names and with its defaults; what serf adds to it by serf's. Plain values; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/time.hpp"
#include "core/protocol/catalogue.hpp"

namespace hearsay {

enum class SwimProbeOrder : int { kRoundRobin, kRandom };
enum class SwimRejoin : int { kNone, kPushPull };

struct SwimConfig {
  static constexpr Role kRole = Role::kMembership;
  static constexpr std::string_view kName = "swim";
  static constexpr std::string_view kSummary =
      "Members probe each other, spread what they find by gossip, and give an accused member time to refute.";
  static constexpr std::string_view kSource =
      "A. Das, I. Gupta, A. Motivala, SWIM (DSN 2002); A. Dadgar, J. Phillips, J. Currey, Lifeguard (DSN-W 2018); "
      "hashicorp/memberlist and hashicorp/serf";

  static std::span<const Preset> presets();
  void use_preset(std::size_t index);
  void visit(ParamVisitor& v);
  Result<void> check() const;
  std::shared_ptr<const Component> build() const;

  SwimProbeOrder order() const { return static_cast<SwimProbeOrder>(probe_order); }
  SwimRejoin healer() const { return static_cast<SwimRejoin>(rejoin); }

  // Failure detection.
  Duration probe_interval = 1s;
  Duration probe_timeout = 500ms;
  int probe_order = static_cast<int>(SwimProbeOrder::kRoundRobin);
  std::int64_t indirect_checks = 3;
  double nack_share = 0.8;
  bool disable_tcp_pings = false;
  std::int64_t awareness_max_multiplier = 8;
  // Suspicion.
  std::int64_t suspicion_mult = 4;
  std::int64_t suspicion_max_timeout_mult = 6;
  std::int64_t suspicion_limit = 8192;
  // Dissemination.
  Duration gossip_interval = 200ms;
  std::int64_t gossip_nodes = 3;
  Duration gossip_to_the_dead_time = 30s;
  std::int64_t retransmit_mult = 4;
  std::int64_t udp_buffer_size = 1400;
  std::int64_t queue_limit = 2048;
  // Full state: joining, repair, rejoining, forgetting.
  Duration push_pull_interval = 30s;
  Duration join_retry_interval = 5s;
  bool introduce = false;
  bool warm_start = false;
  int rejoin = static_cast<int>(SwimRejoin::kPushPull);
  Duration reconnect_interval = 30s;
  Duration reconnect_timeout = 24h;
  Duration tombstone_timeout = 24h;
};

}  // namespace hearsay
