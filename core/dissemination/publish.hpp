// The dissemination `publish`: an update goes to everybody on the topic at once, as a broker's or a PUB socket's
// subscribers get it. One hop and N messages an update; who misses it is not told again. No state, no message of its
// own.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/step.hpp"
#include "core/protocol/strategy.hpp"

namespace hearsay {

struct PublishState {};

class Publish final : public StatefulOf<Publish, Role::kDissemination, PublishState> {
 public:
  bool publishes() const override { return true; }
  std::vector<const MessageType*> messages() const override { return {}; }
  // The message travels as it is: its type says which role it is for, its sender is its origin.
  void on_disseminate(Step& step, PublishState&, const Message& message) const { step.publish(MessageRef(&message)); }
};

struct PublishConfig {
  static constexpr Role kRole = Role::kDissemination;
  static constexpr std::string_view kName = "publish";
  static constexpr std::string_view kSummary = "An update is published to everybody on the topic at once.";
  static constexpr std::string_view kSource = "go-os/kv over its broker; ZeroMQ PUB/SUB";

  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry publish_entry();

}  // namespace hearsay
