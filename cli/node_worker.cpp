#include "cli/node_worker.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>

#include "cli/child_process.hpp"
#include "cli/control_link.hpp"
#include "cli/control_messages.hpp"
#include "cli/exit_codes.hpp"
#include "cli/local_nodes.hpp"
#include "cli/options.hpp"
#include "cli/scenario.hpp"
#include "core/base/check.hpp"
#include "sim/plan/compose.hpp"
#include "transport/address.hpp"
#include "transport/wake.hpp"

namespace hearsay::cli {

namespace {

using transport::LiveNode;

// How often totals are told: what a killed process counted since then is not known.
constexpr Duration kTotalsInterval = 200ms;
// Bytes of values in one report, below a frame's limit.
constexpr std::size_t kReportBytes = std::size_t{1} << 20;
// Errors that wait to be told, and bytes of one.
constexpr std::size_t kMaxTroubles = 64;
constexpr std::size_t kMaxTroubleBytes = 4096;

// What the node's threads report, until the main thread writes it. What it has no room for is counted.
class Outbox {
 public:
  explicit Outbox(const transport::Wake& wake) : wake_(wake) {}

  void push(control::Seen seen) {
    const std::lock_guard guard(mutex_);
    // Not wanted any faster than it is written: what an inbox may hold.
    if (seen_.size() >= Inbox::kMost) {
      ++lost_;
      return;
    }
    seen_.push_back(seen);
    wake();
  }
  void push(std::string trouble) {
    const std::lock_guard guard(mutex_);
    if (troubles_.size() >= kMaxTroubles) {
      ++lost_;
      return;
    }
    trouble.resize(std::min(trouble.size(), kMaxTroubleBytes));
    troubles_.push_back(std::move(trouble));
    wake();
  }
  void push(control::Answered answered) {
    const std::lock_guard guard(mutex_);
    answered_.push_back(std::move(answered));
    wake();
  }
  void take(std::vector<control::Seen>& seen, std::vector<control::Answered>& answered,
            std::vector<std::string>& troubles) {
    seen.clear();
    answered.clear();
    troubles.clear();
    const std::lock_guard guard(mutex_);
    seen.swap(seen_);
    answered.swap(answered_);
    troubles.swap(troubles_);
    woken_ = false;
  }
  std::uint64_t lost() {
    const std::lock_guard guard(mutex_);
    return lost_;
  }

 private:
  void wake() {
    if (!std::exchange(woken_, true)) wake_.signal();
  }
  const transport::Wake& wake_;
  std::mutex mutex_;
  bool woken_ = false;
  std::vector<control::Seen> seen_;
  std::vector<control::Answered> answered_;
  std::vector<std::string> troubles_;
  std::uint64_t lost_ = 0;
};

class Worker {
 public:
  Worker(WorkerOrder order, plan::Plan plan, world::Timeline timeline, transport::Wake wake)
      : order_(std::move(order)),
        plan_(std::move(plan)),
        timeline_(std::move(timeline)),
        rules_(plan_, timeline_),
        wake_(std::move(wake)),
        link_(ChildProcess::kGivenFd),
        outbox_(wake_) {}

  int run() {
    auto opened = open();
    auto ready = codec_.make<control::Ready>();
    if (opened) {
      node_ = std::move(*opened);
      ready->address = node_->address();
    } else {
      ready->error = opened.error().message;
    }
    send(std::move(ready));
    if (node_) set_faults();
    MonoTime next_totals = transport::Now::read_mono() + kTotalsInterval;
    while (read_orders()) {
      tell();
      const MonoTime now = transport::Now::read_mono();
      if (now >= next_totals) {
        if (node_) tell_totals(false);
        next_totals = now + kTotalsInterval;
      }
      const auto events = static_cast<short>(ZMQ_POLLIN | (link_.flush() ? ZMQ_POLLOUT : 0));
      std::array<zmq::pollitem_t, 2> items{wake_.item(), {nullptr, link_.fd(), events, 0}};
      (void)transport::poll(items, std::max(Duration::zero(), next_totals - now));
      wake_.clear();
    }
    return kOk;
  }

