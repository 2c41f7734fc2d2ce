// What arrives at a node's sockets. Called by the loop with the lock held.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "transport/endpoint.hpp"
#include "transport/live_node.hpp"

namespace hearsay::transport {

namespace {

Counted counted_as(DecodeFault fault) {
  switch (fault) {
    case DecodeFault::kForeign: return Counted::kDroppedForeign;
    case DecodeFault::kOtherVersion: return Counted::kDroppedVersion;
    case DecodeFault::kUnknownMessage: return Counted::kDroppedUnknown;
    case DecodeFault::kUnknownNode: return Counted::kDroppedStranger;
    case DecodeFault::kDirectoryFull: return Counted::kDroppedFull;
    case DecodeFault::kNone:
    case DecodeFault::kMalformed: break;
  }
  return Counted::kDroppedMalformed;
}

// The id behind a prefix, in 16 hexadecimal digits; 0 for none.
NodeId id_after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix) || text.size() != prefix.size() + 16) return {};
  std::uint64_t id = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + prefix.size(), end, id, 16);
  return error == std::errc() && at == end ? NodeId{id} : NodeId{};
}

// What the keys of a channel "<service>|<namespace>|" begin with.
std::string key_prefix(std::string_view channel) {
  const std::size_t bar = channel.find('|') + 1;
  return std::string(channel.substr(bar, channel.size() - bar - 1)) + '/';
}

// The longest topic of a watcher: a channel, and a whole key.
constexpr std::size_t kMaxTopic = 2 * kMaxChannelWord + kMaxKeyBytes + 16;
// Topics that clients watch; whoever watches one more is not echoed, and so is told that it cannot.
constexpr std::size_t kMaxWatched = 1024;

// Of values in one answer: with everything around them well below a frame's limit.
constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;

// How many nodes are remembered as listeners or heard ones: more than there can be.
constexpr std::size_t kMaxHeard = std::size_t{1} << 16;

// Who waits for a held node to begin; more ask again.
constexpr std::size_t kMaxHeldHellos = 1024;

}  // namespace

template <class M>
std::string LiveNode::encoded(Draft<M>&& draft, std::uint64_t number) {
  const Directory& directory = core_->directory();
  seal(*draft, directory);
  const MessageRef message = std::move(draft).take();
  std::string bytes;
  encode({directory.id(core_->self()), core_->epoch(), number}, *message, directory, bytes);
  return bytes;
}

MessageRef LiveNode::decoded(std::string_view bytes, NodeId& origin) {
  Decoded frame = decode(bytes, core_->directory(), core_->pool(), core_->types());
  if (frame.fault != DecodeFault::kNone) {
    count(counted_as(frame.fault));
    return {};
  }
  origin = frame.envelope.origin;
  news_number_ = frame.envelope.sequence;
  return std::move(frame.message);
}

void LiveNode::answer(std::string_view route, std::string_view channel, std::string_view bytes) {
  if (!links_->answer(route, channel, bytes)) {
    count(Counted::kDroppedAnswers);
    return;
  }
  count(Counted::kFramesSent);
  count(Counted::kBytesSent, bytes.size());
}

// ---- the ROUTER: peers and clients ---------------------------------------------------------------------------------

void LiveNode::on_router(Frames& frames) {
  if (frames.size() != 3) return count(Counted::kDroppedMalformed);
  const std::string_view route = frames[0];
  const std::string_view channel = frames[1];
  const bool peer = channel == channel_.peers;
  // Without a namespace of its own a node serves them all: keys carry theirs.
  const bool any_client = options_.name_space.empty() && channel.size() <= 2 * kMaxChannelWord &&
                          channel.starts_with(options_.service + "|") && channel.ends_with('|');
  if (!peer && channel != channel_.calls && !any_client) return count(Counted::kDroppedChannel);

  NodeId origin{};
  const MessageRef message = decoded(frames[2], origin);
  if (!message) return;
  if (!peer) return on_client(route, channel, *message);
  if (is<Hello>(*message)) {
    if (phase_ == Phase::kHeld && as<Hello>(*message).answer) return hold_hello(route, message);
    return on_hello(route, as<Hello>(*message));
  }
  const NodeSlot from = core_->directory().find(origin);
  if (from == kNoSlot) return count(Counted::kDroppedStranger);
  // Of the strategies' own: a transport's message is no node's to send here.
  if (from == core_->self() || message->type->name.starts_with("client.") || is<Welcome>(*message)) {
    return count(Counted::kDroppedMalformed);
  }
  on_message(from, message);
}

