#include "sim/world/world.hpp"

#include <algorithm>
#include <utility>

#include "core/base/random.hpp"
#include "core/protocol/private_views.hpp"
#include "core/ring/placement_history.hpp"
#include "sim/measure/measure.hpp"
#include "sim/plan/compose.hpp"
#include "sim/plan/parameters.hpp"
#include "sim/world/engine.hpp"
#include "sim/world/shared_views.hpp"
#include "sim/world/timeline.hpp"
#include "sim/world/workload.hpp"

namespace hearsay::world {

namespace {

using measure::ProcessState;

std::unique_ptr<ViewStore> make_views(const plan::Plan& plan) {
  const auto nodes = static_cast<std::uint32_t>(plan.nodes.size());
  if (plan.shared_views) return std::make_unique<SharedViews>(plan.directory, nodes);
  return std::make_unique<PrivateViews>(plan.directory, nodes);
}

// One run of one plan for one seed.
class World final : public EngineListener, private WorkloadHost {
 public:
  World(const plan::Plan& plan, std::uint64_t seed, Timeline timeline, const RunOptions& options)
      : plan_(plan),
        seed_(seed),
        options_(options),
        timeline_(std::move(timeline)),
        composition_(plan::compose(plan)),
        views_(make_views(plan)),
        placements_(make_placements(composition_.ring(), plan.directory)),
        network_(plan, seed),
        engine_(composition_, plan.directory, *views_, *placements_, network_, seed, *this,
                {.wire = options.wire, .observed = true}),
        measure_(plan, seed, composition_.ring(),
                 static_cast<std::uint32_t>(plan::integer_parameter(*plan.replication.config, "n").value_or(0)),
                 placements_.get()),
        workload_(plan, seed, composition_.ring(), *this),
        seeds_(starting_seeds(plan, seed)),
        faults_(timeline_, options.faults),
        node_effects_(plan) {}

  measure::Results run();

  void on_observation(const Observation& observation) override {
    measure_.observe(observation);
    if (options_.observations) options_.observations(observation);
  }
  void on_reply(NodeSlot, const Reply& reply) override { workload_.on_reply(reply); }
  void on_client_event(std::uint32_t client, NodeSlot node, std::uint32_t argument) override {
    workload_.on_client_event(client, node, argument, engine_.now());
  }

 private:
  static constexpr std::uint64_t kClockStream = std::uint64_t{1} << 60;
  // Events between two looks at RunOptions::interrupted: about a millisecond.
  static constexpr std::uint64_t kEventsPerPoll = 4096;

  void set_clocks();
  void apply(const TimelineStep& step);
  void act(const TimelineStep& step);
  // What a step did to one node, measured as it happens.
  void life(const TimelineStep& step, bool happened);
  void credit_node(const TimelineStep& step) { node_effects_.credit(step, network_.effects); }
  bool sample();
  bool advance(TrueTime until);
  bool was_interrupted() const {
    return options_.interrupted != nullptr && options_.interrupted->load(std::memory_order_relaxed);
  }
  measure::Traffic traffic() const;

  // Of the workload.
  TrueTime now() const override { return engine_.now(); }
  ProcessState state(NodeSlot node) const override { return engine_.state(node); }
  bool running(NodeSlot node) const override { return engine_.running(node); }
  void push_client(TrueTime at, std::uint32_t client, NodeSlot node, std::uint32_t argument) override {
    engine_.push_client(at, client, node, argument);
  }
  bool request(NodeSlot node, std::uint32_t client, Request request) override {
    return engine_.request(node, client, std::move(request));
  }
  void op_invoked(const measure::OpRecord& op) override { measure_.op_invoked(op); }
  void op_completed(const measure::OpRecord& op) override {
    measure_.op_completed(op);
    if (options_.operations) options_.operations(op);
  }

