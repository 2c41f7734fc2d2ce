// Over 400 lines: a node's life, its callers, its loop and what experiments do to it share one lock, and are read
// together. How it joins and what arrives are apart (live_node_join.cpp, live_node_frames.cpp).
#include "transport/live_node.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <system_error>
#include <utility>

#include "transport/address.hpp"
#include "transport/endpoint.hpp"
#include "transport/zmq_error.hpp"

namespace hearsay::transport {

namespace {

// Timers that run under one lock.
constexpr std::size_t kTimersATurn = 8;
// How often the loop looks around when nothing is due.
constexpr Duration kIdle = 1s;
// When leaving: nothing said for this long means that everything was said. Above a gossip interval.
constexpr Duration kQuiet = 250ms;

// Requests that wait for the loop; one more is refused.
constexpr std::size_t kMaxSubmitted = 65'536;

std::uint64_t random_word() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::string made_up_name() {
  std::array<char, 64> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}-{}-{:08x}", host[0] == '\0' ? "node" : host.data(), ::getpid(), random_word() & 0xffffffffU);
}

// Eighths of a second since 2025: grows with every start, and lasts for 17 years. Two starts within an eighth share an
// epoch, which SWIM's refutation then tells apart, as it does in systems that have no epochs.
Epoch epoch_of(WallTime now) {
  constexpr std::int64_t k2025 = 1'735'689'600;
  const std::int64_t eighths = now.time_since_epoch() / 125ms - k2025 * 8;
  return static_cast<Epoch>(std::clamp<std::int64_t>(eighths, 1, std::numeric_limits<Epoch>::max() - 1));
}

}  // namespace

std::string_view to_string(Counted what) {
  switch (what) {
    case Counted::kFramesReceived: return "frames_received";
    case Counted::kBytesReceived: return "bytes_received";
    case Counted::kFramesSent: return "frames_sent";
    case Counted::kBytesSent: return "bytes_sent";
    case Counted::kNewsPublished: return "news_published";
    case Counted::kNewsMissed: return "news_missed";
    case Counted::kDroppedMalformed: return "dropped_malformed";
    case Counted::kDroppedForeign: return "dropped_foreign";
    case Counted::kDroppedVersion: return "dropped_version";
    case Counted::kDroppedUnknown: return "dropped_unknown_message";
    case Counted::kDroppedStranger: return "dropped_unknown_node";
    case Counted::kDroppedFull: return "dropped_directory_full";
    case Counted::kDroppedChannel: return "dropped_channel";
    case Counted::kDroppedEarly: return "dropped_early";
    case Counted::kDroppedQueue: return "dropped_queue";
    case Counted::kDroppedAnswers: return "dropped_answers";
    case Counted::kCalls: return "calls";
    case Counted::kOperations: return "operations";
    case Counted::kRefusedCalls: return "refused_calls";
    case Counted::kNameConflicts: return "name_conflicts";
  }
  return "unknown";
}

