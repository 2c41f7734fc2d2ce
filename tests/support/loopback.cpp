#include "tests/support/loopback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "core/protocol/envelope.hpp"

namespace hearsay::test {

namespace {
constexpr Duration kWallOrigin{1'700'000'000'000'000'000};  // November 2023

std::uint64_t ns(TrueTime at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }
}  // namespace

const Placement& PlainPlacements::placement(View view) {
  const Hash128 hash = view.member_hash();
  std::shared_ptr<const Placement>& built = built_[Key{ring_, hash.hi, hash.lo}];
  if (built == nullptr) {
    std::vector<RingMember> members;
    view.for_each_known([&](NodeSlot slot, const Belief& belief) {
      if (!is_member(belief.status)) return;
      const NodeIdentity& node = directory_[slot];
      members.push_back({slot, node.id, node.name, node.weight, node.zone});
    });
    std::sort(members.begin(), members.end(), [](const RingMember& a, const RingMember& b) { return a.id < b.id; });
    built = ring_->place(members);
  }
  return *built;
}

bool Loopback::Later::operator()(const Event& a, const Event& b) const {
  return std::tie(a.at, a.to, a.from, a.sequence) > std::tie(b.at, b.to, b.from, b.sequence);
}

Loopback::Loopback(std::shared_ptr<const Composition> composition, const Options& options)
    : directory_(options.nodes + options.spare_slots),
      views_(directory_, options.nodes),
      placements_(directory_),
      options_(options),
      latency_key_(stream_key(options.seed, Purpose::kNetworkLatency)),
      nodes_(options.nodes),
      step_(Step::Environment{options.seed, &directory_, &views_, &pool_, &placements_, true}) {
  HEARSAY_CHECK(Duration(0) < options.latency_min && options.latency_min <= options.latency_max);
  for (std::uint32_t i = 0; i < options.nodes; ++i) {
    HEARSAY_CHECK(directory_.intern(fmt::format("n{}", i)).value() == NodeSlot{i});
    use(NodeSlot{i}, composition);
  }
}

Loopback::~Loopback() {
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (up(NodeSlot{i})) node(NodeSlot{i}).destroy();
  }
}

void Loopback::use(NodeSlot slot, std::shared_ptr<const Composition> composition) {
  HEARSAY_CHECK(!up(slot));
  if (auto added = composition->register_messages(types_); !added) throw std::logic_error(added.error().message);
  nodes_[raw(slot)].composition = std::move(composition);
}

// ---- life of nodes -------------------------------------------------------------------------------------------------

void Loopback::start(NodeSlot slot) {
  HEARSAY_CHECK(!up(slot));
  Life& life = nodes_[raw(slot)];
  const StateLayout layout = life.composition->layout();
  const std::align_val_t alignment{layout.alignment};
  life.block = {::operator new(std::max<std::size_t>(layout.bytes, 1), alignment), FreeBlock{alignment}};
  node(slot).construct();
  ++life.epoch;
  views_.clear(slot);

  std::vector<NodeSlot> others;
  std::copy_if(seeds.begin(), seeds.end(), std::back_inserter(others), [&](NodeSlot seed) { return seed != slot; });
  if (life.persisted) life.persisted->away = now_ - life.down_since;
  const Boot boot{others, life.persisted ? &*life.persisted : nullptr};
  node(slot).start(begin(slot), boot);
  drain(slot);
}

void Loopback::start_all() {
  for (std::uint32_t i = 0; i < size(); ++i) start(NodeSlot{i});
}

void Loopback::crash(NodeSlot slot, bool keep) {
  HEARSAY_CHECK(up(slot));
  Life& life = nodes_[raw(slot)];
  life.persisted.reset();
  if (keep) node(slot).save(mono(slot), life.persisted.emplace());
  node(slot).destroy();
  life.block.reset();
  life.paused = false;
  life.backlog.clear();
  life.down_since = now_;
}

void Loopback::resume(NodeSlot slot) {
  nodes_[raw(slot)].paused = false;
  for (Event& event : std::exchange(nodes_[raw(slot)].backlog, {})) handle(std::move(event));
}

void Loopback::leave(NodeSlot slot) {
  HEARSAY_CHECK(up(slot));
  node(slot).leave(begin(slot));
  drain(slot);
}

// ---- steps ---------------------------------------------------------------------------------------------------------

MonoTime Loopback::mono(NodeSlot slot) const {
  return MonoTime(now_.time_since_epoch() + (raw(slot) + 1) * Duration(1h));
}

WallTime Loopback::wall(NodeSlot slot) const {
  return WallTime(kWallOrigin + now_.time_since_epoch() + nodes_[raw(slot)].wall_offset);
}

Step& Loopback::begin(NodeSlot slot) {
  placements_.use(nodes_[raw(slot)].composition->ring());
  step_.begin(slot, epoch(slot), ns(now_), mono(slot), wall(slot));
  return step_;
}

void Loopback::drain(NodeSlot slot) {
  Life& life = nodes_[raw(slot)];
  for (Step::Action& action : step_.actions()) {
    switch (action.kind) {
      case Step::Action::Kind::kSend:
        post(slot, action.to, MessageRef::adopt(std::exchange(action.message, nullptr)));
        break;
      case Step::Action::Kind::kPublish: {
        const MessageRef message = MessageRef::adopt(std::exchange(action.message, nullptr));
        HEARSAY_CHECK(life.composition->strategy(Role::kDissemination).publishes());
        for (std::uint32_t i = 0; i < size(); ++i) {
          if (NodeSlot{i} != slot && up(NodeSlot{i})) post(slot, NodeSlot{i}, message);
        }
        break;
      }
      case Step::Action::Kind::kArm:
        queue_.push({now_ + action.delay,
                     slot,
                     slot,
                     life.sequence++,
                     Kind::kTimer,
                     action.role,
                     action.timer,
                     life.epoch,
                     {},
                     {}});
        break;
    }
  }
  for (Reply& reply : step_.replies()) answers_.push_back({slot, now_, std::move(reply)});
  for (Observation& observation : step_.observations()) {
    observation.at = now_;
    observations_.push_back(observation);
  }
  step_.clear();
}

