#include "transport/node_core.hpp"

#include <chrono>
#include <functional>
#include <utility>

namespace hearsay::transport {

MonoTime Now::read_mono() { return MonoTime(std::chrono::steady_clock::now().time_since_epoch()); }

Now Now::read() { return {read_mono(), WallTime(std::chrono::system_clock::now().time_since_epoch())}; }

Result<std::unique_ptr<NodeCore>> NodeCore::make(std::shared_ptr<const Composition> composition,
                                                 const CoreOptions& options) {
  std::unique_ptr<NodeCore> core(new NodeCore(std::move(composition), options));
  if (auto added = core->composition_->register_messages(core->types_); !added) return tl::unexpected(added.error());
  for (const MessageType* type : messages()) {
    if (auto added = core->types_.add(*type); !added) return tl::unexpected(added.error());
  }
  const auto self = core->directory_.intern(options.name, options.address, options.weight, options.zone);
  if (!self) return tl::unexpected(self.error());
  core->self_ = *self;
  core->directory_.keep_own(*self);
  for (const Card& peer : options.peers) {
    if (auto known = core->directory_.intern(peer.name, peer.address, peer.weight, peer.zone); !known) {
      return tl::unexpected(known.error());
    }
  }
  core->node_.construct();
  return core;
}

NodeCore::NodeCore(std::shared_ptr<const Composition> composition, const CoreOptions& options)
    : composition_(std::move(composition)),
      options_(options),
      directory_(options.max_nodes),
      views_(directory_, 1),
      placements_(make_placements(composition_->ring(), directory_)),
      step_({.seed = options.seed,
             .directory = &directory_,
             .views = &views_,
             .pool = &pool_,
             .placements = placements_.get(),
             .observed = options.observed}),
      block_(::operator new(composition_->layout().bytes + 1, std::align_val_t{composition_->layout().alignment}),
             FreeBlock{std::align_val_t{composition_->layout().alignment}}),
      node_(*composition_, block_.get()) {}

NodeCore::~NodeCore() {
  // Before the pool, whose messages they may hold.
  outbox.clear();
  if (self_ != kNoSlot) node_.destroy();
}

Card NodeCore::card() const {
  const NodeIdentity self = directory_[self_];
  return {std::string(self.name), std::string(self.address), self.weight, self.zone, options_.epoch};
}

void NodeCore::begin(Now now) {
  step_.begin(self_, options_.epoch, static_cast<std::uint64_t>(now.mono.time_since_epoch().count()), now.mono,
              now.wall);
}

void NodeCore::start(Now now, std::span<const NodeSlot> seeds, const Persisted* persisted) {
  HEARSAY_CHECK(!started_);
  started_ = true;
  begin(now);
  node_.start(step_, Boot{seeds, persisted});
  drain(now);
  for (auto& [from, message] : std::exchange(early_, {})) receive(now, from, std::move(message));
}

void NodeCore::receive(Now now, NodeSlot from, MessageRef message) {
  if (!started_) {
    if (early_.size() == kMaxEarly) {
      ++early_dropped_;
      return;
    }
    early_.emplace_back(from, std::move(message));
    return;
  }
  begin(now);
  node_.message(step_, from, *message);
  drain(now);
}

bool NodeCore::run_timers(Now now, std::size_t budget) {
  for (; budget > 0 && !timers_.empty() && timers_.top().due <= now.mono; --budget) {
    const Armed armed = timers_.top();
    timers_.pop();
    begin(now);
    node_.timer(step_, armed.role, armed.timer);
    drain(now);
  }
  return !timers_.empty() && timers_.top().due <= now.mono;
}

void NodeCore::request(Now now, const Request& request) {
  if (!started_) {
    Reply refused;
    refused.id = request.id;
    refused.error = ErrorCode::kUnavailable;
    replies.push_back(std::move(refused));
    return;
  }
  begin(now);
  node_.request(step_, request);
  drain(now);
}

void NodeCore::leave(Now now) {
  if (!started_) return;
  begin(now);
  node_.leave(step_);
  drain(now);
}

std::optional<Lookup> NodeCore::read_alone(std::string_view key, MonoTime now) {
  if (!started_) return std::nullopt;
  const Placement& placement = placements_->placement(View(views_, self_));
  if (!node_.answers_alone(placement, self_, placements_->hash_key(key))) return std::nullopt;
  const Store* held = node_.store();
  return held == nullptr ? Lookup{} : held->get(key, now);
}

NodeSlot NodeCore::sole_replica(std::string_view key) {
  if (!started_) return kNoSlot;
  const Placement& placement = placements_->placement(View(views_, self_));
  const std::uint64_t hash = placements_->hash_key(key);
  const NodeSlot owner = placement.lookup(hash);
  return owner != kNoSlot && node_.answers_alone(placement, owner, hash) ? owner : kNoSlot;
}

void NodeCore::drain(Now now) {
  for (;;) {
    for (Step::Action& action : step_.actions()) {
      switch (action.kind) {
        case Step::Action::Kind::kArm:
          // A strategy that arms more than this has lost count of its timers.
          HEARSAY_CHECK(timers_.size() < kMaxTimers);
          timers_.push({now.mono + action.delay, ++armed_, action.role, action.timer});
          break;
        case Step::Action::Kind::kSend:
          if (action.to == self_) {
            to_self_.push_back(MessageRef::adopt(action.message));
          } else {
            outbox.push_back({action.to, MessageRef::adopt(action.message), action.send_class});
          }
          break;
        case Step::Action::Kind::kPublish:
          outbox.push_back({kNoSlot, MessageRef::adopt(action.message), action.send_class});
          break;
      }
    }
    step_.actions().clear();
    for (Reply& reply : step_.replies()) replies.push_back(std::move(reply));
    step_.replies().clear();
    observations.insert(observations.end(), step_.observations().begin(), step_.observations().end());
    step_.observations().clear();
    for (KeyChange& change : step_.key_changes()) key_changes.push_back(std::move(change));
    step_.key_changes().clear();
    if (to_self_.empty()) return;
    const MessageRef next = std::move(to_self_.front());
    to_self_.erase(to_self_.begin());
    begin(now);
    node_.message(step_, self_, *next);
  }
}

}  // namespace hearsay::transport