 private:
  Result<std::unique_ptr<LiveNode>> open() {
    transport::NodeOptions options = node_options(plan_, order_.seed, order_.node, order_.life);
    if (!order_.address.empty()) {
      const auto where = transport::Address::parse(order_.address);
      if (!where) return tl::unexpected(where.error());
      options.links.bind = where->router;
      options.links.bind_pub = where->pub;
    }
    options.observe = [this](MonoTime at, const Observation& seen, const Directory& directory) {
      outbox_.push(control::Seen{at.time_since_epoch(), seen.kind,
                                 seen.peer == kNoSlot ? NodeId{} : directory.id(seen.peer), seen.key, seen.value,
                                 seen.version});
    };
    options.log = [this](transport::LogLevel level, const std::string& text) {
      if (level == transport::LogLevel::kError) outbox_.push(text);
    };
    return LiveNode::open(options, std::make_shared<const Composition>(plan::compose(plan_)));
  }

  void set_faults() {
    FaultRules::OfNode of = rules_.of(order_.node);
    if (auto set = node_->set_faults(std::move(of.sending), std::move(of.news)); !set) {
      auto trouble = codec_.make<control::Trouble>();
      trouble->fatal = true;
      trouble->text = set.error().message;
      send(std::move(trouble));
    }
  }

  // False: the run is over.
  bool read_orders() {
    for (;;) {
      switch (link_.receive(frame_)) {
        case ControlLink::Receipt::kNothing: return true;
        case ControlLink::Receipt::kClosed: return false;
        case ControlLink::Receipt::kFrame: break;
      }
      const MessageRef message = codec_.unpack(frame_);
      if (!message) return false;
      if (is<control::End>(*message)) {
        tell();
        if (node_) tell_totals(true);
        while (link_.flush()) {
          std::array<zmq::pollitem_t, 1> item{{{nullptr, link_.fd(), ZMQ_POLLOUT, 0}}};
          (void)transport::poll(item, kTotalsInterval);
        }
        return false;
      }
      if (node_) obey(*message);
    }
  }

  void obey(const Message& message) {
    if (is<control::Begin>(message)) {
      node_->begin(as<control::Begin>(message).seeds, as<control::Begin>(message).peers);
    } else if (is<control::Faults>(message)) {
      rules_.set(as<control::Faults>(message).events);
      set_faults();
    } else if (is<control::Ask>(message)) {
      ask(as<control::Ask>(message));
    } else if (is<control::Forget>(message)) {
      node_->forget(as<control::Forget>(message).peer);
    } else if (is<control::Leave>(message)) {
      node_->begin_leave();
    }
  }

  void ask(const control::Ask& ask) {
    Request request{RequestId{ask.id}, ask.op, ask.key, ask.value, ask.ttl};
    const auto answer = [this, id = ask.id](const Reply& reply) {
      outbox_.push(control::Answered{
          transport::Now::read_mono().time_since_epoch(),
          id,
          {reply.ok, static_cast<std::uint8_t>(reply.error), reply.value, reply.ttl_left, reply.version}});
    };
    if (node_->submit(std::move(request), answer)) return;
    Reply refused;
    refused.error = ErrorCode::kUnavailable;
    answer(refused);
  }

  void tell() {
    outbox_.take(seen_, answered_, troubles_);
    for (std::string& text : troubles_) {
      auto trouble = codec_.make<control::Trouble>();
      trouble->text = std::move(text);
      if (!send(std::move(trouble))) ++not_taken_;
    }
    std::size_t seen = 0;
    std::size_t answered = 0;
    while (seen < seen_.size() || answered < answered_.size()) {
      auto report = codec_.make<control::Report>();
      for (; seen < seen_.size() && report->seen.size() < control::kMaxListed; ++seen) {
        report->seen.push_back(seen_[seen]);
      }
      std::size_t bytes = 0;
      for (; answered < answered_.size() && report->answered.size() < control::kMaxListed && bytes < kReportBytes;
           ++answered) {
        bytes += answered_[answered].result.value.size();
        report->answered.push_back(std::move(answered_[answered]));
      }
      const std::size_t reports = report->seen.size() + report->answered.size();
      if (!send(std::move(report))) not_taken_ += reports;
    }
  }

