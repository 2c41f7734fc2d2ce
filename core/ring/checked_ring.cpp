#include "core/ring/checked_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/ring/taken.hpp"

namespace hearsay {

namespace {

class CheckedPlacement final : public Placement {
 public:
  CheckedPlacement(const std::string& name, std::shared_ptr<const Placement> inner, std::span<const RingMember> members)
      : name_(name), inner_(std::move(inner)), count_(members.size()) {
    if (inner_ == nullptr) throw std::runtime_error(fmt::format("ring '{}' made no placement", name_));
    for (const RingMember& member : members) {
      if (raw(member.slot) >= known_.size()) known_.resize(std::size_t{raw(member.slot)} + 1);
      known_[raw(member.slot)] = true;
    }
    if (inner_->members() != count_) {
      throw std::runtime_error(
          fmt::format("ring '{}' says that it has {} members of {}", name_, inner_->members(), count_));
    }
  }

  NodeSlot lookup(std::uint64_t hash) const override { return checked(inner_->lookup(hash)); }
  std::size_t replicas(std::uint64_t hash, std::span<NodeSlot> out) const override {
    const std::size_t wanted = std::min(out.size(), count_);
    const std::size_t count = inner_->replicas(hash, out);
    if (count != wanted) {
      throw std::runtime_error(fmt::format("ring '{}' says that it gave {} of {} replicas", name_, count, wanted));
    }
    Taken taken(count, known_.size());
    for (const NodeSlot slot : out.first(count)) {
      checked(slot);
      if (count_ > 0 && !taken.take(raw(slot))) {
        throw std::runtime_error(fmt::format("ring '{}' gives a key the same replica twice", name_));
      }
    }
    return count;
  }
  void lookup_batch(std::span<const std::uint64_t> hashes, std::span<NodeSlot> out) const override {
    inner_->lookup_batch(hashes, out);
    for (std::size_t i = 0; i < hashes.size(); ++i) checked(out[i]);
  }
  bool arcs(std::vector<Arc>& out) const override {
    if (!inner_->arcs(out)) return false;
    std::uint64_t last = 0;
    for (const Arc& arc : out) {
      checked(arc.owner);
      if (&arc != &out.front() && arc.last <= last)
        throw std::runtime_error(fmt::format("ring '{}' gives arcs that do not ascend", name_));
      last = arc.last;
    }
    if (out.empty() || last != kLastHash)
      throw std::runtime_error(fmt::format("ring '{}' gives arcs that do not end at 2^64 - 1", name_));
    return true;
  }
  std::size_t members() const override { return count_; }
  std::size_t memory_bytes() const override { return inner_->memory_bytes() + sizeof(*this) + known_.capacity() / 8; }

  const Placement& inner() const { return *inner_; }

  NodeSlot checked(NodeSlot slot) const {
    const bool fine = count_ == 0 ? slot == kNoSlot : raw(slot) < known_.size() && known_[raw(slot)];
    if (!fine) throw std::runtime_error(fmt::format("ring '{}' names a member that does not exist", name_));
    return slot;
  }

 private:
  std::string name_;
  std::shared_ptr<const Placement> inner_;
  std::size_t count_;
  std::vector<bool> known_;  // by slot
};

class CheckedRing final : public Ring {
 public:
  CheckedRing(std::string name, std::shared_ptr<const Ring> inner) : name_(std::move(name)), inner_(std::move(inner)) {}

  RingTraits traits() const override { return inner_->traits(); }
  RingTheory theory(std::size_t members) const override { return inner_->theory(members); }
  std::uint64_t hash_key(std::string_view key) const override { return inner_->hash_key(key); }
  std::shared_ptr<const Placement> place(std::span<const RingMember> members) const override {
    return std::make_shared<const CheckedPlacement>(name_, inner_->place(members), members);
  }
  std::shared_ptr<const Placement> apply(const Placement& before, const RingChange& change,
                                         std::span<const RingMember> members) const override {
    const auto* const checked = dynamic_cast<const CheckedPlacement*>(&before);
    if (checked == nullptr) return place(members);
    return std::make_shared<const CheckedPlacement>(name_, inner_->apply(checked->inner(), change, members), members);
  }
  void assign(const Placement& placement, std::span<const RingMember> members, std::span<const std::uint64_t> hashes,
              std::span<NodeSlot> out) const override {
    const auto* const checked = dynamic_cast<const CheckedPlacement*>(&placement);
    if (checked == nullptr) throw std::runtime_error(fmt::format("ring '{}': the placement is another ring's", name_));
    inner_->assign(checked->inner(), members, hashes, out);
    for (std::size_t i = 0; i < hashes.size(); ++i) checked->checked(out[i]);
  }

 private:
  std::string name_;
  std::shared_ptr<const Ring> inner_;
};

class CheckedConfig final : public StrategyConfig {
 public:
  CheckedConfig(std::string name, std::unique_ptr<StrategyConfig> inner)
      : name_(std::move(name)), inner_(std::move(inner)) {}

  std::unique_ptr<StrategyConfig> clone() const override {
    return std::make_unique<CheckedConfig>(name_, inner_->clone());
  }
  void visit(ParamVisitor& visitor) override { inner_->visit(visitor); }
  void use_preset(std::size_t index) override { inner_->use_preset(index); }
  Result<void> check() const override { return inner_->check(); }
  std::shared_ptr<const Component> build() const override {
    return checked_ring(name_, std::dynamic_pointer_cast<const Ring>(inner_->build()));
  }

 private:
  std::string name_;
  std::unique_ptr<StrategyConfig> inner_;
};

}  // namespace

std::shared_ptr<const Ring> checked_ring(std::string name, std::shared_ptr<const Ring> ring) {
  if (ring == nullptr) throw std::runtime_error(fmt::format("ring '{}' builds no ring", name));
  return std::make_shared<const CheckedRing>(std::move(name), std::move(ring));
}

CatalogueEntry checked_entry(const CatalogueEntry& entry) {
  if (entry.role != Role::kRing) return entry;
  CatalogueEntry checked = entry;
  checked.configure = [configure = entry.configure,
                       name = std::string(entry.name)]() -> std::unique_ptr<StrategyConfig> {
    return std::make_unique<CheckedConfig>(name, configure());
  };
  return checked;
}

}  // namespace hearsay