  const plan::Plan& plan_;
  std::uint64_t seed_;
  const RunOptions& options_;
  Timeline timeline_;
  Composition composition_;
  std::unique_ptr<ViewStore> views_;
  std::unique_ptr<PlacementSource> placements_;
  Network network_;
  Engine engine_;
  measure::Measure measure_;
  Workload workload_;
  std::vector<NodeSlot> seeds_;
  FaultLog faults_;
  NodeEffects node_effects_;
};

measure::Results World::run() {
  set_clocks();
  measure_.reachability(TrueTime{}, network_.reachability());
  workload_.begin();
  const TrueTime end(plan_.duration);
  TrueTime next_sample(plan_.measure.sample_interval);
  std::size_t next_step = 0;
  bool interrupted = false;
  // Between two boundaries the engine runs alone; at one instant the time line comes before the nodes, a sample after
  // the time line.
  while (!interrupted) {
    TrueTime until = std::min(end, next_sample);
    if (next_step < timeline_.steps.size()) {
      until = std::min(until, TrueTime(Duration(timeline_.steps[next_step].at_ns)));
    }
    interrupted = !advance(until);
    if (interrupted) break;
    while (next_step < timeline_.steps.size() && timeline_.steps[next_step].at_ns <= until.time_since_epoch().count()) {
      apply(timeline_.steps[next_step++]);
    }
    faults_.flush();
    if (until == next_sample) {
      next_sample += plan_.measure.sample_interval;
      interrupted = sample();
    }
    if (until == end) break;
  }
  workload_.finish();
  for (std::size_t i = 0; i < plan_.events.size(); ++i) measure_.event_effect(i, network_.effects[i]);
  measure::Results results = measure_.finish(engine_.now(), traffic());
  results.seed = seed_;
  results.events = engine_.events();
  results.fingerprint = engine_.fingerprint();
  return results;
}

// False: interrupted on the way there.
bool World::advance(TrueTime until) {
  do {
    engine_.run_before(until, kEventsPerPoll);
    // At the very start there is nothing to return yet, at the end nothing left to do.
    const bool under_way = engine_.now() > TrueTime{} && engine_.now() < TrueTime(plan_.duration);
    if (under_way && was_interrupted()) return false;
  } while (engine_.now() < until);
  return true;
}

bool World::sample() {
  measure_.sample(engine_.now(), traffic());
  if (options_.progress) {
    options_.progress({std::chrono::duration<double>(engine_.now().time_since_epoch()).count(),
                       std::chrono::duration<double>(plan_.duration).count(), engine_.events()});
  }
  return was_interrupted();
}

measure::Traffic World::traffic() const {
  measure::Traffic traffic = network_.traffic;
  engine_.add_traffic(traffic);
  return traffic;
}

void World::set_clocks() {
  for (const TimelineStep& step : timeline_.steps) {
    if (step.kind == TimelineStep::Kind::kClockDrift) engine_.expect_drift(NodeSlot{step.node});
  }
  for (std::size_t i = 0; i < plan_.clocks.size(); ++i) {
    const plan::ClockSpec& spec = plan_.clocks[i];
    for (const NodeSlot node : plan::resolve(spec.nodes, seed_, kClockStream + i)) {
      RandomStream stream(seed_, Purpose::kClock, std::uint64_t{i} << 32 | raw(node));
      Duration offset = spec.offset.sample(stream.next());
      if (spec.offset_both_ways ? (stream.next() & 1) != 0 : spec.offset_behind) offset = -offset;
      const auto spread = static_cast<std::int64_t>(spec.drift_ppm_spread * 1000.0);
      const std::int64_t ppb = static_cast<std::int64_t>(spec.drift_ppm * 1000.0) + stream.between(-spread, spread);
      if (offset != Duration::zero()) engine_.step_clock(node, offset);
      if (ppb != 0) engine_.set_drift(node, ppb);
    }
  }
}

void World::life(const TimelineStep& step, bool happened) {
  const NodeSlot node{step.node};
  if (!happened) return;
  credit_node(step);
  measure_.process(engine_.now(), node, engine_.state(node), engine_.epoch(node));
}

void World::apply(const TimelineStep& step) {
  using Kind = TimelineStep::Kind;
  if (!faults_.wanted() || step.event == kNoEvent || step.kind == Kind::kMark) return act(step);
  const NodeSlot node{step.node};
  const ProcessState state_before = engine_.state(node);
  const std::uint64_t effect_before = network_.effects[step.event].total();
  act(step);
  const bool counted = step.kind == Kind::kHeal || step.kind == Kind::kSlowBegin || step.kind == Kind::kWorkload;
  const bool of_process = step.kind == Kind::kCrash || step.kind == Kind::kRestart || step.kind == Kind::kPause ||
                          step.kind == Kind::kResume || step.kind == Kind::kJoin || step.kind == Kind::kLeave ||
                          step.kind == Kind::kStop;
  const bool happened = counted      ? network_.effects[step.event].total() != effect_before
                        : of_process ? engine_.state(node) != state_before
                                     : true;
  if (happened) faults_.note(engine_.now(), step);
}

void World::act(const TimelineStep& step) {
  using Kind = TimelineStep::Kind;
  const NodeSlot node{step.node};
  measure::EventEffect* effect = step.event == kNoEvent ? nullptr : &network_.effects[step.event];
  switch (step.kind) {
    case Kind::kMark: measure_.event(engine_.now(), step.event); break;
    case Kind::kCut:
      // make_timeline() has tried all combinations.
      HEARSAY_CHECK(network_.add(timeline_.partitions[step.event]).has_value());
      measure_.reachability(engine_.now(), network_.reachability());
      break;
    case Kind::kUncut:
    case Kind::kHeal: {
      const std::size_t healed =
          step.kind == Kind::kUncut
              ? network_.remove_event(step.event)
              : network_.remove_named(std::get<plan::Heal>(plan_.events[step.event].action).partition);
      // That a flap takes back its own cut shows nothing: it must have dropped something.
      if (step.kind == Kind::kHeal) effect->healed += healed;
      engine_.release_held();
      measure_.reachability(engine_.now(), network_.reachability());
      break;
    }
    case Kind::kLinkBegin: network_.add(timeline_.link_changes[step.event]); break;
    case Kind::kLinkEnd: network_.remove_link_changes(step.event); break;
    case Kind::kStart:
    case Kind::kJoin:
    case Kind::kRestart: {
      // Asked before: a process that comes up observes itself at once, and the measurement must know that it lives.
      const bool can =
          !engine_.running(node) && (step.kind != Kind::kRestart || engine_.state(node) == ProcessState::kDown);
      if (!can) break;
      measure_.process(engine_.now(), node, ProcessState::kUp, engine_.epoch(node) + 1);
      credit_node(step);
      engine_.start(node, step.flag, seeds_);
      break;
    }
    case Kind::kCrash:
      if (engine_.crash(node)) {
        workload_.on_process_end(node);
        life(step, true);
      }
      break;
    case Kind::kLeave: life(step, engine_.leave(node)); break;
    case Kind::kStop:
      if (engine_.stop(node)) {
        workload_.on_process_end(node);
        measure_.process(engine_.now(), node, engine_.state(node), engine_.epoch(node));
      }
      break;
    case Kind::kPause: life(step, engine_.pause(node, effect)); break;
    case Kind::kResume: {
      const bool happened = engine_.state(node) == ProcessState::kPaused;
      if (!happened) break;
      measure_.process(engine_.now(), node, ProcessState::kUp, engine_.epoch(node));
      credit_node(step);
      engine_.resume(node);
      break;
    }
    case Kind::kSlowBegin:
      if (engine_.slow(node, step.event, Duration(step.value), effect)) ++effect->nodes;
      break;
    case Kind::kSlowEnd: engine_.end_slow(node, step.event); break;
    case Kind::kClockStep:
      engine_.step_clock(node, Duration(step.value));
      ++effect->clocks;
      break;
    case Kind::kClockDrift:
      engine_.set_drift(node, step.value);
      ++effect->clocks;
      break;
    case Kind::kWorkload:
      effect->clients += workload_.change(std::get<plan::WorkloadChange>(plan_.events[step.event].action));
      break;
  }
}

}  // namespace

Result<void> check(const plan::Plan& plan, std::uint64_t seed) {
  if (auto timeline = make_timeline(plan, seed); !timeline) return tl::unexpected(timeline.error());
  return {};
}

Result<measure::Results> simulate(const plan::Plan& plan, std::uint64_t seed, const RunOptions& options) {
  auto timeline = make_timeline(plan, seed);
  if (!timeline) return tl::unexpected(timeline.error());
  World world(plan, seed, std::move(*timeline), options);
  return world.run();
}

}  // namespace hearsay::world
