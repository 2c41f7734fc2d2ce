// An engine with nodes that do as they are asked and write down what they meet: a client's put sends a message to a
// node, a get arms a timer, a delete publishes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/quantity.hpp"
#include "core/protocol/private_views.hpp"
#include "core/ring/placement_cache.hpp"
#include "sim/world/engine.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/stubs.hpp"
#include "tests/world/world_plan.hpp"

template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    return fmt::format("{}", fmt::join(lines, "; ")).c_str();
  }
};

namespace hearsay::test {

// What happened, a line each: "n1 message 5 at 1.01s", by the node's own monotonic clock.
using Log = std::vector<std::string>;

struct ScribeState {
  std::uint32_t inputs = 0;
  std::uint32_t last = 0;  // number that it was told
};

class Scribe final : public StatefulOf<Scribe, Role::kReplication, ScribeState> {
 public:
  explicit Scribe(Log& log) : log_(&log) {}
  std::vector<const MessageType*> messages() const override { return {&message_type<Small>()}; }

  void on_start(Step& step, ScribeState&, const Boot& boot) const {
    if (boot.persisted == nullptr) return write(step, "starts empty");
    write(step,
          fmt::format("starts with {} after {}", boot.persisted->incarnation, format_duration(boot.persisted->away)));
  }
  void on_message(Step& step, ScribeState& state, NodeSlot, const Message& message) const {
    ++state.inputs;
    state.last = as<Small>(message).number;
    write(step, fmt::format("message {}", state.last));
  }
  void on_timer(Step& step, ScribeState& state, Timer timer) const {
    ++state.inputs;
    write(step, fmt::format("timer {}", timer.argument));
  }
  void on_leave(Step& step, ScribeState&) const { write(step, "leaves"); }
  // A put sends a message to the node that the key names, a get arms a timer of the TTL, a delete publishes; the id is
  // the number.
  void on_request(Step& step, ScribeState& state, const Request& request) const {
    ++state.inputs;
    const auto number = static_cast<std::uint32_t>(request.id);
    if (request.op == OpKind::kGet) {
      step.arm(1, request.ttl, number);
    } else {
      auto draft = step.make<Small>();
      draft->number = number;
      if (request.op == OpKind::kPut) {
        step.send(NodeSlot{static_cast<std::uint32_t>(std::stoul(request.key))}, std::move(draft));
      } else {
        step.disseminate(std::move(draft));
      }
    }
    Reply reply;
    reply.id = request.id;
    reply.ok = true;
    step.reply(std::move(reply));
  }
  void on_save(const ScribeState& state, MonoTime, Persisted& out) const { out.incarnation = state.inputs; }
  void on_digest(const ScribeState& state, Hasher& hasher) const {
    hasher.add(state.inputs);
    hasher.add(state.last);
  }

 private:
  void write(const Step& step, const std::string& what) const {
    log_->push_back(fmt::format("{} {} at {}", step.directory().name(step.self()), what,
                                format_duration(step.mono().time_since_epoch())));
  }
  Log* log_;
};

class Bench final : public world::EngineListener {
 public:
  explicit Bench(std::string_view network = "latency = \"10ms\"", int nodes = 4, world::EngineOptions options = {})
      : plan(plan_of(fmt::format("duration = \"1h\"\n[nodes]\ncount = {}\n[network]\n{}\n", nodes, network))),
        composition(compose(nullptr, nullptr, std::make_shared<Scribe>(log))),
        views(plan.directory, plan.directory.size()),
        placements(composition->ring(), plan.directory),
        net(plan, 1),
        engine(*composition, plan.directory, views, placements, net, 1, *this, options) {}

  void start_all() {
    for (std::uint32_t i = 0; i < plan.directory.size(); ++i) REQUIRE(engine.start(NodeSlot{i}, false, {}));
    log.clear();
  }
  void until(Duration time) { engine.run_before(TrueTime(time)); }
  // Requests at `node`; `number` tells them apart.
  void send(Duration at, std::uint32_t node, std::uint32_t to, std::uint32_t number) {
    push(at, node, {RequestId{number}, OpKind::kPut, std::to_string(to), {}, 0s});
  }
  void arm(Duration at, std::uint32_t node, Duration delay, std::uint32_t number) {
    push(at, node, {RequestId{number}, OpKind::kGet, "", {}, delay});
  }
  void publish(Duration at, std::uint32_t node, std::uint32_t number) {
    push(at, node, {RequestId{number}, OpKind::kDel, "", {}, 0s});
  }
  measure::Traffic traffic() const {
    measure::Traffic traffic = net.traffic;
    engine.add_traffic(traffic);
    return traffic;
  }

  void on_observation(const Observation&) override { ++observations; }
  void on_reply(NodeSlot, const Reply&) override { ++replies; }
  void on_client_event(std::uint32_t client, NodeSlot node, std::uint32_t argument) override {
    if (engine.running(node) && !engine.request(node, client, requests[argument])) ++refused;
  }

  Log log;
  plan::Plan plan;
  std::shared_ptr<const Composition> composition;
  PrivateViews views;
  PlacementCache placements;
  world::Network net;
  world::Engine engine;
  std::vector<Request> requests;
  int observations = 0;
  int replies = 0;
  int refused = 0;

 private:
  void push(Duration at, std::uint32_t node, Request request) {
    requests.push_back(std::move(request));
    engine.push_client(TrueTime(at), node, NodeSlot{node}, static_cast<std::uint32_t>(requests.size() - 1));
  }
};

}  // namespace hearsay::test