// ---- life ----------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<LiveNode>> LiveNode::open(const NodeOptions& options,
                                                 std::shared_ptr<const Composition> composition) {
  auto channel = Channel::make(options.topic, options.service, options.name_space);
  if (!channel) return tl::unexpected(channel.error());
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(options.name.begin(), options.name.end(), control)) {
    return invalid("a node's name must have no control character");
  }
  for (const std::string& seed : options.seeds) {
    if (auto where = parse_endpoint(seed, EndpointUse::kConnect); !where) return tl::unexpected(where.error());
  }
  auto security = load_security(options.security, true, true);
  if (!security) return tl::unexpected(security.error());
  if (security->enabled && options.context != nullptr) {
    return invalid("nodes that share a context cannot have CURVE: it guards tcp alone");
  }
  std::unique_ptr<LiveNode> node(new LiveNode(options, std::move(*channel)));
  node->security_ = std::move(*security);
  if (options.context == nullptr) {
    auto context = make_context(options.context_options);
    if (!context) return tl::unexpected(context.error());
    node->own_context_ = std::make_unique<zmq::context_t>(std::move(*context));
  }
  zmq::context_t& context = options.context == nullptr ? *node->own_context_ : *options.context;
  // A shared context has no handler, and needs none.
  Security off;
  auto zap = ZapHandler::start(context, node->security_.enabled ? node->security_ : off);
  if (!zap) return tl::unexpected(zap.error());
  node->zap_ = std::move(*zap);
  auto wake = Wake::make();
  if (!wake) return tl::unexpected(wake.error());
  node->wake_.emplace(std::move(*wake));

  const NodeId self = node_id(node->name_);
  const Links::Base base{context, *node->zap_, node->security_};
  auto links = Links::open(base, options.links, node->channel_, self);
  if (!links) return tl::unexpected(links.error());
  node->links_ = std::move(*links);
  node->address_ = node->links_->address();

  const Now now = Now::read();
  CoreOptions core;
  core.name = node->name_;
  core.address = node->address_;
  core.weight = options.weight;
  core.zone = options.zone;
  core.epoch = options.epoch.value_or(epoch_of(now.wall));
  core.seed = options.seed != 0 ? options.seed : random_word();
  core.max_nodes = options.max_nodes;
  core.peers = options.peers;
  core.observed = static_cast<bool>(options.observe);
  node->publishes_ = composition->strategy(Role::kDissemination).publishes();
  auto made = NodeCore::make(std::move(composition), core);
  if (!made) return tl::unexpected(made.error());
  node->core_ = std::move(*made);
  if (options.faults) node->faults_.emplace(self, *options.faults);
  node->started_ = now.mono;
  try {
    node->thread_ = std::thread([raw = node.get()] { raw->run_guarded(); });
  } catch (const std::system_error&) {
    return zmq_failure(EAGAIN, fmt::format("starting the thread of '{}'", node->name_));
  }
  return node;
}

LiveNode::LiveNode(const NodeOptions& options, Channel channel)
    : options_(options), channel_(std::move(channel)), name_(options.name.empty() ? made_up_name() : options.name) {}

LiveNode::~LiveNode() {
  stop();
  // Sockets, then the handler, then the context: any other order can block.
  knocks_.clear();
  links_.reset();
  zap_.reset();
}

void LiveNode::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  wake_->signal();
  thread_.join();
}

std::string LiveNode::endpoint() const {
  const auto where = Address::parse(address_);
  return where ? where->router : address_;
}

Result<void> LiveNode::wait_ready(Duration limit) {
  std::unique_lock guard(lock_);
  const auto until = std::chrono::steady_clock::now() + limit;
  joined_.wait_until(guard, until, [this] { return ready() || !error_.empty(); });
  if (!error_.empty()) return invalid(error_);
  if (ready()) return {};
  return fail(ErrorCode::kTimeout, fmt::format("'{}' has not joined within {} ms: none of its seeds answered ({})",
                                               name_, limit / 1ms, fmt::join(options_.seeds, ", ")));
}

Result<void> LiveNode::wait_end(Duration limit) {
  std::unique_lock guard(lock_);
  const auto until = std::chrono::steady_clock::now() + limit;
  if (joined_.wait_until(guard, until, [this] { return !error_.empty(); })) return invalid(error_);
  return {};
}

void LiveNode::begin_leave() {
  const std::lock_guard guard(lock_);
  core_->leave(Now::read());
  last_traffic_ = Now::read_mono();
  settle();
  wake_->signal();
}

void LiveNode::leave() {
  if (members() <= 1) return;
  begin_leave();
  const auto quiet = [this] { return Now::read_mono() - last_traffic_ >= kQuiet; };
  std::unique_lock guard(lock_);
  // Nobody signals silence: look again from time to time.
  const auto until = std::chrono::steady_clock::now() + options_.leave_grace;
  while (!quiet() && std::chrono::steady_clock::now() < until) {
    joined_.wait_until(guard, std::min(until, std::chrono::steady_clock::now() + kQuiet / 8));
  }
}

