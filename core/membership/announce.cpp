#include "core/membership/announce.hpp"

#include <array>
#include <limits>

#include "core/base/quantity.hpp"

namespace hearsay {

namespace {

constexpr std::uint8_t kAnnounceTimer = 1;
constexpr std::uint8_t kReapTimer = 2;
constexpr std::int64_t kNeverHeard = std::numeric_limits<std::int64_t>::min();

constexpr std::array<Preset, 2> kAnnouncePresets{{
    {"default",
     "healthy: four announcements in a row may be lost, the receiver's monotonic clock decides, leaving is announced"},
    {"go-os", "as go-os/kv is, defects included: reaped after one whole second by the sender's wall clock"},
}};

constexpr std::array<std::string_view, 2> kClocks{"own", "sender"};
constexpr std::array<std::string_view, 2> kAnnouncePhases{"random", "start"};

}  // namespace

void AnnounceParams::visit(ParamVisitor& v) {
  v.duration(
      "interval", interval, {1ms, 1h},
      "time between two announcements of a node; shorter finds joins and losses sooner, and costs N^2 messages an "
      "interval");
  v.duration("reap_interval", reap_interval, {1ms, 24h},
             "time between two looks for nodes that fell silent; longer adds up to itself to the detection of a crash");
  v.duration("reap_after", reap_after, {1ns, 24h},
             "silence after which a node is dropped; shorter detects a crash sooner and drops more of the healthy when "
             "messages are late or lost");
  v.choice(
      "clock", clock, kClocks,
      "what a node's silence is measured by: `own`, the receiver's monotonic clock when it heard the node; `sender`, "
      "the receiver's wall clock less the sender's when it announced, which takes clock skew for silence");
  v.duration("time_resolution", time_resolution, {1ns, 1h},
             "both ends of a silence are rounded down to multiples of this before they are compared; coarser makes the "
             "silence tolerated longer or shorter by up to as much");
  v.choice("phase", phase, kAnnouncePhases,
           "when the first periodic announcement and the first look come: `random`, after a uniform share of their "
           "interval, which spreads the load of nodes that start together; `start`, after a whole one");
  v.boolean("announce_start", announce_start,
            "announce at the start too; otherwise a node is unknown until its first periodic announcement");
  v.boolean("announce_leave", announce_leave,
            "announce a departure; otherwise one that leaves is taken for alive until it is reaped");
}

std::int64_t Announce::whole(std::int64_t ns) const {
  const std::int64_t unit = params_.time_resolution.count();
  const std::int64_t rest = ns % unit;
  return rest < 0 ? ns - rest - unit : ns - rest;
}

std::int64_t Announce::now(const Step& step) const {
  return params_.clock == AnnounceParams::kOwnClock ? step.mono().time_since_epoch().count()
                                                    : step.wall().time_since_epoch().count();
}

void Announce::on_start(Step& step, AnnounceState& state, const Boot&) const {
  // As go-os does, a node is in its own view before anybody has heard of it.
  hear(step, state, step.self(), step.epoch(), step.wall().time_since_epoch());
  if (params_.announce_start) announce(step, state, false);
  const auto first = [&](Duration interval) {
    return params_.phase == AnnounceParams::kStartPhase ? interval
                                                        : Duration(step.random().between(1, interval.count()));
  };
  step.arm(kAnnounceTimer, first(params_.interval));
  step.arm(kReapTimer, first(params_.reap_interval));
}

void Announce::announce(Step& step, AnnounceState& state, bool leaving) const {
  const Duration sent = step.wall().time_since_epoch();
  auto announcement = step.make<Announcement>();
  announcement->node = {step.self()};
  announcement->epoch = step.epoch();
  announcement->sent = sent;
  announcement->leaving = leaving;
  step.disseminate(std::move(announcement));
  // Whoever is on the topic hears itself. So a step of its wall clock can make a node reap itself, by `sender`.
  if (!leaving) hear(step, state, step.self(), step.epoch(), sent);
}

void Announce::on_message(Step& step, AnnounceState& state, NodeSlot, const Message& message) const {
  if (!is<Announcement>(message)) return;
  const auto& announcement = as<Announcement>(message);
  const NodeSlot node = announcement.node.slot;
  if (node == step.self()) return;
  const MaybeBelief before = step.view().get(node);
  if (before.known && announcement.epoch < before.belief.epoch) return;
  if (announcement.leaving) {
    // The farewell of somebody never heard of would only cost memory.
    if (before.known) step.update_member(node, {announcement.epoch, 0, Status::kLeft});
    return;
  }
  hear(step, state, node, announcement.epoch, announcement.sent);
}

void Announce::hear(Step& step, AnnounceState& state, NodeSlot node, Epoch epoch, Duration sent) const {
  const MaybeBelief before = step.view().get(node);
  if (before.known && before.belief.epoch == epoch) {
    if (before.belief.status == Status::kLeft) return;
    if (before.belief.status == Status::kDead) step.forget_member(node);
  }
  step.update_member(node, {epoch, 0, Status::kAlive});
  if (state.heard.size() <= raw(node)) state.heard.resize(raw(node) + std::size_t{1}, kNeverHeard);
  // The last one to arrive counts, even if an older one overtook it: so does go-os.
  state.heard[raw(node)] = params_.clock == AnnounceParams::kOwnClock ? now(step) : sent.count();
}

void Announce::reap(Step& step, AnnounceState& state) const {
  const std::int64_t at = whole(now(step));
  for (std::uint32_t i = 0; i < state.heard.size(); ++i) {
    if (state.heard[i] == kNeverHeard) continue;
    const NodeSlot node{i};
    if (at - whole(state.heard[i]) <= params_.reap_after.count()) continue;
    if (state.leaving && node == step.self()) continue;
    state.heard[i] = kNeverHeard;
    const MaybeBelief belief = step.view().get(node);
    if (belief.member()) step.update_member(node, {belief.belief.epoch, belief.belief.incarnation, Status::kDead});
  }
}

void Announce::on_timer(Step& step, AnnounceState& state, Timer timer) const {
  if (timer.kind == kAnnounceTimer && !state.leaving) {
    step.arm(kAnnounceTimer, params_.interval);
    announce(step, state, false);
  } else if (timer.kind == kReapTimer) {
    step.arm(kReapTimer, params_.reap_interval);
    reap(step, state);
  }
}

void Announce::on_leave(Step& step, AnnounceState& state) const {
  if (state.leaving) return;
  state.leaving = true;
  if (params_.announce_leave) announce(step, state, true);
}

void Announce::on_digest(const AnnounceState& state, Hasher& hasher) const {
  hasher.add(state.leaving);
  hasher.add(state.heard.size());
  for (const std::int64_t at : state.heard) hasher.add(at);
}

std::span<const Preset> AnnounceConfig::presets() { return kAnnouncePresets; }

void AnnounceConfig::use_preset(std::size_t index) {
  *this = {};
  if (index != 1) return;
  interval = 1s;
  reap_interval = 10s;
  reap_after = 1s;
  clock = kSenderClock;
  time_resolution = 1s;
  phase = kStartPhase;
  announce_start = false;
  announce_leave = false;
}

Result<void> AnnounceConfig::check() const {
  if (reap_after < interval) {
    return invalid("reap_after (" + format_duration(reap_after) + ") is shorter than interval (" +
                   format_duration(interval) + "): every node would be dropped between two of its announcements");
  }
  return {};
}

std::shared_ptr<const Component> AnnounceConfig::build() const { return std::make_shared<const Announce>(*this); }

CatalogueEntry announce_entry() { return entry_of<AnnounceConfig>(); }

}  // namespace hearsay
