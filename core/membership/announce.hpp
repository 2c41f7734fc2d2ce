// The membership `announce`: what go-os/kv does. Every `interval` a node publishes an announcement of itself; every
// `reap_interval` it drops whoever it has not heard for longer than `reap_after`. Each node announces to everybody: N^2
// announcements an interval, and 8 bytes a pair for when each was last heard.
//
// The preset `go-os` reproduces the original with its defects: a node is reaped after int64(1 s * 1.5) = 1 whole
// second, so jitter or loss reaps the healthy; the sender's wall clock is compared with the receiver's, so one that is
// 2 s ahead loses its peers until their next announcements; nobody says goodbye. The defaults are its cure.
//
// A reaped node is believed dead, and stays known, until it is heard again: it is then forgotten and believed alive
// anew, since by the order of beliefs a life sign of the same incarnation does not refute a death. A node that said
// goodbye is back only with a higher epoch, so that an announcement that was on its way does not revive it.
// Announcements of a former life are ignored; go-os, which knows no epochs, would take them for the present one's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/step.hpp"
#include "core/protocol/strategy.hpp"

namespace hearsay {

struct Announcement : MessageOf<Announcement> {
  static constexpr std::string_view kName = "announce.Announcement";
  static constexpr Role kRole = Role::kMembership;
  static constexpr bool kDisseminated = true;
  Identity node;
  Epoch epoch = 0;
  Duration sent{0};
  bool leaving = false;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.node, "node", "who announces itself");
    v(m.epoch, "epoch", "its boot generation");
    v(m.sent, "sent", "its wall clock when it did, since the Unix epoch");
    v(m.leaving, "leaving", "whether it is about to leave");
  }
  IdentityClaim identity_claim() const { return {node.slot, {epoch, 0}}; }
  // Whatever a peer claims, differences of times do not overflow.
  static constexpr std::int64_t kLatest = std::int64_t{1} << 62;
  bool valid() const { return node.slot != kNoSlot && sent.count() > -kLatest && sent.count() < kLatest; }
};

// What is chosen, by the names of the scenario keys; visit() says what each costs. Times are by the monotonic clock of
// the node, but for `clock = sender`. Plain values; any thread.
struct AnnounceParams {
  enum Clock : int { kOwnClock, kSenderClock };
  enum Phase : int { kRandomPhase, kStartPhase };

  Duration interval = 1s;
  Duration reap_interval = 1s;
  Duration reap_after = 5s;  // of silence
  int clock = kOwnClock;
  Duration time_resolution = 1ns;  // silences are compared in whole ones
  int phase = kRandomPhase;
  bool announce_start = true;
  bool announce_leave = true;

  void visit(ParamVisitor& v);
};

// Bounded by the directory: one stamp for each slot up to the highest that was heard.
struct AnnounceState {
  std::vector<std::int64_t> heard;  // by slot: ns of the clock that counts; kNeverHeard
  bool leaving = false;
};

class Announce final : public StatefulOf<Announce, Role::kMembership, AnnounceState> {
 public:
  explicit Announce(const AnnounceParams& params) : params_(params) {}

  std::vector<const MessageType*> messages() const override { return {&message_type<Announcement>()}; }
  void on_start(Step& step, AnnounceState& state, const Boot& boot) const;
  void on_message(Step& step, AnnounceState& state, NodeSlot from, const Message& message) const;
  void on_timer(Step& step, AnnounceState& state, Timer timer) const;
  void on_leave(Step& step, AnnounceState& state) const;
  void on_digest(const AnnounceState& state, Hasher& hasher) const;

  const AnnounceParams& params() const { return params_; }

 private:
  void announce(Step& step, AnnounceState& state, bool leaving) const;
  void hear(Step& step, AnnounceState& state, NodeSlot node, Epoch epoch, Duration sent) const;
  void reap(Step& step, AnnounceState& state) const;
  std::int64_t now(const Step& step) const;
  std::int64_t whole(std::int64_t ns) const;  // rounded down to the resolution

  AnnounceParams params_;
};

struct AnnounceConfig : AnnounceParams {
  static constexpr Role kRole = Role::kMembership;
  static constexpr std::string_view kName = "announce";
  static constexpr std::string_view kSummary =
      "Every node announces itself to everybody, and is dropped when it falls silent.";
  static constexpr std::string_view kSource = "go-os/kv (github.com/micro/go-os), kv/os.go";

  static std::span<const Preset> presets();
  void use_preset(std::size_t index);
  Result<void> check() const;
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry announce_entry();

}  // namespace hearsay
