#include "cli/real_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/interrupt.hpp"
#include "transport/address.hpp"

namespace hearsay::cli {

using measure::ProcessState;

namespace {

tl::unexpected<Error> interrupted_early() {
  return fail(ErrorCode::kClosed, "interrupted before all nodes were there");
}

}  // namespace

RealCluster::RealCluster(const plan::Plan& plan, const FaultRules& rules, std::vector<NodeSlot> seeds,
                         std::unique_ptr<RealNodes> nodes)
    : plan_(plan),
      rules_(rules),
      seeds_(std::move(seeds)),
      known_from_start_(plan.membership.entry->name == "static"),
      nodes_(std::move(nodes)),
      lives_(plan.nodes.size()),
      cards_(plan.nodes.size()) {}

Result<void> RealCluster::open_all(const std::function<bool()>& interrupted) {
  const auto nodes = static_cast<std::uint32_t>(lives_.size());
  // Processes come up beside each other: first all are started, then all are waited for.
  for (std::uint32_t i = 0; i < nodes; ++i) {
    if (interrupted()) return interrupted_early();
    if (auto opened = open(NodeSlot{i}, 1, nullptr); !opened) return opened;
  }
  const MonoTime until = transport::Now::read_mono() + kOpenLimit;
  for (std::uint32_t i = 0; i < nodes; ++i) {
    auto address = wait_address(NodeSlot{i}, until, interrupted);
    if (!address) return tl::unexpected(address.error());
    const NodeIdentity identity = plan_.directory[NodeSlot{i}];
    cards_[i] = {std::string(identity.name), std::move(*address), identity.weight, identity.zone, 0};
    lives_[i].node->set_faults(rules_);
  }
  return {};
}

Result<std::string> RealCluster::wait_address(NodeSlot node, MonoTime until, const std::function<bool()>& interrupted) {
  for (;;) {
    if (interrupted()) return interrupted_early();
    auto address = lives_[raw(node)].node->address(kInterruptLook);
    if (address) return address;
    if (address.error().code == ErrorCode::kTimeout && transport::Now::read_mono() < until) continue;
    return fail(address.error().code, fmt::format("{}: {}", plan_.directory.name(node), address.error().message));
  }
}

Result<void> RealCluster::open(NodeSlot node, Epoch life, std::shared_ptr<const Persisted> persisted) {
  auto opened = nodes_->open(node, life, std::move(persisted));
  if (!opened) {
    return fail(opened.error().code, fmt::format("{}: {}", plan_.directory.name(node), opened.error().message));
  }
  lives_[raw(node)].node = std::move(*opened);
  return {};
}

bool RealCluster::can_start(NodeSlot node, bool after_crash) const {
  const Life& life = lives_[raw(node)];
  return !life.running && (!after_crash || life.state == ProcessState::kDown);
}

Result<void> RealCluster::start(NodeSlot node, bool keep_state) {
  Life& life = lives_[raw(node)];
  ++life.epoch;
  life.state = ProcessState::kUp;
  life.running = true;
  if (!life.node) {
    std::shared_ptr<const Persisted> persisted;
    if (keep_state && life.kept) {
      auto with_time = std::make_shared<Persisted>(*life.kept);
      with_time->away = transport::Now::read_mono() - life.kept_at;
      persisted = std::move(with_time);
    }
    if (auto opened = open(node, life.epoch, std::move(persisted)); !opened) return opened;
    life.node->set_faults(rules_);
  }
  life.kept.reset();
  if (known_from_start_) {
    life.node->begin({}, cards_);
    return {};
  }
  std::vector<std::string> endpoints;
  for (const NodeSlot seed : seeds_) {
    if (const auto where = transport::Address::parse(cards_[raw(seed)].address)) endpoints.push_back(where->router);
  }
  life.node->begin(endpoints, {});
  return {};
}

bool RealCluster::pause(NodeSlot node) {
  Life& life = lives_[raw(node)];
  if (life.state != ProcessState::kUp) return false;
  life.state = ProcessState::kPaused;
  life.node->pause(true);
  return true;
}

bool RealCluster::resume(NodeSlot node) {
  Life& life = lives_[raw(node)];
  if (life.state != ProcessState::kPaused) return false;
  life.state = ProcessState::kUp;
  life.node->pause(false);
  return true;
}

bool RealCluster::leave(NodeSlot node) {
  Life& life = lives_[raw(node)];
  if (life.state != ProcessState::kUp) return false;
  life.state = ProcessState::kLeaving;
  life.node->leave();
  return true;
}

bool RealCluster::crash(NodeSlot node) {
  if (!running(node)) return false;
  end(node, ProcessState::kDown);
  return true;
}

bool RealCluster::stop(NodeSlot node) {
  if (state(node) != ProcessState::kLeaving) return false;
  end(node, ProcessState::kAbsent);
  return true;
}

void RealCluster::end(NodeSlot node, ProcessState state) {
  Life& life = lives_[raw(node)];
  life.node->end();
  life.kept = life.node->save();
  life.kept_at = transport::Now::read_mono();
  add(ended_, life.node->totals());
  life.node.reset();
  life.running = false;
  life.state = state;
  for (const Life& other : lives_) {
    if (other.node) other.node->forget(plan_.directory.id(node));
  }
}

void RealCluster::set_faults() {
  for (const Life& life : lives_) {
    if (life.node) life.node->set_faults(rules_);
  }
}

NodeTotals RealCluster::totals() const {
  NodeTotals sum = ended_;
  for (const Life& life : lives_) {
    if (life.node) add(sum, life.node->totals());
  }
  return sum;
}

NodeTotals RealCluster::finish(std::vector<NodeSlot>& late) {
  for (const Life& life : lives_) {
    if (life.node) life.node->ask_for_totals();
  }
  const MonoTime until = transport::Now::read_mono() + kLastWords;
  for (std::uint32_t i = 0; i < lives_.size(); ++i) {
    if (!lives_[i].node) continue;
    if (!lives_[i].node->wait_totals(until)) late.push_back(NodeSlot{i});
    lives_[i].node->end();
  }
  return totals();
}

void add(NodeTotals& sum, const NodeTotals& totals) {
  for (const transport::SentOfType& sent : totals.sent) {
    auto found = std::ranges::find(sum.sent, sent.type, &transport::SentOfType::type);
    if (found == sum.sent.end()) found = sum.sent.insert(found, {sent.type, 0, 0});
    found->messages += sent.messages;
    found->bytes += sent.bytes;
  }
  for (const auto& [event, effect] : totals.effects) sum.effects[event] += effect;
  sum.filtered += totals.filtered;
  sum.received += totals.received;
  sum.dropped_queue += totals.dropped_queue;
  sum.lost += totals.lost;
}

}  // namespace hearsay::cli