void LiveNode::refuse_calls() {
  const std::lock_guard guard(lock_);
  refusing_ = true;
  for (auto at = origins_.begin(); at != origins_.end();) {
    Batch* batch = at->second.batch;
    if (batch == nullptr) {
      ++at;
      continue;
    }
    batch->replies[at->second.index] = fail(ErrorCode::kClosed, "the store was closed");
    if (--batch->open == 0) batch->done.release();
    at = origins_.erase(at);
  }
}

// ---- calls of this process -----------------------------------------------------------------------------------------

std::optional<Lookup> LiveNode::read(std::string_view key) {
  const std::lock_guard guard(lock_);
  return core_->read_alone(key, Now::read_mono());
}

std::string LiveNode::sole_endpoint(std::string_view key) {
  const std::lock_guard guard(lock_);
  const NodeSlot owner = core_->sole_replica(key);
  if (owner == kNoSlot || owner == core_->self()) return {};
  const auto where = Address::parse(core_->directory()[owner].address);
  return where ? where->router : std::string();
}

Result<Reply> LiveNode::call(Request request, Duration limit) {
  std::vector<Request> one;
  one.push_back(std::move(request));
  return std::move(call_each(std::move(one), limit).front());
}

std::vector<Result<Reply>> LiveNode::call_each(std::vector<Request> requests, Duration limit) {
  Batch batch;
  batch.replies.resize(requests.size());
  batch.open = requests.size();
  std::uint64_t first = 0;
  {
    const std::lock_guard guard(lock_);
    if (refusing_) {
      std::fill(batch.replies.begin(), batch.replies.end(), fail(ErrorCode::kClosed, "the store was closed"));
      return std::move(batch.replies);
    }
    const Now now = Now::read();
    first = next_request_;
    for (std::uint32_t i = 0; i < requests.size(); ++i) {
      requests[i].id = RequestId{next_request_};
      origins_.emplace(next_request_++, Origin{&batch, 0, i});
      core_->request(now, requests[i]);
    }
    settle();
    // The loop must send what was decided, or wake for a timer that is due sooner than it thought.
    if (has_work() || core_->next_timer() < polled_until_) wake_->signal();
    if (batch.open == 0) return std::move(batch.replies);
  }
  (void)batch.done.try_acquire_for(limit);
  // Whoever released it held the lock, and may not be done with it.
  const std::lock_guard guard(lock_);
  for (std::uint64_t i = 0; batch.open != 0 && i < requests.size(); ++i) {
    if (origins_.erase(first + i) == 0) continue;
    --batch.open;
    batch.replies[i] =
        fail(ErrorCode::kTimeout, fmt::format("no answer within {} ms{}", limit / 1ms,
                                              requests[i].op == OpKind::kGet ? "" : "; it may have been done"));
  }
  return std::move(batch.replies);
}

void LiveNode::settle() {
  for (Reply& reply : core_->replies) {
    const auto found = origins_.find(static_cast<std::uint64_t>(reply.id));
    if (found == origins_.end()) continue;  // given up
    const Origin origin = std::move(found->second);
    origins_.erase(found);
    if (origin.replied) {
      origin.replied(reply);
      continue;
    }
    if (origin.batch == nullptr) {
      const auto error = static_cast<std::uint8_t>(reply.error);
      client_results_.push_back(
          {origin.call, origin.index, {reply.ok, error, reply.value, reply.ttl_left, reply.version}});
      continue;
    }
    origin.batch->replies[origin.index] = std::move(reply);
    if (--origin.batch->open == 0) origin.batch->done.release();
  }
  core_->replies.clear();
  if (options_.observe && !core_->observations.empty()) {
    const MonoTime at = Now::read_mono();
    for (const Observation& observation : core_->observations) options_.observe(at, observation, core_->directory());
  }
  core_->observations.clear();
}

// ---- the loop ------------------------------------------------------------------------------------------------------