void LiveNode::on_message(NodeSlot from, MessageRef message) {
  const Now now = Now::read();
  // What leaving waits for is that items were handed over; others' gossip never ends.
  if (message->type->role == Role::kReplication) last_traffic_ = now.mono;
  core_->receive(now, from, std::move(message));
}

// A node that has not begun is not there, and nobody joins through it. Were the question dropped, whoever asked would
// ask again too late; of one that asks again, one is answered.
void LiveNode::hold_hello(std::string_view route, const MessageRef& hello) {
  const auto from = [route](const auto& held) { return held.first == route; };
  if (std::ranges::any_of(held_hellos_, from) || held_hellos_.size() >= kMaxHeldHellos) return;
  held_hellos_.emplace_back(route, hello);
}

void LiveNode::on_hello(std::string_view route, const Hello& hello) {
  Directory& directory = core_->directory();
  const Card& card = hello.node;
  // A faulty link is one for introductions, too.
  if (faults_ && (faults_->news.cuts(node_id(card.name)) || faults_->sending.cuts(node_id(card.name)))) return;
  auto welcome = core_->pool().make<Welcome>();
  welcome->node = core_->card();
  if (card.name == name_) {
    // Itself, by way of its own seeds; or another one.
    if (card.address != address_) {
      count(Counted::kNameConflicts);
      log(LogLevel::kWarning, fmt::format("another node at {} calls itself '{}', too", shown(card.address), name_));
      welcome->holder = address_;
    }
  } else {
    const NodeSlot before = directory.find(card.name);
    const auto slot = directory.introduce(card.name, card.address, card.weight, card.zone);
    if (!slot) return count(Counted::kDroppedFull);
    const std::string_view known_at = directory[*slot].address;
    const bool elsewhere = before != kNoSlot && known_at != card.address && core_->view().is_member(before);
    if (hello.answer && elsewhere) {
      // It may be a second node of that name: it is told of the first one, and asks there.
      welcome->holder = known_at;
    } else {
      directory.adopt(*slot, {card.epoch, 0}, card.address, card.weight, card.zone);
      note_life(*slot, card.epoch);
    }
    if (publishes_) meet(card);
  }
  if (!hello.answer) return;
  if (publishes_) {
    core_->view().for_each_known([&](NodeSlot slot, const Belief& belief) {
      const NodeIdentity who = directory[slot];
      if (!is_member(belief.status) || slot == core_->self() || who.name == card.name || who.address.empty()) return;
      if (welcome->peers.size() == Welcome::kMaxPeers) return;
      welcome->peers.push_back({std::string(who.name), std::string(who.address), who.weight, who.zone, belief.epoch});
    });
  }
  answer(route, channel_.peers, encoded(std::move(welcome), ++sequence_));
}

// ---- clients -------------------------------------------------------------------------------------------------------

void LiveNode::on_client(std::string_view route, std::string_view channel, const Message& message) {
  if (is<Call>(message)) return on_call(route, channel, as<Call>(message));
  if (is<ListCall>(message)) return on_list(route, channel, as<ListCall>(message));
  if (is<StatusCall>(message)) {
    auto status = core_->pool().make<StatusAnswer>();
    status->id = as<StatusCall>(message).id;
    fill_status(*status);
    return answer(route, channel, encoded(std::move(status), ++sequence_));
  }
  count(Counted::kDroppedMalformed);
}

