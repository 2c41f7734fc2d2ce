// Over 400 lines: an input, its decisions and a node's life share one step and one arena, and the
// hot path is inlined across them.
#include "sim/world/engine.hpp"

#include <algorithm>

namespace hearsay::world {

namespace {

// The handle of an event that is no message: role (2 bits), kind (4), argument (25). The ring receives no timer, so its
// number marks the driver's own events.
enum class DriverEvent : std::uint8_t { kClient, kServe };

constexpr std::uint32_t handle_of(Role role, std::uint8_t kind, std::uint32_t argument) {
  return static_cast<std::uint32_t>(role) << 29 | std::uint32_t{kind} << 25 | argument;
}
constexpr Role role_of(std::uint32_t handle) { return static_cast<Role>(handle >> 29 & 3); }
constexpr std::uint8_t kind_of(std::uint32_t handle) { return static_cast<std::uint8_t>(handle >> 25 & 15); }
constexpr std::uint32_t argument_of(std::uint32_t handle) { return handle & kMaxTimerArgument; }

// Clients are senders too, numbered from here.
constexpr std::uint32_t kFirstClient = 0x8000'0000U;
// What the fingerprint calls a client's request; timers and messages have their handle and tag.
constexpr std::uint32_t kRequestType = 0xffff'ffffU;

}  // namespace

Engine::Engine(const Composition& composition, const Directory& directory, ViewStore& views,
               PlacementSource& placements, Network& network, std::uint64_t seed, EngineListener& listener,
               EngineOptions options)
    : composition_(composition),
      directory_(directory),
      views_(views),
      network_(network),
      listener_(listener),
      options_(options),
      step_({seed, &directory, &views, &pool_, &placements, options.observed}),
      arena_(directory.size(), composition.layout()),
      clocks_(1) {
  HEARSAY_CHECK(directory.size() < kFirstClient);
  if (options_.wire) {
    wire_directory_ = std::make_unique<Directory>(directory);
    HEARSAY_CHECK(composition.register_messages(wire_types_).has_value());
  }
}

Engine::~Engine() {
  Event event;
  while (queue_.pop(event)) {
    if (is_message(event)) (void)MessageRef::adopt(&pool_.at(payload_index(event)));
  }
  network_.forget_held();  // their messages are in this engine's pool
  for (std::uint32_t i = 0; i < arena_.size(); ++i) {
    if (arena_[i].running) Node(composition_, arena_.block(i)).destroy();
  }
}

std::uint64_t Engine::run_before(TrueTime end, std::uint64_t most) {
  const std::uint64_t before = events_;
  const std::int64_t end_ns = end.time_since_epoch().count();
  const auto prefetch = [this](const Event& event) {
    arena_.prefetch(event.dst);
    if (is_message(event)) pool_.prefetch(payload_index(event));
  };
  Event event;
  // A bucket ahead is early enough for the first events of one, and so early for the last that what they need may have
  // left the cache again: those are asked for twice.
  constexpr std::size_t kAhead = 4;
  for (; most > 0 && queue_.pop_before(end_ns, event, prefetch); --most) {
    const std::span<const Event> next = queue_.upcoming(kAhead);
    if (next.size() == kAhead) [[likely]]
      prefetch(next.back());
    handle(event);
  }
  if (most > 0) now_ns_ = end_ns;
  return events_ - before;
}

// ---- inputs --------------------------------------------------------------------------------------------------------

void Engine::handle(const Event& event) {
  now_ns_ = event.time_ns;
  NodeRecord& record = arena_[event.dst];
  if (is_message(event)) {
    const Message& message = pool_.at(payload_index(event));
    MessageRef ref = MessageRef::adopt(&message);
    if (!record.running) [[unlikely]] {
      ++dropped_down_;
    } else if (record.backlogged) [[unlikely]] {
      (void)divert(event, std::move(ref), nullptr);
    } else {
      input(record, event, &message, nullptr);
    }
    return;
  }
  if (role_of(event.handle) == Role::kRing) [[unlikely]] {
    handle_driver_event(event);
    return;
  }
  // A timer of an earlier life.
  if (!record.running || static_cast<std::int32_t>(event.seq - record.boot_seq) < 0) [[unlikely]]
    return;
  if (record.rate_changes && !armed_[record.clock].take(event)) [[unlikely]]
    return;
  if (record.backlogged) [[unlikely]] {
    (void)divert(event, {}, nullptr);
  } else {
    input(record, event, nullptr, nullptr);
  }
}

void Engine::handle_driver_event(const Event& event) {
  if (static_cast<DriverEvent>(kind_of(event.handle)) == DriverEvent::kServe) {
    if (static_cast<std::int32_t>(event.seq - arena_[event.dst].boot_seq) >= 0) serve(event.dst);
    return;
  }
  listener_.on_client_event(event.src - kFirstClient, NodeSlot{event.dst}, argument_of(event.handle));
}

// One input at one node: what all of it is about. Inlined into handle().
inline void Engine::input(NodeRecord& record, const Event& event, const Message* message, const Request* request) {
  begin(record, event.dst);
  const Node node(composition_, arena_.block(event.dst));
  if (message != nullptr) {
    count(record, event, message->type->tag);
    ++delivered_;
    node.message(step_, NodeSlot{event.src}, *message);
  } else if (request == nullptr) {
    count(record, event, event.handle);
    node.timer(step_, role_of(event.handle), {kind_of(event.handle), argument_of(event.handle)});
  } else {
    count(record, event, kRequestType);
    node.request(step_, *request);
  }
  // Most deliveries decide nothing.
  if (!step_.actions().empty() || !step_.observations().empty() || !step_.replies().empty()) drain(record, event.dst);
}

inline void Engine::begin(const NodeRecord& record, std::uint32_t node) {
  const TrueTime now(Duration{now_ns_});
  const auto instant = static_cast<std::uint64_t>(now_ns_);
  if (record.clock == 0) [[likely]] {
    const MonoTime mono{Duration(now_ns_)};
    step_.begin(NodeSlot{node}, record.epoch, instant, mono, kWallStart + mono.time_since_epoch());
  } else {
    const NodeClock& clock = clocks_[record.clock];
    step_.begin(NodeSlot{node}, record.epoch, instant, clock.mono(now), clock.wall(now));
  }
}

inline void Engine::count(NodeRecord& record, const Event& event, std::uint32_t type) {
  ++events_;
  sum_ += hash_event(now_ns_, event.dst, event.src, event.seq, type, record.index++);
}

// ---- decisions -----------------------------------------------------------------------------------------------------

inline void Engine::drain(NodeRecord& record, std::uint32_t node) {
  auto& actions = step_.actions();
  for (Step::Action& action : actions) {
    if (action.kind == Step::Action::Kind::kArm) {
      if (record.clock != 0) [[unlikely]] {
        arm_by_clock(record, node, action);
      } else {
        queue_.push({now_ns_ + action.delay.count(), node, node, record.next_seq++,
                     handle_of(action.role, action.timer.kind, action.timer.argument)});
      }
      continue;
    }
    MessageRef message = MessageRef::adopt(action.message);
    if (options_.wire) [[unlikely]]
      message = through_the_wire(record, node, message);
    if (action.kind == Step::Action::Kind::kPublish) {
      publish(record, node, *message);
    } else {
      const std::uint32_t to = raw(action.to);
      HEARSAY_CHECK(to < arena_.size());
      const Fate fate = network_.send(now_ns_, node, to, message->wire_bytes, action.send_class);
      if (fate.copies == 1) [[likely]] {
        count_sent(*message);
        const std::uint32_t handle = message.detach()->handle | kMessageBit;  // the step's count becomes the queue's
        queue_.push({fate.at_ns[0], node, to, record.next_seq++, handle});
      } else {
        transmit(record, node, to, *message, fate);
      }
    }
  }
  actions.clear();
  if (!step_.observations().empty() || !step_.replies().empty()) [[unlikely]]
    drain_reports(node);
}

void Engine::drain_reports(std::uint32_t node) {
  for (Observation& observation : step_.observations()) {
    observation.at = now();
    listener_.on_observation(observation);
  }
  step_.observations().clear();
  // A listener may push events, never begin a step: the list stays as it is.
  for (const Reply& reply : step_.replies()) listener_.on_reply(NodeSlot{node}, reply);
  step_.replies().clear();
}

inline void Engine::count_sent(const Message& message) {
  if (message.family >= sent_.size()) [[unlikely]]
    sent_.resize(message.family + 1);
  measure::TypeTraffic& sent = sent_[message.family];
  ++sent.messages;
  sent.bytes += message.wire_bytes;
}

inline void Engine::transmit(NodeRecord& record, std::uint32_t node, std::uint32_t to, const Message& message,
                             const Fate& fate) {
  count_sent(message);
  const std::uint32_t handle = message.handle | kMessageBit;
  for (int copy = 0; copy < fate.copies; ++copy) {
    (void)MessageRef(&message).detach();  // the queue's count
    queue_.push({fate.at_ns[copy], node, to, record.next_seq++, handle});
  }
  if (fate.held) [[unlikely]]
    network_.hold(now_ns_, node, to, MessageRef(&message), fate.connection);
}

void Engine::arm_by_clock(NodeRecord& record, std::uint32_t node, const Step::Action& action) {
  const NodeClock& clock = clocks_[record.clock];
  const Event event{now_ns_ + clock.true_delay(action.delay).count(), node, node, record.next_seq++,
                    handle_of(action.role, action.timer.kind, action.timer.argument)};
  queue_.push(event);
  if (record.rate_changes) armed_[record.clock].add(event, clock.mono(now()) + action.delay);
}

// One payload, shared by all receivers: everybody who was ever started, since a publisher is not told who crashed or
// left. What is sent to those is dropped where they were, and is a cost like the rest.
void Engine::publish(NodeRecord& record, std::uint32_t node, const Message& message) {
  HEARSAY_CHECK(composition_.strategy(Role::kDissemination).publishes());
  for (std::uint32_t to = 0; to < arena_.size(); ++to) {
    if (to == node || arena_[to].epoch == 0) continue;
    transmit(record, node, to, message, network_.send_published(now_ns_, node, to, message.wire_bytes));
  }
  network_.end_publish();
}

MessageRef Engine::through_the_wire(NodeRecord& record, std::uint32_t node, const MessageRef& message) {
  wire_buffer_.clear();
  const Envelope envelope{directory_.id(NodeSlot{node}), record.epoch, record.next_seq};
  encode(envelope, *message, directory_, wire_buffer_);
  HEARSAY_CHECK(wire_buffer_.size() == message->wire_bytes);
  Decoded decoded = decode(wire_buffer_, *wire_directory_, pool_, wire_types_);
  HEARSAY_CHECK(decoded.fault == DecodeFault::kNone);
  HEARSAY_CHECK(decoded.message->type == message->type && message->type->equal(*decoded.message, *message));
  const_cast<Message*>(decoded.message.get())->wire_bytes = message->wire_bytes;
  return std::move(decoded.message);
}

void Engine::release_held() {
  for (Network::Released& released : network_.release(now_ns_)) {
    NodeRecord& record = arena_[released.src];
    const std::uint32_t handle = released.message->handle | kMessageBit;
    (void)released.message.detach();
    queue_.push({released.at_ns, released.src, released.dst, record.next_seq++, handle});
  }
}

// ---- life ----------------------------------------------------------------------------------------------------------

bool Engine::start(NodeSlot node, bool keep_state, std::span<const NodeSlot> seeds) {
  NodeRecord& record = arena_[raw(node)];
  if (record.running) return false;
  ++record.epoch;
  record.boot_seq = record.next_seq;
  record.state = measure::ProcessState::kUp;
  record.running = true;
  record.backlogged = false;
  views_.clear(node);
  const Node process(composition_, arena_.block(raw(node)));
  process.construct();
  begin(record, raw(node));
  Boot boot{seeds, nullptr};
  const auto kept = kept_.find(raw(node));
  if (kept != kept_.end() && keep_state) {
    kept->second.persisted.away = mono(record) - kept->second.at;
    boot.persisted = &kept->second.persisted;
  }
  process.start(step_, boot);
  drain(record, raw(node));
  if (kept != kept_.end()) kept_.erase(kept);
  settle_pace(raw(node));
  return true;
}

bool Engine::crash(NodeSlot node) {
  NodeRecord& record = arena_[raw(node)];
  if (!record.running) return false;
  keep(record, raw(node));
  end_process(record, raw(node));
  record.state = measure::ProcessState::kDown;
  return true;
}

bool Engine::leave(NodeSlot node) {
  NodeRecord& record = arena_[raw(node)];
  if (record.state != measure::ProcessState::kUp) return false;
  record.state = measure::ProcessState::kLeaving;
  begin(record, raw(node));
  Node(composition_, arena_.block(raw(node))).leave(step_);
  drain(record, raw(node));
  return true;
}

bool Engine::stop(NodeSlot node) {
  NodeRecord& record = arena_[raw(node)];
  if (record.state != measure::ProcessState::kLeaving) return false;
  keep(record, raw(node));
  end_process(record, raw(node));
  record.state = measure::ProcessState::kAbsent;
  return true;
}

// What the next life of the node may get, if it is started with its state.
void Engine::keep(const NodeRecord& record, std::uint32_t node) {
  Kept& kept = kept_[node];
  kept.persisted = {};
  kept.at = mono(record);
  Node(composition_, arena_.block(node)).save(kept.at, kept.persisted);
}

void Engine::end_process(NodeRecord& record, std::uint32_t node) {
  Node(composition_, arena_.block(node)).destroy();
  record.running = false;
  record.backlogged = false;
  backlogs_.erase(node);
  if (record.rate_changes) armed_[record.clock].clear();
  views_.clear(NodeSlot{node});
  network_.forget_node(node);
}

// ---- paused and slow nodes -----------------------------------------------------------------------------------------

bool Engine::pause(NodeSlot node, measure::EventEffect* effect) {
  NodeRecord& record = arena_[raw(node)];
  if (record.state != measure::ProcessState::kUp) return false;
  record.state = measure::ProcessState::kPaused;
  record.backlogged = true;
  Backlog& backlog = backlogs_[raw(node)];
  backlog.paused = true;
  backlog.paused_by = effect;
  return true;
}

bool Engine::resume(NodeSlot node) {
  NodeRecord& record = arena_[raw(node)];
  if (record.state != measure::ProcessState::kPaused) return false;
  record.state = measure::ProcessState::kUp;
  Backlog& backlog = backlogs_[raw(node)];
  backlog.paused = false;
  // A slow node that was at an input when it was paused goes on with it: one service at a time.
  if (!backlog.serving) serve(raw(node));
  return true;
}

bool Engine::slow(NodeSlot node, std::size_t cause, Duration step, measure::EventEffect* effect) {
  HEARSAY_CHECK(step > Duration::zero());
  slowness_[raw(node)].push_back({cause, step.count(), effect});
  return settle_pace(raw(node));
}

bool Engine::end_slow(NodeSlot node, std::size_t cause) {
  const auto found = slowness_.find(raw(node));
  if (found == slowness_.end()) return false;
  const std::size_t ended = std::erase_if(found->second, [&](const Slowness& s) { return s.cause == cause; });
  if (found->second.empty()) slowness_.erase(found);
  settle_pace(raw(node));
  return ended > 0;
}

// Lets a running node go at the pace that is in force for it; false when it does not run. An input that it is at is
// finished at the old pace.
bool Engine::settle_pace(std::uint32_t node) {
  NodeRecord& record = arena_[node];
  if (!record.running) return false;
  const auto found = slowness_.find(node);
  const bool slow = found != slowness_.end();
  if (!slow && !record.backlogged) return true;
  record.backlogged = true;
  Backlog& backlog = backlogs_[node];
  backlog.step_ns = slow ? found->second.back().step_ns : 0;
  backlog.slowed_by = slow ? found->second.back().effect : nullptr;
  if (!backlog.paused && !backlog.serving) serve(node);
  return true;
}

// False: there is no room for it.
bool Engine::divert(const Event& event, MessageRef message, std::unique_ptr<Request> request) {
  Backlog& backlog = backlogs_[event.dst];
  measure::EventEffect* effect = backlog.effect();
  if (message && backlog.messages >= kMaxBacklog) {
    ++dropped_backlog_;
    if (effect != nullptr) ++effect->dropped;
    return false;
  }
  if (request && backlog.requests >= kMaxQueuedRequests) return false;
  if (message) ++backlog.messages;
  if (request) ++backlog.requests;
  if (effect != nullptr) ++effect->deferred;
  backlog.waiting.push_back({event, std::move(message), std::move(request)});
  if (!backlog.paused && !backlog.serving) {
    backlog.serving = true;
    NodeRecord& record = arena_[event.dst];
    queue_.push({now_ns_ + backlog.step_ns, event.dst, event.dst, record.next_seq++,
                 handle_of(Role::kRing, static_cast<std::uint8_t>(DriverEvent::kServe), 0)});
  }
  return true;
}

// A slow node gets to the next input; a resumed one to all of them.
void Engine::serve(std::uint32_t node) {
  NodeRecord& record = arena_[node];
  const auto found = backlogs_.find(node);
  if (found == backlogs_.end() || found->second.paused) {
    if (found != backlogs_.end()) found->second.serving = false;
    return;
  }
  Backlog& backlog = found->second;
  backlog.serving = false;
  while (!backlog.waiting.empty()) {
    const Waiting next = std::move(backlog.waiting.front());
    backlog.waiting.pop_front();
    if (next.message) --backlog.messages;
    if (next.request) --backlog.requests;
    input(record, next.event, next.message.get(), next.request.get());
    if (backlog.step_ns > 0) break;
  }
  if (backlog.step_ns == 0) {
    record.backlogged = false;
    backlogs_.erase(found);
  } else if (!backlog.waiting.empty()) {
    backlog.serving = true;
    queue_.push({now_ns_ + backlog.step_ns, node, node, record.next_seq++,
                 handle_of(Role::kRing, static_cast<std::uint8_t>(DriverEvent::kServe), 0)});
  }
}

// ---- clocks and clients --------------------------------------------------------------------------------------------

NodeClock& Engine::clock_of(NodeSlot node) {
  NodeRecord& record = arena_[raw(node)];
  if (record.clock == 0) {
    record.clock = static_cast<std::uint32_t>(clocks_.size());
    clocks_.emplace_back();
  }
  return clocks_[record.clock];
}

MonoTime Engine::mono(const NodeRecord& record) const { return clocks_[record.clock].mono(now()); }

void Engine::step_clock(NodeSlot node, Duration by) { clock_of(node).step_wall(by); }

void Engine::expect_drift(NodeSlot node) {
  NodeRecord& record = arena_[raw(node)];
  HEARSAY_CHECK(!record.running);
  (void)clock_of(node);
  record.rate_changes = true;
  if (armed_.size() <= record.clock) armed_.resize(record.clock + 1);
}

void Engine::set_drift(NodeSlot node, std::int64_t ppb) {
  const NodeRecord& record = arena_[raw(node)];
  HEARSAY_CHECK(record.rate_changes || !record.running);
  NodeClock& clock = clock_of(node);
  clock.set_drift(now(), ppb);
  if (record.rate_changes) armed_[record.clock].move(clock, now(), [this](const Event& event) { queue_.push(event); });
}

void Engine::push_client(TrueTime at, std::uint32_t client, NodeSlot node, std::uint32_t argument) {
  HEARSAY_CHECK(argument <= kMaxTimerArgument);
  if (client >= client_seq_.size()) client_seq_.resize(client + 1, 0);
  queue_.push({at.time_since_epoch().count(), kFirstClient + client, raw(node), client_seq_[client]++,
               handle_of(Role::kRing, static_cast<std::uint8_t>(DriverEvent::kClient), argument)});
}

bool Engine::request(NodeSlot node, std::uint32_t client, Request request) {
  NodeRecord& record = arena_[raw(node)];
  HEARSAY_CHECK(record.running);
  if (client >= client_seq_.size()) client_seq_.resize(client + 1, 0);
  const Event event{now_ns_, kFirstClient + client, raw(node), client_seq_[client]++, 0};
  if (record.backlogged) return divert(event, {}, std::make_unique<Request>(std::move(request)));
  input(record, event, nullptr, &request);
  return true;
}

// ---- results -------------------------------------------------------------------------------------------------------

Hash128 Engine::fingerprint() const {
  Hasher hasher;
  hasher.add(sum_);
  for (std::uint32_t i = 0; i < arena_.size(); ++i) {
    const NodeRecord& record = arena_[i];
    hasher.add(raw(directory_.id(NodeSlot{i})));
    hasher.add(record.epoch);
    hasher.add(record.index);
    hasher.add(record.next_seq);
    hasher.add(record.state);
    hasher.add(views_.member_hash(NodeSlot{i}));
    if (record.running) {
      Node(composition_, const_cast<void*>(arena_.block(i))).digest(hasher);
    }
  }
  return hasher.finish();
}

void Engine::add_traffic(measure::Traffic& traffic) const {
  for (std::size_t family = 0; family < sent_.size(); ++family) {
    if (sent_[family].messages == 0) continue;
    measure::TypeTraffic row = sent_[family];
    row.type = &pool_.type_of(family);
    traffic.by_type.push_back(row);
  }
  std::sort(traffic.by_type.begin(), traffic.by_type.end(),
            [](const auto& a, const auto& b) { return a.type->name < b.type->name; });
  traffic.delivered += delivered_;
  traffic.dropped_down += dropped_down_;
  traffic.dropped_queue += dropped_backlog_;
}

std::size_t Engine::memory_bytes() const {
  return arena_.memory_bytes() + queue_.memory_bytes() + pool_.memory_bytes() + directory_.memory_bytes();
}

}  // namespace hearsay::world