void LiveNode::run_guarded() {
  try {
    run();
  } catch (const std::exception& thrown) {
    // A strategy of a plug-in: hearsay's own throw nothing.
    const std::lock_guard guard(lock_);
    give_up(fmt::format("'{}' stopped: {}", name_, thrown.what()));
  }
}

void LiveNode::run() {
  {
    const std::lock_guard guard(lock_);
    if (options_.hold) {
      phase_ = Phase::kHeld;
    } else {
      begin_joining(Now::read_mono());
    }
    flush();
  }
  std::vector<pollfd> items;
  while (!stopping_.load(std::memory_order_acquire)) {
    resting_.store(paused_.load(std::memory_order_acquire), std::memory_order_release);
    if (resting_.load(std::memory_order_relaxed)) {
      items.assign(1, {wake_->fd(), POLLIN, 0});
      wait_for(items, kIdle);
      wake_->clear();
      continue;
    }
    bool more = receive_some();
    {
      const std::lock_guard guard(lock_);
      lock_.give_way();
      const Now now = Now::read();
      more = core_->run_timers(now, kTimersATurn) || more;
      join_step(now.mono);
      run_submitted(now);
      forget_peers();
      if (faults_) release_delayed(now.mono);
      flush();
    }
    if (!more) wait_for_work(items);
  }
}

void LiveNode::wait_for_work(std::vector<pollfd>& items) {
  items.assign(1, {wake_->fd(), POLLIN, 0});
  MonoTime until = MonoTime::max();
  bool look = false;
  each_inlet([&](Inlet& inlet) {
    items.push_back(inlet.item());
    look = look || inlet.may_have();
  });
  if (look) return;
  for (const Knock& knock : knocks_) until = std::min({until, knock.next_try, knock.give_up});
  // Who asks the holder of its name waits for that alone.
  if (phase_ == Phase::kMeeting || (phase_ == Phase::kKnocking && !asks(Knock::Purpose::kHolder))) {
    until = std::min(until, phase_until_);
  }
  if (phase_ == Phase::kMeeting && links_->uses_broker()) until = std::min(until, next_echo_);
  if (phase_ == Phase::kRunning && publishes_) until = std::min(until, next_exchange_);
  const MonoTime now = Now::read_mono();
  {
    const std::lock_guard guard(lock_);
    if (has_work()) return;
    until = std::min({until, core_->next_timer(), now + kIdle});
    if (faults_) {
      until = std::min({until, faults_->sending.next_due().value_or(until), faults_->news.next_due().value_or(until)});
    }
    polled_until_ = until;
  }
  wait_for(items, until - now);
  if (items[0].revents != 0) wake_->clear();
  std::size_t at = 1;
  each_inlet([&](Inlet& inlet) { inlet.waited(items[at++]); });
}

template <class Visit>
void LiveNode::each_inlet(Visit&& visit) {
  for (Inlet* inlet : {&links_->router(), &links_->subscriptions(), &links_->news()}) visit(*inlet);
  for (Knock& knock : knocks_) visit(knock.socket);
}

bool LiveNode::receive_some() {
  bool more = false;
  Frames frames;
  const auto drain = [&](Inlet& inlet, auto&& handle) {
    if (!inlet.may_have()) return;
    for (int i = 0; i < kFramesATurn; ++i) {
      const auto receipt = inlet.receive(frames);
      if (!receipt || *receipt == Receipt::kNothing) return;
      const std::lock_guard guard(lock_);
      lock_.give_way();
      if (*receipt == Receipt::kTooLong) {
        count(Counted::kDroppedMalformed);
        continue;
      }
      count(Counted::kFramesReceived);
      count(Counted::kBytesReceived, frames.bytes());
      handle(frames);
      flush();
    }
    more = true;
  };
  drain(links_->subscriptions(), [this](Frames& f) { on_subscription(f); });
  drain(links_->router(), [this](Frames& f) { on_router(f); });
  drain(links_->news(), [this](Frames& f) { on_news(f); });
  return more;
}