void LiveNode::on_call(std::string_view route, std::string_view channel, const Call& call) {
  count(Counted::kCalls);
  count(Counted::kOperations, call.ops.size());
  const std::uint64_t number = next_client_call_++;
  const bool refused = refusing_ || client_calls_.size() >= options_.max_calls;
  if (refused) count(Counted::kRefusedCalls);
  client_calls_.emplace(number, ClientCall{std::string(route), std::string(channel), call.id, call.ops.size(),
                                           std::vector<ClientResult>(call.ops.size())});
  const Now now = Now::read();
  // A key of another namespace than the channel's would let a client reach into it.
  const std::string prefix = key_prefix(channel);
  for (std::uint32_t i = 0; i < call.ops.size(); ++i) {
    const ClientOp& op = call.ops[i];
    if (refused || !op.key.starts_with(prefix) || op.key.size() == prefix.size()) {
      const ErrorCode error = refused ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument;
      complete(number, i, {false, static_cast<std::uint8_t>(error), {}, {}, {}});
      continue;
    }
    if (op.op == OpKind::kGet) {
      if (const auto found = core_->read_alone(op.key, now.mono)) {
        complete(
            number, i,
            {found->live(), static_cast<std::uint8_t>(ErrorCode::kNotFound), found->live() ? found->value : Bytes(),
             found->live() ? found->ttl_left : Duration::zero(), found->version});
        continue;
      }
    }
    const std::uint64_t id = next_request_++;
    origins_.emplace(id, Origin{nullptr, number, i});
    core_->request(now, Request{RequestId{id}, op.op, op.key, op.value, op.ttl});
  }
}

void LiveNode::complete(std::uint64_t call, std::uint32_t index, ClientResult result) {
  const auto found = client_calls_.find(call);
  if (found == client_calls_.end()) return;
  ClientCall& entry = found->second;
  entry.results[index] = std::move(result);
  if (--entry.open != 0) return;
  auto done = core_->pool().make<Answer>();
  done->id = entry.id;
  done->results = std::move(entry.results);
  std::size_t bytes = 0;
  for (ClientResult& each : done->results) {
    const std::size_t with_it = bytes + each.value.size();
    // The first value always has room, so that whoever asks again comes to an end.
    if (bytes > 0 && with_it > kMaxAnswerBytes) {
      each = {false, ClientResult::kNoRoom, {}, {}, {}};
    } else {
      bytes = with_it;
    }
  }
  answer(entry.route, entry.channel, encoded(std::move(done), ++sequence_));
  client_calls_.erase(found);
}

void LiveNode::on_list(std::string_view route, std::string_view channel, const ListCall& call) {
  auto page = core_->pool().make<ListAnswer>();
  page->id = call.id;
  // Of another namespace than the channel's there is nothing to be seen.
  const bool own = call.prefix.starts_with(key_prefix(channel));
  if (const Store* held = core_->store(); held != nullptr && own) {
    StoreCursor cursor{call.hash, call.key};
    page->more = held->scan(cursor, ListAnswer::kMaxScan, Now::read_mono(), [&](const StoreItem& item) {
      if (page->keys.size() == ListAnswer::kMaxKeys) return false;
      if (item.state == ItemState::kLive && item.key.starts_with(call.prefix)) page->keys.emplace_back(item.key);
      return true;
    });
    page->hash = cursor.hash;
    page->key = cursor.key;
  }
  answer(route, channel, encoded(std::move(page), ++sequence_));
}

// ---- news ----------------------------------------------------------------------------------------------------------

void LiveNode::on_news(Frames& frames) {
  if (frames.size() == 1 && frames[0].starts_with(channel_.calls)) {
    // An XPUB's welcome: its node takes our subscription.
    const NodeId id = id_after(frames[0], channel_.welcomes());
    if (id != NodeId{} && welcomed_.size() < kMaxHeard) welcomed_.insert(id);
    return;
  }
  if (frames[0] == channel_.listener(core_->directory().id(core_->self()))) {
    echoed_ = true;  // our own words, by way of the broker
    return;
  }
  if (frames.size() != 2 || frames[0] != channel_.news()) return count(Counted::kDroppedMalformed);
  on_news_bytes(frames[1], false);
}

