// Fuzz target: a node that runs, behind real sockets, is sent anything: on the channel of peers, on that of clients, on
// another one, as frames of any number, or as a subscription. It must go on answering, with its bounds kept.
//
// The first byte says how the rest travels; the corpus has the valid envelopes. One node lives through all inputs, so
// that what one of them leaves behind meets the next.
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/check.hpp"
#include "transport/kv_gossip.hpp"
#include "transport/node_client.hpp"

using namespace hearsay;
using namespace hearsay::transport;

namespace {

constexpr const char* kRouter = "inproc://fuzzed";
constexpr std::uint32_t kMaxNodes = 256;

// The node, and the sockets that it is attacked through.
struct Target {
  Target() {
    NodeOptions options;
    options.name = "fuzzed";
    options.links.bind = kRouter;
    options.context = &context;
    options.max_nodes = kMaxNodes;
    options.seed = 1;
    auto opened = LiveNode::open(options, *make_composition({}));
    HEARSAY_CHECK(opened.has_value());
    node = std::move(*opened);
    HEARSAY_CHECK(node->wait_ready(5s).has_value());
    connect(dealer, kRouter);
    connect(subscriber, std::string(kRouter) + ".pub");
  }
  static void connect(zmq::socket_t& socket, const std::string& endpoint) {
    HEARSAY_CHECK(transport::connect(socket, endpoint).has_value());
  }

  zmq::context_t context = std::move(*make_context());
  Channel channel = *Channel::make(kDefaultTopic, kDefaultService, "");
  Security off;
  std::unique_ptr<LiveNode> node;
  zmq::socket_t dealer = std::move(*make_socket(context, zmq::socket_type::dealer));
  zmq::socket_t subscriber = std::move(*make_socket(context, zmq::socket_type::xsub));
  NodeClient client{context, channel.calls, {}, off};
};

// Frames of lengths that the data says, until it ends.
std::vector<std::string_view> frames_of(std::string_view data) {
  std::vector<std::string_view> frames;
  while (!data.empty() && frames.size() < 12) {
    const std::size_t length = std::min<std::size_t>(static_cast<std::uint8_t>(data[0]), data.size() - 1);
    frames.push_back(data.substr(1, length));
    data.remove_prefix(1 + length);
  }
  if (frames.empty()) frames.emplace_back();
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Target& target = *new Target();  // never destroyed: libFuzzer ends the process
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string_view> frames;
  switch (data[0] % 5) {
    case 0: frames = {target.channel.peers, rest}; break;
    case 1: frames = {target.channel.calls, rest}; break;
    case 2: frames = {"go.micro.kv|other|", rest}; break;
    case 3: frames = frames_of(rest); break;
    case 4: frames = {rest}; break;
  }
  zmq::socket_t& through = data[0] % 5 == 4 ? target.subscriber : target.dealer;
  HEARSAY_CHECK(transport::send(through, frames).has_value());
  // Answers to what was sent are not of interest here.
  for (Frames ignored; *receive(target.dealer, ignored) != Receipt::kNothing;) {
  }
  const auto status = target.client.status(kRouter, Now::read_mono() + 10s);
  HEARSAY_CHECK(status.has_value());
  HEARSAY_CHECK(status->known.size() <= kMaxNodes);
  return 0;
}
