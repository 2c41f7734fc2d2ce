// The dissemination `push`: rumor mongering. A node that hears something new passes it on, every `period`, to `fanout`
// random members, until it loses interest. Demers et al., Epidemic Algorithms for Replicated Database Maintenance
// (PODC '87).
//
// When it loses interest (`stop`), with a parameter k:
//   blind-counter      after k periods of passing it on
//   blind-coin         after each period with probability 1/k
//   feedback-counter   after k contacts in a row that knew it already
//   feedback-coin      after each contact that knew it already, with probability 1/k
// With feedback every contact answers whether it knew. What is not heard by then stays unheard: the residue s is about
// e^-m for m messages a node, e^-(k + 1)(1 - s) with feedback and coin. Anti-entropy is for the rest.
//
// Demers's cycles are synchronous: sites that are infected in a cycle start in the next, and a contact counts as
// useless only if the recipient knew before the cycle. With `phase = aligned` a period is such a cycle: nodes act at
// the multiples of the period on their monotonic clocks, and a rumor first heard in the present period counts as not
// known. With random phases there are no cycles and any earlier receipt counts. Answers need less than a period for a
// counter to be exact.
//
// All hot rumors for a contact travel in as few messages as `packet` allows, shared by the contacts of a period.
// Everything is bounded: hot rumors and their bytes (the oldest is dropped), known ones (SeenWindow), rumors a message.
// A rumor or an answer that arrives costs O(log hot).
//
// The strategy is immutable; a state belongs to one node's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/ratio.hpp"
#include "core/dissemination/seen_window.hpp"
#include "core/protocol/catalogue.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/step.hpp"
#include "core/protocol/strategy.hpp"

namespace hearsay {

// One rumor on its way. The origin travels as an id: a node that does not know it can still pass the rumor on.
struct Rumor {
  MessageRef payload;
  NodeId origin{};
  Epoch epoch = 0;
  std::uint32_t sequence = 0;
  RumorId id() const { return {origin, epoch, sequence}; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    // The payload comes first: it may say who its origin is, which the receiver can then look up.
    v(m.payload, "payload", "the message that everybody should get");
    v(m.origin, "origin", "id of the node whose message it is");
    v(m.epoch, "epoch", "boot generation of the origin");
    v(m.sequence, "sequence", "number that the origin gave it");
  }
  // A rumor about rumors would be unpacked without end, and what is not meant for everybody (a request, an answer)
  // would be taken for its origin's, and answered to it.
  bool valid() const {
    return static_cast<bool>(payload) && payload->type->disseminated && payload->type->role != Role::kDissemination;
  }
};

struct Rumors : MessageOf<Rumors> {
  static constexpr std::string_view kName = "push.Rumors";
  static constexpr Role kRole = Role::kDissemination;
  bool answer = false;
  std::vector<Rumor> rumors;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.answer, "answer", "whether the sender wants to know which were known");
    v(m.rumors, "rumors", "what the sender passes on");
  }
};

// The answer to one rumor of a Rumors.
struct RumorAnswer {
  NodeId origin{};
  Epoch epoch = 0;
  std::uint32_t sequence = 0;
  bool knew = false;
  RumorId id() const { return {origin, epoch, sequence}; }
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.origin, "origin", "of the rumor");
    v(m.epoch, "epoch", "of the rumor");
    v(m.sequence, "sequence", "of the rumor");
    v(m.knew, "knew", "whether it was known before");
  }
};

struct RumorAnswers : MessageOf<RumorAnswers> {
  static constexpr std::string_view kName = "push.Answers";
  static constexpr Role kRole = Role::kDissemination;
  std::vector<RumorAnswer> answers;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.answers, "answers", "which rumors were known, in the order they came in");
  }
};

// What is chosen, by the names of the scenario keys; visit() says what each costs. Plain values; any thread.
struct PushParams {
  enum Stop : int { kBlindCounter, kBlindCoin, kFeedbackCounter, kFeedbackCoin };
  enum Phase : int { kRandom, kAligned };

  std::int64_t fanout = 3;  // members a period
  Duration period = 200ms;  // by the node's monotonic clock
  int stop = kBlindCounter;
  std::int64_t k = 5;  // periods or contacts, by `stop`
  int phase = kRandom;
  std::int64_t hot = 1024;      // rumors
  std::int64_t window = 16384;  // rumors
  std::int64_t packet = 1400;   // bytes

  void visit(ParamVisitor& v);
};

struct PushState {
  struct Hot {
    MessageRef payload;
    RumorId id;
    std::uint64_t number = 0;   // in `seen`
    std::int64_t period = 0;    // the number of the period in which it was first heard
    std::uint32_t useless = 0;  // contacts in a row that knew it, or periods it was passed on in
    bool done = false;          // lost interest: goes at the end of the step
  };
  // The oldest first; those before `first` were dropped, and wait until it pays to move the others. Invariant: what is
  // hot is in `seen`, or it would be taken for new when it comes again.
  std::vector<Hot> hot;
  std::size_t first = 0;
  std::size_t hot_bytes = 0;  // of the payloads
  SeenWindow seen;
  std::uint32_t sequence = 0;  // of the next rumor of its own
  bool ticking = false;
  Duration offset{0};

  std::span<Hot> live() { return std::span(hot).subspan(first); }
  std::span<const Hot> live() const { return std::span(hot).subspan(first); }
};

class Push final : public StatefulOf<Push, Role::kDissemination, PushState> {
 public:
  // Of the payloads of all hot rumors; more drop the oldest. The longest frame is a quarter of it.
  static constexpr std::size_t kMaxHotBytes = std::size_t{16} << 20;

  explicit Push(const PushParams& params);

  std::vector<const MessageType*> messages() const override {
    return {&message_type<Rumors>(), &message_type<RumorAnswers>()};
  }
  void on_start(Step& step, PushState& state, const Boot& boot) const;
  void on_disseminate(Step& step, PushState& state, const Message& message) const;
  void on_message(Step& step, PushState& state, NodeSlot from, const Message& message) const;
  void on_timer(Step& step, PushState& state, Timer timer) const;
  void on_digest(const PushState& state, Hasher& hasher) const;

  const PushParams& params() const { return params_; }

 private:
  bool feedback() const { return params_.stop >= PushParams::kFeedbackCounter; }
  // The number of the period that the node's monotonic clock is in, counted from its phase.
  std::int64_t period_of(const Step& step, const PushState& state) const;
  // Of what has just been inserted into `seen`.
  void heat(Step& step, PushState& state, const MessageRef& payload, const RumorId& id) const;
  void hear(Step& step, PushState& state, NodeSlot from, const Rumors& rumors) const;
  void learn(Step& step, PushState& state, const RumorAnswers& answers) const;
  std::size_t choose_peers(Step& step, std::span<NodeSlot> peers) const;
  void pass_on(Step& step, PushState& state) const;

  PushParams params_;
  Ratio coin_;
};

struct PushConfig : PushParams {
  static constexpr Role kRole = Role::kDissemination;
  static constexpr std::string_view kName = "push";
  static constexpr std::string_view kSummary =
      "Rumor mongering: what is new goes to random members until interest is lost.";
  static constexpr std::string_view kSource =
      "Demers et al., Epidemic Algorithms for Replicated Database Maintenance, PODC '87";

  Result<void> check() const;
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry push_entry();

}  // namespace hearsay
