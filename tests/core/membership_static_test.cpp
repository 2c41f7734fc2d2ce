#include "core/membership/static.hpp"

#include <doctest/doctest.h>

#include "tests/support/loopback.hpp"
#include "tests/support/stubs.hpp"

namespace hearsay {
namespace {

using test::Loopback;

struct Noticed {
  int changes = 0;
  std::uint32_t members_at_start = 0;
};

// Counts what a role is told of the view.
class Listener final : public StatefulOf<Listener, Role::kReplication, Noticed> {
 public:
  std::vector<const MessageType*> messages() const override { return {}; }
  void on_start(Step& step, Noticed& told, const Boot&) const { told.members_at_start = step.view().members(); }
  void on_member_change(Step&, Noticed& told, const MemberChange&) const { ++told.changes; }
};

std::shared_ptr<const Composition> listening() {
  return test::compose(std::make_shared<StaticMembership>(), nullptr, std::make_shared<Listener>());
}

TEST_CASE("static: everybody is a member from the start and nothing is sent") {
  Loopback net(listening(), {.nodes = 20});
  net.start_all();
  net.run_for(1min);
  for (std::uint32_t i = 0; i < 20; ++i) {
    CHECK(net.view(NodeSlot{i}).members() == 20);
    CHECK(net.view(NodeSlot{i}).member_hash() == net.view(NodeSlot{0}).member_hash());
  }
  CHECK(net.counters().empty());
  CHECK(net.composition(NodeSlot{0}).strategy(Role::kMembership).layout().bytes == 0);
}

TEST_CASE("static: one observation a node stands for all members") {
  Loopback net(listening(), {.nodes = 20});
  net.start_all();
  CHECK(net.observations().size() == 20);
  CHECK(net.count(ObservationKind::kMembersAll) == 20);
  CHECK(net.observations().front().value == 20);
}

TEST_CASE("static: the other roles find the view complete and are told of no change") {
  Loopback net(listening(), {.nodes = 5});
  net.start_all();
  const auto& told = net.state<Noticed>(NodeSlot{3}, Role::kReplication);
  CHECK(told.members_at_start == 5);
  CHECK(told.changes == 0);
}

TEST_CASE("static: a crash is never noticed, a restart finds everybody again") {
  Loopback net(listening(), {.nodes = 4});
  net.start_all();
  net.crash(NodeSlot{2}, false);
  net.run_for(1min);
  CHECK(net.view(NodeSlot{0}).is_member(NodeSlot{2}));
  net.start(NodeSlot{2});
  CHECK(net.view(NodeSlot{2}).members() == 4);
}

TEST_CASE("static: described for the catalogue") {
  const CatalogueEntry entry = static_entry();
  CHECK(entry.role == Role::kMembership);
  CHECK(entry.name == "static");
  CHECK(entry.configure()->build()->role() == Role::kMembership);
}

}  // namespace
}  // namespace hearsay
