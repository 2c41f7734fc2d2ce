// Placements of a ring that is not set-pure: each node's follows from its own history, the view it began with and what
// each input changed of it, in that order. Who asks for it, and when, changes nothing (decisions/0017).
//
// A node begins with place() of its first view; then apply() takes it from placement to placement: the members that a
// message of the membership brings or buries are one RingChange. (Of several rumors in one message of a dissemination
// each is heard by itself, in the message's order.) Nodes with the
// same history share a placement: it is known by a hash of 128 bits over the history, and made once as long as it is
// among the last kRecent.
//
// A change costs a look-up where another node has been there, else the ring's apply() and O(slots). Memory: at most one
// placement a node and kRecent more, and a bit for each two nodes. When the directory says that weights or zones of
// known nodes changed, that is a change, too, which a node's placement takes when it is next changed or asked for. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/hash.hpp"
#include "core/ring/members_by_id.hpp"

namespace hearsay {

class PlacementHistory final : public PlacementSource {
 public:
  static constexpr std::size_t kRecent = 64;

  // Both must outlive this; the directory may grow.
  PlacementHistory(const Ring& ring, const Directory& directory);

  std::uint64_t hash_key(std::string_view key) const override { return ring_.hash_key(key); }
  // Of a node that never began: it begins with this view.
  const Placement& placement(View view) override;
  void begin(View view) override;
  void change(View view, std::span<const MemberChange> changes) override;
  std::shared_ptr<const Placement> own(NodeSlot node) const override;

  std::uint64_t made() const { return made_; }  // placements that no node had led to, or none of late

 private:
  struct Node {
    Hash128 history;
    std::vector<bool> members;  // by slot
    std::shared_ptr<const Placement> placement;
    std::uint64_t ring_changes = 0;  // of the directory, when it was made
  };
  struct Recent {
    Hash128 history;
    std::shared_ptr<const Placement> placement;
  };
  struct HashOf {  // a hash is its own; the table is never iterated
    std::size_t operator()(const Hash128& hash) const { return hash.lo; }
  };

  Node& node(NodeSlot slot);
  void advance(Node& node, View view, const RingChange& change);
  // The placement of a history; `make` is called where none of late has it.
  template <class Make>
  std::shared_ptr<const Placement> find(const Hash128& history, Make&& make);

  const Ring& ring_;
  const Directory& directory_;
  MembersById members_;
  std::vector<Node> nodes_;   // by slot
  std::list<Recent> recent_;  // the latest first
  std::unordered_map<Hash128, std::list<Recent>::iterator, HashOf> index_;
  std::uint64_t made_ = 0;
};

// What a ring wants: PlacementCache, or the above where it is not set-pure.
std::unique_ptr<PlacementSource> make_placements(const Ring& ring, const Directory& directory);

}  // namespace hearsay
