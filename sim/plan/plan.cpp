#include "sim/plan/plan.hpp"

#include <array>

#include "core/base/check.hpp"
#include "core/base/random.hpp"

namespace hearsay::plan {

std::vector<NodeSlot> resolve(const NodeSet& set, std::uint64_t seed, std::uint64_t stream) {
  if (!set.draw) return set.nodes;
  // The top bit keeps these streams apart from those a driver of the time line numbers by event and node.
  RandomStream random(seed, Purpose::kSchedule, stream ^ (std::uint64_t{1} << 63));
  // Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, Algorithm S): one pass, and the chosen nodes
  // come out in the pool's order.
  std::vector<NodeSlot> chosen;
  std::uint64_t wanted = *set.draw;
  std::uint64_t left = set.nodes.size();
  HEARSAY_CHECK(wanted <= left);
  chosen.reserve(wanted);
  for (const NodeSlot node : set.nodes) {
    if (wanted == 0) break;
    if (random.below(left--) < wanted) {
      chosen.push_back(node);
      --wanted;
    }
  }
  return chosen;
}

std::string_view kind_of(const Action& action) {
  // In the order of the variant's alternatives.
  static constexpr std::array<std::string_view, 15> kKinds{
      "partition", "heal", "flap",  "link", "crash", "restart", "rolling-restart", "pause",
      "resume",    "join", "leave", "slow", "clock", "churn",   "workload"};
  static_assert(kKinds.size() == std::variant_size_v<Action>);
  return kKinds[action.index()];
}

}  // namespace hearsay::plan