void Loopback::post(NodeSlot from, NodeSlot to, MessageRef message) {
  HEARSAY_CHECK(raw(to) < size());
  Counters& counters = counters_[std::string(message->type->name)];
  ++counters.sent;
  counters.bytes += message->wire_bytes;
  if (options_.wire) message = over_the_wire(from, *message);
  const std::uint64_t sequence = nodes_[raw(from)].sequence++;
  if (drop && drop(from, to, *message)) {
    ++counters.dropped;
    return;
  }
  Duration latency = options_.latency_min;
  if (options_.latency_min < options_.latency_max) {
    std::uint64_t draw = sequence;
    Random random(latency_key_, std::uint64_t{raw(from)} << 32 | raw(to), draw);
    latency = Duration(random.between(options_.latency_min.count(), options_.latency_max.count()));
  }
  queue_.push({now_ + latency, to, from, sequence, Kind::kMessage, {}, {}, 0, std::move(message), {}});
}

MessageRef Loopback::over_the_wire(NodeSlot from, const Message& message) {
  const Envelope envelope{directory_.id(from), epoch(from), nodes_[raw(from)].sequence};
  frame_.clear();
  encode(envelope, message, directory_, frame_);
  const auto complain = [&](const char* what) {
    throw std::logic_error(std::string(message.type->name) + ": " + what);
  };
  if (frame_.size() != message.wire_bytes) complain("its size is not what was packed");
  Decoded decoded = decode(frame_, directory_, pool_, types_);
  if (decoded.fault != DecodeFault::kNone) complain("what was packed does not unpack");
  if (decoded.envelope.origin != envelope.origin || decoded.envelope.epoch != envelope.epoch ||
      decoded.envelope.sequence != envelope.sequence) {
    complain("the envelope changed");
  }
  if (decoded.message->type != message.type || !message.type->equal(message, *decoded.message)) {
    complain("what was unpacked is not what was packed");
  }
  return std::move(decoded.message);
}

void Loopback::handle(Event event) {
  Life& life = nodes_[raw(event.to)];
  Counters* counters = event.kind == Kind::kMessage ? &counters_[std::string(event.message->type->name)] : nullptr;
  if (!up(event.to)) {
    if (counters != nullptr) ++counters->dropped;
    return;
  }
  if (event.kind == Kind::kTimer && event.life != life.epoch) return;  // of a former life
  if (life.paused) {
    life.backlog.push_back(std::move(event));
    return;
  }
  Step& step = begin(event.to);
  if (counters != nullptr) {
    ++counters->delivered;
    node(event.to).message(step, event.from, *event.message);
  } else if (event.kind == Kind::kRequest) {
    node(event.to).request(step, event.request);
  } else {
    node(event.to).timer(step, event.role, event.timer);
  }
  drain(event.to);
}

// ---- time ----------------------------------------------------------------------------------------------------------

bool Loopback::step_until(TrueTime end) {
  if (queue_.empty() || queue_.top().at > end) {
    now_ = std::max(now_, end);
    return false;
  }
  Event event = queue_.top();
  queue_.pop();
  now_ = event.at;
  handle(std::move(event));
  return true;
}

void Loopback::run_for(Duration duration) {
  const TrueTime end = now_ + duration;
  while (step_until(end)) {
  }
}

bool Loopback::run_until(const std::function<bool()>& done, Duration limit) {
  const TrueTime end = now_ + limit;
  while (!done()) {
    if (!step_until(end)) return done();
  }
  return true;
}

// ---- input and results ---------------------------------------------------------------------------------------------

RequestId Loopback::request(NodeSlot slot, Request request) {
  HEARSAY_CHECK(up(slot));
  if (request.id == RequestId{}) request.id = RequestId{next_request_++};
  const RequestId id = request.id;
  handle({now_, slot, slot, 0, Kind::kRequest, {}, {}, 0, {}, std::move(request)});
  return id;
}

std::optional<Reply> Loopback::call(NodeSlot slot, Request asked, Duration limit) {
  const RequestId id = request(slot, std::move(asked));
  if (!run_until([&] { return reply(id) != nullptr; }, limit)) return std::nullopt;
  return *reply(id);
}

void Loopback::inject(NodeSlot from, NodeSlot to, MessageRef message) { post(from, to, std::move(message)); }

const Reply* Loopback::reply(RequestId id) const {
  const auto found =
      std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) { return answer.reply.id == id; });
  return found == answers_.end() ? nullptr : &found->reply;
}

std::size_t Loopback::count(ObservationKind kind, NodeSlot node) const {
  return static_cast<std::size_t>(std::count_if(observations_.begin(), observations_.end(), [&](const Observation& o) {
    return o.kind == kind && (node == kNoSlot || o.node == node);
  }));
}

Loopback::Counters Loopback::counters(std::string_view message) const {
  const auto found = counters_.find(message);
  return found == counters_.end() ? Counters{} : found->second;
}

Hash128 Loopback::digest() const {
  Hash128 sum;
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (!up(NodeSlot{i})) continue;
    Hasher hasher;
    hasher.add(i);
    hasher.add(epoch(NodeSlot{i}));
    hasher.add(views_.member_hash(NodeSlot{i}));
    Node(*nodes_[i].composition, nodes_[i].block.get()).digest(hasher);
    sum += hasher.finish();
  }
  return sum;
}

}  // namespace hearsay::test
