// `hearsay broker`: the middle of a star, until it is asked to end.
#include "transport/broker.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/bytes_text.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "cli/log.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "sim/plan/input.hpp"

namespace hearsay::cli {

int broker(const BrokerSettings& settings) {
  const SignalGuard guard;
  const auto security = transport::load_security(settings.security, true, false);
  if (!security) return failed(security.error());
  transport::BrokerOptions options;
  options.publishers = settings.frontend;
  options.subscribers = settings.backend;
  auto started = transport::Broker::start(options, *security);
  if (!started) return failed(started.error());
  transport::Broker& proxy = **started;
  const std::string line =
      settings.json ? json_text({{"ready", true}, {"frontend", proxy.publishers()}, {"backend", proxy.subscribers()}})
                    : fmt::format("the broker is ready: --broker {},{}\n", proxy.publishers(), proxy.subscribers());
  if (const int code = print_or_fail(line); code != kOk) return code;
  // run() blocks; the flag is looked at beside it.
  Result<void> outcome;
  std::atomic<bool> ended{false};
  std::thread forwarding([&] {
    outcome = proxy.run();
    ended = true;
  });
  while (!was_interrupted() && !ended) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  proxy.stop();
  forwarding.join();
  const transport::BrokerCounters counters = proxy.counters();
  make_log(settings.log_level, settings.quiet)(
      transport::LogLevel::kInfo,
      fmt::format("the broker ends; it forwarded {} messages, {} bytes", counters.messages, counters.bytes));
  return outcome ? kOk : failed(outcome.error());
}

}  // namespace hearsay::cli
