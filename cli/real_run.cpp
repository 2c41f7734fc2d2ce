// Over 400 lines: one run as one object, whose time line, clients and reports share the time that goes by.
#include "cli/real_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <queue>
#include <thread>
#include <utility>

#include "cli/not_honoured.hpp"
#include "cli/real_cluster.hpp"
#include "cli/real_report.hpp"
#include "sim/plan/compose.hpp"
#include "sim/plan/parameters.hpp"
#include "sim/world/network.hpp"
#include "sim/world/workload.hpp"

namespace hearsay::cli {

namespace {

using measure::ProcessState;
using world::TimelineStep;

// How often the loop looks around when nothing is due: whether it was interrupted, and what can be measured.
constexpr Duration kLookAround = 50ms;
// Different ones; further ones say nothing new of a run.
constexpr std::size_t kMaxRemarks = 100;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

double load() {
  double mean = 0;
  return ::getloadavg(&mean, 1) == 1 ? mean : 0;
}

class Runner final : private world::WorkloadHost {
 public:
  Runner(const plan::Plan& plan, std::uint64_t seed, world::Timeline timeline, const RealRunOptions& options)
      : plan_(plan),
        seed_(seed),
        options_(options),
        timeline_(std::move(timeline)),
        composition_(std::make_shared<const Composition>(plan::compose(plan))),
        rules_(plan, timeline_),
        network_(plan, seed),
        measure_(plan, seed, composition_->ring(),
                 static_cast<std::uint32_t>(plan::integer_parameter(*plan.replication.config, "n").value_or(0))),
        report_(plan, measure_, options.observations, options.operations),
        workload_(plan, seed, composition_->ring(), *this),
        log_(timeline_, options.faults),
        node_effects_(plan),
        effects_(plan.events.size()) {}

  Result<RealRun> run();

 private:
  struct ClientEvent {
    TrueTime at;
    std::uint64_t order;
    std::uint32_t client;
    NodeSlot node;
    std::uint32_t argument;
    friend bool operator>(const ClientEvent& x, const ClientEvent& y) {
      return x.at != y.at ? x.at > y.at : x.order > y.order;
    }
  };

  Result<void> open();
  void go_on();
  void do_next(TrueTime now);
  TrueTime next_due() const;
  void take_inbox();
  void take(const FromNode& entry);
  void remark(std::string text);
  void apply(const TimelineStep& step, TrueTime at);
  bool act(const TimelineStep& step, TrueTime at);
  bool start(const TimelineStep& step, TrueTime at);
  bool end(const TimelineStep& step, bool happened, ProcessState state, TrueTime at);
  bool life(const TimelineStep& step, bool happened, ProcessState state, TrueTime at);
  void links_changed(TrueTime at);
  measure::Traffic traffic(const NodeTotals& totals) const;
  RealRun finish();

  TrueTime true_now() const { return TrueTime(transport::Now::read_mono() - started_); }
  bool was_interrupted() const {
    return options_.interrupted != nullptr && options_.interrupted->load(std::memory_order_relaxed);
  }

  // Of the workload.
  TrueTime now() const override { return now_; }
  ProcessState state(NodeSlot node) const override { return cluster_->state(node); }
  bool running(NodeSlot node) const override { return cluster_->running(node); }
  void push_client(TrueTime at, std::uint32_t client, NodeSlot node, std::uint32_t argument) override {
    clients_.push({at, next_order_++, client, node, argument});
  }
  bool request(NodeSlot node, std::uint32_t, Request request) override {
    return cluster_->request(node, std::move(request));
  }
  void op_invoked(const measure::OpRecord& op) override { report_.invoked(op); }
  void op_completed(const measure::OpRecord& op) override { report_.completed(op); }

