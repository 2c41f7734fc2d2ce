// How a node joins: knocking at seeds, making sure of its name, subscribing to its peers, and starting its strategies.
// The loop's, with the lock held.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "transport/address.hpp"
#include "transport/live_node.hpp"

namespace hearsay::transport {

namespace {

// After how long without an answer a seed is asked again, and the same of a broker, which loses what comes too early.
constexpr Duration kAskAgain = 1s;
constexpr Duration kEchoAgain = 5ms;
// After the first seed answered, the others have this long.
constexpr Duration kOtherSeeds = 20ms;
// How long another node of this name has to answer.
constexpr Duration kHolderLimit = 500ms;
// How long peers have to subscribe to this node and welcome its subscription.
constexpr Duration kMeetLimit = 500ms;
// How often a node that publishes compares whom it knows with another.
constexpr Duration kExchangeInterval = 1s;
constexpr std::size_t kMaxSeeds = 64;

}  // namespace

void LiveNode::begin_joining(MonoTime now) {
  phase_ = Phase::kKnocking;
  phase_until_ = MonoTime::max();
  const std::string own = endpoint();
  for (const std::string& seed : options_.seeds) {
    if (seed != own && knocks_.size() < kMaxSeeds) open_knock(Knock::Purpose::kSeed, seed, now, MonoTime::max());
  }
  if (knocks_.empty()) begin_meeting(now);
}

void LiveNode::open_knock(Knock::Purpose purpose, const std::string& endpoint, MonoTime now, MonoTime give_up) {
  knocks_.push_back({purpose, endpoint, {}, now, give_up});
}

bool LiveNode::asks(Knock::Purpose purpose) const {
  return std::any_of(knocks_.begin(), knocks_.end(), [&](const Knock& knock) { return knock.purpose == purpose; });
}

void LiveNode::knock(MonoTime now) {
  Frames frames;
  for (std::size_t i = 0; i < knocks_.size(); ++i) {
    if (knocks_[i].answered) continue;
    for (int n = 0; n < kFramesATurn && knocks_[i].socket.may_have(); ++n) {
      const auto receipt = knocks_[i].socket.receive(frames);
      if (!receipt || *receipt == Receipt::kNothing) break;
      if (*receipt == Receipt::kTooLong || frames.size() != 2 || frames[0] != channel_.peers) {
        count(Counted::kDroppedMalformed);
        continue;
      }
      NodeId origin{};
      const MessageRef message = decoded(frames[1], origin);
      if (!message || !is<Welcome>(*message) || knocks_[i].answered) continue;
      knocks_[i].answered = true;
      on_welcome(i, as<Welcome>(*message));
    }
    if (knocks_[i].answered || knocks_[i].next_try > now) continue;
    knocks_[i].next_try = now + kAskAgain;
    if (!knocks_[i].socket.open()) {
      auto socket = links_->dealer(knocks_[i].endpoint);
      if (!socket) {
        log(LogLevel::kError, fmt::format("{}: {}", knocks_[i].endpoint, socket.error().message));
        continue;
      }
      knocks_[i].socket = Inlet(std::move(*socket));
    }
    // Waits in the queue for the connection; a second one finds no room there.
    const std::string asked = hello(true);
    (void)transport::send(knocks_[i].socket.use(), std::array<std::string_view, 2>{channel_.peers, asked});
  }
  std::erase_if(knocks_, [now](const Knock& knock) { return knock.answered || knock.give_up <= now; });
}

void LiveNode::on_welcome(std::size_t at, const Welcome& welcome) {
  const Knock::Purpose purpose = knocks_[at].purpose;
  const std::string endpoint = knocks_[at].endpoint;
  const MonoTime now = Now::read_mono();
  if (welcome.node.name == name_) {
    if (welcome.node.address == address_) return;  // one of the seeds was this node itself
    return give_up(fmt::format("the name '{}' is in use by the node at {}; give another --name", name_, endpoint));
  }
  if (purpose == Knock::Purpose::kHolder) return;  // another node is there now: the name is free
  if (purpose == Knock::Purpose::kSeed && !welcome.holder.empty() && welcome.holder != address_) {
    if (const auto holder = Address::parse(welcome.holder)) {
      open_knock(Knock::Purpose::kHolder, holder->router, now, now + kHolderLimit);
    }
  }
  Directory& directory = core_->directory();
  const Card& card = welcome.node;
  const auto slot = directory.introduce(card.name, card.address, card.weight, card.zone);
  if (!slot) return count(Counted::kDroppedFull);
  directory.adopt(*slot, {card.epoch, 0}, card.address, card.weight, card.zone);
  if (publishes_) {
    meet(card);
    for (const Card& peer : welcome.peers) meet(peer);
  }
  if (purpose == Knock::Purpose::kSeed && phase_ == Phase::kKnocking) {
    if (seed_slots_.empty()) phase_until_ = now + kOtherSeeds;
    seed_slots_.push_back(*slot);
  }
}

// Subscribes to a node's news, and makes it subscribe to ours.
void LiveNode::meet(const Card& card) {
  if (card.name == name_ || links_->uses_broker()) return;
  Directory& directory = core_->directory();
  const auto slot = directory.introduce(card.name, card.address, card.weight, card.zone);
  if (!slot) return count(Counted::kDroppedFull);
  if (!links_->listen_to(*slot, directory[*slot].address)) return;
  if (phase_ == Phase::kKnocking || phase_ == Phase::kMeeting) to_meet_.push_back(*slot);
  if (!links_->open_to(*slot, directory[*slot].address, [this] { return hello(false); })) {
    count(Counted::kDroppedQueue);
  }
}

// A node that came back: our connection to its former life may wait for seconds until it tries again, and what is
// queued on it was for that life.
void LiveNode::note_life(NodeSlot node, Epoch epoch) {
  Epoch& last = lives_[node];
  if (last != 0 && epoch > last) links_->forget(node);
  last = std::max(last, epoch);
}

bool LiveNode::met_everybody() const {
  if (links_->uses_broker()) return echoed_;
  const Directory& directory = core_->directory();
  return std::all_of(to_meet_.begin(), to_meet_.end(), [&](NodeSlot slot) {
    return listeners_.contains(directory.id(slot)) && welcomed_.contains(directory.id(slot));
  });
}

void LiveNode::join_step(MonoTime now) {
  if (!knocks_.empty()) knock(now);
  switch (phase_) {
    case Phase::kHeld:
      if (!begun_) return;
      options_.seeds = std::move(held_seeds_);
      for (const Card& peer : std::exchange(held_peers_, {})) {
        if (!core_->directory().introduce(peer.name, peer.address, peer.weight, peer.zone)) {
          count(Counted::kDroppedFull);
        } else if (publishes_) {
          meet(peer);
        }
      }
      for (const auto& [route, hello] : std::exchange(held_hellos_, {})) on_hello(route, as<Hello>(*hello));
      return begin_joining(now);
    case Phase::kKnocking:
      // All seeds answered, or some did and the others had their time; none is left when all were this node itself.
      if (asks(Knock::Purpose::kHolder) || (asks(Knock::Purpose::kSeed) && now < phase_until_)) return;
      return begin_meeting(now);
    case Phase::kMeeting:
      if (links_->uses_broker() && !echoed_ && next_echo_ <= now) {
        links_->publish(channel_.listener(core_->directory().id(core_->self())), "");
        next_echo_ = now + kEchoAgain;
      }
      if (met_everybody() || now >= phase_until_) start(now);
      return;
    case Phase::kRunning:
      if (publishes_ && next_exchange_ <= now) exchange_peers(now);
      return;
    case Phase::kGivenUp: return;
  }
}

void LiveNode::begin_meeting(MonoTime now) {
  phase_ = Phase::kMeeting;
  if (!publishes_) return start(now);
  // A broker may come later than its nodes.
  phase_until_ = links_->uses_broker() ? MonoTime::max() : now + kMeetLimit;
  join_step(now);
}

void LiveNode::start(MonoTime now) {
  phase_ = Phase::kRunning;
  next_exchange_ = now + kExchangeInterval;
  std::erase_if(knocks_, [](const Knock& knock) { return knock.purpose == Knock::Purpose::kSeed; });
  to_meet_.clear();
  core_->start(Now::read(), seed_slots_, options_.persisted.get());
}

// Joined: the strategies run, and somebody of those who were asked for is in the view.
void LiveNode::look_for_readiness() {
  if (ready() || phase_ != Phase::kRunning) return;
  if (!seed_slots_.empty() && !publishes_ && core_->view().members() < 2) return;
  ready_.store(true, std::memory_order_release);
  joined_.notify_all();
}

void LiveNode::give_up(std::string why) {
  log(LogLevel::kError, why);
  error_ = std::move(why);
  phase_ = Phase::kGivenUp;
  for (Knock& knock : knocks_) knock.answered = true;
  joined_.notify_all();
}

void LiveNode::exchange_peers(MonoTime now) {
  next_exchange_ = now + kExchangeInterval;
  core_->view().for_each_known([this](NodeSlot slot, const Belief& belief) {
    if (belief.status == Status::kLeft) links_->stop_listening(slot);
  });
  // A partition may have hidden somebody; and who came through another seed at the same time is not known yet.
  Random random(stream_key(raw(core_->directory().id(core_->self())), Purpose::kTransport), 0, exchanges_);
  const NodeSlot peer = core_->view().random_member(random);
  if (peer == kNoSlot) return;
  if (const auto where = Address::parse(core_->directory()[peer].address)) {
    open_knock(Knock::Purpose::kExchange, where->router, now, now + kExchangeInterval);
  }
}

}  // namespace hearsay::transport