  void tell_totals(bool last) {
    const NodeTotals of = totals_of(*node_);
    auto totals = codec_.make<control::Totals>();
    totals->last = last;
    for (const transport::SentOfType& sent : of.sent) {
      totals->sent.push_back({sent.type->tag, sent.messages, sent.bytes});
    }
    for (const auto& [event, e] : of.effects) {
      totals->effects.push_back({event, e.dropped, e.delayed, e.held, e.duplicated, e.reordered, e.spared, e.sooner});
    }
    totals->passed = of.filtered.passed;
    totals->dropped_cut = of.filtered.dropped_cut;
    totals->dropped_loss = of.filtered.dropped_loss;
    totals->dropped_queue = of.filtered.dropped_queue;
    totals->dropped_forgot = of.filtered.dropped_forgot;
    totals->received = of.received;
    totals->not_sent = of.dropped_queue;
    totals->lost = outbox_.lost() + not_taken_;
    send(std::move(totals));
  }

  // False: the controller has taken nothing for so long that there is no room for it.
  template <class M>
  bool send(Draft<M>&& draft) {
    return link_.send(codec_.pack(std::move(draft)));
  }

  WorkerOrder order_;
  plan::Plan plan_;
  world::Timeline timeline_;
  FaultRules rules_;
  transport::Wake wake_;
  ControlLink link_;
  ControlCodec codec_;
  Outbox outbox_;
  std::unique_ptr<LiveNode> node_;
  std::string frame_;
  std::vector<control::Seen> seen_;
  std::vector<control::Answered> answered_;
  std::vector<std::string> troubles_;
  std::uint64_t not_taken_ = 0;  // reports that the link had no room for
};

int refuse(const std::string& text, int code) {
  std::fprintf(stderr, "hearsay: a node's process: %s\n", text.c_str());
  return code;
}

template <std::unsigned_integral T>
bool read_number(const std::string& text, T& value) {
  std::uint64_t whole = 0;
  if (!detail::read_whole(text, {0, std::numeric_limits<T>::max()}, whole).empty()) return false;
  value = static_cast<T>(whole);
  return true;
}

}  // namespace

std::vector<std::string> WorkerOrder::words() const {
  std::vector<std::string> words{kVerb,
                                 run,
                                 std::to_string(raw(node)),
                                 std::to_string(life),
                                 std::to_string(seed),
                                 address.empty() ? "-" : address,
                                 file};
  words.insert(words.end(), overrides.begin(), overrides.end());
  return words;
}

Result<WorkerOrder> WorkerOrder::parse(const std::vector<std::string>& words) {
  WorkerOrder order;
  std::uint32_t slot = 0;
  constexpr std::size_t kLeast = 7;
  if (words.size() < kLeast || !read_number(words[2], slot) || !read_number(words[3], order.life) ||
      !read_number(words[4], order.seed)) {
    return invalid("the program starts this verb itself; see 'hearsay run --help'");
  }
  order.run = words[1];
  order.node = NodeSlot{slot};
  if (words[5] != "-") order.address = words[5];
  order.file = words[6];
  order.overrides.assign(words.begin() + kLeast, words.end());
  return order;
}

int node_worker(const std::vector<std::string>& words) {
  auto order = WorkerOrder::parse(words);
  if (!order) return refuse(order.error().message, kUsage);
  // Once more after exec; whoever started it is asked for, since it may have ended before.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (std::to_string(::getppid()) != order->run) return kFailure;
  auto plan = read_scenario(order->file, order->overrides);
  if (!plan) return refuse(plan.error().message, kUsage);
  if (raw(order->node) >= plan->nodes.size()) return refuse("no such node", kUsage);
  auto timeline = world::make_timeline(*plan, order->seed);
  if (!timeline) return refuse(timeline.error().message, kUsage);
  auto wake = transport::Wake::make();
  if (!wake) return refuse(wake.error().message, kFailure);
  // Link changes of a time line point at events of the plan, which stay where they are when it is moved.
  return std::make_unique<Worker>(std::move(*order), std::move(*plan), std::move(*timeline), std::move(*wake))->run();
}

}  // namespace hearsay::cli
