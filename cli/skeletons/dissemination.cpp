// The dissemination `my-dissemination`. It begins as flooding with a fanout: who hears something for the first time
// passes it on to some members, once.
#include "core/dissemination/seen_window.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/plugin.hpp"

namespace {

using namespace hearsay;

struct News : MessageOf<News> {
  static constexpr std::string_view kName = "my-dissemination.News";
  static constexpr Role kRole = Role::kDissemination;
  MessageRef payload;
  NodeId origin{};
  Epoch epoch = 0;
  std::uint32_t sequence = 0;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.payload, "payload", "what everybody should get");
    v(m.origin, "origin", "whose message it is");
    v(m.epoch, "epoch", "the origin's boot generation");
    v(m.sequence, "sequence", "the origin's number of it");
  }
  // A stranger can send anything: news within news, or what is not meant for everybody.
  bool valid() const { return payload && payload->type->disseminated && payload->type->role != kRole; }
};

struct State {
  SeenWindow seen;
  std::uint32_t sequence = 0;
  std::vector<NodeSlot> seeds;  // told while nobody else is known
};

class MyDissemination final : public StatefulOf<MyDissemination, Role::kDissemination, State> {
 public:
  explicit MyDissemination(std::int64_t fanout) : fanout_(static_cast<std::size_t>(fanout)) {}
  std::vector<const MessageType*> messages() const override { return {&message_type<News>()}; }

  void on_start(Step&, State& state, const Boot& boot) const {
    state.seeds.assign(boot.seeds.begin(), boot.seeds.end());
  }
  // Another role of this node has something for everybody.
  void on_disseminate(Step& step, State& state, const Message& message) const {
    auto news = step.make<News>();
    news->payload = MessageRef(&message);
    news->origin = step.id(step.self());
    news->epoch = step.epoch();
    news->sequence = ++state.sequence;
    state.seen.insert({news->origin, news->epoch, news->sequence}, kWindow);
    pass_on(step, state, step.sealed(std::move(news)));
  }
  void on_message(Step& step, State& state, NodeSlot, const Message& message) const {
    const News& news = as<News>(message);
    if (!state.seen.insert({news.origin, news.epoch, news.sequence}, kWindow)) return;
    const NodeSlot origin = step.directory().find(news.origin);
    if (origin != kNoSlot && origin != step.self()) step.deliver(origin, news.payload);
    pass_on(step, state, MessageRef(&message));
  }
  void on_digest(const State& state, Hasher& hasher) const {
    state.seen.digest(hasher);
    hasher.add(state.sequence);
  }

  static constexpr std::int64_t kMaxFanout = 64;

 private:
  static constexpr std::size_t kWindow = 16384;  // rumors remembered

  void pass_on(Step& step, const State& state, const MessageRef& news) const {
    std::array<NodeSlot, kMaxFanout> peers;
    std::size_t count = draw_distinct(
        std::span(peers).first(fanout_), 4 * fanout_, [&] { return step.view().random_member(step.random()); },
        [](NodeSlot) { return true; });
    if (count == 0 && !state.seeds.empty()) peers[count++] = state.seeds[step.random().below(state.seeds.size())];
    for (std::size_t i = 0; i < count; ++i) step.send(peers[i], news);
  }

  std::size_t fanout_;
};

struct MyDisseminationConfig {
  static constexpr Role kRole = Role::kDissemination;
  static constexpr std::string_view kName = "my-dissemination";
  static constexpr std::string_view kSummary = "What it does, in one sentence.";
  static constexpr std::string_view kSource = "Where it comes from: authors, title, year.";
  void visit(ParamVisitor& v) {
    v.integer("fanout", fanout, {1, MyDissemination::kMaxFanout}, "members", "whom news is passed on to, by each");
  }
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const MyDissemination>(fanout); }

  std::int64_t fanout = 12;
};

}  // namespace

HEARSAY_PLUGIN(MyDisseminationConfig)
