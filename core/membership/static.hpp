// The membership `static`: everybody the directory knows when a node starts is a member, for as long as the node runs.
// Nothing is sent, no timer runs, nobody is ever found dead: what there is when membership is somebody else's task, and
// the baseline that shows what a failure detector is worth. A node has no state of its own.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/protocol/catalogue.hpp"
#include "core/protocol/step.hpp"
#include "core/protocol/strategy.hpp"

namespace hearsay {

struct StaticState {};

class StaticMembership final : public StatefulOf<StaticMembership, Role::kMembership, StaticState> {
 public:
  std::vector<const MessageType*> messages() const override { return {}; }
  // One belief for everybody at every node, whatever the epochs are, so that all views are one.
  void on_start(Step& step, StaticState&, const Boot&) const { step.update_everyone({0, 0, Status::kAlive}); }
};

struct StaticConfig {
  static constexpr Role kRole = Role::kMembership;
  static constexpr std::string_view kName = "static";
  static constexpr std::string_view kSummary = "Everybody is a member from the start, dead or alive; nothing is sent.";
  static constexpr std::string_view kSource = "a fixed list of nodes, as in a configuration file";

  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const;
};

CatalogueEntry static_entry();

}  // namespace hearsay