void LiveNode::on_news_bytes(std::string_view bytes, bool filtered) {
  NodeId origin{};
  const MessageRef message = decoded(bytes, origin);
  if (!message) return;
  const NodeSlot from = core_->directory().find(origin);
  if (from == kNoSlot) return count(Counted::kDroppedStranger);
  if (from == core_->self()) return;  // a broker sends everything to everybody
  if (!message->type->disseminated && message->type->role != Role::kDissemination) {
    return count(Counted::kDroppedMalformed);
  }
  // What a full queue or a broken connection lost, and no filter. A smaller number is a new life's.
  if (!filtered) {
    std::uint64_t& last = news_seen_[origin];
    if (last != 0 && news_number_ > last + 1) count(Counted::kNewsMissed, news_number_ - last - 1);
    last = news_number_;
  }
  // What is published cannot be filtered where it is sent: everybody gets the same.
  if (!filtered && faults_ && !faults_->news.idle() &&
      faults_->news.admit(Now::read_mono(), origin, SendClass::kDatagram, bytes) == FaultFilter::Verdict::kTaken) {
    return;
  }
  on_message(from, message);
}

void LiveNode::on_subscription(Frames& frames) {
  // An XPUB also hands on what is no subscription.
  if (frames.size() != 1 || frames[0].empty() || frames[0][0] < '\0' || frames[0][0] > '\1') {
    return count(Counted::kDroppedMalformed);
  }
  const bool subscribes = frames[0][0] == '\1';
  const std::string_view topic = frames[0].substr(1);
  // A client's: of this node's namespace, or of any.
  if (const std::string_view word = client_word(topic); !word.empty()) {
    // Each subscription is reported, and of a topic the last one's end.
    if (word.starts_with(Channel::kKey)) {
      if (!subscribes) {
        watched_.erase(std::string(topic));
      } else if (topic.size() <= kMaxTopic && watched_.size() < kMaxWatched) {
        watched_.emplace(topic, 0);
      }
      core_->watch_keys(!watched_.empty());
    } else if (subscribes && watched_.size() < kMaxWatched && word.starts_with(Channel::kEcho) &&
               word.size() == Channel::kEcho.size() + 16) {
      links_->publish(topic, "");
    }
    return;
  }
  if (const NodeId id = id_after(topic, channel_.peers + "~"); id != NodeId{}) {
    if (subscribes && listeners_.size() < kMaxHeard) listeners_.insert(id);
    if (!subscribes) listeners_.erase(id);
  }
}

// What follows the channel of clients that this node serves; nothing for other channels.
std::string_view LiveNode::client_word(std::string_view topic) const {
  if (topic.starts_with(channel_.calls)) return topic.substr(channel_.calls.size());
  if (!options_.name_space.empty() || !topic.starts_with(options_.service + "|")) return {};
  const std::size_t bar = topic.find('|', options_.service.size() + 1);
  return bar == std::string_view::npos ? std::string_view() : topic.substr(bar + 1);
}

void LiveNode::publish_changes() {
  for (const KeyChange& change : core_->key_changes) {
    if (change.kind == ObservationKind::kDropped) continue;  // others have it now
    auto news = core_->pool().make<ChangeNews>();
    news->key = change.key;
    news->version = change.version;
    news->kind = change.kind == ObservationKind::kTombstone ? ChangeNews::Kind::kDel : ChangeNews::Kind::kExpired;
    if (change.kind == ObservationKind::kStored) {
      const Lookup held = core_->store()->get(change.key, Now::read_mono());
      if (!held.live() || held.version != change.version) continue;  // changed again since; that comes, too
      news->kind = ChangeNews::Kind::kPut;
      news->value = held.value;
      news->ttl_left = held.ttl_left;
    }
    seal(*news, core_->directory());
    const MessageRef told = std::move(news).take();
    // To those who watch keys that begin as it does, numbered for each of them: a gap is a change they missed. The
    // key's namespace is in front of its first '/'.
    const std::string name_space = change.key.substr(0, std::min(change.key.find('/'), change.key.size()));
    const std::string topic = fmt::format("{}|{}|{}{}", options_.service, name_space, Channel::kKey, change.key);
    for (auto& [watched, number] : watched_) {
      if (!topic.starts_with(watched)) continue;
      buffer_.clear();
      encode({core_->directory().id(core_->self()), core_->epoch(), ++number}, *told, core_->directory(), buffer_);
      links_->publish(watched, buffer_);
    }
  }
  core_->key_changes.clear();
}

std::string LiveNode::hello(bool answer) {
  auto hello = core_->pool().make<Hello>();
  hello->node = core_->card();
  hello->answer = answer;
  return encoded(std::move(hello), ++sequence_);
}

}  // namespace hearsay::transport
