#include "core/dissemination/push.hpp"

#include <algorithm>
#include <array>

#include "core/base/check.hpp"
#include "core/protocol/envelope.hpp"

namespace hearsay {

namespace {

constexpr std::uint8_t kPeriodTimer = 1;
constexpr std::int64_t kMaxFanout = 64;

constexpr std::array<std::string_view, 4> kStops{"blind-counter", "blind-coin", "feedback-counter", "feedback-coin"};
constexpr std::array<std::string_view, 2> kPushPhases{"random", "aligned"};

// What a rumor adds to a packet, from above: its payload without an envelope of its own, an array, a tag, an id, two
// numbers.
std::uint32_t packed_bytes(const Message& payload) {
  return payload.wire_bytes - kEnvelopeBytes + 1 + 1 + 5 + 9 + 5 + 5;
}

PushState::Hot* find_hot(PushState& state, const RumorId& id) {
  const std::uint64_t number = state.seen.number_of(id);
  const auto live = state.live();
  const auto found = std::lower_bound(live.begin(), live.end(), number,
                                      [](const PushState::Hot& hot, std::uint64_t n) { return hot.number < n; });
  return found != live.end() && found->number == number ? &*found : nullptr;
}

// Amortised O(1): the others move down only when half of the places are empty.
void drop_oldest(PushState& state) {
  PushState::Hot& oldest = state.hot[state.first++];
  state.hot_bytes -= oldest.payload->wire_bytes;
  oldest.payload = {};
  if (2 * state.first < state.hot.size()) return;
  state.hot.erase(state.hot.begin(), state.hot.begin() + static_cast<std::ptrdiff_t>(state.first));
  state.first = 0;
}

void drop_done(PushState& state) {
  std::erase_if(state.hot, [&](const PushState::Hot& hot) {
    if (!hot.payload) return true;
    if (hot.done) state.hot_bytes -= hot.payload->wire_bytes;
    return hot.done;
  });
  state.first = 0;
}

}  // namespace

void PushParams::visit(ParamVisitor& v) {
  v.integer(
      "fanout", fanout, {1, kMaxFanout}, "members",
      "random members that a node passes its hot rumors on to in each period; more spread faster and cost as much more "
      "traffic");
  v.duration(
      "period", period, {1ms, 1h},
      "time between two rounds of a node that has something hot; shorter spreads as much faster for the same number of "
      "messages");
  v.choice(
      "stop", stop, kStops,
      "when a node loses interest in a rumor: after `k` periods (blind-counter), after each period with probability "
      "1/k (blind-coin), after k contacts in a row that knew it (feedback-counter), after each contact that knew it "
      "with probability 1/k (feedback-coin); feedback stops when it is needless to go on and costs an answer a "
      "contact");
  v.integer("k", k, {1, 1000}, "periods or contacts",
            "how long interest lasts, by the rule above; with m messages a node about e^-m of the nodes never hear a "
            "rumor, so more is surer and costs more");
  v.choice("phase", phase, kPushPhases,
           "`random` spreads the nodes' rounds over the period; `aligned` puts them on multiples of the period by each "
           "node's monotonic clock, which makes periods the synchronous cycles of the literature");
  v.integer("hot", hot, {1, 65536}, "rumors",
            "hot rumors that a node keeps; one more drops the oldest before its time, more cost memory");
  v.integer("window", window, {1, 1 << 22}, "rumors",
            "rumors that a node remembers to have heard, 20 to 24 bytes each; fewer than are on their way at a time "
            "makes old ones spread again");
  v.size("packet", packet, {512, 65536},
         "rumors are put into one message up to this size, beyond it into another; a larger one may be fragmented and "
         "lost as a whole");
}

Push::Push(const PushParams& params) : params_(params) {
  const auto coin = Ratio::of(1, static_cast<std::uint64_t>(params.k));
  HEARSAY_CHECK(coin.has_value());
  coin_ = *coin;
}

std::int64_t Push::period_of(const Step& step, const PushState& state) const {
  const std::int64_t since = (step.mono().time_since_epoch() - state.offset).count();
  const std::int64_t period = params_.period.count();
  return since >= 0 ? since / period : -((-since + period - 1) / period);
}

void Push::on_start(Step& step, PushState& state, const Boot&) const {
  if (params_.phase != PushParams::kRandom) return;
  state.offset = Duration(step.random().between(0, params_.period.count() - 1));
}

void Push::heat(Step& step, PushState& state, const MessageRef& payload, const RumorId& id) const {
  std::uint64_t dropped = 0;
  while (!state.live().empty() &&
         (state.live().size() >= static_cast<std::size_t>(params_.hot) ||
          state.hot_bytes + payload->wire_bytes > kMaxHotBytes || state.live().front().number < state.seen.oldest())) {
    drop_oldest(state);
    ++dropped;
  }
  if (dropped > 0) step.observe(ObservationKind::kOverflow, kNoSlot, dropped);
  const std::int64_t period = period_of(step, state);
  state.hot.push_back({payload, id, state.seen.newest(), period, 0, false});
  state.hot_bytes += payload->wire_bytes;
  if (state.ticking) return;
  state.ticking = true;
  const Duration next = state.offset + (period + 1) * params_.period;
  step.arm(kPeriodTimer, next - step.mono().time_since_epoch());
}

void Push::on_disseminate(Step& step, PushState& state, const Message& message) const {
  const RumorId id{step.id(step.self()), step.epoch(), state.sequence++};
  state.seen.insert(id, static_cast<std::size_t>(params_.window));
  heat(step, state, MessageRef(&message), id);
}

void Push::on_message(Step& step, PushState& state, NodeSlot from, const Message& message) const {
  if (is<Rumors>(message)) hear(step, state, from, as<Rumors>(message));
  if (is<RumorAnswers>(message)) learn(step, state, as<RumorAnswers>(message));
}

void Push::hear(Step& step, PushState& state, NodeSlot from, const Rumors& rumors) const {
  const bool answer = rumors.answer && !rumors.rumors.empty();
  auto answers = answer ? step.make<RumorAnswers>() : Draft<RumorAnswers>(nullptr);
  for (const Rumor& rumor : rumors.rumors) {
    const RumorId id = rumor.id();
    bool knew = !state.seen.insert(id, static_cast<std::size_t>(params_.window));
    if (!knew) {
      heat(step, state, rumor.payload, id);
      // Whoever does not know the origin cannot say who speaks: it passes the rumor on and no more.
      if (const NodeSlot origin = step.directory().find(rumor.origin); origin != kNoSlot) {
        step.deliver(origin, rumor.payload);
      }
    } else if (answer && params_.phase == PushParams::kAligned) {
      const PushState::Hot* const hot = find_hot(state, id);
      knew = hot == nullptr || hot->period != period_of(step, state);
    }
    if (answer) answers->answers.push_back({id.origin, id.epoch, id.sequence, knew});
  }
  if (answer) step.send(from, std::move(answers));
}

void Push::learn(Step& step, PushState& state, const RumorAnswers& answers) const {
  if (!feedback()) return;
  for (const RumorAnswer& answer : answers.answers) {
    PushState::Hot* const hot = find_hot(state, answer.id());
    if (hot == nullptr) continue;
    if (params_.stop == PushParams::kFeedbackCoin) {
      hot->done = hot->done || (answer.knew && step.random().bernoulli(coin_));
    } else {
      hot->useless = answer.knew ? hot->useless + 1 : 0;
      hot->done = hot->done || hot->useless >= static_cast<std::uint64_t>(params_.k);
    }
  }
  drop_done(state);
}

std::size_t Push::choose_peers(Step& step, std::span<NodeSlot> peers) const {
  const View view = step.view();
  const std::size_t others = view.members() - (view.is_member(step.self()) ? 1U : 0U);
  const std::size_t wanted = std::min(peers.size(), others);
  // Drawing again is cheap while few of many are wanted.
  return draw_distinct(
      peers.first(wanted), 16 * wanted, [&] { return view.random_member(step.random()); },
      [](NodeSlot) { return true; });
}

void Push::pass_on(Step& step, PushState& state) const {
  const auto live = state.live();
  if (live.empty()) return;
  std::array<NodeSlot, kMaxFanout> storage;
  const std::size_t chosen = choose_peers(step, std::span(storage).first(static_cast<std::size_t>(params_.fanout)));
  const auto peers = std::span(storage).first(chosen);
  const auto budget = static_cast<std::uint32_t>(params_.packet);
  const std::size_t count = live.size();
  std::size_t i = 0;
  while (!peers.empty() && i < count) {
    auto message = step.make<Rumors>();
    message->answer = feedback();
    std::uint32_t bytes = kEnvelopeBytes + 1 + 1 + 3;
    // One at least, however large it is.
    for (; i < count && message->rumors.size() < kMaxElements; ++i) {
      const PushState::Hot& hot = live[i];
      bytes += packed_bytes(*hot.payload);
      if (bytes > budget && !message->rumors.empty()) break;
      message->rumors.push_back({hot.payload, hot.id.origin, hot.id.epoch, hot.id.sequence});
    }
    const MessageRef sealed = step.sealed(std::move(message));
    for (const NodeSlot peer : peers) step.send(peer, sealed);
  }
  if (feedback()) return;
  for (PushState::Hot& hot : live) {
    hot.done = params_.stop == PushParams::kBlindCoin ? step.random().bernoulli(coin_)
                                                      : ++hot.useless >= static_cast<std::uint64_t>(params_.k);
  }
  drop_done(state);
}

void Push::on_timer(Step& step, PushState& state, Timer) const {
  pass_on(step, state);
  state.ticking = !state.live().empty();
  if (state.ticking) step.arm(kPeriodTimer, params_.period);
}

void Push::on_digest(const PushState& state, Hasher& hasher) const {
  hasher.add(state.sequence);
  hasher.add(state.ticking);
  hasher.add(state.offset);
  hasher.add(state.live().size());
  for (const PushState::Hot& hot : state.live()) {
    hasher.add(hot.id.origin);
    hasher.add(hot.id.epoch);
    hasher.add(hot.id.sequence);
    hasher.add(hot.period);
    hasher.add(hot.useless);
  }
  state.seen.digest(hasher);
}

Result<void> PushConfig::check() const {
  if (window < hot) {
    return invalid("window must be at least hot: a rumor that is still passed on must not be taken for a new one");
  }
  return {};
}

std::shared_ptr<const Component> PushConfig::build() const { return std::make_shared<const Push>(*this); }

CatalogueEntry push_entry() { return entry_of<PushConfig>(); }

}  // namespace hearsay