void LiveNode::flush() {
  settle();
  for (Finished& each : client_results_) complete(each.call, each.index, std::move(each.result));
  client_results_.clear();
  // What is sent may fail, but decides nothing new.
  for (const NodeCore::Outgoing& out : core_->outbox) send_out(out);
  core_->outbox.clear();
  publish_changes();
  connections_ = links_->peers();
  look_for_readiness();
}

void LiveNode::send_out(const NodeCore::Outgoing& out) {
  buffer_.clear();
  const bool news = out.to == kNoSlot;
  const std::uint64_t number = news ? ++news_sequence_ : ++sequence_;
  const Directory& directory = core_->directory();
  encode({directory.id(core_->self()), core_->epoch(), number}, *out.message, directory, buffer_);
  last_traffic_ = Now::read_mono();
  const std::uint64_t copies = news ? std::max<std::size_t>(1, listeners_.size()) : 1;
  auto sent = std::find_if(sent_.begin(), sent_.end(), [&](const auto& of) { return of.type == out.message->type; });
  if (sent == sent_.end()) sent = sent_.insert(sent_.end(), {out.message->type, 0, 0});
  sent->messages += copies;
  sent->bytes += copies * buffer_.size();
  if (news) {
    count(Counted::kNewsPublished);
    count(Counted::kFramesSent);
    count(Counted::kBytesSent, buffer_.size());
    return links_->publish(channel_.news(), buffer_);
  }
  if (faults_ && !faults_->sending.idle() &&
      faults_->sending.admit(last_traffic_, directory.id(out.to), out.send_class, buffer_, raw(out.to)) ==
          FaultFilter::Verdict::kTaken) {
    return;
  }
  transmit(out.to, buffer_);
}

void LiveNode::transmit(NodeSlot to, std::string_view bytes) {
  if (!links_->send(to, core_->directory()[to].address, bytes, [this] { return hello(false); })) {
    return count(Counted::kDroppedQueue);
  }
  count(Counted::kFramesSent);
  count(Counted::kBytesSent, bytes.size());
}

// ---- for experiments -----------------------------------------------------------------------------------------------

void LiveNode::begin(std::vector<std::string> seeds, std::vector<Card> peers) {
  const std::lock_guard guard(lock_);
  held_seeds_ = std::move(seeds);
  held_peers_ = std::move(peers);
  begun_ = true;
  wake_->signal();
}

void LiveNode::forget(NodeId peer) {
  const std::lock_guard guard(lock_);
  if (faults_) {
    faults_->sending.forget(peer);
    faults_->news.forget(peer);
  }
  forgotten_.push_back(peer);
  wake_->signal();
}

void LiveNode::forget_peers() {
  for (const NodeId id : std::exchange(forgotten_, {})) {
    const NodeSlot peer = core_->directory().find(id);
    if (peer == kNoSlot || !core_->directory()[peer].address.starts_with("inproc:")) continue;
    links_->forget(peer);
    links_->stop_listening(peer);
  }
}

Result<void> LiveNode::set_faults(std::vector<FaultRule> sending, std::vector<FaultRule> news) {
  const std::lock_guard guard(lock_);
  HEARSAY_CHECK(faults_.has_value());
  const MonoTime now = Now::read_mono();
  if (auto set = faults_->sending.set_rules(std::move(sending), now); !set) return set;
  wake_->signal();
  return faults_->news.set_rules(std::move(news), now);
}

std::map<std::uint32_t, FaultEffect> LiveNode::fault_effects(FaultTotals& totals) {
  const std::lock_guard guard(lock_);
  std::map<std::uint32_t, FaultEffect> effects;
  if (!faults_) return effects;
  for (const FaultFilter* filter : {&faults_->sending, &faults_->news}) {
    for (const auto& [event, effect] : filter->effects()) effects[event] += effect;
    totals += filter->totals();
  }
  return effects;
}