  const plan::Plan& plan_;
  std::uint64_t seed_;
  const RealRunOptions& options_;
  world::Timeline timeline_;
  std::shared_ptr<const Composition> composition_;
  FaultRules rules_;
  world::Network network_;  // for who reaches whom, and how many partitions end; it carries nothing
  measure::Measure measure_;
  RealReport report_;
  world::Workload workload_;
  world::FaultLog log_;
  world::NodeEffects node_effects_;
  std::vector<measure::EventEffect> effects_;  // by event; of messages at the end
  Inbox inbox_;
  std::vector<FromNode> taken_;
  std::optional<RealCluster> cluster_;
  std::optional<Error> failed_;
  RealFacts facts_;

  MonoTime started_{};
  TrueTime now_{};  // of what is being done
  TrueTime end_{};
  std::size_t next_step_ = 0;
  TrueTime next_sample_{};
  std::priority_queue<ClientEvent, std::vector<ClientEvent>, std::greater<>> clients_;
  std::uint64_t next_order_ = 0;
  std::uint64_t inputs_ = 0;  // reports of nodes and requests of clients
};

Result<RealRun> Runner::run() {
  facts_.processes = options_.processes;
  facts_.tolerance = options_.tolerance;
  facts_.not_honoured = not_honoured(plan_, options_.processes);
  facts_.cores = std::max(1U, std::thread::hardware_concurrency());
  facts_.load_before = load();
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  started_ = transport::Now::read_mono();
  end_ = TrueTime(plan_.duration);
  next_sample_ = TrueTime(plan_.measure.sample_interval);
  report_.reachability(TrueTime{}, network_.reachability());
  workload_.begin();
  go_on();
  if (failed_) return tl::unexpected(*failed_);
  RealRun run = finish();
  if (failed_) return tl::unexpected(*failed_);
  return run;
}

Result<void> Runner::open() {
  const NodesContext context{plan_, seed_, composition_, inbox_};
  auto nodes = options_.processes ? make_process_nodes(context, options_.source) : make_local_nodes(context);
  if (!nodes) return tl::unexpected(nodes.error());
  cluster_.emplace(plan_, rules_, world::starting_seeds(plan_, seed_), std::move(*nodes));
  return cluster_->open_all([this] { return was_interrupted(); });
}

// ---- the loop ------------------------------------------------------------------------------------------------------

TrueTime Runner::next_due() const {
  TrueTime due = std::min(end_, next_sample_);
  if (!clients_.empty()) due = std::min(due, clients_.top().at);
  if (next_step_ < timeline_.steps.size()) due = std::min(due, TrueTime(Duration(timeline_.steps[next_step_].at_ns)));
  return due;
}

void Runner::go_on() {
  TrueTime next_progress{};
  while (!failed_) {
    take_inbox();
    const TrueTime now = true_now();
    report_.feed(now - RealReport::kLag);
    if (was_interrupted()) {
      end_ = std::min(end_, now);
      return;
    }
    if (options_.progress && now >= next_progress) {
      options_.progress(seconds(now.time_since_epoch()), seconds(plan_.duration));
      next_progress = now + kLookAround;
    }
    const TrueTime due = next_due();
    if (due > now) {
      inbox_.wait(started_ + std::min(due, now + kLookAround).time_since_epoch());
    } else if (due == end_ && next_sample_ > end_) {
      return;
    } else {
      do_next(now);
    }
  }
}

// What is due first: of one instant the time line, then clients, then a sample.
void Runner::do_next(TrueTime now) {
  const TrueTime due = next_due();
  now_ = now;
  if (next_step_ < timeline_.steps.size() && timeline_.steps[next_step_].at_ns <= due.time_since_epoch().count()) {
    facts_.late_ms = std::max(facts_.late_ms, 1e3 * seconds(now - due));
    while (next_step_ < timeline_.steps.size() && timeline_.steps[next_step_].at_ns <= due.time_since_epoch().count() &&
           !failed_) {
      apply(timeline_.steps[next_step_++], now);
    }
    log_.flush();
  } else if (!clients_.empty() && clients_.top().at <= due) {
    const ClientEvent event = clients_.top();
    clients_.pop();
    // Only now, since the machine was late: there is no time left for an answer.
    if (now >= end_) return;
    ++inputs_;
    workload_.on_client_event(event.client, event.node, event.argument, event.at);
  } else {
    report_.sample(std::min(now, end_), traffic(cluster_->totals()));
    next_sample_ += plan_.measure.sample_interval;
  }
}

void Runner::take_inbox() {
  inbox_.take(taken_);
  for (const FromNode& entry : taken_) take(entry);
}

void Runner::take(const FromNode& entry) {
  const TrueTime at(entry.at - started_);
  if (const auto* trouble = std::get_if<Trouble>(&entry.what)) {
    const std::string text = fmt::format("{}: {}", plan_.directory.name(entry.node), trouble->text);
    if (!trouble->fatal) return remark(text);
    if (!failed_) failed_ = Error{ErrorCode::kInternal, text};
    return;
  }
  ++inputs_;
  if (at > end_) return;
  if (const auto* observation = std::get_if<Observation>(&entry.what)) {
    Observation stamped = *observation;
    stamped.at = at;
    return report_.observation(stamped);
  }
  const Reply& reply = std::get<Reply>(entry.what);
  // Nobody waits for the answer of a process that was killed since.
  if (!workload_.awaits(reply.id)) return;
  now_ = at;
  workload_.on_reply(reply);
}

void Runner::remark(std::string text) {
  if (facts_.remarks.size() >= kMaxRemarks || std::ranges::find(facts_.remarks, text) != facts_.remarks.end()) return;
  facts_.remarks.push_back(std::move(text));
}

// ---- the time line -------------------------------------------------------------------------------------------------

// The steps of one instant are of one, however long they take: that tells the measurement what belongs together.
void Runner::apply(const TimelineStep& step, TrueTime at) {
  const bool happened = act(step, at);
  if (happened && log_.wanted() && step.event != world::kNoEvent && step.kind != TimelineStep::Kind::kMark) {
    log_.note(at, step);
  }
}

// Whether something came of it.
bool Runner::act(const TimelineStep& step, TrueTime at) {
  using Do = TimelineStep::Kind;
  const NodeSlot node{step.node};
  switch (step.kind) {
    case Do::kMark: report_.event(at, step.event); return true;
    case Do::kCut:
      // make_timeline() has tried all combinations.
      HEARSAY_CHECK(network_.add(timeline_.partitions[step.event]).has_value());
      rules_.begin(step.event);
      links_changed(at);
      return true;
    case Do::kUncut:
      network_.remove_event(step.event);
      rules_.end(step.event);
      links_changed(at);
      return true;
    case Do::kHeal: {
      const std::string& name = std::get<plan::Heal>(plan_.events[step.event].action).partition;
      const std::size_t healed = network_.remove_named(name);
      effects_[step.event].healed += healed;
      rules_.heal(name);
      links_changed(at);
      return healed > 0;
    }
    case Do::kLinkBegin:
      rules_.begin(step.event);
      cluster_->set_faults();
      return true;
    case Do::kLinkEnd:
      rules_.end(step.event);
      cluster_->set_faults();
      return true;
    case Do::kStart:
    case Do::kJoin:
    case Do::kRestart: return start(step, at);
    case Do::kCrash: return end(step, cluster_->crash(node), ProcessState::kDown, at);
    case Do::kStop: return end(step, cluster_->stop(node), ProcessState::kAbsent, at);
    case Do::kLeave: return life(step, cluster_->leave(node), ProcessState::kLeaving, at);
    case Do::kPause: return life(step, cluster_->pause(node), ProcessState::kPaused, at);
    case Do::kResume: return life(step, cluster_->resume(node), ProcessState::kUp, at);
    case Do::kSlowBegin:
    case Do::kSlowEnd:
    case Do::kClockStep:
    case Do::kClockDrift: return false;  // as not_honoured() says
    case Do::kWorkload: {
      const std::size_t changed = workload_.change(std::get<plan::WorkloadChange>(plan_.events[step.event].action));
      effects_[step.event].clients += changed;
      return changed > 0;
    }
  }
  return false;
}

void Runner::links_changed(TrueTime at) {
  report_.reachability(at, network_.reachability());
  cluster_->set_faults();
}

bool Runner::start(const TimelineStep& step, TrueTime at) {
  const NodeSlot node{step.node};
  if (!cluster_->can_start(node, step.kind == TimelineStep::Kind::kRestart)) return false;
  report_.process(at, node, ProcessState::kUp, cluster_->epoch(node) + 1);
  node_effects_.credit(step, effects_);
  if (auto started = cluster_->start(node, step.flag); !started) failed_ = started.error();
  return true;
}

// A process has ended: what it said before is heard first, and what its clients still wait for does not come.
bool Runner::end(const TimelineStep& step, bool happened, ProcessState state, TrueTime at) {
  if (!happened) return false;
  const NodeSlot node{step.node};
  take_inbox();
  now_ = true_now();
  workload_.on_process_end(node);
  report_.process(at, node, state, cluster_->epoch(node));
  if (step.kind == TimelineStep::Kind::kCrash) node_effects_.credit(step, effects_);
  return true;
}

bool Runner::life(const TimelineStep& step, bool happened, ProcessState state, TrueTime at) {
  if (!happened) return false;
  node_effects_.credit(step, effects_);
  report_.process(at, NodeSlot{step.node}, state, cluster_->epoch(NodeSlot{step.node}));
  return true;
}

// ---- the end -------------------------------------------------------------------------------------------------------

measure::Traffic Runner::traffic(const NodeTotals& totals) const {
  measure::Traffic traffic;
  for (const transport::SentOfType& sent : totals.sent)
    traffic.by_type.push_back({sent.type, sent.messages, sent.bytes});
  std::ranges::sort(traffic.by_type, {}, [](const measure::TypeTraffic& type) { return type.type->name; });
  traffic.delivered = totals.received;
  traffic.dropped_loss = totals.filtered.dropped_loss;
  traffic.dropped_cut = totals.filtered.dropped_cut;
  traffic.dropped_down = totals.filtered.dropped_forgot;
  traffic.dropped_queue = totals.filtered.dropped_queue + totals.dropped_queue;
  return traffic;
}

RealRun Runner::finish() {
  std::vector<NodeSlot> late;
  const NodeTotals totals = cluster_->finish(late);
  for (const NodeSlot node : late) {
    remark(
        fmt::format("{}: its last totals did not come: what it counted last is missing", plan_.directory.name(node)));
  }
  // What nodes said until the end, now that they say no more.
  take_inbox();
  now_ = end_;
  workload_.finish();
  report_.feed(end_);
  for (const auto& [event, effect] : totals.effects) {
    if (event >= effects_.size()) continue;
    measure::EventEffect& sum = effects_[event];
    sum.dropped += effect.dropped;
    sum.delayed += effect.delayed;
    sum.held += effect.held;
    sum.duplicated += effect.duplicated;
    sum.reordered += effect.reordered;
    sum.spared += effect.spared;
    sum.sooner += effect.sooner;
  }
  for (std::size_t i = 0; i < effects_.size(); ++i) measure_.event_effect(i, effects_[i]);
  RealRun run;
  run.results = measure_.finish(end_, traffic(totals), options_.tolerance);
  run.results.seed = seed_;
  run.results.events = inputs_;
  facts_.load_after = load();
  facts_.stragglers = report_.stragglers();
  facts_.lost = report_.lost() + inbox_.lost() + totals.lost;
  run.facts = std::move(facts_);
  return run;
}

}  // namespace

Result<RealRun> run_on_sockets(const plan::Plan& plan, std::uint64_t seed, const RealRunOptions& options) {
  auto timeline = world::make_timeline(plan, seed);
  if (!timeline) return tl::unexpected(timeline.error());
  return Runner(plan, seed, std::move(*timeline), options).run();
}

}  // namespace hearsay::cli
