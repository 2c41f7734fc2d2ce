// The ring `my-ring`. It begins as rendezvous hashing: every member draws a score for a key, and the highest owns it.
#include "core/base/random.hpp"
#include "core/protocol/plugin.hpp"
#include "core/ring/owner_placement.hpp"

namespace {
using namespace hearsay;

class MyRingPlacement final : public OwnerPlacement {
 public:
  explicit MyRingPlacement(std::span<const RingMember> members)
      : OwnerPlacement(members), members_(members.begin(), members.end()) {}

  NodeSlot lookup(std::uint64_t hash) const override {
    NodeSlot best = kNoSlot;
    std::uint64_t highest = 0;
    for (const RingMember& member : members_) {  // by id: of equal scores the smaller id has it
      const std::uint64_t score = philox(hash, raw(member.id), 0).a;
      if (best != kNoSlot && score <= highest) continue;
      best = member.slot;
      highest = score;
    }
    return best;
  }
  std::size_t memory_bytes() const override { return slots_bytes() + members_.size() * sizeof(RingMember); }

 private:
  std::vector<RingMember> members_;
};

struct MyRing final : Ring {
  RingTraits traits() const override { return {}; }  // what `hearsay ring check my-ring` holds it to
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const MyRingPlacement>(members);
  }
};

struct MyRingConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "my-ring";
  static constexpr std::string_view kSummary = "What it does, in one sentence.";
  static constexpr std::string_view kSource = "Where it comes from: authors, title, year.";
  void visit(ParamVisitor&) {}
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const { return std::make_shared<const MyRing>(); }
};

}  // namespace
HEARSAY_PLUGIN(MyRingConfig)