void LiveNode::release_delayed(MonoTime now) {
  while (const auto parcel = faults_->sending.pop_due(now)) transmit(NodeSlot{parcel->route}, parcel->bytes.view());
  while (const auto parcel = faults_->news.pop_due(now)) on_news_bytes(parcel->bytes.view(), true);
}

void LiveNode::pause(bool paused) {
  if (paused) resting_.store(false, std::memory_order_release);  // of an earlier pause
  paused_.store(paused, std::memory_order_release);
  wake_->signal();
  // From here on it does nothing: what it has in hand is done.
  while (paused && !resting_.load(std::memory_order_acquire)) std::this_thread::yield();
}

bool LiveNode::submit(Request request, std::function<void(const Reply&)> replied) {
  const std::lock_guard guard(lock_);
  if (submitted_.size() >= kMaxSubmitted) return false;
  submitted_.push_back({std::move(request), std::move(replied)});
  wake_->signal();
  return true;
}

void LiveNode::run_submitted(Now now) {
  for (Submitted& each : std::exchange(submitted_, {})) {
    each.request.id = RequestId{next_request_};
    origins_.emplace(next_request_++, Origin{nullptr, 0, 0, std::move(each.replied)});
    core_->request(now, each.request);
  }
}

std::vector<SentOfType> LiveNode::sent() {
  const std::lock_guard guard(lock_);
  return sent_;
}

std::uint64_t LiveNode::counted(Counted what) {
  const std::lock_guard guard(lock_);
  return what == Counted::kDroppedEarly ? core_->early_dropped() : counts_[static_cast<std::size_t>(what)];
}

void LiveNode::save(Persisted& out) {
  const std::lock_guard guard(lock_);
  if (core_->started()) core_->save(Now::read_mono(), out);
}

// ---- to look at ----------------------------------------------------------------------------------------------------

std::uint32_t LiveNode::members() {
  const std::lock_guard guard(lock_);
  return core_->view().members();
}

std::vector<Address> LiveNode::member_addresses() {
  const std::lock_guard guard(lock_);
  std::vector<Address> addresses;
  core_->view().for_each_known([&](NodeSlot slot, const Belief& belief) {
    if (!is_member(belief.status)) return;
    if (auto where = Address::parse(core_->directory()[slot].address)) addresses.push_back(std::move(*where));
  });
  return addresses;
}

void LiveNode::status(StatusAnswer& out) {
  const std::lock_guard guard(lock_);
  fill_status(out);
}

void LiveNode::fill_status(StatusAnswer& out) {
  out.node = core_->card();
  out.ready = ready();
  out.uptime = Now::read_mono() - started_;
  out.members = core_->view().members();
  core_->view().for_each_known([&](NodeSlot slot, const Belief& belief) {
    if (out.known.size() == StatusAnswer::kMaxMembers) return;
    const NodeIdentity who = core_->directory()[slot];
    out.known.push_back({{std::string(who.name), std::string(who.address), who.weight, who.zone, belief.epoch},
                         belief.incarnation,
                         static_cast<std::uint8_t>(belief.status)});
  });
  std::sort(out.known.begin(), out.known.end(),
            [](const MemberStatus& a, const MemberStatus& b) { return a.node.name < b.node.name; });
  counts_[static_cast<std::size_t>(Counted::kDroppedEarly)] = core_->early_dropped();
  for (int i = 0; i < kCounted; ++i) {
    out.counters.push_back({std::string(to_string(static_cast<Counted>(i))), counts_[static_cast<std::size_t>(i)]});
  }
  const Store* held = core_->store();
  out.counters.push_back({"items", held == nullptr ? 0 : held->live()});
  out.counters.push_back({"tombstones", held == nullptr ? 0 : held->tombstones()});
  out.counters.push_back({"item_bytes", held == nullptr ? 0 : held->bytes()});
  out.counters.push_back({"connections", connections_});
  out.counters.push_back({"accepted_keys", zap_->accepted()});
  out.counters.push_back({"refused_keys", zap_->refused()});
}

}  // namespace hearsay::transport
