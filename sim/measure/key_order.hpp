// Who owns each of a few keys in any view at a glance, for rings of which one order a key says that: with all nodes as
// members, the key's replicas in turn; with others, the first of them that is a member.
//
// Such an order exists where the ring is set-pure and only a leaver's keys move, and replicas() tells it where replicas
// are native: a key whose owner goes belongs to the next. Immutable; any thread. Memory: 12 bytes a key and rank.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/protocol/directory.hpp"
#include "core/protocol/ring.hpp"
#include "sim/measure/bitset.hpp"

namespace hearsay::measure {

// For each key whom a view or a placement names: equal where they name the same.
using Answers = std::vector<std::uint32_t>;

class KeyOrder {
 public:
  // Of 32 nodes in the order of a key one is in nearly every view of a quarter of all nodes (but for 1 in 10,000 keys).
  // With nearly all members found, a ring walks far for each of the rest.
  static constexpr std::uint32_t kMaxDepth = 32;
  // Whether that tells views of so many members apart.
  static bool tells(std::size_t members, std::uint32_t nodes) { return nodes <= kMaxDepth || 4 * members >= nodes; }

  // Whether the ring has such orders, for these nodes (the slots below `nodes`).
  static bool exists(const Ring& ring, const Directory& directory, std::uint32_t nodes);

  // O(keys x depth) at most replicas found.
  KeyOrder(const Ring& ring, const Directory& directory, std::uint32_t nodes, std::span<const std::uint64_t> keys);

  // A key's answer is the owner's rank in its order. O(keys) expected.
  Answers answers(const SlotSet& view) const;
  // Once `node` is a member of the view, or no longer. O(keys in whose orders the node is).
  void change(Answers& answers, const SlotSet& view, NodeSlot node, bool member) const;

 private:
  struct Place {
    std::uint32_t key;
    std::uint32_t rank;
  };
  // The first of `rank` and those after it that is a member; depth_ for none.
  std::uint32_t first(const SlotSet& view, std::uint32_t key, std::uint32_t rank) const;

  std::uint32_t depth_;
  std::size_t keys_;
  std::vector<NodeSlot> order_;             // [key * depth_ + rank]
  std::vector<std::vector<Place>> places_;  // by slot
};

}  // namespace hearsay::measure
