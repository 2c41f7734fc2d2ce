// Calls a node from outside: one DEALER to its ROUTER, and what it takes to write a question and read its answer. The
// node need not know the caller, who is no member.
//
// One thread at a time. Bounds: the codec's limits and the socket's; an answer that comes late is dropped by its
// number.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/protocol/envelope.hpp"
#include "transport/messages.hpp"
#include "transport/security.hpp"
#include "transport/socket.hpp"

namespace hearsay::transport {

class CallConnection {
 public:
  // Whom one calls, and as whom. `context` must outlive the connection.
  struct To {
    zmq::context_t* context = nullptr;
    std::string endpoint;
    std::string channel;  // Channel::calls
    SocketOptions sockets;
    const Security* security = nullptr;
  };

  // Does not wait for the connection. Errors: as make_socket()'s and connect()'s.
  static Result<std::unique_ptr<CallConnection>> open(const To& to);
  CallConnection(const CallConnection&) = delete;
  CallConnection& operator=(const CallConnection&) = delete;

  template <class M>
  Draft<M> make() {
    return pool_.make<M>();
  }

  // Asks, and calls use(const A&) with the answer. kUnavailable: nobody could be reached, and the node knows nothing of
  // it; kTimeout: it was sent, and no answer came by the deadline (of the monotonic clock).
  template <class A, class Q, class Use>
  Result<void> ask(Draft<Q>&& question, MonoTime deadline, Use&& use) {
    if (auto sent = begin(std::move(question), deadline); !sent) return sent;
    return finish<A>(deadline, std::forward<Use>(use));
  }
  // The same in two steps, to ask several nodes at once: a deadline that has passed makes either only try. item() is
  // ready (ZMQ_POLLOUT) when the question may go and (ZMQ_POLLIN) when an answer may be there.
  zmq::pollitem_t item(short events) { return {socket_.handle(), 0, events, 0}; }
  template <class Q>
  Result<void> begin(Draft<Q>&& question, MonoTime deadline) {
    question->id = ++last_id_;
    seal(*question, directory_);
    const MessageRef asked = std::move(question).take();
    return send(*asked, deadline);
  }
  template <class A, class Use>
  Result<void> finish(MonoTime deadline, Use&& use) {
    for (;;) {
      auto received = receive(message_type<A>(), deadline);
      if (!received) return tl::unexpected(received.error());
      const A& answer = as<A>(**received);
      if (answer.id == last_id_) {
        use(answer);
        return {};
      }
      // Of a question that was given up.
      if (passed(deadline)) return no_answer();
    }
  }

 private:
  explicit CallConnection(const To& to);
  Result<void> send(const Message& message, MonoTime deadline);
  static bool passed(MonoTime deadline);
  tl::unexpected<Error> no_answer() const;
  Result<MessageRef> receive(const MessageType& wanted, MonoTime deadline);
  Result<bool> wait_to_send(MonoTime deadline);

  std::string endpoint_;
  std::string channel_;
  NodeId origin_;
  Directory directory_{1};
  MessagePool pool_;
  MessageTypes types_;
  zmq::socket_t socket_;
  std::uint64_t last_id_ = 0;
  std::uint64_t sequence_ = 0;
  std::string buffer_;
};

}  // namespace hearsay::transport
