// A plug-in with a ring that goes wrong where its parameter says, for tests of what the program makes of it.
#include <array>
#include <stdexcept>

#include "core/protocol/plugin.hpp"
#include "core/ring/owner_placement.hpp"

namespace {

using namespace hearsay;

enum Where : int { kNowhere, kBuild, kPlace, kNothing, kLookup, kNobody, kTwice };

class FaultyPlacement final : public Placement {
 public:
  FaultyPlacement(std::span<const RingMember> members, int where) : where_(where) {
    for (const RingMember& member : members) slots_.push_back(member.slot);
  }
  NodeSlot lookup(std::uint64_t hash) const override {
    if (where_ == kLookup) throw std::runtime_error("lookup\nfell over");
    if (where_ == kNobody) return NodeSlot{1'000'000'000};
    return slots_.empty() ? kNoSlot : slots_[hash % slots_.size()];
  }
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override {
    const std::size_t count = std::min(out.size(), slots_.size());
    for (std::size_t i = 0; i < count; ++i) out[i] = where_ == kTwice ? lookup(hash) : lookup(hash + i);
    return count;
  }
  std::size_t members() const override { return slots_.size(); }
  std::size_t memory_bytes() const override { return sizeof(*this); }

 private:
  std::vector<NodeSlot> slots_;
  int where_;
};

struct Faulty final : Ring {
  explicit Faulty(int at) : where(at) {}
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    if (where == kPlace) throw std::runtime_error("place fell over");
    if (where == kNothing) return nullptr;
    return std::make_shared<const FaultyPlacement>(members, where);
  }
  int where;
};

struct FaultyConfig {
  static constexpr Role kRole = Role::kRing;
  static constexpr std::string_view kName = "faulty";
  static constexpr std::string_view kSummary = "Goes wrong where it is told to.";
  static constexpr std::string_view kSource = "This suite.";
  void visit(ParamVisitor& v) {
    static constexpr std::array<std::string_view, 7> kWhere{"nowhere", "build",  "place", "nothing",
                                                            "lookup",  "nobody", "twice"};
    v.choice("where", where, kWhere, "where it goes wrong");
  }
  Result<void> check() const { return {}; }
  std::shared_ptr<const Component> build() const {
    if (where == kBuild) throw std::runtime_error("build fell over");
    return std::make_shared<const Faulty>(where);
  }
  int where = kNowhere;
};

}  // namespace

HEARSAY_PLUGIN(FaultyConfig)
