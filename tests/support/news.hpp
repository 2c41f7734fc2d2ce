// A replication strategy that has nothing but news: a request disseminates one, every node remembers what it heard. For
// tests of dissemination. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/codec.hpp"
#include "core/protocol/step.hpp"

namespace hearsay::test {

struct News : MessageOf<News> {
  static constexpr std::string_view kName = "test.News";
  static constexpr Role kRole = Role::kReplication;
  static constexpr bool kDisseminated = true;
  std::uint64_t number = 0;
  std::string text;
  template <class M, class V>
  static void fields(M& m, V& v) {
    v(m.number, "number", "which news it is");
    v(m.text, "text", "what it says");
  }
};

struct Heard {
  struct Entry {
    std::uint64_t number = 0;
    NodeSlot origin = kNoSlot;
    MonoTime at{};
  };
  std::vector<Entry> entries;
};

// A request's id is the number of the news, its key the text.
class Newsroom final : public StatefulOf<Newsroom, Role::kReplication, Heard> {
 public:
  std::vector<const MessageType*> messages() const override { return {&message_type<News>()}; }
  void on_request(Step& step, Heard&, const Request& request) const {
    auto news = step.make<News>();
    news->number = static_cast<std::uint64_t>(request.id);
    news->text = request.key;
    step.disseminate(std::move(news));
  }
  void on_message(Step& step, Heard& heard, NodeSlot from, const Message& message) const {
    heard.entries.push_back({as<News>(message).number, from, step.mono()});
  }
  void on_digest(const Heard& heard, Hasher& hasher) const {
    for (const Heard::Entry& entry : heard.entries) {
      hasher.add(entry.number);
      hasher.add(entry.origin);
    }
  }
};

inline Request news(std::uint64_t number, std::string text = {}) {
  Request request;
  request.id = RequestId{number};
  request.op = OpKind::kPut;
  request.key = std::move(text);
  return request;
}

}  // namespace hearsay::test
